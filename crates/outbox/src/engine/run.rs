//! The loop of a working process.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use hashbuzz_db::DbError;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ended::Ended;
use super::fetch::{FetchError, Source, Work};
use super::upkeep::{SILENCE_MICROS, Upkeep};
use super::{Engine, EngineSettings};
use crate::clock::{micros, rest};
use crate::finish::{self, Finish, Finisher};
use crate::{Delivery, Failure, Turn, lease};

/// Claimed ahead of the turns: as much as is worked off in this time, so that an event that comes
/// now does not stand behind more than that.
const AHEAD: Duration = Duration::from_millis(25);
/// Claimed ahead at most.
const MOST_AHEAD: usize = 512;
/// Between two claims while turns are short and hands nearly full.
const BETWEEN_CLAIMS: Duration = Duration::from_millis(2);
/// How long a broker is given to hear which jobs are over when the process ends: it may be away, and
/// what it was not told it delivers once more.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Jobs reported to the broker by one call at most.
const SETTLED: usize = 500;

/// One run of an engine.
pub(super) struct Run<'a, C> {
    engine: &'a Engine<C>,
    finisher: Finisher,
    finished: mpsc::Receiver<Finish>,
    settle: mpsc::Sender<Delivery>,
    settled: mpsc::Receiver<Delivery>,
}

/// What the process has in hand.
struct Hand {
    running: JoinSet<Duration>,
    /// Claimed and not begun.
    ahead: VecDeque<Work>,
    /// The source while nobody fetches, and the fetch while somebody does.
    source: Option<Source>,
    fetching: JoinSet<Fetched>,
    pace: Pace,
}

struct Fetched {
    source: Source,
    room: usize,
    outcome: Result<Vec<Work>, FetchError>,
}

/// When to fetch, and how much.
struct Pace {
    /// Somebody said that there is work, or it is time to look.
    woken: bool,
    /// There may be more than was fetched, or a key became free.
    hungry: bool,
    fetched: Instant,
    /// The last fetch failed: not before the next poll.
    resting: bool,
    next_poll: i64,
    /// How long a turn takes, on average; unknown before the first.
    turn: Option<Duration>,
}

