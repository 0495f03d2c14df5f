//! "Why is this waiting?", answered from the same rows that the engine decides by.

use hashbuzz_db::{DbError, FromQueryResult, Sql, values};

use super::instance::{Instance, instances};
use super::pause::holding;
use super::{Event, EventState, Pause};

/// How far a look at the line ahead goes.
const LINE: i64 = 10_000;

/// Why an event is where it is. Times are microseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is finished.
    Finished {
        /// When.
        at: i64,
    },
    /// It gave up.
    Dead {
        /// The last failure.
        why: String,
        /// How often it failed.
        failures: i64,
    },
    /// It was set aside.
    Discarded {
        /// Why.
        why: String,
        /// When.
        at: i64,
    },
    /// A worker has it in hand.
    Leased {
        /// Which one.
        worker: String,
        /// Since when.
        since: i64,
        /// Until when; later it is taken back.
        until: i64,
        /// Whether that time has passed.
        expired: bool,
    },
    /// An operator paused its queue, kind or account.
    Paused {
        /// The pauses that hold it.
        by: Vec<Pause>,
    },
    /// Its pause was ended; the engine is about to move it back.
    Resuming,
    /// It is due later, because its handler said so: a rate limit, an answer that takes time.
    Later {
        /// When.
        until: i64,
        /// Why, in its handler's words.
        why: String,
    },
    /// It failed and is tried again.
    Retry {
        /// When.
        until: i64,
        /// The how-manieth failure that was.
        failures: i64,
        /// How many it may have, where that is known.
        of: Option<u32>,
        /// The last one.
        error: String,
    },
    /// It is a scheduled job.
    Scheduled {
        /// When.
        until: i64,
    },
    /// Another event of its campaign has the turn.
    CampaignsTurn {
        /// Which event.
        event: String,
        /// Its kind.
        kind: String,
        /// Who has it in hand; nobody yet when it is due and comes first.
        worker: Option<String>,
        /// Until when.
        until: Option<i64>,
    },
    /// No process that is alive knows its kind and serves its queue.
    NobodyKnows {
        /// Processes that are alive.
        alive: usize,
    },
    /// Others of its account, in its queue, come first.
    AccountsTurn {
        /// How many; counted to 10,000.
        ahead: i64,
    },
    /// It is due, and the next worker that is free takes it.
    DueNow {
        /// When it was handed to a broker, where there is one.
        published_at: Option<i64>,
    },
}

#[derive(FromQueryResult)]
struct Holder {
    id: String,
    kind: String,
    worker: Option<String>,
    until: Option<i64>,
}

/// Why `event`, read a moment ago, is where it is. `limit`: how many failures its kind may have.
///
/// # Errors
/// The database's.
pub async fn why_waiting(
    db: &impl Sql,
    event: &Event,
    limit: Option<u32>,
    now: i64,
) -> Result<Why, DbError> {
    let last_error = || event.last_error.clone().unwrap_or_default();
    let due_at = event.due_at.unwrap_or(now);
    Ok(match event.state {
        EventState::Done => Why::Finished { at: event.finished_at.unwrap_or(now) },
        EventState::Dead => Why::Dead { why: last_error(), failures: event.attempt },
        EventState::Discarded => {
            let why = event.waits_for.clone().unwrap_or_else(last_error);
            Why::Discarded { why, at: due_at }
        }
        EventState::Leased => {
            let until = event.lease_until.unwrap_or(now);
            Why::Leased {
                worker: event.worker.clone().unwrap_or_default(),
                since: event.leased_at.unwrap_or(now),
                until,
                expired: until < now,
            }
        }
        EventState::Paused => {
            let by = holding(db, &event.queue, &event.kind, &event.account).await?;
            if by.is_empty() { Why::Resuming } else { Why::Paused { by } }
        }
        EventState::Deferred if due_at > now => later(db, event, due_at, limit).await?,
        EventState::Deferred | EventState::Ready => turn(db, event, now).await?,
    })
}

async fn later(
    db: &impl Sql,
    event: &Event,
    until: i64,
    limit: Option<u32>,
) -> Result<Why, DbError> {
    let failed = match &event.last_error {
        Some(error) if event.attempt > 0 && last_failed(db, event).await? => Some(error),
        _ => None,
    };
    Ok(match (failed, &event.waits_for) {
        (Some(error), _) => Why::Retry {
            until,
            failures: event.attempt,
            of: limit.filter(|limit| *limit < u32::MAX),
            error: error.clone(),
        },
        (None, Some(why)) => Why::Later { until, why: why.clone() },
        (None, None) => Why::Scheduled { until },
    })
}

/// Whether the last turn was a failure, and not one that said when to come back.
async fn last_failed(db: &impl Sql, event: &Event) -> Result<bool, DbError> {
    let failed = db
        .number(
            "SELECT CASE WHEN outcome = 'failed' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END \
             AS n FROM event_attempt WHERE event = $1 ORDER BY fence DESC LIMIT 1",
            values![event.id.clone()],
        )
        .await?;
    Ok(failed == 1)
}

