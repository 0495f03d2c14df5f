//! The consent page: where a person says yes, and is sent back with a code.
//!
//! In the demo a visitor picks which of the people here they want to be. A test posts the same
//! form. The code has to be exchanged within 30 seconds.

use axum::http::StatusCode;

use super::SCOPES;
use super::keys::Code;
use crate::call::{Answer, Call, Reply};
use crate::query::{Pairs, encode, first};
use crate::text;
use crate::world::World;

const CODE_LIFETIME: i64 = 30 * 1_000_000;

/// People shown on the page; the demo has a few dozen.
const SHOWN: usize = 200;

/// What the app asks for, once it is known to be in order.
struct Request {
    redirect_uri: String,
    state: String,
    scopes: Vec<String>,
    challenge: String,
    hashed: bool,
}

/// `GET /i/oauth2/authorize`
pub(crate) fn consent_page(world: &mut World, call: &Call) -> Reply {
    Ok(match request(world, &call.query) {
        Ok(request) => Answer::html(StatusCode::OK, page(world, call, &request)),
        Err(why) => refused(why),
    })
}

/// `POST /i/oauth2/authorize`: the same fields, and `user` (id or handle) or `deny`.
pub(crate) fn consent(world: &mut World, call: &Call) -> Reply {
    let form = call.form();
    let request = match request(world, &form) {
        Ok(request) => request,
        Err(why) => return Ok(refused(why)),
    };
    if first(&form, "deny").is_some() {
        return Ok(back(&request, "error", "access_denied"));
    }
    let user = first(&form, "user").and_then(|user| world.users.find(user));
    let Some(user) = user.filter(|user| !user.suspended).map(|user| user.id) else {
        return Ok(refused("There is no such user."));
    };
    let code = world.secret(64);
    let held = Code {
        user,
        scopes: request.scopes.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        hashed: request.hashed,
        expires_at: call.now + CODE_LIFETIME,
    };
    world.keys.codes.insert(code.clone(), held);
    Ok(back(&request, "code", &code))
}

fn request(world: &World, given: &Pairs) -> Result<Request, &'static str> {
    let field = |name: &str| first(given, name).filter(|value| !value.is_empty());
    if field("response_type") != Some("code") {
        return Err("response_type must be code.");
    }
    if field("client_id") != Some(world.app.client_id.as_str()) {
        return Err("The client is not known.");
    }
    let redirect = field("redirect_uri").ok_or("redirect_uri is missing.")?;
    let registered = &world.settings.callback_urls;
    if !registered.is_empty() && !registered.iter().any(|known| known == redirect) {
        return Err("redirect_uri is not registered.");
    }
    let state = field("state").ok_or("state is missing.")?;
    if state.len() > 500 {
        return Err("state is longer than 500 characters.");
    }
    let scopes: Vec<String> =
        field("scope").ok_or("scope is missing.")?.split(' ').map(str::to_owned).collect();
    if !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
        return Err("A scope is not known.");
    }
    let hashed = match field("code_challenge_method") {
        Some("S256") => true,
        Some("plain") | None => false,
        Some(_) => return Err("code_challenge_method must be S256 or plain."),
    };
    let challenge = field("code_challenge").ok_or("code_challenge is missing.")?.to_owned();
    Ok(Request {
        redirect_uri: redirect.to_owned(),
        state: state.to_owned(),
        scopes,
        challenge,
        hashed,
    })
}

fn back(request: &Request, name: &str, value: &str) -> Answer {
    let joint = if request.redirect_uri.contains('?') { '&' } else { '?' };
    let state = encode(&request.state);
    Answer::redirect(format!(
        "{}{joint}state={state}&{name}={}",
        request.redirect_uri,
        encode(value)
    ))
}

fn refused(why: &str) -> Answer {
    let body =
        format!("<h1>Something went wrong</h1><p>You weren't able to give access. {why}</p>");
    Answer::html(StatusCode::BAD_REQUEST, body)
}

fn page(world: &World, call: &Call, request: &Request) -> String {
    let hidden: String = call
        .query
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=hidden name=\"{}\" value=\"{}\">",
                attribute(name),
                attribute(value)
            )
        })
        .collect();
    let people: String = world
        .users
        .all()
        .filter(|user| !user.suspended)
        .take(SHOWN)
        .map(|user| {
            format!(
                "<li><button name=user value=\"{}\">{} (@{})</button></li>",
                user.id,
                attribute(&user.name),
                attribute(&user.handle),
            )
        })
        .collect();
    format!(
        "<!doctype html><meta charset=utf-8><title>Authorize app</title>\
         <h1>An app wants to access your account</h1><p>It asks for: {}</p>\
         <form method=post>{hidden}<ul>{people}</ul>\
         <button name=deny value=1>Cancel</button></form>",
        attribute(&request.scopes.join(", ")),
    )
}

fn attribute(value: &str) -> String {
    text::escaped(value).replace('"', "&quot;")
}
