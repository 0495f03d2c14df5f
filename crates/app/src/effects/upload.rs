//! Calls that bring media to the network. Nobody sees an upload that no post names, and the network
//! forgets it, so each of them may be made again when its answer was lost: another upload is begun,
//! the same piece replaces the first, a finished one is looked at before it is finished again. Their
//! effects are therefore never unknown; what was lost stands in the evidence.

use std::future::Future;

use hashbuzz_domain::campaign::Step;
use hashbuzz_domain::{CampaignId, UploadId};
use hashbuzz_outbox::effect::{Effect, Next, Plan, State};
use hashbuzz_outbox::{Failure, Turn, Verdict};
use hashbuzz_social::{ReadError, Refusal, Uploaded, WriteError};

use super::{Done, FOUND, record, show_started};
use crate::App;
use crate::account::{self, Brand};

/// What these effects are called.
pub(crate) const BEGIN: &str = "social.media.begin";
pub(crate) const APPEND: &str = "social.media.append";
pub(crate) const FINISH: &str = "social.media.finish";
pub(crate) const DESCRIBE: &str = "social.media.describe";

/// Who looks where for one whose outcome is not known.
pub(super) fn next_look(kind: &str) -> Option<String> {
    again(kind).map(|why| format!("it is sent again: {why}"))
}

/// Why one may be sent again.
fn again(kind: &str) -> Option<&'static str> {
    match kind {
        BEGIN => Some("if one was begun, nobody sees it, and it expires; another one is begun"),
        APPEND => Some("the same piece replaces the first"),
        FINISH => Some("the network is asked how it stands first"),
        DESCRIBE => Some("the same description replaces the first"),
        _ => None,
    }
}

/// One call, and where it belongs.
pub(crate) struct UploadEffect<'a> {
    pub(crate) campaign: CampaignId,
    pub(crate) brand: &'a Brand,
    pub(crate) kind: &'static str,
    /// Which one of the campaign's: it never comes twice for two different calls.
    pub(crate) sequence: i64,
    /// What is sent, without the bytes.
    pub(crate) request: String,
}

/// What came of a call.
pub(crate) enum Called<T> {
    /// The result, and the effect that the caller finishes in its own transaction.
    Result(T, Box<Done>),
    /// The network does not have the upload any more: begin another one.
    Gone(String),
    /// It was refused for good. The words are the network's.
    Refused(String),
    /// The turn ends here.
    Turn(Verdict),
}

/// Makes the call, which has not been sent before this is awaited.
pub(crate) async fn call<T>(
    app: &App,
    turn: &Turn,
    wanted: &UploadEffect<'_>,
    sent: impl Future<Output = Result<T, WriteError>> + Send,
    remote_id: impl Fn(&T) -> Option<String>,
) -> Result<Called<T>, Failure> {
    let effect = plan(app, turn, wanted).await?;
    send(app, turn, wanted, effect, sent, remote_id).await
}

/// Finishes an upload, or finds that it was finished.
pub(crate) async fn finish(
    app: &App,
    turn: &Turn,
    wanted: &UploadEffect<'_>,
    upload: &UploadId,
) -> Result<Called<Uploaded>, Failure> {
    let effect = plan(app, turn, wanted).await?;
    if effect.sends > 0 {
        match app.network.upload_state(&wanted.brand.access, upload).await {
            Ok(Some(uploaded)) => {
                let seen = format!("{FOUND} finished: {:?}", uploaded.state);
                return Ok(Called::Result(uploaded, done(effect, None, seen)));
            }
            // The network does not say whether it was: once more does no harm.
            Ok(None) => {}
            Err(error) => return looked(app, turn, wanted.brand, error).await,
        }
    }
    let sent = app.network.finish_upload(&wanted.brand.access, upload);
    send(app, turn, wanted, effect, sent, |_| None).await
}

/// What a look that failed means.
pub(crate) async fn looked<T>(
    app: &App,
    turn: &Turn,
    brand: &Brand,
    error: ReadError,
) -> Result<Called<T>, Failure> {
    let words = error.to_string();
    match error {
        ReadError::RateLimited { until, .. } | ReadError::NoCredit { until, .. } => {
            Ok(Called::Turn(Verdict::Later { until: until.micros(), why: words }))
        }
        ReadError::Unauthorized(words) => {
            Ok(Called::Turn(account::refused(app, turn, brand, &words).await?))
        }
        ReadError::Gone(_) | ReadError::Refused(_) => Ok(Called::Gone(words)),
        ReadError::Unavailable(_) => Err(Failure(words)),
    }
}

/// The effect, ready to be sent.
async fn plan(app: &App, turn: &Turn, wanted: &UploadEffect<'_>) -> Result<Effect, Failure> {
    let key = wanted.campaign.to_string();
    let target = format!("{}:{}", app.network.name(), wanted.brand.profile);
    let tx = app.db.begin().await?;
    let plan = Plan {
        key: &key,
        step: Step::Media.as_str(),
        sequence: wanted.sequence,
        kind: wanted.kind,
        target: &target,
        request: wanted.request.clone(),
        idempotency_key: None,
    };
    let mut effect = Effect::plan(&tx, turn, plan).await?;
    if effect.state != State::Planned {
        let why = again(wanted.kind).unwrap_or_default();
        let seen = format!("it was sent, and its answer is not known: {why}");
        effect.next(&tx, turn, Next::Again { anew: None }, &seen).await?;
    }
    show_started(&tx, wanted.campaign, Step::Media, turn.now()).await?;
    tx.commit().await?;
    Ok(effect)
}

fn done(effect: Effect, remote_id: Option<String>, seen: String) -> Box<Done> {
    Box::new(Done { effect, remote_id, cost: None, seen, already: false })
}

async fn send<T>(
    app: &App,
    turn: &Turn,
    wanted: &UploadEffect<'_>,
    mut effect: Effect,
    sent: impl Future<Output = Result<T, WriteError>> + Send,
    remote_id: impl Fn(&T) -> Option<String>,
) -> Result<Called<T>, Failure> {
    effect.start(&app.db, turn).await?;
    let error = match sent.await {
        Ok(result) => {
            let remote_id = remote_id(&result);
            return Ok(Called::Result(result, done(effect, remote_id, "answered".to_owned())));
        }
        Err(error) => error,
    };
    let words = error.to_string();
    let not_done = Next::Again { anew: None };
    match error {
        WriteError::RateLimited { until, .. } | WriteError::NoCredit { until, .. } => {
            record(app, turn, &mut effect, not_done, &words).await?;
            Ok(Called::Turn(Verdict::Later { until: until.micros(), why: words }))
        }
        WriteError::Unavailable(_) => {
            record(app, turn, &mut effect, not_done, &words).await?;
            Err(Failure(words))
        }
        WriteError::Unknown(_) => {
            let why = again(&effect.kind).unwrap_or_default();
            let seen = format!("{words}: {why}");
            record(app, turn, &mut effect, not_done, &seen).await?;
            Err(Failure(words))
        }
        WriteError::Unauthorized(_) => {
            record(app, turn, &mut effect, not_done, &words).await?;
            Ok(Called::Turn(account::refused(app, turn, wanted.brand, &words).await?))
        }
        WriteError::Refused { refusal: Refusal::Gone | Refusal::Media, .. } => {
            record(app, turn, &mut effect, Next::Rejected, &words).await?;
            Ok(Called::Gone(words))
        }
        WriteError::Refused { .. } => {
            record(app, turn, &mut effect, Next::Rejected, &words).await?;
            Ok(Called::Refused(words))
        }
    }
}
