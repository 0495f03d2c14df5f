//! A million events that are due some other day: what it takes to store them, whether the hot path
//! notices them, how late those are that do become due, and what a worker needs in memory.
//!
//! The hot rate with and without them is looked at in turns, in two databases of one server: one
//! after the other would measure the server's checkpoints with it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_db::{Db, Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::{Session, hot};
use crate::engine::{self, Hears};
use crate::figures::{rate, ratio};
use crate::load::{Load, fill};
use crate::machine::Resident;
use crate::messages::{Bench, Noop};
use crate::meter::{Meter, Sustained};
use crate::place::Place;
use crate::worker::Worker;

const EVENTS: u64 = 1_000_000;
/// The first of them is due in so many microseconds: not while this runs.
const FAR: i64 = 6 * 3_600_000_000;
const DUE_A_SECOND: u64 = 500;
/// Due at the same moment.
const TOGETHER: u64 = 5;
/// Until the first of them is due, so that all are stored by then.
const LEAD: i64 = 5_000_000;

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let events = session.count(EVENTS);
    let clean = session.server.database("clean").await?;
    let full = session.server.database("deferred").await?;
    let db = full.open().await?;
    let (before, began) = (Resident::own()?, SystemClock.now());
    let due = |number: u64| began + FAR + i64::try_from(number).unwrap_or(0) * 10_000;
    fill(&db, events, None, due, |_| Noop::at(began)).await?;
    let took = SystemClock.now() - began;
    if full.is_postgres() {
        // What autovacuum would do in the next minute, in the middle of the measuring.
        db.exec("VACUUM (ANALYZE)", values![]).await?;
        let empty = clean.open().await?;
        empty.exec("VACUUM (ANALYZE)", values![]).await?;
        clean.close(empty).await?;
    }
    let (without, with) = in_turns(session, &clean, &full).await?;
    let change = ratio(mean(&with), mean(&without));
    let lateness = lateness(session, &full, &db).await?;
    let worker = worker_memory(&full).await?;
    full.close(db).await?;
    full.remove().await?;
    clean.remove().await?;
    let (a_second, seconds) = (rate(events, took), took / 1_000_000);
    session.say(&format!(
        "deferred: {events} stored in {seconds} s ({a_second}/s); hot rate without {} /s, with {} \
         /s, {change} of it; at {DUE_A_SECOND} due/s late by {lateness}; a worker has {} MiB",
        mean(&without),
        mean(&with),
        worker.map_or(0, |worker| worker.peak_kib / 1024),
    ));
    Ok(json!({
        "events": events,
        "insert_us": took,
        "insert_rate": a_second,
        "hot_without": without,
        "hot_with": with,
        "of_hot_rate": change,
        "lateness_at_500_due_a_second": lateness,
        "worker_memory": worker,
        "this_process": { "before": before, "after": Resident::own()? },
    }))
}

/// The hot rate of both, three times each.
async fn in_turns(
    session: &Session,
    clean: &Place,
    full: &Place,
) -> anyhow::Result<(Vec<Sustained>, Vec<Sustained>)> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..session.rounds(3) {
        for (place, rates) in [(clean, &mut without), (full, &mut with)] {
            let running = hot::Running::start(place, Load::HUNDREDS).await?;
            running.warm_up(session.seconds(10)).await;
            rates.push(running.meter.watch(session.seconds(10)).await);
            running.end(place).await?;
        }
    }
    Ok((without, with))
}

fn mean(of: &[Sustained]) -> u64 {
    let rates: u64 = of.iter().map(|sustained| sustained.rate).sum();
    rates / u64::try_from(of.len()).unwrap_or(1).max(1)
}

/// How late deferred events begin, five hundred a second, beside those of another day.
async fn lateness(
    session: &Session,
    place: &Place,
    db: &Db,
) -> anyhow::Result<crate::figures::Summary> {
    let meter = Arc::new(Meter::default());
    let working = place.work(Bench::new(db.clone(), Arc::clone(&meter)), Hears::Others)?;
    let (seconds, first) = (session.seconds(10), SystemClock.now() + LEAD);
    let (groups, apart) = (DUE_A_SECOND / TOGETHER, 1_000_000 * TOGETHER / DUE_A_SECOND);
    let tx = db.begin().await?;
    for group in 0..seconds * groups {
        let at = first + i64::try_from(group * apart)?;
        let events = [const { Noop::at(0) }; 5].map(|event| Noop { at, ..event });
        engine::enqueue(&tx, SystemClock.now(), &events, engine::due(at)).await?;
    }
    tx.commit().await?;
    ensure!(SystemClock.now() < first, "storing them took too long to say how late they begin");
    working.wake.ring();
    let patience = Duration::from_secs(seconds + 30);
    let handled = meter.reaches(seconds * DUE_A_SECOND, patience).await;
    ensure!(handled, "{} deferred events became due and were handled", meter.count());
    working.end().await?;
    Ok(meter.take().summary())
}

/// What a worker of its own needs while they wait.
async fn worker_memory(place: &Place) -> anyhow::Result<Option<Resident>> {
    if !place.is_postgres() {
        return Ok(None);
    }
    let worker = Worker::start(place, false).await?;
    SystemClock.sleep(Duration::from_secs(3)).await;
    let memory = worker.memory()?;
    worker.end().await?;
    Ok(Some(memory))
}
