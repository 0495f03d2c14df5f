//! What we ask of a social network, and the exam that every implementation takes.
//!
//! Errors are named by their remedy. A read can fail in six ways and always be repeated; a write
//! has one more outcome, [`WriteError::Unknown`]: it may have happened, and must be looked for
//! with [`Network::find_post`] before anything else is done.

mod access;
mod budget;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod forecast;
mod media;
mod post;
mod sighting;
mod sign_in;

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::media::Facts;
use hashbuzz_domain::{PostId, ProfileId, Time, UploadId};
use secrecy::SecretString;

pub use access::{Access, Proof};
pub use budget::{
    Bucket, Budget, Draw, Full, Limit, Reading, SAME, SLACK, SOON, Settled, Spent, Unavailable,
    Unlimited, Window,
};
pub use error::{ReadError, Refusal, WriteError};
pub use forecast::{Calls, Expected, Forecast};
pub use media::{Begun, MediaRule, MediaRules, UploadState, Uploaded};
pub use post::{Measure, Metrics, NewPost};
pub use sighting::{Author, Collect, Cursor, List, ListKey, Page, Sighting, Watched};
pub use sign_in::{GrantError, Granted, Purpose, SignIn};

/// Who a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The immutable id; the only thing that identifies a profile.
    pub id: ProfileId,
    /// Today's handle, for people to read.
    pub handle: String,
}

/// What the network's rules say of paying people for engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayPolicy {
    /// Kinds that this adapter can collect and thus pay.
    pub kinds: &'static [Kind],
    /// Set when the network forbids it: what the operator has to acknowledge before any kind is
    /// paid, in words and with the source.
    pub forbidden_by: Option<&'static str>,
}

/// A social network, seen from a campaign.
#[async_trait]
pub trait Network: Send + Sync {
    /// The network's name as stored with profiles and shown to people, such as `x`.
    fn name(&self) -> &'static str;

    /// Which kinds of engagement may be paid.
    fn pay_policy(&self) -> PayPolicy;

    /// What pictures and videos a post may show.
    fn media_rules(&self) -> MediaRules;

    /// How long `text` is by the network's own counting, and how long it may be.
    fn measure(&self, text: &str) -> Measure;

    /// Where people can open a post.
    fn post_url(&self, post: &PostId) -> String;

    /// Begins a sign-in. `state` comes back with the person and says which sign-in it was.
    ///
    /// # Errors
    /// [`GrantError::Keys`] where this deployment has no keys to sign anybody in with.
    fn begin_sign_in(&self, purpose: Purpose, state: &str) -> Result<SignIn, GrantError>;

    /// Ends a sign-in with the code that came back.
    ///
    /// # Errors
    /// Any [`GrantError`]; a code is good once, so after any of them the person begins anew.
    async fn finish_sign_in(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Granted, GrantError>;

    /// Renews a right. `refresh` is good once: nobody may use it a second time while the first is
    /// under way, and what comes back must be stored before it is used.
    ///
    /// # Errors
    /// Any [`GrantError`]. After [`GrantError::Unknown`] the old right may still be good, and the
    /// old refresh token may be spent; trying it once more costs nothing that was not lost.
    async fn refresh(&self, refresh: &SecretString) -> Result<Granted, GrantError>;

    /// Gives a right back that is not needed any more. Giving it back twice is a success.
    ///
    /// # Errors
    /// Any [`GrantError`].
    async fn give_back(&self, access: &Access) -> Result<(), GrantError>;

    /// The profile that `access` belongs to.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn me(&self, access: &Access) -> Result<Profile, ReadError>;

    /// Announces a medium. Nobody sees it, so after [`WriteError::Unknown`] another one may be begun.
    ///
    /// # Errors
    /// [`WriteError`].
    async fn begin_upload(&self, access: &Access, medium: &Facts) -> Result<Begun, WriteError>;

    /// Sends one piece, counted from 0, as long as [`MediaRules::piece`] says. The same piece may be
    /// sent again.
    ///
    /// # Errors
    /// [`WriteError`]; with [`Refusal::Gone`] or [`Refusal::Media`] the upload has to be begun anew.
    async fn append_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        piece: u32,
        bytes: Vec<u8>,
    ) -> Result<(), WriteError>;

    /// Says that all pieces were sent.
    ///
    /// # Errors
    /// [`WriteError`]; after [`WriteError::Unknown`], [`Network::upload_state`] may know.
    async fn finish_upload(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Uploaded, WriteError>;

    /// How an upload stands; nothing where the network does not say whether it is finished.
    ///
    /// # Errors
    /// Any [`ReadError`]; with [`ReadError::Gone`] or [`ReadError::Refused`] it has to be begun anew.
    async fn upload_state(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Option<Uploaded>, ReadError>;

    /// Describes a finished upload for people who do not see it. May be done again.
    ///
    /// # Errors
    /// [`WriteError`].
    async fn describe_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        alt: &str,
    ) -> Result<(), WriteError>;

    /// Publishes a post. Sent once: an implementation repeats nothing by itself.
    ///
    /// # Errors
    /// [`WriteError::Unknown`] whenever the post may exist: time-out, reset, 5xx.
    /// [`Refusal::Media`] when an upload cannot be shown: nothing was posted then.
    async fn create_post(&self, access: &Access, post: &NewPost) -> Result<PostId, WriteError>;

    /// Reads back whether `author` published `post` at or after `since`: same text by the
    /// network's normal form, same reply target, media where the post has some. The oldest match; never one in `taken`.
    ///
    /// `since` is by our clock and the answer by the network's, so an implementation looks up to
    /// a minute further back: a missed post would be published twice, a taken one is named.
    ///
    /// # Errors
    /// Any [`ReadError`]. An error is no proof of absence.
    async fn find_post(
        &self,
        access: &Access,
        author: &ProfileId,
        post: &NewPost,
        since: Time,
        taken: &[PostId],
    ) -> Result<Option<PostId>, ReadError>;

    /// Deletes a post. Deleting what is gone is a success.
    ///
    /// # Errors
    /// [`WriteError`]; repeating after [`WriteError::Unknown`] does no harm.
    async fn delete_post(&self, access: &Access, post: &PostId) -> Result<(), WriteError>;

    /// The public counts of up to [`Network::posts_per_count`] posts, whoever wrote them. A deleted
    /// post is absent from the answer.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn metrics(&self, access: &Access, posts: &[PostId]) -> Result<Vec<Metrics>, ReadError>;

    /// How many posts one request counts.
    fn posts_per_count(&self) -> usize;

    /// The fewest and cheapest lists that show what is watched, as of `now`.
    fn lists(&self, watched: Watched<'_>, now: Time) -> Vec<List>;

    /// The list that shows nothing but one kind of engagement with one post: for what another list
    /// is in doubt about.
    fn list_of(&self, post: &PostId, kind: Kind) -> List;

    /// One page of a list.
    ///
    /// # Errors
    /// Any [`ReadError`]. The same cursor may be asked again.
    async fn engagements(&self, access: &Access, collect: &Collect) -> Result<Page, ReadError>;

    /// What following a campaign to its end will take, and what it cannot show.
    fn forecast(&self, campaign: &Expected<'_>) -> Forecast;
}
