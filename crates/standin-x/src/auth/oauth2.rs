//! OAuth 2.0 tokens: bearer, exchange of a code, refresh, revocation, and the app's own token.
//!
//! Refresh tokens are good once. Using a spent one ends the whole family, because it means that
//! two parties hold it; the answer says `invalid_request`, as the real one does. The access token
//! that a refresh replaces ends at once: X does not promise that it lives on.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Grant;
use super::keys::{Code, Pair};
use crate::call::{Answer, Call, Reply};
use crate::problem::Problem;
use crate::query::{Pairs, first};
use crate::world::World;

/// What a bearer token stands for.
pub(super) fn bearer(world: &World, token: &str, now: i64) -> Option<Grant> {
    if token == world.app.bearer_token {
        return Some(Grant { user: None, scopes: None });
    }
    let held = world.keys.access.get(token)?;
    if held.expires_at.is_some_and(|end| now >= end) {
        return None;
    }
    let family = world.keys.families.get(&held.family)?;
    Some(Grant { user: Some(family.user), scopes: Some(family.scopes.clone()) })
}

/// `POST /2/oauth2/token`
pub(crate) fn token(world: &mut World, call: &Call) -> Reply {
    let form = call.form();
    client(world, call, &form)?;
    let pair = match first(&form, "grant_type") {
        Some("authorization_code") => exchange(world, &form, call.now)?,
        Some("refresh_token") => refresh(world, &form, call.now)?,
        _ => return Err(bad("unsupported_grant_type", "The grant type is not supported.")),
    };
    Ok(Answer::json(json!({
        "token_type": "bearer",
        "expires_in": pair.expires_in,
        "access_token": pair.access,
        "scope": pair.scopes.join(" "),
        "refresh_token": pair.refresh,
    }))
    .without_nulls())
}

/// `POST /2/oauth2/revoke`
pub(crate) fn revoke(world: &mut World, call: &Call) -> Reply {
    let form = call.form();
    client(world, call, &form)?;
    let token = required(&form, "token")?;
    let family = world.keys.access.get(token).map(|held| held.family);
    let family = family.or_else(|| world.keys.refresh.get(token).map(|held| held.family));
    if let Some(family) = family {
        world.keys.end(family);
    }
    Ok(Answer::json(json!({ "revoked": true })))
}

/// `POST /oauth2/token`: the app's own token, always the same one.
pub(crate) fn app_token(world: &mut World, call: &Call) -> Reply {
    let form = call.form();
    let app = &world.app;
    let (key, secret) = basic(call).ok_or_else(refused_client)?;
    if key != app.consumer_key || secret != app.consumer_secret {
        return Err(refused_client());
    }
    if first(&form, "grant_type") != Some("client_credentials") {
        return Err(bad("unsupported_grant_type", "The grant type is not supported."));
    }
    Ok(Answer::json(json!({ "token_type": "bearer", "access_token": app.bearer_token })))
}

fn exchange(world: &mut World, form: &Pairs, now: i64) -> Result<Pair, Problem> {
    let (redirect, verifier) = (required(form, "redirect_uri")?, required(form, "code_verifier")?);
    let code = required(form, "code")?;
    // A code is good once, whether or not the rest of the request is right.
    let held = world.keys.codes.remove(code).ok_or_else(invalid_code)?;
    if now >= held.expires_at || held.redirect_uri != redirect || !proves(verifier, &held) {
        return Err(invalid_code());
    }
    let lifetime = world.settings.access_token_lifetime_secs;
    Ok(world.grant(held.user, held.scopes, Some(lifetime), now))
}

fn refresh(world: &mut World, form: &Pairs, now: i64) -> Result<Pair, Problem> {
    let token = required(form, "refresh_token")?;
    let held = world.keys.refresh.get_mut(token).ok_or_else(invalid_token)?;
    let (family, spent, expired) = (held.family, held.spent, now >= held.expires_at);
    held.spent = true;
    if spent {
        world.keys.end(family);
    }
    if expired || !world.keys.families.contains_key(&family) {
        return Err(invalid_token());
    }
    Ok(world.issue(family, now))
}

fn proves(verifier: &str, code: &Code) -> bool {
    let hashed = || BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    if code.hashed { hashed() == code.challenge } else { verifier == code.challenge }
}

fn client(world: &World, call: &Call, form: &Pairs) -> Result<(), Problem> {
    let app = &world.app;
    let fits = match basic(call) {
        Some((id, secret)) => id == app.client_id && secret == app.client_secret,
        None => {
            !world.settings.confidential_client
                && first(form, "client_id") == Some(app.client_id.as_str())
        }
    };
    if fits { Ok(()) } else { Err(refused_client()) }
}

fn basic(call: &Call) -> Option<(String, String)> {
    let encoded = call.authorization.as_deref()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((crate::query::decode(id), crate::query::decode(secret)))
}

fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, Problem> {
    let missing = || bad("invalid_request", &format!("Missing required parameter [{name}]."));
    first(form, name).filter(|value| !value.is_empty()).ok_or_else(missing)
}

fn bad(error: &str, description: &str) -> Problem {
    Problem::oauth(StatusCode::BAD_REQUEST, error, description)
}

fn invalid_token() -> Problem {
    bad("invalid_request", "Value passed for the token was invalid.")
}

fn invalid_code() -> Problem {
    bad("invalid_request", "Value passed for the authorization code was invalid.")
}

fn refused_client() -> Problem {
    Problem::oauth(
        StatusCode::UNAUTHORIZED,
        "unauthorized_client",
        "Missing valid authorization header",
    )
}
