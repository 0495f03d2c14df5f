//! Publishing and deleting posts. The network has no idempotency key, so an unclear outcome is
//! read back: the author's posts since the intent, matched by text, reply target and media. Absent only
//! after two clean reads at least 30 s apart, both past our own request's deadline; then it is sent
//! once more. A refusal as duplicate proves that an earlier attempt landed and names no id, so it
//! is read back too, and a person looks when reading does not find it.

use hashbuzz_domain::campaign::Step;
use hashbuzz_domain::{CampaignId, PostId, Time, UploadId};
use hashbuzz_outbox::effect::{Effect, Next, Plan, State};
use hashbuzz_outbox::{Failure, Turn, Verdict};
use hashbuzz_social::{NewPost, Refusal, WriteError};
use serde_json::json;

use super::{Asked, Done, FOUND, SECOND, later, never, record, show_started};
use crate::App;
use crate::account::{self, Brand};
use crate::campaign::http::rfc3339;
use crate::campaign::{self, Mark, StepState};
use crate::media;

/// A request that was sent can have an effect until then: our own time limit and some slack.
const DEADLINE: i64 = 25 * SECOND;
/// Clean reads so far apart, twice, prove absence.
const APART: i64 = 30 * SECOND;
/// Clean reads that prove absence.
const READS: i64 = 2;
/// Between looks while an outcome is unknown.
const LOOK_EVERY: i64 = 2 * SECOND;
/// The network's clock and ours may differ by so much.
const SKEW: i64 = 60 * SECOND;
/// After so many sends (an outage of hours) a person is asked.
const SENDS: i64 = 100;
/// How evidence shows that the network refused the post as a duplicate of an earlier one.
const DUPLICATE: &str = "(Duplicate)";
const ABSENT: &str = "proven absent: two complete reads, 30 s apart, did not find it";

/// What these effects are called.
pub(super) const POST: &str = "social.post";
pub(super) const DELETE: &str = "social.delete";

/// Who looks where for a post whose outcome is not known.
pub(super) fn next_look(effect: &Effect) -> String {
    let since = effect.started_at.map_or_else(|| "it was sent".to_owned(), rfc3339);
    format!(
        "the posts of {} since {since} are read for one with its text; absent after {READS} \
         complete reads {} s apart that do not find it ({} so far), and then sent again",
        effect.target,
        APART / SECOND,
        effect.clean_reads
    )
}

/// A post to publish, and where it belongs.
pub(crate) struct PostEffect<'a> {
    pub(crate) campaign: CampaignId,
    pub(crate) step: Step,
    pub(crate) brand: &'a Brand,
    pub(crate) post: &'a NewPost,
    /// When the network forgets what it is to show, where that is known.
    pub(crate) shown_until: Option<i64>,
    /// Posts that other effects have as their result.
    pub(crate) taken: Vec<PostId>,
}

/// Publishes a post, or finds out what became of it.
pub(crate) async fn post(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
) -> Result<Asked<PostId>, Failure> {
    let key = wanted.campaign.to_string();
    let target = format!("{}:{}", app.network.name(), wanted.brand.profile);
    let request = json!({
        "text": wanted.post.text,
        "reply_to": wanted.post.reply_to.as_ref().map(PostId::as_str),
        "media": wanted.post.media.iter().map(UploadId::as_str).collect::<Vec<_>>(),
    })
    .to_string();
    let tx = app.db.begin().await?;
    let plan = Plan {
        key: &key,
        step: wanted.step.as_str(),
        sequence: 1,
        kind: POST,
        target: &target,
        request: request.clone(),
        idempotency_key: None,
    };
    let mut effect = Effect::plan(&tx, turn, plan).await?;
    let refused = effect.state == State::Rejected;
    if refused || (effect.state == State::Planned && effect.request != request) {
        // Published again after a refusal, or after an edit: nothing was done, so this is a first.
        let anew = Next::Again { anew: Some((request, None)) };
        effect.next(&tx, turn, anew, "to be sent as it reads now").await?;
    }
    if effect.state == State::Planned {
        show_started(&tx, wanted.campaign, wanted.step, turn.now()).await?;
    }
    tx.commit().await?;
    match effect.state {
        State::Planned if effect.sends > 0 && !refused => {
            look_and_send(app, turn, wanted, effect).await
        }
        State::Planned | State::Rejected => send(app, turn, wanted, effect).await,
        State::Started | State::Unknown => read_back(app, turn, wanted, effect).await,
        State::Done => already(effect),
        State::NeedsPerson => {
            Ok(never("whether this post exists could not be found out: an operator has to look"))
        }
    }
}

fn already(effect: Effect) -> Result<Asked<PostId>, Failure> {
    let id = effect.remote_id.clone().unwrap_or_default();
    let post = id.parse().map_err(|_| Failure(format!("`{id}` is no post id")))?;
    let seen = String::new();
    let done = Done { remote_id: Some(id), cost: None, seen, already: true, effect };
    Ok(Asked::Result(post, Box::new(done)))
}

