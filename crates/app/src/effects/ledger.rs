//! Ledger transactions: signed and stored before they are sent, sent as the same bytes however
//! often, and looked up by their id until the outcome is known. A new transaction for the same act
//! is signed only when the old one is proven absent, or proven to have failed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbuzz_domain::campaign::Step;
use hashbuzz_domain::{CampaignId, Time};
use hashbuzz_ledger::{EscrowCall, Outcome, Prepared, SendError};
use hashbuzz_outbox::effect::{Effect, Next, Plan, State};
use hashbuzz_outbox::{Failure, Turn};
use serde::{Deserialize, Serialize};

use super::{Asked, Done, FOUND, SECOND, TINYBAR, later, never, record, show_started};
use crate::App;
use crate::campaign::http::rfc3339;
use crate::campaign::{self, Mark, StepState};
use crate::stored::{json, read_json};

/// Between looks while the network is working on it.
const LOOK_EVERY: i64 = SECOND / 2;
/// A stored transaction with less validity left is signed anew before it is ever sent.
const VALIDITY_LEFT: i64 = 30 * SECOND;

/// What these effects are called.
pub(super) const KIND: &str = "ledger.call";

/// Who looks where for a transaction whose outcome is not known.
pub(super) fn next_look(effect: &Effect) -> String {
    let id = effect.idempotency_key.as_deref().unwrap_or("its id");
    let Ok(prepared) = Stored::read(&effect.request) else {
        return format!("its stored transaction cannot be read; look for {id} in an explorer");
    };
    let expires_at = rfc3339(prepared.expires_at.micros());
    format!(
        "the receipt and then the mirror node are asked for {id}; until {expires_at} the same \
         signed bytes are sent again. It is proven absent, and signed anew, only when the mirror \
         node is past that time and does not have it"
    )
}

/// A prepared transaction as stored; empty bytes mean "sign when it is sent".
#[derive(Serialize, Deserialize)]
struct Stored {
    function: String,
    transaction_id: String,
    node: String,
    bytes: String,
    hash: String,
    expires_at: i64,
}

impl Stored {
    fn new(call: &EscrowCall, prepared: &Prepared) -> Self {
        Self {
            function: call.function().to_owned(),
            transaction_id: prepared.transaction_id.clone(),
            node: prepared.node.clone(),
            bytes: STANDARD.encode(&prepared.bytes),
            hash: hex::encode(&prepared.hash),
            expires_at: prepared.expires_at.micros(),
        }
    }

    fn read(text: &str) -> Result<Prepared, Failure> {
        let stored: Self = read_json(text)?;
        let broken = |_| Failure("a stored transaction cannot be read".to_owned());
        Ok(Prepared {
            transaction_id: stored.transaction_id,
            node: stored.node,
            bytes: STANDARD.decode(stored.bytes).map_err(|error| broken(error.to_string()))?,
            hash: hex::decode(stored.hash).map_err(|error| broken(error.to_string()))?,
            expires_at: Time::from_micros(stored.expires_at),
        })
    }
}

/// One act on the ledger, and where it belongs.
struct Act<'a> {
    campaign: CampaignId,
    step: Step,
    call: &'a EscrowCall,
}

/// Makes `call` happen once, or finds out what became of it. The result is when it happened.
pub(crate) async fn transact(
    app: &App,
    turn: &Turn,
    campaign: CampaignId,
    step: Step,
    sequence: i64,
    call: &EscrowCall,
) -> Result<Asked<Time>, Failure> {
    let act = Act { campaign, step, call };
    let key = campaign.to_string();
    let known = {
        let tx = app.db.begin().await?;
        let known = Effect::take(&tx, turn, &key, step.as_str(), sequence).await?;
        tx.commit().await?;
        known
    };
    let effect = match known {
        Some(effect) => effect,
        None => plan(app, turn, &act, sequence).await?,
    };
    match effect.state {
        State::Planned => send(app, turn, &act, effect).await,
        State::Started | State::Unknown => look_up(app, turn, &act, effect).await,
        State::Done => {
            let at = effect.remote_id.as_deref().and_then(consensus_in).unwrap_or(turn.now());
            let seen = String::new();
            let done = Done { effect, remote_id: None, cost: None, seen, already: true };
            Ok(Asked::Result(Time::from_micros(at), Box::new(done)))
        }
        State::Rejected => Ok(Asked::Refused("the contract refused it before".to_owned())),
        State::NeedsPerson => Ok(never("an operator has to look at this transaction")),
    }
}

async fn prepare(app: &App, turn: &Turn, act: &Act<'_>) -> Result<(String, String), Failure> {
    let now = Time::from_micros(turn.now());
    let prepared =
        app.ledger.prepare(act.call, now).await.map_err(|error| Failure(error.to_string()))?;
    Ok((json(&Stored::new(act.call, &prepared))?, prepared.transaction_id))
}