/// Due: whose turn it is instead.
async fn turn(db: &impl Sql, event: &Event, now: i64) -> Result<Why, DbError> {
    let by = holding(db, &event.queue, &event.kind, &event.account).await?;
    if !by.is_empty() {
        return Ok(Why::Paused { by });
    }
    if let Some(held) = holder(db, event).await? {
        return Ok(Why::CampaignsTurn {
            event: held.id,
            kind: held.kind,
            worker: held.worker,
            until: held.until,
        });
    }
    let known = instances(db, now).await?;
    if !known.iter().any(|instance| instance.serves(&event.kind, &event.queue)) {
        return Ok(Why::NobodyKnows {
            alive: known.iter().filter(|i: &&Instance| i.alive).count(),
        });
    }
    let ahead = ahead(db, event).await?;
    Ok(if ahead > 0 {
        Why::AccountsTurn { ahead }
    } else {
        Why::DueNow { published_at: event.published_at }
    })
}

/// The event of the same key that a worker has in hand, or that is due and comes first.
async fn holder(db: &impl Sql, event: &Event) -> Result<Option<Holder>, DbError> {
    let Some(key) = &event.key else { return Ok(None) };
    let rank = event.place.as_ref().map_or(i64::MAX, |(_, rank)| *rank);
    db.one(
        "SELECT id, kind, lease_owner AS worker, lease_until AS until FROM event \
         WHERE key = $1 AND id <> $3 AND (state = 'leased' \
         OR (state = 'ready' AND (rank < $2 OR (rank = $2 AND id < $3)))) \
         ORDER BY CASE WHEN state = 'leased' THEN 0 ELSE 1 END, rank, id LIMIT 1",
        values![key.clone(), rank, event.id.clone()],
    )
    .await
}

/// Events of the same lane that come first.
async fn ahead(db: &impl Sql, event: &Event) -> Result<i64, DbError> {
    let (EventState::Ready, Some((lane, rank))) = (event.state, &event.place) else {
        return Ok(0);
    };
    db.number(
        "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM event WHERE lane = $1 \
         AND state = 'ready' AND (rank < $2 OR (rank = $2 AND id < $3)) LIMIT $4) AS line",
        values![lane.clone(), *rank, event.id.clone(), LINE],
    )
    .await
}

impl Why {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Finished { .. } => "finished",
            Self::Dead { .. } => "dead",
            Self::Discarded { .. } => "discarded",
            Self::Leased { .. } => "leased",
            Self::Paused { .. } => "paused",
            Self::Resuming => "resuming",
            Self::Later { .. } => "later",
            Self::Retry { .. } => "retry",
            Self::Scheduled { .. } => "scheduled",
            Self::CampaignsTurn { .. } => "campaigns_turn",
            Self::NobodyKnows { .. } => "nobody_knows",
            Self::AccountsTurn { .. } => "accounts_turn",
            Self::DueNow { .. } => "due_now",
        }
    }

    /// When it will go on by itself at the latest, where that is known.
    pub const fn until(&self) -> Option<i64> {
        match self {
            Self::Later { until, .. }
            | Self::Retry { until, .. }
            | Self::Scheduled { until }
            | Self::Leased { until, .. } => Some(*until),
            Self::CampaignsTurn { until, .. } => *until,
            _ => None,
        }
    }

    /// A sentence for people; `time` writes points in time.
    pub fn sentence(&self, time: impl Fn(i64) -> String) -> String {
        match self {
            Self::Finished { at } => format!("finished at {}", time(*at)),
            Self::Dead { why, failures } => {
                format!("gave up after {failures} failures: {why}. Retry or discard it")
            }
            Self::Discarded { why, at } => format!("set aside at {}: {why}", time(*at)),
            Self::Leased { worker, since, until, expired } => {
                let (since, until) = (time(*since), time(*until));
                if *expired {
                    format!(
                        "{worker} had it since {since}; its lease ran out at {until} and is \
                             about to be taken back"
                    )
                } else {
                    format!("in the hands of {worker} since {since}, until {until} at the latest")
                }
            }
            Self::Paused { by } => {
                let words = |pause: &Pause| {
                    let (scope, name) = (pause.scope.as_str(), &pause.name);
                    format!(
                        "the {scope} {name} is paused since {}: {}",
                        time(pause.since),
                        pause.why
                    )
                };
                by.iter().map(words).collect::<Vec<_>>().join("; ")
            }
            Self::Resuming => "was paused, and is about to go on".to_owned(),
            Self::Later { until, why } => format!("due at {}: {why}", time(*until)),
            Self::Retry { until, failures, of, error } => {
                let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
                format!("tried again at {}, after failure {failures}{of}: {error}", time(*until))
            }
            Self::Scheduled { until } => format!("scheduled for {}", time(*until)),
            Self::CampaignsTurn { event, kind, worker: Some(worker), until } => format!(
                "its campaign's event {event} ({kind}) has the turn, in the hands of {worker} \
                 until {} at the latest",
                until.map(time).unwrap_or_default()
            ),
            Self::CampaignsTurn { event, kind, .. } => {
                format!("due; its campaign's event {event} ({kind}) comes first")
            }
            Self::NobodyKnows { alive: 0 } => "due, and no process that works is alive".to_owned(),
            Self::NobodyKnows { alive } => format!(
                "due, and none of the {alive} processes that are alive knows its kind and serves \
                 its queue: start the newer program, or one for this queue"
            ),
            Self::AccountsTurn { ahead } => {
                format!("due; {ahead} events of its account are ahead of it")
            }
            Self::DueNow { published_at: None } => {
                "due now: the next worker that is free takes it".to_owned()
            }
            Self::DueNow { published_at: Some(at) } => format!(
                "due now; handed to the broker at {}: the next worker that is free takes it",
                time(*at)
            ),
        }
    }
}
