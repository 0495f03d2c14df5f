//! The relay's half: offers jobs, and notices when Redis lost its memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bullmq::options::JobOptions;
use bullmq::redis_connection::RedisConnection;
use bullmq::types::RemoveOnFinish;
use bullmq::{BulkJob, QueueOptions};
use futures::future::try_join_all;
use hashbuzz_outbox::{Backlog, BrokerError, Publication, Queue};
use tokio::sync::Mutex;

use crate::door::{Facts, examine, limited};
use crate::settings::RedisSettings;

/// How many jobs are offered in one go: their scripts run within the time limit also where Redis is
/// slow.
const CHUNK: usize = 500;
/// The only value of `maxmemory-policy` with which Redis keeps what it was given.
const KEEPS: &str = "noeviction";

/// Offers jobs; connects when it is first asked, and again after it failed.
pub(crate) struct Publisher {
    settings: RedisSettings,
    link: Mutex<Option<Arc<Link>>>,
}

/// One connection with the four queues over it.
struct Link {
    connection: RedisConnection,
    queues: Vec<(Queue, bullmq::Queue)>,
}

impl Publisher {
    pub(crate) fn new(settings: RedisSettings) -> Self {
        Self { settings, link: Mutex::new(None) }
    }

    pub(crate) async fn publish(&self, publications: &[Publication]) -> Result<(), BrokerError> {
        if publications.is_empty() {
            return Ok(());
        }
        let link = self.link().await?;
        let mut by_queue: BTreeMap<&str, (Queue, Vec<&Publication>)> = BTreeMap::new();
        for publication in publications {
            let place = by_queue.entry(publication.queue.as_str());
            place.or_insert_with(|| (publication.queue, Vec::new())).1.push(publication);
        }
        for (queue, publications) in by_queue.values() {
            let Some((_, bull)) = link.queues.iter().find(|(known, _)| known == queue) else {
                continue;
            };
            for chunk in publications.chunks(CHUNK) {
                let jobs = chunk.iter().map(|publication| job(publication)).collect();
                let added = limited(&self.settings, bull.add_bulk(jobs)).await;
                self.unless_failed(&link, added).await?;
            }
        }
        Ok(())
    }

    /// Keeps in Redis which run of the server was last seen. It is another one after a restart and
    /// after a failover, when the newest jobs may be lost, and none when everything is.
    pub(crate) async fn remembers(&self) -> Result<bool, BrokerError> {
        let link = self.link().await?;
        let key = format!("{}:relay-knows", self.settings.prefix_name());
        let ask = async {
            let mut info = redis::cmd("INFO");
            let info: String = match link.connection.cmd(info.arg("server")).await {
                Err(bullmq::Error::Redis(error)) if error.code() == Some("NOPERM") => String::new(),
                answer => answer?,
            };
            let run = run_id(&info);
            let mut set = redis::cmd("SET");
            let before: Option<String> =
                link.connection.cmd(set.arg(&key).arg(run).arg("GET")).await?;
            Ok::<_, bullmq::Error>(before.as_deref() == Some(run))
        };
        let answer = limited(&self.settings, ask).await;
        self.unless_failed(&link, answer).await
    }

    /// What each queue has that no worker fetched.
    pub(crate) async fn backlog(&self) -> Result<Vec<Backlog>, BrokerError> {
        let link = self.link().await?;
        let of_each = link.queues.iter().map(|(queue, bull)| async move {
            let counts = bull.get_job_counts().await?;
            let due = whole_number(counts.waiting + counts.paused + counts.prioritized);
            let delayed = whole_number(counts.delayed);
            Ok::<_, bullmq::Error>(Backlog { queue: *queue, due, delayed })
        });
        let answer = limited(&self.settings, try_join_all(of_each)).await;
        self.unless_failed(&link, answer).await
    }

    pub(crate) async fn close(&self) {
        if let Ok(mut link) = tokio::time::timeout(Duration::from_secs(1), self.link.lock()).await {
            *link = None;
        }
    }

