//! Effects: calls to other systems, recorded before they are made.
//!
//! ```text
//! planned ─▶ started ─▶ done | rejected | unknown
//!    ▲                                      │
//!    └──── proven absent, or certainly ◀────┤ only a reconciler goes on from unknown
//!          not done (rate limit)            └─▶ done | needs_person
//! ```
//! An effect is unique by (key, step, sequence): asking for it again finds the same row, so a turn
//! that is repeated goes on where the last one stopped. `started` found at the beginning of a turn
//! means that a process died in the middle of the call: it is read as `unknown`.

mod search;
mod store;

pub use search::{EffectFilter, search};
pub use store::{by_key, needs_a_person, open_effects};

use hashbuzz_db::{Db, DbError, FromQueryResult, Sql as _, Tx, values};
use uuid::Uuid;

use crate::{Turn, TurnError};

/// Where an effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Recorded, not sent.
    Planned,
    /// Perhaps on its way: the process that holds it is sending, or died sending.
    Started,
    /// Done, with the evidence of it.
    Done,
    /// Certainly not done, for good.
    Rejected,
    /// Perhaps done: has to be looked up before anything else.
    Unknown,
    /// Cannot be decided by reading.
    NeedsPerson,
}

impl State {
    /// The stable name, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Started => "started",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::NeedsPerson => "needs_person",
        }
    }

    /// The state with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Planned, Self::Started, Self::Done, Self::Rejected, Self::Unknown, Self::NeedsPerson]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    fn read(text: &str) -> Result<Self, DbError> {
        Self::named(text).ok_or_else(|| DbError::Corrupt(format!("effect state `{text}`")))
    }
}

/// An effect to plan.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// What it belongs to: the campaign.
    pub key: &'a str,
    /// Which step of it, such as `post_1`.
    pub step: &'a str,
    /// Which one of the step: 1, or the batch number.
    pub sequence: i64,
    /// What is done, such as `social.post`.
    pub kind: &'a str,
    /// To whom, such as `x:1234`.
    pub target: &'a str,
    /// What is sent, without secrets, as JSON.
    pub request: String,
    /// The other system's idempotency key, where it has one.
    pub idempotency_key: Option<String>,
}

/// A recorded effect.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Its id.
    pub id: String,
    /// What it belongs to.
    pub key: String,
    /// Which step of it.
    pub step: String,
    /// Which one of the step.
    pub sequence: i64,
    /// What is done.
    pub kind: String,
    /// To whom.
    pub target: String,
    /// What is sent.
    pub request: String,
    /// The other system's idempotency key.
    pub idempotency_key: Option<String>,
    /// Where it is.
    pub state: State,
    /// What the other system calls the result.
    pub remote_id: Option<String>,
    /// What was seen, oldest first, as a JSON list.
    pub evidence: String,
    /// How often it was sent.
    pub sends: i64,
    /// Reads that found nothing, since it became unknown.
    pub clean_reads: i64,
    /// When the last of them was.
    pub clean_read_at: Option<i64>,
    /// When it was last sent.
    pub started_at: Option<i64>,
    /// When it was planned.
    pub planned_at: i64,
    /// When it was done or rejected.
    pub ended_at: Option<i64>,
    /// What it cost, in words with a unit.
    pub cost: Option<String>,
    /// The event whose turn may change it: the one that looks, while its outcome is unknown.
    pub event: String,
    /// The fence that may change it.
    fence: i64,
    /// Whether this turn sent it.
    sent_here: bool,
}

/// How a started or unknown effect goes on.
#[derive(Clone, Debug)]
pub enum Next {
    /// Done: the remote id, what proves it, and what it cost (in words with a unit).
    Done {
        /// What the other system calls the result.
        remote_id: Option<String>,
        /// What it cost.
        cost: Option<String>,
    },
    /// Certainly not done, for good.
    Rejected,
    /// Perhaps done.
    Unknown,
    /// A read that was complete and did not find it.
    CleanRead,
    /// Certainly not done, or proven absent: may be sent again, as it is or prepared anew.
    Again {
        /// The new request and idempotency key, where the old ones are spent.
        anew: Option<(String, Option<String>)>,
    },
    /// Reading cannot decide.
    NeedsPerson,
}

impl Effect {
    /// Finds the effect of (key, step, sequence) or plans it, inside the caller's transaction.
    /// This turn's fence is the one that may change it from now on.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`] when somebody else may have the event by now; the database's.
    pub async fn plan(tx: &Tx, turn: &Turn, plan: Plan<'_>) -> Result<Self, TurnError> {
        store::hold_lease(tx, turn).await?;
        tx.exec(
            "INSERT INTO effect (id, key, step, sequence, event, kind, target, request, \
             idempotency_key, fence, state, planned_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'planned', $11) \
             ON CONFLICT (key, step, sequence) DO NOTHING",
            values![
                Uuid::now_v7().to_string(),
                plan.key,
                plan.step,
                plan.sequence,
                turn.event(),
                plan.kind,
                plan.target,
                plan.request,
                plan.idempotency_key,
                turn.fence(),
                turn.now()
            ],
        )
        .await?;
        let planned = store::take(tx, turn, (plan.key, plan.step, plan.sequence)).await?;
        planned.ok_or(TurnError::Db(DbError::Missing(
            "an effect that was planned a moment ago is not there",
        )))
    }