async fn plan(app: &App, turn: &Turn, act: &Act<'_>, sequence: i64) -> Result<Effect, Failure> {
    let (request, transaction_id) = prepare(app, turn, act).await?;
    let target = app.ledger.escrow().contract.to_string();
    let key = act.campaign.to_string();
    let plan = Plan {
        key: &key,
        step: act.step.as_str(),
        sequence,
        kind: KIND,
        target: &target,
        request,
        idempotency_key: Some(transaction_id),
    };
    let tx = app.db.begin().await?;
    let effect = Effect::plan(&tx, turn, plan).await?;
    show_started(&tx, act.campaign, act.step, turn.now()).await?;
    tx.commit().await?;
    Ok(effect)
}

async fn send(
    app: &App,
    turn: &Turn,
    act: &Act<'_>,
    mut effect: Effect,
) -> Result<Asked<Time>, Failure> {
    let mut prepared = Stored::read(&effect.request)?;
    if prepared.expires_at.micros() < turn.now() + VALIDITY_LEFT {
        let (request, id) = prepare(app, turn, act).await?;
        let anew = Next::Again { anew: Some((request, Some(id))) };
        record(app, turn, &mut effect, anew, "signed anew: the stored one ran out unsent").await?;
        prepared = Stored::read(&effect.request)?;
    }
    effect.start(&app.db, turn).await?;
    match app.ledger.send(&prepared).await {
        Ok(()) => look_up(app, turn, act, effect).await,
        Err(SendError::Busy { after, detail }) => {
            record(app, turn, &mut effect, Next::Again { anew: None }, &detail).await?;
            Ok(later(turn.now() + micros(after), format!("the ledger is busy: {detail}")))
        }
        Err(SendError::Refused(why)) => {
            spent(app, turn, act, &mut effect, &why).await?;
            Ok(Asked::Refused(why))
        }
        Err(error @ (SendError::Expired | SendError::Unknown(_))) => {
            let words = error.to_string();
            let tx = app.db.begin().await?;
            effect.next(&tx, turn, Next::Unknown, &words).await?;
            let detail = format!("{words}; looking it up");
            let mark = Mark { step: act.step, state: StepState::Unknown, detail: &detail };
            campaign::mark(&tx, act.campaign, mark, turn.now()).await?;
            tx.commit().await?;
            Ok(later(turn.now() + LOOK_EVERY, "looking up a transaction whose answer was lost"))
        }
    }
}

async fn look_up(
    app: &App,
    turn: &Turn,
    act: &Act<'_>,
    mut effect: Effect,
) -> Result<Asked<Time>, Failure> {
    let prepared = Stored::read(&effect.request)?;
    let outcome =
        app.ledger.look_up(&prepared).await.map_err(|error| Failure(error.to_string()))?;
    match outcome {
        Outcome::Done { consensus_at, fee_tinybar } => {
            let how = if effect.state == State::Unknown { FOUND } else { "confirmed" };
            let id = &prepared.transaction_id;
            let done = Done {
                remote_id: Some(format!("{id} at {}", consensus_at.micros())),
                cost: fee_tinybar.map(|fee| format!("{fee}{TINYBAR}")),
                seen: format!("{how} {id} by its id"),
                already: false,
                effect,
            };
            Ok(Asked::Result(consensus_at, Box::new(done)))
        }
        Outcome::Failed { reason } => {
            spent(app, turn, act, &mut effect, &reason).await?;
            Ok(Asked::Refused(reason))
        }
        Outcome::Undone { reason, after } => {
            spent(app, turn, act, &mut effect, &reason).await?;
            Ok(later(turn.now() + micros(after), reason))
        }
        Outcome::Pending => pending(app, turn, &effect, &prepared).await,
        Outcome::Absent => {
            let seen = "proven absent: the mirror node is past its expiry";
            spent(app, turn, act, &mut effect, seen).await?;
            Ok(later(turn.now(), "proven absent; signing anew"))
        }
    }
}

/// Still possible: the same bytes once more (the network refuses a second one as duplicate), then
/// another look.
async fn pending(
    app: &App,
    turn: &Turn,
    effect: &Effect,
    prepared: &Prepared,
) -> Result<Asked<Time>, Failure> {
    let lost = effect.state == State::Unknown || effect.started_at < Some(turn.now() - SECOND);
    if lost && prepared.expires_at.micros() > turn.now() {
        // Whatever is answered, the next look decides.
        let answer = app.ledger.send(prepared).await;
        tracing::debug!(
            transaction = prepared.transaction_id,
            ?answer,
            "sent the same bytes again"
        );
    }
    Ok(later(turn.now() + LOOK_EVERY, "waiting for the ledger's consensus"))
}

/// The id is spent and nothing was done by it: the next attempt needs a new one.
async fn spent(
    app: &App,
    turn: &Turn,
    act: &Act<'_>,
    effect: &mut Effect,
    seen: &str,
) -> Result<(), Failure> {
    let (request, id) = prepare(app, turn, act).await?;
    record(app, turn, effect, Next::Again { anew: Some((request, Some(id))) }, seen).await
}

fn micros(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).unwrap_or(SECOND)
}

/// The consensus time in a remote id as written above.
fn consensus_in(remote_id: &str) -> Option<i64> {
    remote_id.rsplit_once(" at ")?.1.parse().ok()
}
