//! Retrying everything that matches, a batch at a time, after a look at what that would be.

use std::collections::HashSet;

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, Value};

use super::filter::Conditions;
use super::letters::{LOOK, Letter, READ, read};
use super::{Event, EventState, Filter, Page, one, search};

/// Events that one statement retries at most.
pub const BATCH: usize = 500;
/// How far a count goes.
const COUNT: i64 = 10_000;
/// Events that a preview shows.
const SAMPLE: i64 = 10;

/// Events that can be retried together.
#[derive(Clone, Debug)]
pub struct Matching {
    filter: Filter,
    state: EventState,
    group: Option<u64>,
}

impl Matching {
    /// Those that `filter` means: dead ones unless it says `deferred` or `discarded`. Nothing for
    /// any other state: what is due runs, what is leased is running, what is paused is resumed.
    pub fn filter(filter: Filter) -> Option<Self> {
        let state = filter.state.unwrap_or(EventState::Dead);
        let retried = [EventState::Dead, EventState::Deferred, EventState::Discarded];
        retried.contains(&state).then_some(Self {
            filter: Filter { state: Some(state), ..filter },
            state,
            group: None,
        })
    }

    /// A group of dead letters, by its id.
    pub fn group(id: &str) -> Option<Self> {
        let (kind, number) = id.rsplit_once(':')?;
        let written = number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
        let group = u64::from_str_radix(number, 16).ok().filter(|_| written)?;
        let state = EventState::Dead;
        let filter =
            Filter { kind: Some(kind.to_owned()), state: Some(state), ..Filter::default() };
        Some(Self { filter, state, group: Some(group) })
    }

    fn kind(&self) -> Option<&str> {
        self.filter.kind.as_deref()
    }

    fn has(&self, letter: &Letter) -> bool {
        self.group.is_none_or(|group| letter.trouble().1 == group)
    }
}

/// What a retry would be about.
#[derive(Clone, Debug)]
pub struct Preview {
    /// How many events match, as far as they were counted.
    pub count: i64,
    /// Whether there may be more.
    pub more: bool,
    /// The newest few of them.
    pub sample: Vec<Event>,
}

/// Looks at what a retry of `what` would be about, and changes nothing.
///
/// # Errors
/// The database's.
pub async fn matching(db: &impl Sql, what: &Matching) -> Result<Preview, DbError> {
    if what.group.is_some() {
        return of_group(db, what).await;
    }
    let mut wanted = Conditions::of(&what.filter, db.backend());
    wanted.and_if("state =", Some(what.state.as_str()));
    let sql = format!(
        "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM event WHERE {} LIMIT {}) AS counted",
        wanted.sql(),
        COUNT + 1
    );
    let count = db.number(&sql, wanted.values).await?;
    let first = Page { after: None, limit: SAMPLE };
    let sample = search(db, &what.filter, &first).await?.items;
    Ok(Preview { count: count.min(COUNT), more: count > COUNT, sample })
}

async fn of_group(db: &impl Sql, what: &Matching) -> Result<Preview, DbError> {
    let (mut count, mut looked_at, mut more) = (0, 0, true);
    let (mut before, mut sample) = (None::<String>, Vec::new());
    while more && looked_at < LOOK {
        let page = read(db, what.kind(), before.as_deref()).await?;
        more = page.len() == READ;
        looked_at += page.len();
        before = page.last().map(|last| last.id.clone());
        for letter in page.iter().filter(|letter| what.has(letter)) {
            count += 1;
            if count <= SAMPLE {
                sample.extend(one(db, &letter.id).await?.map(|found| found.event));
            }
        }
    }
    Ok(Preview { count, more, sample })
}

/// What one batch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Events that run now.
    pub retried: u64,
    /// Events that match and stay as they are: an equal one waits, or it changed meanwhile.
    pub skipped: u64,
    /// Where the next batch begins, when there may be more.
    pub next: Option<String>,
}

#[derive(FromQueryResult)]
struct Candidate {
    id: String,
    kind: String,
    dedupe: Option<String>,
    error: Option<String>,
    created_at: i64,
}

/// Retries at most `room` (and [`BATCH`]) events of `what`, newest first, after the place where the
/// batch before said that it goes on. One statement. An error (an equal event was enqueued in this
/// moment, for one) has changed nothing: let go of the transaction and try the batch again.
///
/// # Errors
/// The database's.
pub async fn retry_batch(
    tx: &Tx,
    what: &Matching,
    after: Option<&str>,
    room: usize,
    now: i64,
) -> Result<Batch, DbError> {
    let limit = room.min(BATCH);
    let mut wanted = Conditions::of(&what.filter, tx.backend());
    wanted.and_if("state =", Some(what.state.as_str()));
    wanted.and_if("id <", after);
    let sql = format!(
        "SELECT id, kind, dedupe, SUBSTR(last_error, 1, 2000) AS error, created_at FROM event \
         WHERE {} ORDER BY id DESC LIMIT {limit} {}",
        wanted.sql(),
        wanted.backend().skip_locked()
    );
    let candidates: Vec<Candidate> = tx.all(&sql, wanted.values).await?;
    let full = candidates.len() == limit;
    let next = candidates.last().filter(|_| full).map(|last| last.id.clone());
    let (mut chosen, mut equals, mut skipped) = (Vec::new(), HashSet::new(), 0);
    for Candidate { id, kind, dedupe, error, created_at } in candidates {
        let letter = Letter { id, kind, error, created_at };
        if !what.has(&letter) {
            continue;
        }
        // Of equal ones the newest runs.
        if dedupe.is_some_and(|dedupe| !equals.insert(dedupe)) {
            skipped += 1;
        } else {
            chosen.push(letter.id);
        }
    }
    let wanted = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    let retried = run_now(tx, chosen, what.state, now).await?;
    Ok(Batch { retried, skipped: skipped + wanted.saturating_sub(retried), next })
}

async fn run_now(tx: &Tx, ids: Vec<String>, state: EventState, now: i64) -> Result<u64, DbError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let places: Vec<String> = (0..ids.len()).map(|i| format!("${}", i + 3)).collect();
    let sql = format!(
        "UPDATE event SET state = 'deferred', rank = $1 + rank - due_at, due_at = $1, attempt = 0, \
         lost = 0, waits_for = NULL, published_at = NULL WHERE state = $2 AND id IN ({}) AND NOT EXISTS (SELECT 1 FROM event equal \
         WHERE equal.dedupe = event.dedupe AND equal.id <> event.id \
         AND equal.state IN ('ready', 'deferred', 'paused'))",
        places.join(", ")
    );
    let mut given = vec![Value::from(now), Value::from(state.as_str())];
    given.extend(ids.into_iter().map(Value::from));
    tx.exec(&sql, given).await
}
