//! The way of a campaign's media to the network, one call at a time.
//!
//! ```text
//! new ─begin─▶ sending ─piece…finish─▶ processing ─look─▶ describing ─▶ ready
//!  ▲              └── gone, expired, refused by a post: another round ──┘
//! ```
//! How far each is stands in `media_upload`, stored together with the effect that got it there, so
//! that a process that dies goes on with the next piece. Rounds are bounded: three, then a person
//! is asked.

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::{CampaignId, MediumId, Span, UploadId};
use hashbuzz_media::StoreError;
use hashbuzz_outbox::{Failure, Turn, Verdict};
use hashbuzz_social::{UploadState, Uploaded};
use serde_json::json;

use super::Medium;
use super::store::{self, Place, Upload};
use crate::App;
use crate::account::Brand;
use crate::campaign::Campaign;
use crate::effects::upload::{self, Called, UploadEffect};
use crate::stored::count;

/// An upload with less time left is not worth going on with, in microseconds.
const TIME_LEFT: i64 = 60_000_000;
/// No network works longer on what it is going to show.
const WORKED_ON: i64 = 3_600_000_000;
/// Rounds that are begun by themselves.
const ROUNDS: i64 = 3;

/// Whose media are brought.
pub(crate) struct Work<'a> {
    pub(crate) campaign: &'a Campaign,
    pub(crate) brand: &'a Brand,
}

/// What came of one call.
pub(crate) enum Progress {
    /// It went well; there is more to do.
    Went,
    /// The network has all of them.
    Ready,
    /// The network cannot or will not show one of them.
    Refused(String),
    /// The turn ends here.
    Turn(Verdict),
}

/// The network's ids of what a campaign shows.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) uploads: Vec<UploadId>,
    /// When the network forgets the first of them.
    pub(crate) until: Option<i64>,
}

impl Upload {
    fn first(position: i64, medium: MediumId) -> Self {
        Self {
            position,
            medium,
            round: 1,
            tries: 0,
            place: Place::New,
            remote: None,
            expires_at: None,
            pieces: 0,
            finished_at: None,
            alt: String::new(),
        }
    }

    /// Another round, of which the person who asked has seen `tries`.
    fn anew(&self, medium: MediumId, tries: i64) -> Self {
        Self { round: self.round + 1, tries, ..Self::first(self.position, medium) }
    }

    fn expires_by(&self, time: i64) -> bool {
        self.place != Place::New && self.expires_at.is_some_and(|at| at <= time)
    }

    /// The number of its `slot`th effect in the campaign.
    const fn sequence(&self, slot: i64) -> i64 {
        (self.position + 1) * 1_000_000 + self.round * 2_000 + slot
    }
}

/// What the campaign's post shows; nothing while the network does not have all of it.
pub(crate) async fn shown(app: &App, campaign: &Campaign) -> Result<Option<Shown>, DbError> {
    let mut shown = Shown::default();
    if campaign.draft.media.is_empty() {
        return Ok(Some(shown));
    }
    let known = store::uploads(&app.db, campaign.id).await?;
    for (position, id) in campaign.draft.media.iter().enumerate() {
        let upload = known.iter().find(|upload| upload.position == count(position));
        let ready = upload.filter(|upload| upload.medium == *id && upload.place == Place::Ready);
        let Some((upload, remote)) =
            ready.and_then(|upload| Some((upload, upload.remote.clone()?)))
        else {
            return Ok(None);
        };
        shown.uploads.push(remote);
        shown.until = [shown.until, upload.expires_at].into_iter().flatten().min();
    }
    Ok(Some(shown))
}

/// A post was refused for its media: all of them are to be uploaded again. False when that was done
/// often enough.
pub(crate) async fn spoil(tx: &Tx, campaign: CampaignId) -> Result<bool, DbError> {
    let known = store::uploads(tx, campaign).await?;
    let again = known.iter().all(|upload| upload.tries + 1 < ROUNDS);
    for upload in known {
        let tries = if again { upload.tries + 1 } else { 0 };
        store::save_upload(tx, campaign, &upload.anew(upload.medium, tries)).await?;
    }
    Ok(again)
}

