//! One event as an operator sees it, live or finished, with every turn that it had.

use hashbuzz_db::{DbError, FromQueryResult, Sql, values};

/// Where an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventState {
    /// Due: a worker may take it.
    Ready,
    /// Waits for its time.
    Deferred,
    /// Its queue, kind or account is paused.
    Paused,
    /// In a worker's hands.
    Leased,
    /// It gave up; a person decides.
    Dead,
    /// A person, or an equal event, made it unnecessary.
    Discarded,
    /// Finished.
    Done,
}

impl EventState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Deferred,
        Self::Paused,
        Self::Leased,
        Self::Dead,
        Self::Discarded,
        Self::Done,
    ];

    /// The stable name, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Deferred => "deferred",
            Self::Paused => "paused",
            Self::Leased => "leased",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
            Self::Done => "done",
        }
    }

    /// The state with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An event, live or finished. Times are microseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id; ids sort by when they were made.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its queue.
    pub queue: String,
    /// Its key: the campaign.
    pub key: Option<String>,
    /// The account whose turn it takes; empty for none.
    pub account: String,
    /// Where it is.
    pub state: EventState,
    /// When it is due; of a discarded one, when it was discarded; nothing once it is finished.
    pub due_at: Option<i64>,
    /// How often it failed.
    pub attempt: i64,
    /// Leases lost in a row.
    pub lost: i64,
    /// Who has it, or had it when it was finished.
    pub worker: Option<String>,
    /// Since when.
    pub leased_at: Option<i64>,
    /// Until when.
    pub lease_until: Option<i64>,
    /// Why it waits, as its handler said; of a discarded one, why it was.
    pub waits_for: Option<String>,
    /// The last failure.
    pub last_error: Option<String>,
    /// When it was last handed to a broker.
    pub published_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it was finished.
    pub finished_at: Option<i64>,
    /// Whom it takes turns with, and where in the line it stands.
    pub(super) place: Option<(String, i64)>,
}

/// A turn of an event.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Attempt {
    /// The fence of its lease; nothing for the turn that finished the event.
    pub fence: Option<i64>,
    /// Who had it.
    pub worker: Option<String>,
    /// When it began, in microseconds since the epoch.
    pub started_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// `failed`, `later`, `lost`, `given_back`, `dead`; `done` for the turn that finished it.
    pub outcome: String,
    /// What was said.
    pub detail: String,
}

/// One event with all that is kept of it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The event.
    pub event: Event,
    /// Its data: ids and immutable facts, as JSON.
    pub payload: String,
    /// Two waiting events with one dedupe key are one.
    pub dedupe: Option<String>,
    /// The trace that it belongs to.
    pub trace: Option<String>,
    /// How often it was handed to a broker.
    pub publication: i64,
    /// Its turns, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A row of either table.
#[derive(FromQueryResult)]
pub(super) struct Row {
    id: String,
    kind: String,
    queue: String,
    key: Option<String>,
    account: String,
    state: String,
    due_at: Option<i64>,
    attempt: i64,
    lost: i64,
    worker: Option<String>,
    leased_at: Option<i64>,
    lease_until: Option<i64>,
    waits_for: Option<String>,
    last_error: Option<String>,
    published_at: Option<i64>,
    created_at: i64,
    finished_at: Option<i64>,
    lane: Option<String>,
    rank: Option<i64>,
}

/// The columns of [`Row`] in `event`.
pub(super) const LIVE: &str = "id, kind, queue, key, account, state, due_at, attempt, lost, \
     lease_owner AS worker, leased_at, lease_until, waits_for, last_error, published_at, \
     created_at, CAST(NULL AS BIGINT) AS finished_at, lane, rank";

/// The columns of [`Row`] in `event_history`.
pub(super) const FINISHED: &str = "id, kind, queue, key, account, 'done' AS state, \
     CAST(NULL AS BIGINT) AS due_at, attempt, CAST(0 AS BIGINT) AS lost, worker, leased_at, \
     CAST(NULL AS BIGINT) AS lease_until, CAST(NULL AS TEXT) AS waits_for, last_error, \
     CAST(NULL AS BIGINT) AS published_at, created_at, finished_at, CAST(NULL AS TEXT) AS lane, \
     CAST(NULL AS BIGINT) AS rank";

impl TryFrom<Row> for Event {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let state = EventState::read(&row.state)
            .ok_or_else(|| DbError::Corrupt(format!("event state `{}`", row.state)))?;
        // What a row says of an earlier lease is not what it says of itself.
        let held = matches!(state, EventState::Leased | EventState::Done);
        Ok(Self {
            id: row.id,
            kind: row.kind,
            queue: row.queue,
            key: row.key,
            account: row.account,
            state,
            due_at: row.due_at,
            attempt: row.attempt,
            lost: row.lost,
            worker: row.worker.filter(|_| held),
            leased_at: row.leased_at.filter(|_| held),
            lease_until: row.lease_until.filter(|_| held),
            waits_for: row.waits_for,
            last_error: row.last_error,
            published_at: row.published_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
            place: row.lane.zip(row.rank),
        })
    }
}

#[derive(FromQueryResult)]
struct More {
    payload: String,
    dedupe: Option<String>,
    trace: Option<String>,
    publication: i64,
}

/// Turns that are shown; the engine keeps fewer.
const ATTEMPTS: i64 = 200;

/// The event `id`, live or finished, with its turns; nothing when there is none, or none any more.
///
/// # Errors
/// The database's.
pub async fn one(db: &impl Sql, id: &str) -> Result<Option<Detail>, DbError> {
    // An event goes from the first table to the second: looked for in this order it is found.
    let live = format!("SELECT {LIVE} FROM event WHERE id = $1");
    let finished = format!("SELECT {FINISHED} FROM event_history WHERE id = $1");
    let row: Option<Row> = match db.one(&live, values![id]).await? {
        Some(row) => Some(row),
        None => db.one(&finished, values![id]).await?,
    };
    let Some(row) = row else { return Ok(None) };
    let event = Event::try_from(row)?;
    let more: Option<More> = db
        .one(
            "SELECT payload, dedupe, trace, publication FROM event WHERE id = $1 \
             UNION ALL SELECT payload, NULL, trace, 0 FROM event_history WHERE id = $1",
            values![id],
        )
        .await?;
    let Some(more) = more else { return Ok(None) };
    let mut attempts: Vec<Attempt> = db
        .all(
            "SELECT fence, worker, started_at, ended_at, outcome, detail FROM event_attempt \
             WHERE event = $1 ORDER BY fence LIMIT $2",
            values![id, ATTEMPTS],
        )
        .await?;
    attempts.extend(event.finished_at.map(|ended_at| Attempt {
        fence: None,
        worker: event.worker.clone(),
        started_at: event.leased_at,
        ended_at,
        outcome: EventState::Done.as_str().to_owned(),
        detail: String::new(),
    }));
    let More { payload, dedupe, trace, publication } = more;
    Ok(Some(Detail { event, payload, dedupe, trace, publication, attempts }))
}
