//! What we ask of a social network, and the exam that every implementation takes.
//!
//! Errors are named by their remedy. A read can fail in six ways and always be repeated; a write
//! has one more outcome, [`WriteError::Unknown`]: it may have happened, and must be looked for
//! with [`Network::find_post`] before anything else is done.

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod media;
mod post;
mod sighting;

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::media::Facts;
use hashbuzz_domain::{PostId, ProfileId, Time, UploadId};
use secrecy::SecretString;

pub use error::{ReadError, Refusal, WriteError};
pub use media::{Begun, MediaRule, MediaRules, UploadState, Uploaded};
pub use post::{Measure, Metrics, NewPost};
pub use sighting::{Author, Collect, Cursor, Page, Sighting};

/// The right to act for one profile. Redacts itself.
#[derive(Clone, Debug)]
pub enum Access {
    /// OAuth 2.0 user access token.
    OAuth2 {
        /// The bearer token.
        token: SecretString,
    },
    /// OAuth 1.0a user access token.
    OAuth1 {
        /// The token.
        token: SecretString,
        /// Its secret.
        secret: SecretString,
    },
}

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

    /// The public counts of up to 100 posts. A deleted post is absent from the answer.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn metrics(&self, access: &Access, posts: &[PostId]) -> Result<Vec<Metrics>, ReadError>;

    /// One page of who engaged with a post.
    ///
    /// # Errors
    /// Any [`ReadError`]. The same cursor may be asked again.
    async fn engagements(&self, access: &Access, collect: &Collect) -> Result<Page, ReadError>;
}
