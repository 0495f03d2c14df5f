//! The worker's half: one BullMQ worker a queue, kept alive, fetching what the engine has room for.
//!
//! A worker reconnects by itself, but not from a connection that merely went silent, and after an
//! outage it may wait for half a minute until it tries again. So it is watched: when it has been
//! failing for a moment and Redis can be reached by a fresh connection, it is replaced. Jobs that the
//! old one fetched stay on the desk and are completed by it, or delivered again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bullmq::types::RemoveOnFinish;
use bullmq::worker::WorkerEvent;
use bullmq::{Worker, WorkerOptions};
use futures::future::join_all;
use hashbuzz_outbox::{BrokerError, Delivery, Queue};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::LIMIT;
use crate::desk::Desk;
use crate::door::{examine, limited};
use crate::settings::RedisSettings;

/// How long [`Consumer::receive`] waits for the first delivery.
const WAIT: Duration = Duration::from_secs(1);
/// The longest that a worker's blocking read lasts, and with it an orderly end.
const READ: Duration = Duration::from_secs(1);
/// How often a failing worker is looked at, and Redis tried while it is away.
const LOOK: Duration = Duration::from_secs(2);
/// How long a worker may take to end.
const FAREWELL: Duration = Duration::from_millis(2_500);
/// The most jobs of one queue that a process holds, whatever the engine says it has room for.
const MOST: usize = 4_096;
/// The engine counts attempts, in the database. BullMQ never gives a job up.
const MOST_STALLS: u32 = 1_000_000;

/// Takes jobs; starts when it is first asked.
pub(crate) struct Consumer {
    settings: RedisSettings,
    closing: CancellationToken,
    desk: Arc<Desk>,
    deliveries: tokio::sync::Mutex<UnboundedReceiver<Delivery>>,
    lanes: Vec<Arc<Lane>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What is known of one queue's worker.
struct Lane {
    index: usize,
    queue: Queue,
    now: Mutex<Now>,
}

struct Now {
    worker: Option<Arc<Worker>>,
    /// Why nothing comes, while that is so.
    trouble: Option<String>,
}

impl Consumer {
    pub(crate) fn new(settings: RedisSettings) -> Self {
        let closing = CancellationToken::new();
        let (desk, deliveries) = Desk::new(closing.clone());
        let place = settings.place();
        let trouble = format!("Redis at {place}: not connected yet");
        let lane = |(index, queue): (usize, &Queue)| {
            let now = Mutex::new(Now { worker: None, trouble: Some(trouble.clone()) });
            Arc::new(Lane { index, queue: *queue, now })
        };
        let lanes = settings.served().iter().enumerate().map(lane).collect();
        let deliveries = tokio::sync::Mutex::new(deliveries);
        let (desk, tasks) = (Arc::new(desk), Mutex::default());
        Self { settings, closing, desk, deliveries, lanes, tasks }
    }

    pub(crate) async fn receive(&self, room: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.start();
        if self.closing.is_cancelled() {
            return Err(BrokerError("closed".into()));
        }
        self.make_room(room);
        let end = Instant::now() + WAIT;
        let mut waiting = self.deliveries.lock().await;
        let mut found = Vec::new();
        while found.is_empty() && room > 0 {
            tokio::select! {
                biased;
                _ = waiting.recv_many(&mut found, room) => self.desk.hand_out(&mut found),
                () = self.closing.cancelled() => break,
                () = tokio::time::sleep_until(end) => break,
            }
        }
        match self.trouble().filter(|_| found.is_empty()) {
            Some(trouble) => Err(BrokerError(trouble)),
            None => Ok(found),
        }
    }

    pub(crate) async fn settle(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        if self.desk.settle(deliveries, LIMIT).await {
            return Ok(());
        }
        Err(BrokerError(format!(
            "Redis at {}: did not confirm within {} s that jobs are over; they are delivered again",
            self.settings.place(),
            LIMIT.as_secs()
        )))
    }

    pub(crate) async fn close(&self) {
        self.closing.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ends = tasks.into_iter().map(|mut task| async move {
            if tokio::time::timeout(LIMIT, &mut task).await.is_err() {
                task.abort();
            }
        });
        join_all(ends).await;
    }

    /// Starts a task for each queue, once.
    fn start(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if !tasks.is_empty() || self.closing.is_cancelled() {
            return;
        }
        for lane in &self.lanes {
            let keeper = Keeper {
                settings: self.settings.clone(),
                closing: self.closing.clone(),
                desk: Arc::clone(&self.desk),
                lane: Arc::clone(lane),
            };
            tasks.push(tokio::spawn(keeper.keep()));
        }
    }

    /// Lets each queue's worker hold what the engine has of it, and `room` more.
    fn make_room(&self, room: usize) {
        let in_hand = self.desk.in_hand(self.lanes.len());
        for (lane, in_hand) in self.lanes.iter().zip(in_hand) {
            if let Some(worker) = lane.now().worker.as_ref() {
                // A worker that misses one change of this number sees the next: it sleeps only
                // until a job ends or the number grows.
                let wanted = (in_hand + room).clamp(1, MOST);
                if worker.concurrency() == wanted {
                    worker.set_concurrency(wanted + 1);
                }
                worker.set_concurrency(wanted);
            }
        }
    }

