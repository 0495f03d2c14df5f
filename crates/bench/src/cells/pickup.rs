//! How soon an idle engine begins an event that was just committed: one at a time, at random
//! moments, so that nothing lines up with a poll.
//!
//! Three ways: enqueued by the process that works (its bell rings), by another process of the same
//! database (which is told), and by another one while nothing tells it (polling alone).

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_outbox::{Clock as _, SystemClock, Wake};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::Session;
use crate::engine::{self, Hears};
use crate::figures::Histogram;
use crate::messages::{Bench, Noop};
use crate::meter::Meter;

/// Longer than anything that an idle engine does at once, and than the poll for some of them.
const PAUSE_MILLIS: std::ops::Range<u64> = 20..120;
const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let mut figures = Map::new();
    let ways: &[(&str, Hears, bool)] = &[
        ("same_process", Hears::Others, true),
        ("other_process", Hears::Others, false),
        ("polling_alone", Hears::Nobody, false),
    ];
    for (name, hears, same) in ways {
        if session.is_sqlite() && !same {
            continue;
        }
        let value = way(session, *hears, *same).await?;
        session.say(&format!("pickup, {name}: {}", value.0));
        figures.insert((*name).into(), value.1);
    }
    Ok(figures.into())
}

async fn way(session: &Session, hears: Hears, same: bool) -> anyhow::Result<(String, Value)> {
    let place = session.server.database("pickup").await?;
    let (db, producing) = (place.open().await?, place.open().await?);
    let meter = Arc::new(Meter::default());
    let working = place.work(Bench::new(db.clone(), Arc::clone(&meter)), hears)?;
    // The other process has a bell of its own, which it carries to the first where that is asked.
    let (other, stop) = (Wake::default(), CancellationToken::new());
    let carrying = (!same && hears == Hears::Others).then(|| {
        let (other, db, stop) = (other.clone(), producing.clone(), stop.clone());
        tokio::spawn(async move { other.carry(&db, &SystemClock, &stop).await })
    });
    let bell = if same { &working.wake } else { &other };
    SystemClock.sleep(Duration::from_secs(2)).await;

    let mut committing = Histogram::default();
    let (begin, seconds) = (SystemClock.now(), session.seconds(10));
    let mut sent = 0;
    while SystemClock.now() < begin + i64::try_from(seconds)? * 1_000_000 {
        let pause = rand::random_range(PAUSE_MILLIS);
        SystemClock.sleep(Duration::from_millis(pause)).await;
        let (before, tx) = (SystemClock.now(), producing.begin().await?);
        engine::enqueue(&tx, before, &[Noop::at(before)], engine::due(before)).await?;
        tx.commit().await?;
        bell.ring();
        committing.add(SystemClock.now() - before);
        sent += 1;
        ensure!(meter.reaches(sent, LIMIT).await, "an event was not picked up within 10 s");
    }
    let latency = meter.take().summary();
    stop.cancel();
    if let Some(carrying) = carrying {
        carrying.await?;
    }
    working.end().await?;
    place.close(db).await?;
    place.close(producing).await?;
    place.remove().await?;
    let committing = committing.summary();
    let words = format!("{latency}, of which its own transaction: {committing} ({sent} events)");
    Ok((words, json!({ "from_enqueue": latency, "enqueuing": committing })))
}
