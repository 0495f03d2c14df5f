//! `hashbuzz events …`: what waits, why, and what to do about it.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{CallError, Client, Connection, ended};
use crate::table::{cell, first, print};

#[derive(Args)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Live and finished events, newest first.
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
        /// Events of a page: 1 to 200.
        #[arg(long)]
        limit: Option<u32>,
    },
    /// One event with every turn that it had.
    Show {
        /// Its id.
        id: String,
    },
    /// Why an event waits, in a sentence.
    Why {
        /// Its id.
        id: String,
    },
    /// Let an event that waits, gave up or was discarded run now.
    Retry {
        /// Its id.
        id: String,
    },
    /// Set an event aside for good. A campaign that waits for it stalls and can be resumed.
    Discard {
        /// Its id.
        id: String,
        /// Why, for whoever reads the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Retry all that match: dead ones, or with --state those deferred or discarded. Only shows
    /// them unless --yes is given.
    RetryMatching {
        #[command(flatten)]
        filter: FilterArgs,
        #[command(flatten)]
        many: Many,
    },
    /// Begin nothing of a queue, a kind or an account from now on; what is in hand ends.
    Pause {
        /// What is paused.
        scope: Scope,
        /// Which one, such as `social`.
        name: String,
        /// Why, for whoever asks why something waits.
        #[arg(long)]
        reason: String,
    },
    /// Let what was paused go on.
    Resume {
        /// What was paused.
        scope: Scope,
        /// Which one.
        name: String,
    },
    /// Everything that is paused.
    Pauses,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scope {
    Queue,
    Kind,
    Account,
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Kind => "kind",
            Self::Account => "account",
        }
    }
}

/// Which events are meant; what is not said does not matter.
#[derive(Args)]
struct FilterArgs {
    /// Such as CAMPAIGN_PAY_BATCH.v1.
    #[arg(long)]
    kind: Option<String>,
    /// The campaign's id.
    #[arg(long)]
    campaign: Option<String>,
    /// The account whose turn it takes, such as 0.0.1234.
    #[arg(long)]
    account: Option<String>,
    /// social, ledger, closing or housekeeping.
    #[arg(long)]
    queue: Option<String>,
    /// ready, deferred, paused, leased, dead, discarded or done.
    #[arg(long)]
    state: Option<String>,
    /// Words in its last error.
    #[arg(long)]
    error: Option<String>,
    /// Made longer ago than, such as 90s, 15m, 2h or 3d.
    #[arg(long, value_parser = seconds)]
    older_than: Option<i64>,
    /// Made in the last, such as 90s, 15m, 2h or 3d.
    #[arg(long, value_parser = seconds)]
    younger_than: Option<i64>,
}

/// How a retry of many is done.
#[derive(Args)]
pub(crate) struct Many {
    /// Do it. Without this, what would be retried is shown and nothing is changed.
    #[arg(long)]
    yes: bool,
    /// Events at most, newest first: 1 to 10000.
    #[arg(long)]
    limit: Option<u32>,
}

/// Seconds of a length of time: a number and s, m, h or d.
fn seconds(text: &str) -> Result<i64, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("say a number and s, m, h or d, such as 15m".to_owned()),
    };
    let number: u32 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Ok(i64::from(number) * unit)
}

