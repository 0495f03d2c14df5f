//! `hashbuzz dead-letters …`: what gave up, by trouble.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{CallError, Client, Connection, ended};
use crate::events::{Many, retried, shown};
use crate::table::{cell, print};

#[derive(Args)]
pub(crate) struct DeadLettersArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Dead letters by kind and by what their errors have in common, most first.
    List,
    /// Retry a group. Only shows it unless --yes is given.
    Retry {
        /// What `list` calls the group.
        group: String,
        #[command(flatten)]
        many: Many,
    },
}

/// Looks or acts. The exit code says what came of it.
pub(crate) async fn run(args: DeadLettersArgs) -> ExitCode {
    ended(act(args).await)
}

async fn act(args: DeadLettersArgs) -> Result<(), CallError> {
    let json = args.connection.json;
    let client = Client::new(&args.connection)?;
    match args.act {
        Act::List => {
            let answer = client.get(&["dead-letters"], &[]).await?;
            shown(json, &answer, list);
        }
        Act::Retry { group, many } => {
            let body = many.body(json!({ "group": group }));
            let answer = client.send(Method::POST, &["dead-letters", "retry"], &body).await?;
            shown(json, &answer, retried);
        }
    }
    Ok(())
}

fn list(answer: &Value) {
    let row = |group: &Value| {
        let names = ["count", "group", "oldest", "newest", "error"];
        names.iter().map(|name| cell(&group[*name])).collect()
    };
    let groups = answer["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
    print(&["COUNT", "GROUP", "OLDEST", "NEWEST", "ERROR OF THE NEWEST"], &rows);
    if answer["more"] == true {
        println!("there are more dead letters than were looked at");
    }
}