/// Makes the next call that is due, if one is.
pub(crate) async fn next_call(
    app: &App,
    turn: &Turn,
    work: &Work<'_>,
) -> Result<Progress, Failure> {
    let campaign = work.campaign;
    let media = store::among(&app.db, &campaign.draft.media).await?;
    let known = store::uploads(&app.db, campaign.id).await?;
    for (position, id) in campaign.draft.media.iter().enumerate() {
        let position = count(position);
        let medium = media.iter().find(|medium| medium.id == *id);
        let medium = medium.ok_or(DbError::Missing("a medium of this campaign is not there"))?;
        let upload = known.iter().find(|upload| upload.position == position);
        let mut upload = match upload {
            Some(upload) if upload.medium == *id => upload.clone(),
            Some(other) => other.anew(*id, 0),
            None => Upload::first(position, *id),
        };
        if upload.place == Place::Ready && upload.alt != medium.alt {
            upload.place = Place::Describing;
        }
        let one = One { app, turn, work, medium };
        if upload.expires_by(turn.now() + TIME_LEFT) {
            return one.gone(&upload, "it expired").await;
        }
        if upload.place != Place::Ready {
            return one.step(upload).await;
        }
    }
    Ok(Progress::Ready)
}

/// One medium of the campaign.
struct One<'a> {
    app: &'a App,
    turn: &'a Turn,
    work: &'a Work<'a>,
    medium: &'a Medium,
}

