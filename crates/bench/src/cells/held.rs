//! A snapshot held open under load: a backup, a forgotten session. Nobody may clear away what
//! became dead since, and whoever reads an index walks over it.

use serde_json::{Value, json};

use super::{Session, hot};
use crate::figures::ratio;
use crate::load::Load;
use crate::place::table_bytes;

/// Seconds to look on at most when the snapshot is gone.
const AFTERWARDS: u64 = 60;

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let seconds = session.seconds(60);
    let place = session.server.database("held").await?;
    let running = hot::Running::start(&place, Load::HUNDREDS).await?;
    running.warm_up(seconds).await;
    let watched = hot::Watched::start(&place, seconds).await?;
    let clean = running.meter.watch(seconds).await;
    let snapshot = place.snapshot().await?;
    let held = running.meter.watch(seconds).await;
    let bytes = table_bytes(&snapshot.db).await?;
    snapshot.release().await?;
    let after = running.meter.watch(seconds.div_ceil(2).min(AFTERWARDS)).await;
    let dead = watched.end().await?;
    let (_, repeated) = running.end(&place).await?;
    place.remove().await?;
    let share = ratio(held.rate, clean.rate);
    let own_share = ratio(held.rate_of_own_time(), clean.rate_of_own_time());
    session.say(&format!(
        "held: clean {clean}; held {held}; {share} of the clean rate, {own_share} of \
         that of the cores' own time; dead tuples: most {}, last \
         {}; table {} MiB; afterwards {after}",
        dead.most,
        dead.last,
        bytes >> 20
    ));
    Ok(json!({
        "seconds": seconds,
        "clean": clean,
        "held": held,
        "after": after,
        "of_clean_rate": share,
        "of_clean_rate_of_own_time": own_share,
        "dead_tuples": dead,
        "table_bytes": bytes,
        "repeated": repeated,
    }))
}
