//! `hashbuzz effects …`: calls to other systems whose outcome nobody knows, and a person's word on
//! them.

use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{CallError, Client, Connection, ended};
use crate::events::shown;
use crate::table::{cell, print};

#[derive(Args)]
pub(crate) struct EffectsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Effects, oldest first: those whose outcome is not known unless a state is named.
    List {
        /// planned, started, done, rejected, unknown, needs_person or any.
        #[arg(long)]
        state: Option<String>,
        /// The campaign's id.
        #[arg(long)]
        campaign: Option<String>,
        /// Such as post_1.
        #[arg(long)]
        step: Option<String>,
        /// Such as social.post or ledger.call.
        #[arg(long)]
        kind: Option<String>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
        /// Effects of a page: 1 to 200.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Say what became of an effect that needs a person. Then resume its campaign.
    #[command(group(ArgGroup::new("outcome").required(true).args(["remote_id", "not_done"])))]
    Decide {
        /// Its id.
        id: String,
        /// It was done: what the other system calls the result.
        #[arg(long)]
        remote_id: Option<String>,
        /// It was not done, and may be sent again.
        #[arg(long)]
        not_done: bool,
        /// What was looked at.
        #[arg(long)]
        reason: String,
    },
}

/// Looks or acts. The exit code says what came of it.
pub(crate) async fn run(args: EffectsArgs) -> ExitCode {
    ended(act(args).await)
}

async fn act(args: EffectsArgs) -> Result<(), CallError> {
    let json = args.connection.json;
    let client = Client::new(&args.connection)?;
    match args.act {
        Act::List { state, campaign, step, kind, cursor, limit } => {
            let limit = limit.map(|limit| limit.to_string());
            let query = [
                ("state", state),
                ("campaign", campaign),
                ("step", step),
                ("kind", kind),
                ("cursor", cursor),
                ("limit", limit),
            ];
            let answer = client.get(&["effects"], &query).await?;
            shown(json, &answer, list);
        }
        Act::Decide { id, remote_id, not_done: _, reason } => {
            let body = json!({ "remote_id": remote_id, "reason": reason });
            client.send(Method::POST, &["effects", &id, "decide"], &body).await?;
            let done = json!({ "decided": id, "remote_id": remote_id });
            shown(json, &done, |_| println!("{id} is decided; its campaign can be resumed"));
        }
    }
    Ok(())
}

fn list(answer: &Value) {
    let row = |effect: &Value| {
        let names = ["id", "campaign", "step", "sequence", "state", "sends", "started_at"];
        let mut row: Vec<String> = names.iter().map(|name| cell(&effect[*name])).collect();
        row.push(cell(&effect["next_look"]));
        row
    };
    let effects = answer["effects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Vec<String>> = effects.iter().map(row).collect();
    let headings = ["ID", "CAMPAIGN", "STEP", "NUMBER", "STATE", "SENT", "LAST SENT", "NEXT"];
    print(&headings, &rows);
    if answer["next"].is_string() {
        println!("more: --cursor {}", cell(&answer["next"]));
    }
}
