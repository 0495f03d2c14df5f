//! The `Authorization` header: a bearer token, or an OAuth 1.0a signature.
//!
//! A signature covers method, address and query. JSON bodies are not part of it.
//! <X docs, OAuth 1.0a, August 2026>

use std::num::NonZeroU64;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbuzz_domain::Time;
use hashbuzz_social::{Access, Proof};
use oauth1_request::{Builder, Credentials, HMAC_SHA1, ParameterList};
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use crate::settings::{AppKeys, ClientKeys};

/// The right under which a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right<'a> {
    /// A profile's own.
    Profile(&'a Access),
    /// The app's own, on behalf of whoever has this access.
    App(&'a Access),
    /// The app's, as a client of the token endpoint.
    Client(&'a ClientKeys),
}

/// What the app proves itself with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys<'a> {
    /// Signs for profiles.
    pub(crate) app: Option<&'a AppKeys>,
    /// Reads what is public.
    pub(crate) bearer: Option<&'a SecretString>,
}

/// The header's value, marked as sensitive; an error in words without any secret.
pub(crate) fn authorization(
    right: Right<'_>,
    keys: Keys<'_>,
    method: &Method,
    url: &Url,
    now: Time,
) -> Result<Option<HeaderValue>, String> {
    let text = match right {
        Right::App(_) => {
            let token = keys.bearer.ok_or("the app has no bearer token of its own")?;
            format!("Bearer {}", token.expose_secret())
        }
        Right::Profile(Access { proof: Proof::OAuth2 { token }, .. }) => {
            format!("Bearer {}", token.expose_secret())
        }
        Right::Profile(Access { proof: Proof::OAuth1 { token, secret }, .. }) => {
            let app = keys.app;
            let app = app.ok_or("a profile was linked by OAuth 1.0a, but no app keys are set")?;
            signed(app, token, secret, method, url, now)
        }
        Right::Client(ClientKeys { secret: None, .. }) => return Ok(None),
        Right::Client(ClientKeys { id, secret: Some(secret), .. }) => {
            let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
            format!("Basic {}", STANDARD.encode(pair))
        }
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| "the token has characters that no header may carry".to_owned())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// As a form encodes it, which RFC 6749 (2.3.1) asks of a client's id and secret.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn signed(
    app: &AppKeys,
    token: &SecretString,
    secret: &SecretString,
    method: &Method,
    url: &Url,
    now: Time,
) -> String {
    let client =
        Credentials::new(app.consumer_key.expose_secret(), app.consumer_secret.expose_secret());
    let mut builder = Builder::<_, _>::new(client, HMAC_SHA1);
    builder.token(Credentials::new(token.expose_secret(), secret.expose_secret()));
    builder.timestamp(u64::try_from(now.secs()).ok().and_then(NonZeroU64::new));

    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let query = ParameterList::new(query);
    let mut bare = url.clone();
    bare.set_query(None);
    builder.authorize(method.as_str(), bare, &query)
}
