//! Events that finish in a transaction of their own, with a state change and a next event: what the
//! steps of campaigns do. Five hundred chains, each link enqueues the next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::ensure;
use hashbuzz_db::{Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::{Session, hot};
use crate::engine::{self, Hears};
use crate::messages::{Bench, Chain};
use crate::meter::Meter;

const CHAINS: i64 = 500;

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let seconds = session.seconds(10);
    let place = session.server.database("transactional").await?;
    let db = place.open().await?;
    let tx = db.begin().await?;
    let now = SystemClock.now();
    let first: Vec<Chain> =
        (0..CHAINS).map(|chain| Chain { key: format!("chain-{chain}"), at: now }).collect();
    for chain in &first {
        tx.exec("INSERT INTO bench_state (key, n) VALUES ($1, 0)", values![chain.key.clone()])
            .await?;
    }
    engine::enqueue(&tx, now, &first, engine::due(now)).await?;
    tx.commit().await?;

    let before = place.counted().await?;
    let meter = Arc::new(Meter::default());
    let bench = Bench::new(db.clone(), Arc::clone(&meter));
    let ending = Arc::clone(&bench.ending);
    let working = place.work(bench, Hears::Others)?;
    SystemClock.sleep(hot::warm_up(seconds)).await;
    let watched = hot::Watched::start_on(&place, seconds).await?;
    let sustained = meter.watch(seconds).await;
    let dead_tuples = hot::Watched::end_of(watched).await?;
    ending.store(true, Ordering::SeqCst);
    // Also none in work: it might enqueue its next link still.
    super::eventually(async || Ok(hashbuzz_outbox::waiting(&db, None, 1).await?.is_empty()))
        .await?;
    working.end().await?;
    place.nothing_left(&db).await?;
    let changed =
        db.number("SELECT CAST(SUM(n) AS BIGINT) AS n FROM bench_state", values![]).await?;
    let handled = meter.count();
    ensure!(u64::try_from(changed)? == handled, "{handled} handled, {changed} changes of state");
    place.close(db).await?;
    let after = place.counted().await?;
    let per_job = before.zip(after).map(|(before, after)| after.since(&before, handled));
    let figures = hot::Hot { enqueue: None, sustained, per_job, dead_tuples, repeated: 0 };
    session.say(&format!("transactional: {}", figures.in_words()));
    place.remove().await?;
    let mut value = serde_json::to_value(&figures)?;
    value["chains"] = json!(CHAINS);
    Ok(value)
}