impl<'a, C: Clone + Send + Sync + 'static> Run<'a, C> {
    pub(super) fn of(engine: &'a Engine<C>) -> Self {
        let (finisher, finished) = Finisher::new();
        let (settle, settled) = mpsc::channel(4 * SETTLED);
        Self { engine, finisher, finished, settle, settled }
    }

    /// One fetch, worked through.
    pub(super) async fn once(self) -> Result<usize, DbError> {
        let engine = self.engine;
        let fetched = engine.source().fetch(engine.settings.concurrency, true).await;
        let work = match fetched {
            Ok(work) => work,
            Err(FetchError::Db(error)) => return Err(error),
            Err(FetchError::Broker(error)) => return Err(DbError::Corrupt(error.to_string())),
        };
        let count = work.len();
        let mut running = JoinSet::new();
        for work in work {
            running.spawn(self.turn(work));
        }
        while running.join_next().await.is_some() {}
        let Self { finisher, finished, settle, .. } = self;
        drop((finisher, settle));
        finish::record_all(&engine.db, engine.clock.as_ref(), finished, &Notify::new()).await;
        Ok(count)
    }

    /// Works until `stop`, then drains.
    pub(super) async fn work(mut self, stop: CancellationToken) {
        let engine = self.engine;
        let recorded = Arc::new(Notify::new());
        let mut ear = engine.wake.ear();
        // Whoever drops this future drops them all: a process that dies says nothing more.
        let mut upkeep = JoinSet::new();
        upkeep.spawn(hashbuzz_crash::within("upkeep", self.upkeep().run()));
        let mut recorders = JoinSet::new();
        let recorder = self.recorder(Arc::clone(&recorded));
        recorders.spawn(hashbuzz_crash::within("record", recorder));
        let mut settlers = JoinSet::new();
        if let Some(settler) = self.settler() {
            settlers.spawn(hashbuzz_crash::within("settle", settler));
        }
        let mut hand = Hand::new(engine);
        while !stop.is_cancelled() {
            self.begin_turns(&mut hand);
            hand.fetch(&engine.settings);
            let next_poll = hand.pace.next_poll;
            let soon = hand.pace.hungry && !hand.pace.resting;
            tokio::select! {
                () = stop.cancelled() => {}
                () = ear.heard() => hand.pace.woken = true,
                () = recorded.notified() => hand.pace.hungry = true,
                () = engine.clock.sleep_until(next_poll) => {
                    hand.pace.woken = true;
                    hand.pace.resting = false;
                    hand.pace.next_poll = engine.clock.now() + micros(jittered(engine.settings.poll));
                }
                () = rest(BETWEEN_CLAIMS), if soon && hand.source.is_some() => {}
                Some(fetched) = hand.fetching.join_next() => self.take(&mut hand, fetched),
                Some(ended) = hand.running.join_next() => hand.pace.ended(ended.ok()),
            }
        }
        self.drain(hand).await;
        let Self { finisher, settle, .. } = self;
        drop((finisher, settle));
        while recorders.join_next().await.is_some() {}
        let settled = async { while settlers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_WORD, settled).await;
        settlers.shutdown().await;
        upkeep.shutdown().await;
        for name in ["claim", "upkeep"] {
            engine.watchdog.end(name);
        }
        leave(engine).await;
    }

    fn upkeep(&self) -> Upkeep {
        let engine = self.engine;
        Upkeep {
            db: engine.db.clone(),
            clock: Arc::clone(&engine.clock),
            instance: engine.described(),
            watchdog: engine.watchdog.clone(),
            wake: engine.wake.clone(),
            abandoned: Arc::clone(&engine.abandoned),
        }
    }

    fn recorder(&mut self, recorded: Arc<Notify>) -> impl Future<Output = ()> + use<C> {
        let (db, clock) = (self.engine.db.clone(), Arc::clone(&self.engine.clock));
        let finished = std::mem::replace(&mut self.finished, mpsc::channel(1).1);
        async move { finish::record_all(&db, clock.as_ref(), finished, &recorded).await }
    }

    /// Tells the broker which jobs are over, many at a time.
    fn settler(&mut self) -> Option<impl Future<Output = ()> + use<C>> {
        let broker = Arc::clone(self.engine.broker.as_ref()?);
        let mut settled = std::mem::replace(&mut self.settled, mpsc::channel(1).1);
        Some(async move {
            let mut batch = Vec::with_capacity(SETTLED);
            while settled.recv_many(&mut batch, SETTLED).await > 0 {
                hashbuzz_crash::point!("broker.settle.before");
                let settled = broker.settle(&batch).await;
                hashbuzz_crash::point!("broker.settle.after");
                if let Err(error) = settled {
                    // They are delivered once more, and then there is nothing to do for them.
                    tracing::warn!(%error, jobs = batch.len(), "could not settle jobs");
                }
                batch.clear();
            }
        })
    }

    fn begin_turns(&self, hand: &mut Hand) {
        while hand.running.len() < self.engine.settings.concurrency {
            let Some(work) = hand.ahead.pop_front() else { break };
            hand.running.spawn(self.turn(work));
        }
    }

    /// Takes in what a fetch brought.
    fn take(&self, hand: &mut Hand, fetched: Result<Fetched, tokio::task::JoinError>) {
        let engine = self.engine;
        let now = engine.clock.now();
        let Ok(Fetched { source, room, outcome }) = fetched else {
            tracing::error!("the fetcher panicked; a new one goes on");
            hand.source = Some(engine.source());
            return;
        };
        match outcome {
            Ok(work) => {
                engine.watchdog.beat("claim", now);
                hand.pace.hungry |= !work.is_empty();
                let full = work.len() >= room;
                hand.pace.woken |= full && matches!(source, Source::Broker(_));
                hand.ahead.extend(work);
            }
            Err(error) => {
                engine.watchdog.is_in_trouble("claim", now, &error);
                hand.pace.resting = true;
            }
        }
        if let Source::Database(fetcher) = &source {
            hand.pace.hungry |= fetcher.owes_look();
            if let Some(next) = fetcher.next_deferred() {
                hand.pace.next_poll = hand.pace.next_poll.min(next.max(now));
            }
        }
        hand.source = Some(source);
    }

    /// Lets turns in hand end, for a while, and gives the rest back.
    async fn drain(&self, mut hand: Hand) {
        let engine = self.engine;
        hand.fetching.shutdown().await;
        hand.ahead.clear();
        let until = engine.clock.now() + micros(engine.settings.drain);
        let ended = async { while hand.running.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => {}
            () = engine.clock.sleep_until(until) => {}
        }
        hand.running.shutdown().await;
    }

    /// One turn. A handler that panics is an attempt, not the end of the process.
    fn turn(&self, work: Work) -> impl Future<Output = Duration> + Send + use<C> {
        let engine = self.engine;
        let (db, clock) = (engine.db.clone(), Arc::clone(&engine.clock));
        let (registry, context) = (Arc::clone(&engine.registry), engine.context.clone());
        let (finisher, settle) = (self.finisher.clone(), self.settle.clone());
        let abandoned = Arc::clone(&engine.abandoned);
        let Work { leased, delivery } = work;
        let turn = Turn {
            leased: leased.clone(),
            clock: Arc::clone(&clock),
            #[cfg(feature = "testing")]
            breaker: engine.breaker.clone(),
        };
        let kind = leased.kind.clone();
        let turn = async move {
            let began = Instant::now();
            let handled = AssertUnwindSafe(registry.handle(&context, turn)).catch_unwind().await;
            let ended =
                Ended { db: &db, clock: clock.as_ref(), leased: &leased, finisher: &finisher };
            let recorded = match handled {
                Ok(Some(outcome)) => ended.record(&registry, &context, outcome).await,
                Ok(None) => {
                    let silent_since = clock.now() - SILENCE_MICROS;
                    ended.unknown(&registry, &context, silent_since).await
                }
                Err(panic) => {
                    let failure = Failure(format!("the handler panicked: {}", words(&*panic)));
                    ended.record(&registry, &context, Err(failure)).await
                }
            };
            if let Err(error) = recorded {
                tracing::warn!(event = leased.id, kind = leased.kind, %error, "could not record a turn");
                abandoned.turn(&leased, clock.now());
            }
            if let Some(delivery) = delivery {
                // Without a settler the process is about to end, and the broker delivers it again.
                let _ = settle.send(delivery).await;
            }
            began.elapsed()
        };
        hashbuzz_crash::within(&kind, turn)
    }
}

