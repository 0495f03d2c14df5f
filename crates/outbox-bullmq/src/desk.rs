//! What this process has in hand: jobs that BullMQ's workers fetched, until they are settled.
//!
//! For BullMQ a job is being processed from the moment it is fetched. Its processor puts it on the
//! desk, waits there until somebody settles the delivery, and only then lets BullMQ complete the job.
//! Nobody waits for ever: what lies here too long, or when the desk closes, goes back to its queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bullmq::{Error, Job};
use hashbuzz_outbox::Delivery;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// An event's id is shorter; whatever is longer is none of ours.
const LONGEST_EVENT: usize = 128;

/// Jobs in hand, of all queues that this process serves.
pub(crate) struct Desk {
    closing: CancellationToken,
    fetched: mpsc::UnboundedSender<Delivery>,
    count: AtomicU64,
    shelves: Mutex<Shelves>,
}

#[derive(Default)]
struct Shelves {
    /// By receipt: fetched, and not settled.
    open: HashMap<String, Open>,
    /// By queue and job: settled, and still known to Redis.
    leaving: HashMap<(usize, String), Arc<Batch>>,
}

struct Open {
    queue: usize,
    job: String,
    /// The engine has it.
    received: bool,
    settled: oneshot::Sender<()>,
}

/// Deliveries that were settled together.
#[derive(Default)]
struct Batch {
    left: AtomicUsize,
    done: Notify,
}

impl Batch {
    fn one_less(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }
}

impl Desk {
    /// A desk that closes with `closing`, and what is put on it.
    pub(crate) fn new(closing: CancellationToken) -> (Self, mpsc::UnboundedReceiver<Delivery>) {
        let (fetched, deliveries) = mpsc::unbounded_channel();
        let shelves = Mutex::default();
        (Self { closing, fetched, count: AtomicU64::new(0), shelves }, deliveries)
    }

    /// Processes one job: ends when it is settled, or with the error that makes BullMQ take it back.
    pub(crate) async fn offer(
        &self,
        queue: usize,
        job: Job,
        patience: Duration,
    ) -> Result<Value, Error> {
        let give_back = Err(Error::RateLimited { delay_ms: 0 });
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let receipt = format!("{queue}/{}/{number}", job.id());
        let (settled, is_settled) = oneshot::channel();
        let open = Open { queue, job: job.id().to_owned(), received: false, settled };
        self.shelves().open.insert(receipt.clone(), open);
        let delivery = Delivery { event: event(job.data()), receipt: receipt.clone() };
        drop(job);
        let sent = self.fetched.send(delivery).is_ok();
        if sent {
            tokio::select! {
                biased;
                outcome = is_settled => if outcome.is_ok() { return Ok(Value::Null) },
                () = self.closing.cancelled() => {}
                () = elapsed(patience) => tracing::warn!(
                    receipt, "a job was not settled for {} s and goes back", patience.as_secs()
                ),
            }
        }
        // Whoever settled it in this very moment has taken it from the shelf.
        match self.shelves().open.remove(&receipt) {
            Some(_) => give_back,
            None => Ok(Value::Null),
        }
    }

    /// Marks what is handed to the engine, and leaves out what went back meanwhile.
    pub(crate) fn hand_out(&self, deliveries: &mut Vec<Delivery>) {
        let mut shelves = self.shelves();
        deliveries.retain(|delivery| {
            let open = shelves.open.get_mut(&delivery.receipt);
            open.map(|open| open.received = true).is_some()
        });
    }

    /// How many jobs of each queue the engine has.
    pub(crate) fn in_hand(&self, queues: usize) -> Vec<usize> {
        let mut counts = vec![0; queues];
        for open in self.shelves().open.values().filter(|open| open.received) {
            counts[open.queue] += 1;
        }
        counts
    }

    /// Ends deliveries, and waits until Redis has forgotten their jobs. True when it has.
    pub(crate) async fn settle(&self, deliveries: &[Delivery], limit: Duration) -> bool {
        let batch = Arc::new(Batch::default());
        {
            let mut shelves = self.shelves();
            let open: Vec<Open> = deliveries
                .iter()
                .filter_map(|delivery| shelves.open.remove(&delivery.receipt))
                .collect();
            batch.left.store(open.len(), Ordering::Release);
            if open.is_empty() {
                return true;
            }
            for Open { queue, job, settled, .. } in open {
                let before = shelves.leaving.insert((queue, job), Arc::clone(&batch));
                if let Some(before) = before {
                    before.one_less();
                }
                // Nobody listens when it is just going back: then it is delivered once more.
                let _ = settled.send(());
            }
        }
        if tokio::time::timeout(limit, batch.done.notified()).await.is_ok() {
            return true;
        }
        self.shelves().leaving.retain(|_, of| !Arc::ptr_eq(of, &batch));
        false
    }

    /// BullMQ is through with a job.
    pub(crate) fn is_over(&self, queue: usize, job: String) {
        let batch = self.shelves().leaving.remove(&(queue, job));
        if let Some(batch) = batch {
            batch.one_less();
        }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Redis measures in real time how long a job is locked, so the same clock is asked here.
async fn elapsed(patience: Duration) {
    #[expect(clippy::disallowed_methods, reason = "Redis lives in real time")]
    tokio::time::sleep(patience).await;
}

/// The event that a job names. Somebody else may have added the job.
fn event(data: &Value) -> Option<String> {
    let event = data.get("event")?.as_str()?;
    (1..=LONGEST_EVENT).contains(&event.len()).then(|| event.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_told_by_our_jobs_only() {
        assert_eq!(event(&json!({ "event": "e1", "kind": "k" })), Some("e1".into()));
        for data in [
            json!(null),
            json!("event"),
            json!([1]),
            json!({ "event": 3 }),
            json!({ "event": "" }),
            json!({ "event": "x".repeat(129) }),
        ] {
            assert_eq!(event(&data), None, "{data}");
        }
    }
}