impl FilterArgs {
    fn query(self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("kind", self.kind),
            ("campaign", self.campaign),
            ("account", self.account),
            ("queue", self.queue),
            ("state", self.state),
            ("error", self.error),
            ("older_than_seconds", self.older_than.map(|seconds| seconds.to_string())),
            ("younger_than_seconds", self.younger_than.map(|seconds| seconds.to_string())),
        ]
    }

    fn body(self) -> Value {
        let said = [
            ("kind", self.kind.map(Value::from)),
            ("campaign", self.campaign.map(Value::from)),
            ("account", self.account.map(Value::from)),
            ("queue", self.queue.map(Value::from)),
            ("state", self.state.map(Value::from)),
            ("error", self.error.map(Value::from)),
            ("older_than_seconds", self.older_than.map(Value::from)),
            ("younger_than_seconds", self.younger_than.map(Value::from)),
        ];
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// Looks or acts. The exit code says what came of it.
pub(crate) async fn run(args: EventsArgs) -> ExitCode {
    ended(act(args).await)
}

async fn act(args: EventsArgs) -> Result<(), CallError> {
    let json = args.connection.json;
    let client = Client::new(&args.connection)?;
    match args.act {
        Act::List { filter, cursor, limit } => {
            let mut query = filter.query();
            query.push(("cursor", cursor));
            query.push(("limit", limit.map(|limit| limit.to_string())));
            let answer = client.get(&["events"], &query).await?;
            shown(json, &answer, |answer| list(&answer["events"], &answer["next"]));
        }
        Act::Show { id } => {
            let answer = client.get(&["events", &id], &[]).await?;
            shown(json, &answer, one);
        }
        Act::Why { id } => {
            let answer = client.get(&["events", &id], &[]).await?;
            shown(json, &answer["why"], |why| println!("{}", cell(&why["sentence"])));
        }
        Act::Retry { id } => {
            let answer = client.send(Method::POST, &["events", &id, "retry"], &Value::Null).await?;
            shown(json, &answer, |answer| {
                println!("{} {} runs now", cell(&answer["kind"]), cell(&answer["event"]));
                if answer["note"].is_string() {
                    println!("note: {}", cell(&answer["note"]));
                }
            });
        }
        Act::Discard { id, reason } => {
            let body = json!({ "reason": reason });
            client.send(Method::POST, &["events", &id, "discard"], &body).await?;
            shown(json, &json!({ "discarded": id }), |_| println!("{id} was set aside"));
        }
        Act::RetryMatching { filter, many } => {
            let body = many.body(json!({ "filter": filter.body() }));
            let answer = client.send(Method::POST, &["events", "retry"], &body).await?;
            shown(json, &answer, retried);
        }
        Act::Pause { scope, name, reason } => {
            let path = ["pauses", scope.as_str(), &name];
            client.send(Method::PUT, &path, &json!({ "reason": reason })).await?;
            let done = json!({ "paused": { "scope": scope.as_str(), "name": name } });
            shown(json, &done, |_| println!("the {} {name} is paused", scope.as_str()));
        }
        Act::Resume { scope, name } => {
            let path = ["pauses", scope.as_str(), &name];
            client.send(Method::DELETE, &path, &Value::Null).await?;
            let done = json!({ "resumed": { "scope": scope.as_str(), "name": name } });
            shown(json, &done, |_| println!("the {} {name} goes on", scope.as_str()));
        }
        Act::Pauses => {
            let answer = client.get(&["pauses"], &[]).await?;
            shown(json, &answer, pauses);
        }
    }
    Ok(())
}

/// Prints an answer for programs, or lets `people` print it.
pub(crate) fn shown(json: bool, answer: &Value, people: impl FnOnce(&Value)) {
    if json { println!("{answer}") } else { people(answer) }
}

impl Many {
    /// `body`, and how it is done.
    pub(crate) fn body(&self, mut body: Value) -> Value {
        body["dry_run"] = Value::from(!self.yes);
        if let Some(limit) = self.limit {
            body["limit"] = Value::from(limit);
        }
        body
    }
}

fn rows(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn list(events: &Value, next: &Value) {
    let row = |event: &Value| {
        vec![
            cell(&event["id"]),
            cell(&event["kind"]),
            cell(&event["state"]),
            cell(&event["campaign"]),
            first(event, &["finished_at", "due_at"]),
            cell(&event["failures"]),
            first(event, &["waits_for", "last_error"]),
        ]
    };
    let rows: Vec<Vec<String>> = rows(events).iter().map(row).collect();
    let headings = ["ID", "KIND", "STATE", "CAMPAIGN", "DUE OR FINISHED", "FAILED", "WHY"];
    print(&headings, &rows);
    if next.is_string() {
        println!("more: --cursor {}", cell(next));
    }
}

fn one(event: &Value) {
    for name in [
        "id",
        "kind",
        "queue",
        "campaign",
        "account",
        "state",
        "due_at",
        "failures",
        "leases_lost",
        "worker",
        "leased_at",
        "lease_until",
        "last_error",
        "created_at",
        "finished_at",
        "payload",
    ] {
        if !event[name].is_null() {
            println!("{name:<12} {}", cell(&event[name]));
        }
    }
    println!("{:<12} {}", "why", cell(&event["why"]["sentence"]));
    let row = |attempt: &Value| {
        let names = ["fence", "outcome", "started_at", "ended_at", "worker", "detail"];
        names.iter().map(|name| cell(&attempt[*name])).collect()
    };
    let rows: Vec<Vec<String>> = rows(&event["attempts"]).iter().map(row).collect();
    if !rows.is_empty() {
        println!();
        print(&["TURN", "OUTCOME", "FROM", "TO", "WORKER", "DETAIL"], &rows);
    }
}

/// What a retry of many did, or would do.
pub(crate) fn retried(answer: &Value) {
    let more = if answer["more"] == true { " or more" } else { "" };
    let matched = cell(&answer["matched"]);
    if answer["dry_run"] == true {
        println!("{matched}{more} events match; nothing was changed. The newest of them:");
        list(&answer["sample"], &Value::Null);
        println!("retry them by saying the same with --yes");
        return;
    }
    let (retried, skipped) = (cell(&answer["retried"]), cell(&answer["skipped"]));
    println!("of {matched}{more} events, {retried} run now, and {skipped} stay as they are");
    let done = answer["retried"].as_i64().zip(answer["skipped"].as_i64());
    let left = done.is_some_and(|(retried, skipped)| {
        answer["matched"].as_i64().is_some_and(|matched| matched > retried + skipped)
    });
    if left || answer["more"] == true {
        println!("there may be more: say it again, or with a higher --limit");
    }
}

fn pauses(list: &Value) {
    let row = |pause: &Value| {
        ["scope", "name", "since", "reason"].iter().map(|name| cell(&pause[*name])).collect()
    };
    let rows: Vec<Vec<String>> = rows(list).iter().map(row).collect();
    print(&["SCOPE", "NAME", "SINCE", "REASON"], &rows);
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, length) in [("90s", 90), ("15m", 900), ("2h", 7_200), ("3d", 259_200)] {
            assert_eq!(seconds(text), Ok(length));
        }
        for text in ["", "h", "2", "-1h", "1.5h", "2w", "5é"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
