//! Two working processes, one of which is killed with its hands full: how long until everything
//! that it held is done. Nothing new comes meanwhile, so that what is measured is the rescue and
//! not a queue before the survivor.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_db::{Db, Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Session, within};
use crate::engine;
use crate::figures::ratio;
use crate::messages::Counted;
use crate::place::Place;
use crate::worker::Worker;

/// Of each turn: more turns are in work than one process can have, so both have their hands full.
const TURN_MILLIS: u32 = 200;
/// Enqueued at a time, and how often.
const TOGETHER: i64 = 25;
const PAUSE: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(120);

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let place = session.server.database("recovery").await?;
    let db = place.open().await?;
    let sent = watch::Sender::new(0);
    let mut rounds = Vec::new();
    let mut other = Worker::start(&place, true).await?;
    for _ in 0..session.rounds(3) {
        let victim = Worker::start(&place, true).await?;
        let stop = CancellationToken::new();
        let loading = tokio::spawn(load(db.clone(), stop.clone(), sent.clone()));
        SystemClock.sleep(Duration::from_secs(session.seconds(10).min(10))).await;
        rounds.push(round(&place, &db, victim, stop, &sent).await?);
        loading.await??;
        // Whoever was spared is the next one's heir, started anew: processes do not live for ever.
        let fresh = Worker::start(&place, true).await?;
        other.end().await?;
        other = fresh;
    }
    let all = *sent.borrow();
    let in_time = within(LIMIT, async || Ok(done_up_to(&db, all).await? == all)).await;
    let lost = all - done_up_to(&db, all).await?;
    let doubled =
        db.number("SELECT COUNT(*) AS n FROM bench_done WHERE times > 1", values![]).await?;
    other.end().await?;
    place.nothing_left(&db).await?;
    place.close(db).await?;
    place.remove().await?;
    ensure!(doubled == 0, "{doubled} events were applied twice");
    ensure!(lost == 0, "{lost} of {all} events were not applied");
    in_time?;
    let seconds: Vec<f64> = rounds.iter().map(|round| round.0).collect();
    let held: Vec<usize> = rounds.iter().map(|round| round.1).collect();
    let worst = seconds.iter().copied().fold(0.0, f64::max);
    session.say(&format!(
        "recovery: {seconds:?} s after SIGKILL all was done that it held ({held:?} events in \
         work); {all} events, none lost, none doubled"
    ));
    Ok(json!({
        "seconds": seconds,
        "worst_seconds": worst,
        "held": held,
        "events": all,
        "doubled": doubled,
        "lost": lost,
    }))
}

/// Kills `victim` and ends the load; seconds until everything enqueued before is done, and what it had begun.
async fn round(
    place: &Place,
    db: &Db,
    mut victim: Worker,
    stop: CancellationToken,
    sent: &watch::Sender<i64>,
) -> anyhow::Result<(f64, usize)> {
    victim.kill().await?;
    stop.cancel();
    let (killed, last) = (SystemClock.now(), *sent.borrow());
    let done: BTreeSet<i64> = place.done(db).await?.into_iter().collect();
    let held = victim.begun().difference(&done).count();
    within(LIMIT, async || Ok(done_up_to(db, last).await? == last)).await?;
    let took = u64::try_from(SystemClock.now() - killed)?;
    ensure!(held > 0, "the victim had nothing in its hands");
    Ok((ratio(took, 1_000_000), held))
}

/// How many of the events up to `last` are done.
async fn done_up_to(db: &Db, last: i64) -> anyhow::Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM bench_done WHERE id <= $1";
    Ok(db.number(sql, values![last]).await?)
}

/// Enqueues events, numbered on from the last that was sent, until `stop`, and says which was the last.
async fn load(db: Db, stop: CancellationToken, sent: watch::Sender<i64>) -> anyhow::Result<()> {
    let mut next = *sent.borrow() + 1;
    while !stop.is_cancelled() {
        let now = SystemClock.now();
        let events: Vec<Counted> = (next..next + TOGETHER)
            .map(|id| Counted { id, millis: TURN_MILLIS, account: 0 })
            .collect();
        let tx = db.begin().await?;
        engine::enqueue(&tx, now, &events, engine::due(now)).await?;
        tx.commit().await?;
        next += TOGETHER;
        sent.send_replace(next - 1);
        SystemClock.sleep(PAUSE).await;
    }
    Ok(())
}
