//! `POST /2/oauth2/token` and `POST /2/oauth2/revoke`: exchanges, renews and gives back tokens.
//!
//! Limits      none documented; free. <X docs, OAuth 2.0, August 2026>
//! Pages       none.
//! Surprises   a code is good for 30 s and once; an access token lives two hours. A refresh token is
//!             good once, and a spent one is answered with `invalid_request`, not `invalid_grant`;
//!             using one twice is said to end all tokens of that consent. Without the scope
//!             `offline.access` there is none. <X docs, August 2026; public issues, 2026>

use hashbuzz_domain::{Span, Time};
use hashbuzz_social::{Access, GrantError, Granted, Proof};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::client::{Call, Client};
use crate::problem::Problem;
use crate::rates::{Billed, Rate};
use crate::remedy::{Answer, Failure};
use crate::settings::ClientKeys;
use crate::sign::Right;

static TOKEN: Rate = Rate { name: "oauth2_token", profile: 0, app: 0, billed: Billed::Free };
static REVOKE: Rate = Rate { name: "oauth2_revoke", profile: 0, app: 0, billed: Billed::Free };

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    /// Seconds.
    expires_in: Option<u32>,
    scope: Option<String>,
}

/// Exchanges the code that came back from the consent page.
pub(crate) async fn exchange(
    client: &Client,
    keys: &ClientKeys,
    code: &SecretString,
    verifier: &SecretString,
) -> Result<Granted, GrantError> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.expose_secret()),
        ("redirect_uri", &keys.redirect_uri),
        ("code_verifier", verifier.expose_secret()),
        ("client_id", &keys.id),
    ];
    granted(client, keys, &fields).await
}

/// Renews.
pub(crate) async fn refresh(
    client: &Client,
    keys: &ClientKeys,
    token: &SecretString,
) -> Result<Granted, GrantError> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.expose_secret()),
        ("client_id", &keys.id),
    ];
    granted(client, keys, &fields).await
}

/// Gives a token back. X answers alike for one that it does not know.
pub(crate) async fn revoke(
    client: &Client,
    keys: &ClientKeys,
    access: &Access,
) -> Result<(), GrantError> {
    let Proof::OAuth2 { token } = &access.proof else { return Ok(()) };
    let fields = [("token", token.expose_secret()), ("client_id", keys.id.as_str())];
    let call = Call::form(&REVOKE, &["2", "oauth2", "revoke"], &fields);
    let answer = client.ask(Right::Client(keys), call).await.map_err(unanswered)?;
    if answer.status.is_success() { Ok(()) } else { Err(refused(&answer)) }
}

async fn granted(
    client: &Client,
    keys: &ClientKeys,
    fields: &[(&str, &str)],
) -> Result<Granted, GrantError> {
    let call = Call::form(&TOKEN, &["2", "oauth2", "token"], fields);
    let asked_at = client.now();
    let answer = client.ask(Right::Client(keys), call).await.map_err(unanswered)?;
    if !answer.status.is_success() {
        return Err(refused(&answer));
    }
    let tokens: Tokens = serde_json::from_slice(&answer.body)
        .map_err(|_| GrantError::Unknown("X granted something in another shape".to_owned()))?;
    Ok(Granted {
        access: Access::by(Proof::OAuth2 { token: tokens.access_token }),
        refresh: tokens.refresh_token,
        expires_at: tokens.expires_in.map(|secs| expiry(asked_at, secs)),
        scopes: tokens.scope.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    })
}

/// It counts from when X answered, which is not before we asked.
fn expiry(asked_at: Time, secs: u32) -> Time {
    asked_at.plus(Span::from_secs(secs))
}

fn refused(answer: &Answer) -> GrantError {
    let problem = Problem::read(&answer.body);
    let words = problem.words_or(&format!("status {}", answer.status.as_u16()));
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => GrantError::Keys(words),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::NOT_FOUND => GrantError::Unavailable(words),
        status if status.is_client_error() && problem.from_x => GrantError::Refused(words),
        status if status.is_client_error() => GrantError::Unavailable(words),
        _ => GrantError::Unknown(words),
    }
}

fn unanswered(failure: Failure) -> GrantError {
    match failure {
        Failure::Full(full) => GrantError::Unavailable(full.to_string()),
        Failure::Unsendable(why) => GrantError::Keys(why),
        Failure::NotSent(why) => GrantError::Unavailable(why),
        Failure::NoAnswer(why) => GrantError::Unknown(why),
    }
}