/// Gives back whatever is still held, and says farewell. Best effort: what cannot be said now is
/// found out by the others a little later.
async fn leave<C: Clone + Send + Sync + 'static>(engine: &Engine<C>) {
    let gone = async {
        let released = lease::release(&engine.db, engine.clock.now(), &engine.instance).await?;
        lease::farewell(&engine.db, &engine.instance).await?;
        Ok::<u64, DbError>(released)
    };
    match gone.await {
        Ok(0) => {}
        Ok(released) => tracing::info!(released, "gave events back"),
        Err(error) => tracing::warn!(%error, "could not give events back"),
    }
    engine.wake.ring();
}

impl Hand {
    fn new<C: Clone + Send + Sync + 'static>(engine: &Engine<C>) -> Self {
        Self {
            running: JoinSet::new(),
            ahead: VecDeque::new(),
            source: Some(engine.source()),
            fetching: JoinSet::new(),
            pace: Pace {
                woken: true,
                hungry: false,
                fetched: Instant::now(),
                resting: false,
                next_poll: engine.clock.now() + micros(engine.settings.poll),
                turn: None,
            },
        }
    }

    /// Begins a fetch when there is a reason to, and room.
    fn fetch(&mut self, settings: &EngineSettings) {
        let capacity = settings.concurrency + self.pace.ahead(settings.concurrency);
        let room = capacity.saturating_sub(self.running.len() + self.ahead.len());
        let from_broker = matches!(self.source, Some(Source::Broker(_)));
        let due = self.pace.woken
            || (self.pace.hungry
                && (room > capacity / 2 || self.pace.fetched.elapsed() >= BETWEEN_CLAIMS))
            || (from_broker && room > capacity / 2);
        if room == 0 || !due || self.pace.resting {
            return;
        }
        let Some(mut source) = self.source.take() else { return };
        let woken = self.pace.woken;
        self.pace.woken = false;
        self.pace.hungry = false;
        self.pace.fetched = Instant::now();
        let fetch = async move {
            let outcome = source.fetch(room, woken).await;
            Fetched { source, room, outcome }
        };
        self.fetching.spawn(hashbuzz_crash::within("claim", fetch));
    }
}

impl Pace {
    /// How much to claim ahead of the turns.
    fn ahead(&self, concurrency: usize) -> usize {
        let Some(turn) = self.turn else { return 0 };
        let turns = AHEAD.as_micros() / turn.as_micros().max(1);
        usize::try_from(turns).unwrap_or(usize::MAX).saturating_mul(concurrency).min(MOST_AHEAD)
    }

    fn ended(&mut self, took: Option<Duration>) {
        self.hungry = true;
        let Some(took) = took else { return };
        self.turn = Some(self.turn.map_or(took, |turn| (turn * 7 + took) / 8));
    }
}

/// Processes that poll should not do so together.
fn jittered(poll: Duration) -> Duration {
    poll.mul_f64(rand::Rng::random_range(&mut rand::rng(), 0.8..=1.2))
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}