fn done(effect: Effect, post: PostId, seen: String) -> Asked<PostId> {
    let remote_id = Some(post.to_string());
    Asked::Result(post, Box::new(Done { effect, remote_id, cost: None, seen, already: false }))
}

/// Sends what was sent before and answered as not done. Networks have been seen to say so of a post
/// that was public (<public reports of posting tools, 2026>), and a look is cheaper than a second post.
async fn look_and_send(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    effect: Effect,
) -> Result<Asked<PostId>, Failure> {
    match look(app, turn, wanted, &effect).await? {
        Looked::Found(id) => {
            let seen = format!("{FOUND} {id} among the author's posts, although it was refused");
            Ok(done(effect, id, seen))
        }
        Looked::Nothing => send(app, turn, wanted, effect).await,
        Looked::Turn(verdict) => Ok(Asked::Turn(verdict)),
    }
}

async fn send(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    mut effect: Effect,
) -> Result<Asked<PostId>, Failure> {
    if effect.sends >= SENDS {
        record(app, turn, &mut effect, Next::NeedsPerson, "sent too often").await?;
        return Ok(never("this post was sent several times without a clear answer"));
    }
    if wanted.shown_until.is_some_and(|until| until <= turn.now()) {
        return not_shown(app, turn, wanted, effect, "what it is to show has expired").await;
    }
    effect.start(&app.db, turn).await?;
    let error = match app.network.create_post(&wanted.brand.access, wanted.post).await {
        Ok(post) => {
            let seen = format!("answered with {post}");
            return Ok(done(effect, post, seen));
        }
        Err(error) => error,
    };
    let again = Next::Again { anew: None };
    let words = error.to_string();
    match error {
        WriteError::RateLimited { until, .. } => {
            record(app, turn, &mut effect, again, &words).await?;
            Ok(later(until.micros(), words))
        }
        WriteError::Unavailable(_) => {
            record(app, turn, &mut effect, again, &words).await?;
            Err(Failure(words))
        }
        WriteError::NoCredit { until, .. } => {
            record(app, turn, &mut effect, again, &words).await?;
            Ok(later(until.micros(), words))
        }
        WriteError::Unauthorized(_) => {
            record(app, turn, &mut effect, again, &words).await?;
            Ok(Asked::Turn(account::refused(app, turn, wanted.brand, &words).await?))
        }
        WriteError::Refused { refusal: Refusal::Duplicate, .. } if effect.sends > 1 => {
            unknown(app, turn, wanted, effect, &words).await
        }
        WriteError::Refused { refusal: Refusal::Media, .. } if !wanted.post.media.is_empty() => {
            not_shown(app, turn, wanted, effect, &words).await
        }
        WriteError::Refused { .. } => {
            record(app, turn, &mut effect, Next::Rejected, &words).await?;
            Ok(Asked::Refused(words))
        }
        WriteError::Unknown(_) => unknown(app, turn, wanted, effect, &words).await,
    }
}

/// The network does not have what the post is to show, and so nothing was posted: it is uploaded
/// again, unless that was done often enough.
async fn not_shown(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    mut effect: Effect,
    words: &str,
) -> Result<Asked<PostId>, Failure> {
    let tx = app.db.begin().await?;
    let again = media::spoil(&tx, wanted.campaign).await?;
    let next = if again { Next::Again { anew: None } } else { Next::Rejected };
    effect.next(&tx, turn, next, words).await?;
    tx.commit().await?;
    if again {
        return Ok(later(turn.now(), format!("{words}; uploading again")));
    }
    Ok(Asked::Refused(format!("{words}; and so it was after every upload")))
}

async fn unknown(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    mut effect: Effect,
    words: &str,
) -> Result<Asked<PostId>, Failure> {
    let tx = app.db.begin().await?;
    effect.next(&tx, turn, Next::Unknown, words).await?;
    let detail = format!("{words}; reading back");
    let mark = Mark { step: wanted.step, state: StepState::Unknown, detail: &detail };
    campaign::mark(&tx, wanted.campaign, mark, turn.now()).await?;
    tx.commit().await?;
    Ok(later(turn.now() + LOOK_EVERY / 4, "looking for a post whose answer was lost"))
}

async fn read_back(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    mut effect: Effect,
) -> Result<Asked<PostId>, Failure> {
    let started = effect.started_at.unwrap_or_else(|| turn.now());
    match look(app, turn, wanted, &effect).await? {
        Looked::Found(id) => {
            let seen = format!("{FOUND} {id} among the author's posts");
            Ok(done(effect, id, seen))
        }
        Looked::Nothing => clean_read(app, turn, &mut effect, started).await,
        Looked::Turn(verdict) => Ok(Asked::Turn(verdict)),
    }
}