impl One<'_> {
    async fn step(&self, upload: Upload) -> Result<Progress, Failure> {
        let Some(remote) = upload.remote.clone().filter(|_| upload.place != Place::New) else {
            return self.begin(upload).await;
        };
        match upload.place {
            Place::Sending => {
                let piece = u64::from(self.app.network.media_rules().piece.max(1));
                let from = u64::try_from(upload.pieces).unwrap_or(u64::MAX).saturating_mul(piece);
                match self.medium.facts.bytes.saturating_sub(from) {
                    0 => self.finish(upload, &remote).await,
                    left => self.append(upload, &remote, (from, left.min(piece))).await,
                }
            }
            Place::Processing => self.look(upload, &remote).await,
            Place::New | Place::Describing | Place::Ready => self.describe(upload, &remote).await,
        }
    }

    async fn begin(&self, upload: Upload) -> Result<Progress, Failure> {
        let facts = &self.medium.facts;
        let request = json!({ "mime": facts.format.mime(), "bytes": facts.bytes });
        let wanted = self.wanted(&upload, upload::BEGIN, 0, request);
        let sent = self.app.network.begin_upload(&self.work.brand.access, facts);
        let id = |begun: &hashbuzz_social::Begun| Some(begun.upload.to_string());
        let called = upload::call(self.app, self.turn, &wanted, sent, id).await?;
        self.settle(upload, called, |upload, begun| Upload {
            place: Place::Sending,
            remote: Some(begun.upload),
            expires_at: begun.expires_at.map(hashbuzz_domain::Time::micros),
            ..upload
        })
        .await
    }

    async fn append(
        &self,
        upload: Upload,
        remote: &UploadId,
        (from, length): (u64, u64),
    ) -> Result<Progress, Failure> {
        let bytes = match self.app.media.read(self.medium.digest, from, length).await {
            Ok(bytes) => bytes,
            Err(error @ StoreError::Missing) => {
                return self.stop(&upload, &error.to_string()).await;
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(Failure(error.to_string())),
        };
        let request = json!({ "upload": remote.as_str(), "from": from, "bytes": length });
        let wanted = self.wanted(&upload, upload::APPEND, 1 + upload.pieces, request);
        let number = u32::try_from(upload.pieces).unwrap_or(u32::MAX);
        let access = &self.work.brand.access;
        let sent = self.app.network.append_upload(access, remote, number, bytes.to_vec());
        let called = upload::call(self.app, self.turn, &wanted, sent, |()| None).await?;
        self.settle(upload, called, |upload, ()| Upload { pieces: upload.pieces + 1, ..upload })
            .await
    }

    async fn finish(&self, upload: Upload, remote: &UploadId) -> Result<Progress, Failure> {
        let request = json!({ "upload": remote.as_str() });
        let wanted = self.wanted(&upload, upload::FINISH, 1_001, request);
        match upload::finish(self.app, self.turn, &wanted, remote).await? {
            Called::Result(uploaded, mut done) => {
                let now = self.turn.now();
                let upload = Upload { finished_at: Some(now), ..upload };
                let tx = self.app.db.begin().await?;
                done.record(&tx, self.turn).await?;
                self.uploaded(tx, upload, uploaded).await
            }
            other => self.settle(upload, other, |upload, _| upload).await,
        }
    }

    /// Asks how the network's own work on it goes.
    async fn look(&self, upload: Upload, remote: &UploadId) -> Result<Progress, Failure> {
        match self.app.network.upload_state(&self.work.brand.access, remote).await {
            Ok(seen) => {
                // Finished before, and without a word on its state: nothing more is done to it.
                let ready = || Uploaded { state: UploadState::Ready, expires_at: None };
                let tx = self.turn.begin(&self.app.db).await?;
                self.uploaded(tx, upload, seen.unwrap_or_else(ready)).await
            }
            Err(error) => {
                let called =
                    upload::looked::<()>(self.app, self.turn, self.work.brand, error).await?;
                self.settle(upload, called, |upload, ()| upload).await
            }
        }
    }

    /// Stores what the network says of a finished upload.
    async fn uploaded(
        &self,
        tx: Tx,
        upload: Upload,
        uploaded: Uploaded,
    ) -> Result<Progress, Failure> {
        let now = self.turn.now();
        let expires_at = uploaded.expires_at.map(hashbuzz_domain::Time::micros);
        let upload = Upload { expires_at: expires_at.or(upload.expires_at), ..upload };
        let since = upload.finished_at.unwrap_or(now);
        let (place, progress) = match uploaded.state {
            UploadState::Ready if self.medium.alt.is_empty() => (Place::Ready, Progress::Went),
            UploadState::Ready => (Place::Describing, Progress::Went),
            UploadState::Processing(_) if now > since + WORKED_ON => {
                tx.commit().await?;
                let why = "the network has worked on it for more than an hour and has not finished";
                return self.stop(&upload, why).await;
            }
            UploadState::Processing(wait) => (Place::Processing, self.wait(now, wait)),
            UploadState::Failed(why) => {
                tx.commit().await?;
                return self.stop(&upload, &format!("the network cannot use it: {why}")).await;
            }
        };
        store::save_upload(&tx, self.work.campaign.id, &Upload { place, ..upload }).await?;
        tx.commit().await?;
        Ok(progress)
    }

    fn wait(&self, now: i64, wait: Span) -> Progress {
        let why = format!("the network works on {}", self.name());
        Progress::Turn(Verdict::Later { until: now + wait.micros().max(1), why })
    }

    async fn describe(&self, upload: Upload, remote: &UploadId) -> Result<Progress, Failure> {
        let alt = self.medium.alt.clone();
        let request = json!({ "upload": remote.as_str(), "alt": alt });
        let wanted = self.wanted(&upload, upload::DESCRIBE, 1_002, request);
        let access = &self.work.brand.access;
        let sent = self.app.network.describe_upload(access, remote, &alt);
        let called = upload::call(self.app, self.turn, &wanted, sent, |()| None).await?;
        let described = |upload, ()| Upload { place: Place::Ready, alt: alt.clone(), ..upload };
        self.settle(upload, called, described).await
    }

    fn wanted(
        &self,
        upload: &Upload,
        kind: &'static str,
        slot: i64,
        mut request: serde_json::Value,
    ) -> UploadEffect<'_> {
        request["medium"] = json!(self.medium.id.to_string());
        UploadEffect {
            campaign: self.work.campaign.id,
            brand: self.work.brand,
            kind,
            sequence: upload.sequence(slot),
            request: request.to_string(),
        }
    }

    /// Stores how far a call got it.
    async fn settle<T>(
        &self,
        upload: Upload,
        called: Called<T>,
        next: impl FnOnce(Upload, T) -> Upload,
    ) -> Result<Progress, Failure> {
        match called {
            Called::Result(result, mut done) => {
                let tx = self.app.db.begin().await?;
                done.record(&tx, self.turn).await?;
                store::save_upload(&tx, self.work.campaign.id, &next(upload, result)).await?;
                tx.commit().await?;
                Ok(Progress::Went)
            }
            Called::Gone(why) => self.gone(&upload, &why).await,
            Called::Refused(why) => self.stop(&upload, &why).await,
            Called::Turn(verdict) => Ok(Progress::Turn(verdict)),
        }
    }

    /// The network does not have it any more: another round, unless there were enough.
    async fn gone(&self, upload: &Upload, why: &str) -> Result<Progress, Failure> {
        if upload.tries + 1 >= ROUNDS {
            let why = format!("it was uploaded {ROUNDS} times, and each time lost: {why}");
            return self.stop(upload, &why).await;
        }
        tracing::info!(campaign = %self.work.campaign.id, why, "a medium is uploaded again");
        self.save(&upload.anew(self.medium.id, upload.tries + 1)).await?;
        Ok(Progress::Went)
    }

    /// Nothing more by itself. Whoever publishes again begins with a new round.
    async fn stop(&self, upload: &Upload, why: &str) -> Result<Progress, Failure> {
        self.save(&upload.anew(self.medium.id, 0)).await?;
        Ok(Progress::Refused(format!("{} cannot be posted: {why}", self.name())))
    }

    async fn save(&self, upload: &Upload) -> Result<(), Failure> {
        let tx = self.turn.begin(&self.app.db).await?;
        store::save_upload(&tx, self.work.campaign.id, upload).await?;
        Ok(tx.commit().await?)
    }

    /// How people know it.
    fn name(&self) -> String {
        format!("the {} {}", self.medium.facts.format.kind(), self.medium.id)
    }
}