    fn trouble(&self) -> Option<String> {
        self.lanes.iter().find_map(|lane| lane.now().trouble.clone())
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl Lane {
    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a worker is not watched any longer.
enum End {
    Closing,
    Sick,
}

/// Keeps one queue's worker alive.
struct Keeper {
    settings: RedisSettings,
    closing: CancellationToken,
    desk: Arc<Desk>,
    lane: Arc<Lane>,
}

impl Keeper {
    async fn keep(self) {
        let mut look = pace();
        loop {
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return,
                _ = look.tick() => {}
            }
            let worker = tokio::select! {
                biased;
                () = self.closing.cancelled() => return,
                worker = self.open() => worker,
            };
            let worker = match worker {
                Ok(worker) => Arc::new(worker),
                Err(error) => {
                    self.is_in_trouble(error.0);
                    continue;
                }
            };
            tracing::info!(queue = self.lane.queue.as_str(), "taking jobs from Redis");
            *self.lane.now() = Now { worker: Some(Arc::clone(&worker)), trouble: None };
            let end = self.watch(&worker).await;
            self.lane.now().worker = None;
            match end {
                End::Closing => {
                    self.farewell(&worker).await;
                    return;
                }
                End::Sick => self.replace(worker),
            }
        }
    }

    async fn open(&self) -> Result<Worker, BrokerError> {
        examine(&self.settings).await?;
        let (desk, index) = (Arc::clone(&self.desk), self.lane.index);
        let lock = self.settings.lock_duration();
        // Settled or taken back while the lock still holds.
        let patience = lock - lock / 10;
        let process = move |job: bullmq::Job, _| {
            let desk = Arc::clone(&desk);
            async move { desk.offer(index, job, patience).await }
        };
        let options = WorkerOptions::new()
            .connection(self.settings.options())
            .prefix(self.settings.prefix_name())
            .concurrency(1)
            .lock_duration(lock)
            .stalled_interval(lock / 3)
            .max_stalled_count(MOST_STALLS)
            .drain_delay(READ)
            .run_retry_delay(Duration::from_secs(1))
            .remove_on_complete(RemoveOnFinish::Bool(true))
            .remove_on_fail(RemoveOnFinish::Bool(true))
            .skip_lock_renewal();
        let name = self.lane.queue.as_str();
        limited(&self.settings, Worker::with_options(name, process, options)).await
    }

    /// Follows what a worker says until it has to go. Its messages are kept until somebody reads
    /// them, so they have to be read.
    async fn watch(&self, worker: &Worker) -> End {
        let mut look = pace();
        let mut failing: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                () = self.closing.cancelled() => return End::Closing,
                event = worker.next_event() => match event {
                    Some(WorkerEvent::Completed { job_id, .. }) => {
                        self.desk.is_over(self.lane.index, job_id);
                        failing = None;
                    }
                    Some(WorkerEvent::Failed { job_id, .. }) => {
                        self.desk.is_over(self.lane.index, job_id);
                    }
                    Some(WorkerEvent::Active { .. } | WorkerEvent::Drained) => failing = None,
                    Some(WorkerEvent::Error(error)) => {
                        failing.get_or_insert_with(Instant::now);
                        self.is_in_trouble(format!("Redis at {}: {error}", self.settings.place()));
                        continue;
                    }
                    Some(_) => continue,
                    None => return End::Sick,
                },
                _ = look.tick(), if failing.is_some() => {
                    let long = failing.is_some_and(|since| since.elapsed() >= LOOK);
                    if !long {
                        continue;
                    }
                    tokio::select! {
                        biased;
                        () = self.closing.cancelled() => return End::Closing,
                        facts = examine(&self.settings) => if facts.is_ok() { return End::Sick },
                    }
                    continue;
                }
            }
            if failing.is_none() {
                self.lane.now().trouble = None;
            }
        }
    }

    fn is_in_trouble(&self, why: String) {
        let mut now = self.lane.now();
        if now.trouble.as_ref() != Some(&why) {
            tracing::warn!(queue = self.lane.queue.as_str(), "no jobs from Redis: {why}");
            now.trouble = Some(why);
        }
    }

    /// Ends a worker in order: it takes nothing more, and its jobs are completed or given back.
    async fn farewell(&self, worker: &Worker) {
        let limit = u64::try_from(FAREWELL.as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = worker.close(limit).await {
            tracing::warn!(queue = self.lane.queue.as_str(), "ending a worker: {error}");
        }
    }

    /// Stops a worker from fetching. What it has in hand it may still complete, if its connection
    /// comes back.
    fn replace(&self, worker: Arc<Worker>) {
        tracing::warn!(
            queue = self.lane.queue.as_str(),
            "the worker has lost Redis; starting anew"
        );
        let (desk, index) = (Arc::clone(&self.desk), self.lane.index);
        let longest = self.settings.lock_duration();
        tokio::spawn(async move {
            let rest = async {
                let _ = worker.close(0).await;
                while worker.active_count().await > 0 {
                    match worker.next_event().await {
                        Some(
                            WorkerEvent::Completed { job_id, .. }
                            | WorkerEvent::Failed { job_id, .. },
                        ) => desk.is_over(index, job_id),
                        Some(_) => {}
                        None => return,
                    }
                }
            };
            let _ = tokio::time::timeout(longest, rest).await;
        });
    }
}

/// At once, and then every [`LOOK`], late rather than twice.
fn pace() -> tokio::time::Interval {
    let mut pace = tokio::time::interval(LOOK);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    pace
}
