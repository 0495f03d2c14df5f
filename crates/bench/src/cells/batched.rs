//! No-op events with full semantics: enqueued in a transaction, claimed, handled, finished in
//! batches. Two cells: a hundred events an enqueuing transaction, and one.

use serde_json::Value;

use super::{Session, hot};
use crate::load::Load;

pub(super) async fn run(session: &Session, name: &str, load: Load) -> anyhow::Result<Value> {
    let place = session.server.database(name).await?;
    let hot = hot::run(&place, load, session.seconds(10)).await?;
    place.remove().await?;
    session.say(&format!("{name}: {}", hot.in_words()));
    Ok(serde_json::to_value(hot)?)
}

impl hot::Hot {
    /// For people.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!("{}", self.sustained);
        if let Some(cost) = &self.per_job {
            words += &format!("; a job: {cost}");
        }
        if let Some(dead) = &self.dead_tuples {
            words += &format!("; dead tuples: most {}, last {}", dead.most, dead.last);
        }
        words
    }
}
