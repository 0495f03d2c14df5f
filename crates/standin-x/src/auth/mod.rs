//! Who asks: a person through OAuth 2.0 or OAuth 1.0a, or the app itself.
//!
//! Everything that is wrong with a credential gives the same 401 without a reason, as on the real
//! network. What a valid credential may not do gives 403, and says why only for app-only access.

mod keys;
pub(crate) mod oauth1;
pub(crate) mod oauth2;
mod sign_in;

use axum::http::Method;

pub(crate) use keys::{Grant, Keys};
pub(crate) use sign_in::{consent, consent_page};

use crate::problem::Problem;
use crate::query::Pairs;
use crate::world::{AppTrouble, UserId, World};

/// All scopes that the app may ask for.
pub(crate) const SCOPES: [&str; 7] = [
    "tweet.read",
    "tweet.write",
    "users.read",
    "like.read",
    "like.write",
    "media.write",
    "offline.access",
];

/// What an endpoint wants of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// No token: the handler looks at the client's own credentials.
    Open,
    /// A person, with these scopes if by OAuth 2.0.
    User(&'static [&'static str]),
    /// A person with these scopes, or the app.
    Any(&'static [&'static str]),
    /// The same, but not by a signature of OAuth 1.0a.
    Bearer(&'static [&'static str]),
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Not asked for.
    Nobody,
    /// The app, without a person.
    App,
    /// A person, through the app.
    User(UserId),
}

impl Caller {
    /// The person, if it is one.
    pub(crate) const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::App | Self::Nobody => None,
        }
    }
}

/// The parts of a request that prove who sent it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a Pairs,
    /// The body's fields when it is a form; a JSON body is not signed.
    pub(crate) form: &'a Pairs,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) now: i64,
}

/// Who sent the request, provided that they may ask for something that wants `access`.
pub(crate) fn admit(
    world: &mut World,
    access: Access,
    proof: Proof<'_>,
) -> Result<Caller, Problem> {
    let scopes = match access {
        Access::Open => return Ok(Caller::Nobody),
        Access::User(scopes) | Access::Any(scopes) | Access::Bearer(scopes) => scopes,
    };
    let grant = identify(world, proof)?;
    if world.settings.app_trouble == AppTrouble::NotEnrolled {
        return Err(Problem::not_enrolled(&world.app.client_id));
    }
    match grant.user {
        None if matches!(access, Access::User(_)) => Err(Problem::unsupported_authentication()),
        None => Ok(Caller::App),
        Some(_) if grant.scopes.is_none() && matches!(access, Access::Bearer(_)) => {
            Err(Problem::unsupported_signature())
        }
        Some(_) if grant.scopes.is_none() && world.settings.app_trouble.forbids_signed(proof) => {
            Err(Problem::oauth1_permissions())
        }
        Some(_) if !scopes.iter().all(|scope| grant.allows(scope)) => {
            Err(Problem::forbidden("Forbidden"))
        }
        Some(user) if world.users.get(user).is_some_and(|user| user.suspended) => {
            Err(Problem::suspended())
        }
        Some(user) => Ok(Caller::User(user)),
    }
}

fn identify(world: &mut World, proof: Proof<'_>) -> Result<Grant, Problem> {
    let header = proof.authorization.ok_or_else(Problem::unauthorized)?;
    let (scheme, rest) = header.split_once(' ').ok_or_else(Problem::unauthorized)?;
    let grant = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => oauth2::bearer(world, rest.trim(), proof.now),
        "oauth" => oauth1::verify(world, rest, proof),
        _ => None,
    };
    grant.ok_or_else(Problem::unauthorized)
}
