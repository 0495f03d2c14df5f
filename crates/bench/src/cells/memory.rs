//! What a working process needs while a hundred thousand events wait for it.

use std::time::Duration;

use anyhow::ensure;
use hashbuzz_db::{Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::Session;
use crate::load::fill;
use crate::messages::Counted;
use crate::worker::Worker;

const EVENTS: u64 = 100_000;
const ACCOUNTS: u16 = 100;
/// Long turns: they have to wait while somebody looks.
const TURN_MILLIS: u32 = 500;

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let place = session.server.database("memory").await?;
    let db = place.open().await?;
    let worker = Worker::start(&place, false).await?;
    SystemClock.sleep(Duration::from_secs(2)).await;
    let idle = worker.memory()?;
    let (events, now) = (session.count(EVENTS), SystemClock.now());
    for account in 0..ACCOUNTS {
        let each = events / u64::from(ACCOUNTS);
        let first = i64::try_from(each * u64::from(account))?;
        let event = move |number: u64| Counted {
            id: first + i64::try_from(number).expect("numbers are small"),
            millis: TURN_MILLIS,
            account,
        };
        fill(&db, each, Some(&format!("account-{account}")), |_| now, event).await?;
    }
    SystemClock.sleep(Duration::from_secs(session.seconds(10))).await;
    let busy = worker.memory()?;
    let done = db.number("SELECT COUNT(*) AS n FROM bench_done", values![]).await?;
    let done = u64::try_from(done)?;
    ensure!(done > 0, "the worker did not work");
    let waiting = events - done;
    worker.end().await?;
    place.close(db).await?;
    place.remove().await?;
    session.say(&format!(
        "memory: a worker has {} MiB idle, {} MiB with {waiting} events waiting, {} MiB at most",
        idle.now_kib / 1024,
        busy.now_kib / 1024,
        busy.peak_kib / 1024
    ));
    Ok(json!({ "waiting": waiting, "idle": idle, "busy": busy }))
}
