//! The X API v2 behind the social port.
//!
//! One endpoint a file ([`endpoint`]) over one [`client`] that alone sends; one place that turns a
//! status into a remedy ([`remedy`]). Nothing here repeats a request: whoever asks knows better
//! what a repetition costs, and X has no key by which it would recognise one.
//!
//! X speaks two vocabularies since 2026 (`retweet_count` and `repost_count`, `referenced_tweets`
//! and `referenced_posts`). Both are read everywhere; which one is *asked* for is a setting.
//! <X OpenAPI 2.166 and 2.167, July 2026>

mod client;
mod cursor;
mod emoji;
mod endpoint;
mod forecast;
mod limits;
mod links;
mod lists;
mod media;
mod problem;
mod rates;
mod remedy;
mod same;
mod settings;
mod sign;
mod sign_in;
mod text;
mod wire;

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::media::Facts;
use hashbuzz_domain::{PostId, ProfileId, Time, UploadId};
use hashbuzz_social::{
    Access, Begun, Collect, Expected, Forecast, GrantError, Granted, List, Measure, MediaRules,
    Metrics, Network, NewPost, Page, PayPolicy, Profile, Purpose, ReadError, SignIn, Uploaded,
    Watched, WriteError,
};
use secrecy::SecretString;

use client::Client;
use lists::XList;
pub use settings::{
    AppKeys, Caps, ClientKeys, ClockFn, Prices, Settings, SettingsError, Vocabulary,
};

/// What an operator has to acknowledge before anything is paid on X.
const FORBIDDEN: &str = "X's Developer Policy, section \"Pay to engage\", does not let a service \
    that uses its API compensate people, in money or anything of value, for posts, follows, \
    reposts, likes, comments or replies; in January 2026 X revoked the access of services that \
    did. Whoever pays for engagement on X risks the developer account, and with it every linked \
    profile. (docs.x.com/developer-terms/policy, text of August 2026)";

/// X, over HTTP.
#[derive(Debug)]
pub struct X {
    client: Client,
}

impl X {
    /// Checks the settings and prepares connections; asks nothing.
    ///
    /// # Errors
    /// [`SettingsError`] if the address is no http(s) address, a key cannot be sent as a header,
    /// or the TLS set-up fails.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Ok(Self { client: Client::new(settings)? })
    }

    fn client_keys(&self) -> Result<&ClientKeys, GrantError> {
        let keys = self.client.settings.client.as_ref();
        keys.ok_or_else(|| {
            GrantError::Keys("no client id is set, so nobody can sign in".to_owned())
        })
    }
}

#[async_trait]
impl Network for X {
    fn name(&self) -> &'static str {
        "x"
    }

    fn pay_policy(&self) -> PayPolicy {
        PayPolicy { kinds: &Kind::ALL, forbidden_by: Some(FORBIDDEN) }
    }

    fn media_rules(&self) -> MediaRules {
        media::rules()
    }

    fn measure(&self, text: &str) -> Measure {
        text::measure(text)
    }

    fn post_url(&self, post: &PostId) -> String {
        format!("https://x.com/i/web/status/{post}")
    }

    fn begin_sign_in(&self, purpose: Purpose, state: &str) -> Result<SignIn, GrantError> {
        sign_in::begin(self.client_keys()?, purpose, state)
    }

    async fn finish_sign_in(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Granted, GrantError> {
        endpoint::oauth2::exchange(&self.client, self.client_keys()?, code, verifier).await
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Granted, GrantError> {
        endpoint::oauth2::refresh(&self.client, self.client_keys()?, refresh).await
    }

    async fn give_back(&self, access: &Access) -> Result<(), GrantError> {
        endpoint::oauth2::revoke(&self.client, self.client_keys()?, access).await
    }

    async fn me(&self, access: &Access) -> Result<Profile, ReadError> {
        endpoint::me::me(&self.client, access).await
    }

    async fn begin_upload(&self, access: &Access, medium: &Facts) -> Result<Begun, WriteError> {
        endpoint::media_initialize::begin(&self.client, access, medium).await
    }

    async fn append_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        piece: u32,
        bytes: Vec<u8>,
    ) -> Result<(), WriteError> {
        endpoint::media_append::append(&self.client, access, upload, piece, bytes).await
    }

    async fn finish_upload(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Uploaded, WriteError> {
        endpoint::media_finalize::finish(&self.client, access, upload).await
    }

    async fn upload_state(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Option<Uploaded>, ReadError> {
        endpoint::media_status::state(&self.client, access, upload).await
    }

    async fn describe_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        alt: &str,
    ) -> Result<(), WriteError> {
        endpoint::media_metadata::describe(&self.client, access, upload, alt).await
    }

    async fn create_post(&self, access: &Access, post: &NewPost) -> Result<PostId, WriteError> {
        endpoint::create_post::create_post(&self.client, access, post).await
    }

    async fn find_post(
        &self,
        access: &Access,
        author: &ProfileId,
        post: &NewPost,
        since: Time,
        taken: &[PostId],
    ) -> Result<Option<PostId>, ReadError> {
        endpoint::user_posts::find_post(&self.client, access, author, post, since, taken).await
    }

    async fn delete_post(&self, access: &Access, post: &PostId) -> Result<(), WriteError> {
        endpoint::delete_post::delete_post(&self.client, access, post).await
    }

    async fn metrics(&self, access: &Access, posts: &[PostId]) -> Result<Vec<Metrics>, ReadError> {
        endpoint::posts::metrics(&self.client, access, posts).await
    }

    fn posts_per_count(&self) -> usize {
        if self.client.settings.together { endpoint::posts::IDS } else { 1 }
    }

    fn lists(&self, watched: Watched<'_>, now: Time) -> Vec<List> {
        let together = self.client.settings.together;
        lists::plan(watched, now, together).iter().map(XList::list).collect()
    }

    fn list_of(&self, post: &PostId, kind: Kind) -> List {
        XList::of(post, kind).list()
    }

    async fn engagements(&self, access: &Access, collect: &Collect) -> Result<Page, ReadError> {
        use endpoint::{liking_users, quote_tweets, retweeted_by, search};
        let client = &self.client;
        match XList::read(&collect.list) {
            Some(XList::Search(wanted)) => search::engaged(client, access, &wanted, collect).await,
            Some(XList::Likers(post)) => liking_users::likers(client, access, &post, collect).await,
            Some(XList::Reposters(post)) => {
                retweeted_by::reposters(client, access, &post, collect).await
            }
            Some(XList::Quotes(post)) => quote_tweets::quotes(client, access, &post, collect).await,
            None => Err(ReadError::Refused(format!("`{}` is none of X's lists", collect.list.0))),
        }
    }

    fn forecast(&self, campaign: &Expected<'_>) -> Forecast {
        forecast::forecast(campaign, &self.client.settings.prices)
    }
}
