//! `hashbuzz budget …`: what may still be asked of the social network, and what asking has cost.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{CallError, Client, Connection, ended};
use crate::events::shown;
use crate::table::{cell, print};

#[derive(Args)]
pub(crate) struct BudgetArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Limits in use, the closed and the fullest first, and what was spent today and this month.
    Show,
    /// Forget what was learned of a limit, so that the network is asked again.
    Open {
        /// Its name, as `show` has it.
        limit: String,
        /// Why it is thought to be open.
        #[arg(long)]
        reason: String,
    },
}

/// Looks or acts. The exit code says what came of it.
pub(crate) async fn run(args: BudgetArgs) -> ExitCode {
    ended(act(args).await)
}

async fn act(args: BudgetArgs) -> Result<(), CallError> {
    let json = args.connection.json;
    let client = Client::new(&args.connection)?;
    match args.act {
        Act::Show => {
            let answer = client.get(&["budget"], &[]).await?;
            shown(json, &answer, show);
        }
        Act::Open { limit, reason } => {
            let body = json!({ "limit": limit, "reason": reason });
            client.send(Method::POST, &["budget", "open"], &body).await?;
            let done = json!({ "opened": limit });
            shown(json, &done, |_| {
                println!("{limit} is open; retry what waits for it, or let it come due");
            });
        }
    }
    Ok(())
}

fn show(answer: &Value) {
    let limits = rows(&answer["limits"], &["name", "left", "size", "full_again_at", "why"]);
    if limits.is_empty() {
        println!("nothing was asked of the network lately: every limit is full");
    } else {
        print(&["LIMIT", "LEFT", "OF", "FULL AGAIN", "CLOSED, BECAUSE"], &limits);
    }
    println!("windows are counted in: {}", cell(&answer["windows_in"]));
    for (when, spent, sum) in [
        ("today", "spent_today", "usd_today"),
        ("this month", "spent_this_month", "usd_this_month"),
    ] {
        println!("\nspent {when} (UTC): at most ${}", cell(&answer[sum]));
        let spent = rows(&answer[spent], &["endpoint", "requests", "objects", "usd"]);
        if !spent.is_empty() {
            print(&["ENDPOINT", "REQUESTS", "OBJECTS", "USD"], &spent);
        }
    }
}

fn rows(list: &Value, names: &[&str]) -> Vec<Vec<String>> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|row| names.iter().map(|name| cell(&row[*name])).collect()).collect()
}