    /// The connection, made if there is none.
    async fn link(&self) -> Result<Arc<Link>, BrokerError> {
        // Others wait for whoever connects, for as long as that may take.
        let mut link = self.link.lock().await;
        if let Some(link) = &*link {
            return Ok(Arc::clone(link));
        }
        warn_about(&examine(&self.settings).await?, &self.settings);
        let fresh = Arc::new(limited(&self.settings, Link::open(&self.settings)).await?);
        tracing::info!(redis = self.settings.place(), "the relay is connected");
        *link = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// A connection that failed once is not trusted again: the next call makes a new one.
    async fn unless_failed<T>(
        &self,
        used: &Arc<Link>,
        outcome: Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        if outcome.is_err() {
            let mut link = self.link.lock().await;
            if link.as_ref().is_some_and(|link| Arc::ptr_eq(link, used)) {
                *link = None;
            }
        }
        outcome
    }
}

impl Link {
    async fn open(settings: &RedisSettings) -> Result<Self, bullmq::Error> {
        let connection = RedisConnection::new_managed_only(&settings.options()).await?;
        let mut queues = Vec::with_capacity(Queue::ALL.len());
        for queue in Queue::ALL {
            let options = QueueOptions::new().prefix(settings.prefix_name());
            let name = queue.as_str();
            let bull = bullmq::Queue::with_connection(name, connection.clone(), options).await?;
            queues.push((queue, bull));
        }
        Ok(Self { connection, queues })
    }
}

fn warn_about(facts: &Facts, settings: &RedisSettings) {
    if !facts.eviction.is_empty() && facts.eviction != KEEPS {
        tracing::warn!(
            redis = settings.place(),
            "maxmemory-policy is {}, so Redis drops jobs when its memory is full; set it to {KEEPS}",
            facts.eviction
        );
    }
}

/// The job of a publication: an ordinary one to every BullMQ tool.
fn job(publication: &Publication) -> BulkJob {
    let Publication { event, kind, attempt, number, delay, .. } = publication;
    let data = serde_json::json!({ "event": event, "kind": kind });
    let options = JobOptions::new()
        .job_id(format!("{event}-{attempt}-{number}"))
        .delay(whole(*delay))
        .remove_on_complete(RemoveOnFinish::Bool(true))
        .remove_on_fail(RemoveOnFinish::Bool(true));
    BulkJob::with_options(name(kind), data, options)
}

fn whole_number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// BullMQ counts milliseconds. A job that came a moment early would find an event that is not due.
fn whole(delay: Duration) -> Duration {
    let millis = delay.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// The kind as it is called outside, without its version.
fn name(kind: &str) -> &str {
    match kind.rsplit_once(".v") {
        Some((name, version))
            if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name
        }
        _ => kind,
    }
}

/// What the server calls this run of itself; the same word for each run where it does not tell.
fn run_id(info: &str) -> &str {
    let mut lines = info.lines().filter_map(|line| line.trim().split_once(':'));
    lines.find(|(key, _)| *key == "run_id").map_or("some", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_without_the_version_of_its_kind() {
        assert_eq!(name("CAMPAIGN_CLOSED.v1"), "CAMPAIGN_CLOSED");
        assert_eq!(name("CAMPAIGN_CLOSED.v12"), "CAMPAIGN_CLOSED");
        assert_eq!(name("CAMPAIGN_CLOSED"), "CAMPAIGN_CLOSED");
        assert_eq!(name("CAMPAIGN.void"), "CAMPAIGN.void");
        assert_eq!(name("CAMPAIGN.v"), "CAMPAIGN.v");
    }

    #[test]
    fn a_job_never_comes_before_its_event_is_due() {
        let micros = Duration::from_micros;
        assert_eq!(whole(Duration::ZERO), Duration::ZERO);
        assert_eq!(whole(micros(1)), Duration::from_millis(1));
        assert_eq!(whole(micros(90_500_000)), micros(90_500_000));
        assert_eq!(whole(micros(90_500_001)), micros(90_501_000));
    }

    #[test]
    fn the_run_of_a_server_is_read_from_what_it_says() {
        assert_eq!(run_id("# Server\r\nrun_id:abc123\r\ntcp_port:1\r\n"), "abc123");
        assert_eq!(run_id(""), "some");
    }
}
