//! What is measured, each in a database of its own. One cell that fails does not end the others;
//! its error stands where its figures would.

mod batched;
mod deferred;
mod fairness;
mod held;
mod hot;
mod memory;
mod pickup;
mod recovery;
#[cfg(test)]
mod tests;
mod transactional;

use std::time::Duration;

use anyhow::ensure;
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde_json::{Map, Value, json};

use crate::facts;
use crate::load::Load;
use crate::machine::Machine;
use crate::messages::PATIENCE;
use crate::place::Server;
use crate::settings::{EngineArgs, Store};

/// What a cell knows of the run that it is part of.
pub(crate) struct Session {
    pub(crate) server: Server,
    seconds: Option<u64>,
    quick: bool,
    json: bool,
}

#[derive(Clone, Copy, Debug)]
enum Cell {
    Hundreds,
    Singles,
    Transactional,
    Pickup,
    Fairness,
    Held,
    Deferred,
    Recovery,
    Memory,
}

impl Cell {
    const ALL: [Self; 9] = [
        Self::Hundreds,
        Self::Singles,
        Self::Transactional,
        Self::Pickup,
        Self::Fairness,
        Self::Held,
        Self::Deferred,
        Self::Recovery,
        Self::Memory,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Hundreds => "hundreds",
            Self::Singles => "singles",
            Self::Transactional => "transactional",
            Self::Pickup => "pickup",
            Self::Fairness => "fairness",
            Self::Held => "held",
            Self::Deferred => "deferred",
            Self::Recovery => "recovery",
            Self::Memory => "memory",
        }
    }

    /// Whether it needs what SQLite does not have: snapshots beside a writer, several processes.
    const fn needs_postgres(self) -> bool {
        matches!(self, Self::Held | Self::Recovery | Self::Memory)
    }

    async fn run(self, session: &Session) -> anyhow::Result<Value> {
        match self {
            Self::Hundreds => batched::run(session, self.name(), Load::HUNDREDS).await,
            Self::Singles => batched::run(session, self.name(), Load::SINGLES).await,
            Self::Transactional => transactional::run(session).await,
            Self::Pickup => pickup::run(session).await,
            Self::Fairness => fairness::run(session).await,
            Self::Held => held::run(session).await,
            Self::Deferred => deferred::run(session).await,
            Self::Recovery => recovery::run(session).await,
            Self::Memory => memory::run(session).await,
        }
    }
}

impl Session {
    fn of(args: &EngineArgs) -> Self {
        let store = if args.postgres.is_some() { Store::Postgres } else { Store::Sqlite };
        let server = Server {
            url: args.postgres.clone().unwrap_or_default(),
            folder: args.folder.clone(),
            store,
            setup: args.setup.clone(),
        };
        Self { server, seconds: args.seconds, quick: args.quick, json: args.json }
    }

    /// How long to look, where nobody said otherwise `usual`.
    fn seconds(&self, usual: u64) -> u64 {
        let usual = if self.quick { (usual / 5).max(2) } else { usual };
        self.seconds.unwrap_or(usual).max(1)
    }

    /// How many events to take.
    fn count(&self, usual: u64) -> u64 {
        if self.quick { usual / 20 } else { usual }
    }

    /// How often to do it again.
    fn rounds(&self, usual: u64) -> u64 {
        if self.quick { 1 } else { usual }
    }

    fn is_sqlite(&self) -> bool {
        self.server.store == Store::Sqlite
    }

    /// For people.
    fn say(&self, line: &str) {
        if !self.json {
            println!("{line}");
        }
    }
}

/// Runs the chosen cells and says whether all of them could be measured.
pub(crate) async fn run(args: &EngineArgs) -> anyhow::Result<bool> {
    let session = Session::of(args);
    let chosen = |cell: &Cell| {
        args.only.is_empty() || args.only.iter().any(|part| cell.name().contains(part.as_str()))
    };
    let cells: Vec<Cell> = Cell::ALL.into_iter().filter(chosen).collect();
    ensure!(!cells.is_empty(), "no cell has {} in its name", args.only.join(" or "));
    let machine = Machine::look(&args.folder)?;
    session.say(&format!("{machine}"));
    let server = match &args.postgres {
        Some(url) => facts::of(url).await?,
        None => Value::Null,
    };
    let dispatch = if args.setup.redis.is_some() { "bullmq" } else { "embedded" };
    let store = if session.is_sqlite() { "sqlite" } else { "postgres" };
    if !session.is_sqlite() {
        session.say(&facts::in_words(&server));
    }
    let (turns, connections) = (args.setup.concurrency, args.setup.connections);
    session.say(&format!(
        "  {store}, {dispatch}, {turns} turns at a time, {connections} connections a process"
    ));
    let (mut figures, mut failed) = (Map::new(), Vec::new());
    for cell in cells {
        let value = if session.is_sqlite() && cell.needs_postgres() {
            session.say(&format!("{}: needs PostgreSQL", cell.name()));
            json!({ "skipped": "needs PostgreSQL" })
        } else {
            cell.run(&session).await.unwrap_or_else(|error| {
                session.say(&format!("{}: FAILED: {error:#}", cell.name()));
                failed.push(cell.name());
                json!({ "error": format!("{error:#}") })
            })
        };
        figures.insert(cell.name().into(), value);
    }
    let all = json!({
        "bench": "engine",
        "store": store,
        "dispatch": dispatch,
        "setup": { "concurrency": turns, "connections": connections },
        "machine": machine,
        "server": server,
        "quick": args.quick,
        "cells": figures,
        "failed": failed,
    });
    println!("{all}");
    Ok(failed.is_empty())
}

/// Waits until `happened`, which is asked twenty times a second.
async fn eventually(happened: impl AsyncFn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    within(PATIENCE, happened).await
}

async fn within(
    patience: Duration,
    happened: impl AsyncFn() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let waiting = async {
        while !happened().await? {
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    match tokio::time::timeout(patience, waiting).await {
        Ok(outcome) => outcome,
        Err(_) => anyhow::bail!("it did not happen within {} s", patience.as_secs()),
    }
}
