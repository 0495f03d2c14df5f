//! Ten accounts, one of which holds nine tenths of the work. While all of them have work waiting,
//! each should get the same; and an account that has one event now and then should not notice the
//! crowd at all.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_outbox::{Clock as _, Due, SystemClock};
use serde_json::{Value, json};

use super::Session;
use crate::engine::{self, Hears};
use crate::figures::{Summary, jain};
use crate::load::fill;
use crate::messages::{Bench, Noop, PATIENCE};
use crate::meter::{Meter, ticks};

const ACCOUNTS: u16 = 10;
/// Of all accounts together.
const EVENTS: u64 = 200_000;
/// What a turn takes: handlers wait for others, and short turns would end before anybody looked.
const TURN_MILLIS: u32 = 5;
/// Between two single events of an account that has no others.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let place = session.server.database("fairness").await?;
    let db = place.open().await?;
    let events = session.count(EVENTS);
    let light = events / 10 / u64::from(ACCOUNTS - 1);
    let now = SystemClock.now();
    for account in 0..ACCOUNTS {
        let count = if account == 0 { events - light * u64::from(ACCOUNTS - 1) } else { light };
        let event = Noop { at: now, account, millis: TURN_MILLIS };
        fill(&db, count, Some(&name(account)), |_| now, |_| event.clone()).await?;
    }
    let meter = Arc::new(Meter::default());
    let working = place.work(Bench::new(db.clone(), Arc::clone(&meter)), Hears::Others)?;
    // Until the first of the small ones has no more than it can be given ahead.
    let shares = shares(&meter, light * 4 / 5).await?;
    let waited = meter.reaches_each(1..ACCOUNTS, light, PATIENCE).await;
    ensure!(waited, "the small accounts were not served: {:?}", meter.by_account(10));
    let crowd = events - meter.count();
    meter.take_others();
    let seconds = session.seconds(5);
    let single = singles(&db, &working, seconds).await?;
    let served = meter.reaches(events - crowd + single, Duration::from_secs(5)).await;
    ensure!(served, "single events were not handled");
    let lateness: Summary = meter.take_others().summary();
    ensure!(meter.by_account(1)[0] < events, "the crowd ended before the single events did");
    working.end().await?;
    place.close(db).await?;
    place.remove().await?;
    let index = jain(&shares);
    session.say(&format!(
        "fairness: Jain {index} while all wait (handled: {shares:?}); a single event beside a \
         crowd: {lateness}"
    ));
    Ok(json!({
        "jain": index,
        "shares": shares,
        "events": events,
        "share_of_the_largest": 0.9,
        "single_beside_crowd": lateness,
    }))
}

fn name(account: u16) -> String {
    format!("account-{account}")
}

/// What each account got until the first of the small ones got `enough`.
async fn shares(meter: &Meter, enough: u64) -> anyhow::Result<Vec<u64>> {
    let mut tick = ticks(Duration::from_millis(2));
    let looking = async {
        loop {
            tick.tick().await;
            let shares = meter.by_account(usize::from(ACCOUNTS));
            if shares.iter().skip(1).any(|share| *share >= enough) {
                return shares;
            }
        }
    };
    Ok(tokio::time::timeout(PATIENCE, looking).await?)
}

/// One event at a time, of one small account after the other; says how many.
async fn singles(
    db: &hashbuzz_db::Db,
    working: &engine::Working,
    seconds: u64,
) -> anyhow::Result<u64> {
    let end = SystemClock.now() + i64::try_from(seconds)? * 1_000_000;
    let mut sent = 0;
    for account in (1..ACCOUNTS).cycle() {
        let now = SystemClock.now();
        if now >= end {
            break;
        }
        let tx = db.begin().await?;
        let due = Due { at: now, account: Some(name(account)) };
        let event = Noop { at: now, account, millis: 0 };
        engine::enqueue(&tx, now, &[event], due).await?;
        tx.commit().await?;
        working.wake.ring();
        sent += 1;
        SystemClock.sleep(PAUSE).await;
    }
    Ok(sent)
}