    /// Finds the effect of (key, step, sequence) and puts it under this turn's fence.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`] when somebody else may have the event by now; the database's.
    pub async fn take(
        tx: &Tx,
        turn: &Turn,
        key: &str,
        step: &str,
        sequence: i64,
    ) -> Result<Option<Self>, TurnError> {
        store::hold_lease(tx, turn).await?;
        Ok(store::take(tx, turn, (key, step, sequence)).await?)
    }

    /// Records that sending begins. Committed before the first byte leaves; fails when the lease is
    /// lost or too short to see the answer, and unless the effect is planned, or was sent by this
    /// very turn: what another turn may have sent is looked up first.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`]; the database's.
    pub async fn start(&mut self, db: &Db, turn: &Turn) -> Result<(), TurnError> {
        let from = if self.sent_here { "('planned', 'started')" } else { "('planned')" };
        self.begin(db, turn, from).await
    }

    /// As [`Effect::start`], also for one whose outcome is unknown. Only for what does no harm when
    /// it is done twice, such as deleting.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`], and always once the effect is done or rejected; the database's.
    pub async fn restart(&mut self, db: &Db, turn: &Turn) -> Result<(), TurnError> {
        self.begin(db, turn, "('planned', 'started', 'unknown', 'needs_person')").await
    }

    async fn begin(&mut self, db: &Db, turn: &Turn, from: &str) -> Result<(), TurnError> {
        let tx = turn.begin(db).await?;
        let changed = tx
            .exec(
                &format!(
                    "UPDATE effect SET state = 'started', started_at = $1, sends = sends + 1, \
                     clean_reads = 0, clean_read_at = NULL \
                     WHERE id = $2 AND fence = $3 AND event = $4 AND state IN {from}"
                ),
                values![turn.now(), self.id.clone(), self.fence, turn.event()],
            )
            .await?;
        if changed != 1 {
            return Err(TurnError::LeaseLost);
        }
        tx.commit().await?;
        self.state = State::Started;
        self.started_at = Some(turn.now());
        self.sends += 1;
        self.clean_reads = 0;
        self.clean_read_at = None;
        self.sent_here = true;
        Ok(())
    }

    /// Records how it goes on, inside the caller's transaction, with what was seen.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`] when another turn took the effect; the database's.
    pub async fn next(
        &mut self,
        tx: &Tx,
        turn: &Turn,
        next: Next,
        seen: &str,
    ) -> Result<(), TurnError> {
        let now = turn.now();
        let mut ended_at = None;
        let mut cost_now = None;
        match next {
            Next::Done { remote_id, cost } => {
                self.state = State::Done;
                self.remote_id = remote_id;
                cost_now = cost;
                ended_at = Some(now);
            }
            Next::Rejected => {
                self.state = State::Rejected;
                ended_at = Some(now);
            }
            Next::Unknown => self.state = State::Unknown,
            Next::CleanRead => {
                self.state = State::Unknown;
                self.clean_reads += 1;
                self.clean_read_at = Some(now);
            }
            Next::Again { anew } => {
                self.state = State::Planned;
                if let Some((request, idempotency_key)) = anew {
                    self.request = request;
                    self.idempotency_key = idempotency_key;
                }
            }
            Next::NeedsPerson => self.state = State::NeedsPerson,
        }
        self.evidence = store::add_evidence(&self.evidence, now, self.state, seen);
        store::save(tx, self, turn.event(), cost_now, ended_at).await
    }
}

/// Undoes a person's question: an effect that `needs_person` is decided by one. Returns whether
/// there was such an effect.
///
/// # Errors
/// The database's.
pub async fn decide(
    tx: &Tx,
    id: &str,
    remote_id: Option<&str>,
    now: i64,
    why: &str,
) -> Result<bool, DbError> {
    let row: Option<store::Row> = tx
        .one(
            &format!(
                "SELECT {} FROM effect WHERE id = $1 AND state = 'needs_person'",
                store::COLUMNS
            ),
            values![id],
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    let effect = Effect::try_from(row)?;
    let state = if remote_id.is_some() { State::Done } else { State::Planned };
    let evidence = store::add_evidence(&effect.evidence, now, state, why);
    let changed = tx
        .exec(
            "UPDATE effect SET state = $2, remote_id = $3, evidence = $4, ended_at = $5 \
             WHERE id = $1 AND state = 'needs_person'",
            values![id, state.as_str(), remote_id, evidence, remote_id.is_some().then_some(now)],
        )
        .await?;
    Ok(changed == 1)
}

/// How many effects of `key` are started or unknown: while there is one, nothing is undone.
///
/// # Errors
/// The database's.
pub async fn undecided(tx: &Tx, key: &str) -> Result<i64, DbError> {
    tx.number(
        "SELECT COUNT(*) AS n FROM effect \
         WHERE key = $1 AND state IN ('started', 'unknown', 'needs_person')",
        values![key],
    )
    .await
}

/// The counts that an exporter or an exit check wants: effects by state.
///
/// # Errors
/// The database's.
pub async fn count_by_state(db: &Db) -> Result<Vec<(String, i64)>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        state: String,
        n: i64,
    }
    let rows: Vec<Row> = db
        .all("SELECT state, COUNT(*) AS n FROM effect GROUP BY state ORDER BY state", values![])
        .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.n)).collect())
}
