//! No-op events with full semantics: enqueued in a transaction, claimed, handled, finished in
//! batches. Once with a hundred events an enqueuing transaction, once with one.

use serde_json::{Map, Value};

use super::{Session, hot};
use crate::load::Load;

pub(super) async fn run(session: &Session) -> anyhow::Result<Value> {
    let mut figures = Map::new();
    for (name, load) in [("hundreds", Load::HUNDREDS), ("singles", Load::SINGLES)] {
        let place = session.server.database("batched").await?;
        let hot = hot::run(&place, load, session.seconds(10)).await?;
        place.remove().await?;
        session.say(&format!("batched, {name}: {}", hot.in_words()));
        figures.insert(name.into(), serde_json::to_value(hot)?);
    }
    Ok(figures.into())
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