/// What a look at the author's posts shows.
enum Looked {
    Found(PostId),
    Nothing,
    /// Nothing could be seen; the turn ends so.
    Turn(Verdict),
}

/// Looks for a post that was sent.
async fn look(
    app: &App,
    turn: &Turn,
    wanted: &PostEffect<'_>,
    effect: &Effect,
) -> Result<Looked, Failure> {
    let started = effect.started_at.unwrap_or_else(|| turn.now());
    let since = Time::from_micros(started - SKEW - effect.sends * DEADLINE);
    let (brand, post) = (wanted.brand, wanted.post);
    let found =
        app.network.find_post(&brand.access, &brand.profile, post, since, &wanted.taken).await;
    match found {
        Ok(Some(id)) => Ok(Looked::Found(id)),
        Ok(None) => Ok(Looked::Nothing),
        Err(error) => Ok(Looked::Turn(account::not_read(app, turn, brand, error).await?)),
    }
}

async fn clean_read(
    app: &App,
    turn: &Turn,
    effect: &mut Effect,
    started: i64,
) -> Result<Asked<PostId>, Failure> {
    let now = turn.now();
    let counts =
        now >= started + DEADLINE && effect.clean_read_at.is_none_or(|last| now >= last + APART);
    if !counts {
        return Ok(later(now + LOOK_EVERY, "not found yet; looking again"));
    }
    record(app, turn, effect, Next::CleanRead, "a complete read did not find it").await?;
    if effect.clean_reads < READS {
        return Ok(later(now + APART, "not found; one more look before it is sent again"));
    }
    if effect.evidence.contains(DUPLICATE) {
        let seen = "refused as a duplicate, and yet not found: reading cannot decide";
        record(app, turn, effect, Next::NeedsPerson, seen).await?;
        return Ok(never("the network says that this post exists, and it cannot be found"));
    }
    record(app, turn, effect, Next::Again { anew: None }, ABSENT).await?;
    Ok(later(now, "proven absent; sending again"))
}

/// Deletes a post. Safe to repeat: deleting what is gone is a success.
pub(crate) async fn delete(
    app: &App,
    turn: &Turn,
    campaign: CampaignId,
    brand: &Brand,
    post: &PostId,
    sequence: i64,
) -> Result<Asked<()>, Failure> {
    let key = campaign.to_string();
    let target = format!("{}:{}", app.network.name(), brand.profile);
    let tx = app.db.begin().await?;
    let plan = Plan {
        key: &key,
        step: Step::DeletePosts.as_str(),
        sequence,
        kind: DELETE,
        target: &target,
        request: json!({ "post": post.as_str() }).to_string(),
        idempotency_key: Some(post.to_string()),
    };
    let mut effect = Effect::plan(&tx, turn, plan).await?;
    tx.commit().await?;
    let remote_id = Some(post.to_string());
    match effect.state {
        State::Done => {
            let seen = String::new();
            let done = Done { effect, remote_id, cost: None, seen, already: true };
            return Ok(Asked::Result((), Box::new(done)));
        }
        State::Rejected => return Ok(Asked::Refused("the network refused it before".to_owned())),
        State::Planned | State::Started | State::Unknown | State::NeedsPerson => {}
    }
    effect.restart(&app.db, turn).await?;
    match app.network.delete_post(&brand.access, post).await {
        Ok(()) => {
            let seen = "answered: deleted".to_owned();
            let done = Done { effect, remote_id, cost: None, seen, already: false };
            Ok(Asked::Result((), Box::new(done)))
        }
        Err(WriteError::RateLimited { until, scope }) => {
            record(app, turn, &mut effect, Next::Again { anew: None }, &scope).await?;
            Ok(later(until.micros(), scope))
        }
        Err(ref error @ WriteError::NoCredit { until, .. }) => {
            let words = error.to_string();
            record(app, turn, &mut effect, Next::Again { anew: None }, &words).await?;
            Ok(later(until.micros(), words))
        }
        Err(WriteError::Unauthorized(words)) => {
            let verdict = account::refused(app, turn, brand, &words).await?;
            let Verdict::Never { why } = verdict else {
                record(app, turn, &mut effect, Next::Again { anew: None }, &words).await?;
                return Ok(Asked::Turn(verdict));
            };
            record(app, turn, &mut effect, Next::Rejected, &why).await?;
            Ok(Asked::Refused(why))
        }
        Err(error @ WriteError::Refused { .. }) => {
            record(app, turn, &mut effect, Next::Rejected, &error.to_string()).await?;
            Ok(Asked::Refused(error.to_string()))
        }
        Err(error @ (WriteError::Unknown(_) | WriteError::Unavailable(_))) => {
            record(app, turn, &mut effect, Next::Unknown, &error.to_string()).await?;
            Err(Failure(error.to_string()))
        }
    }
}
