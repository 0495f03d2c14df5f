//! People and their keys.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Senseless;
use crate::auth::SCOPES;
use crate::clock;
use crate::server::Shared;
use crate::snowflake;
use crate::world::{User, UserId, World};

/// Somebody to create.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    handle: String,
    #[serde(default)]
    name: Option<String>,
    /// RFC 3339; three years ago unless told.
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    followers: u64,
    #[serde(default)]
    following: u64,
    #[serde(default)]
    posts: u64,
    #[serde(default)]
    default_avatar: bool,
    #[serde(default)]
    bio: String,
    #[serde(default)]
    protected: bool,
    /// How long their OAuth 2.0 access token lives; the setting unless told. 0: for ever.
    #[serde(default)]
    token_lifetime_secs: Option<i64>,
    /// Scopes of that token; all unless told.
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

impl Person {
    /// Somebody ordinary.
    pub(super) fn called(handle: String, name: String) -> Self {
        Self {
            handle,
            name: Some(name),
            created_at: None,
            followers: 120,
            following: 80,
            posts: 0,
            default_avatar: false,
            bio: String::new(),
            protected: false,
            token_lifetime_secs: None,
            scopes: None,
        }
    }
}

/// `GET /_standin/app`: the app's keys.
pub(super) async fn app(State(shared): State<Shared>) -> Json<Value> {
    Json(shared.world().app.shown())
}

/// `GET /_standin/users`: everybody, without their keys.
pub(super) async fn list(State(shared): State<Shared>) -> Json<Value> {
    let world = shared.world();
    Json(json!({ "users": world.users.all().map(described).collect::<Vec<_>>() }))
}

/// `POST /_standin/users`: creates all of a list, or none, and answers with their keys in order.
pub(super) async fn create(
    State(shared): State<Shared>,
    Json(people): Json<Vec<Person>>,
) -> Result<Json<Value>, Senseless> {
    let now = shared.clock.now();
    let mut world = shared.world();
    let mut handles = std::collections::HashSet::new();
    for person in &people {
        check(&world, person)?;
        if !handles.insert(person.handle.to_ascii_lowercase()) {
            return Err(Senseless(format!("two users are called {}", person.handle)));
        }
    }
    let created: Result<Vec<Value>, Senseless> =
        people.into_iter().map(|person| Ok(add(&mut world, person, now)?.1)).collect();
    Ok(Json(json!({ "users": created? })))
}

/// Who is meant: an id or a handle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whom {
    user: String,
    #[serde(default = "yes")]
    suspended: bool,
}

const fn yes() -> bool {
    true
}

/// `POST /_standin/revoke {"user"}`: they remove the app in their settings.
pub(super) async fn revoke(
    State(shared): State<Shared>,
    Json(whom): Json<Whom>,
) -> Result<Json<Value>, Senseless> {
    let mut world = shared.world();
    let user = find(&world, &whom.user)?;
    world.keys.revoke(user);
    Ok(Json(json!({ "revoked": user })))
}

/// `POST /_standin/suspend {"user", "suspended"}`: the network closes an account, or opens it.
pub(super) async fn suspend(
    State(shared): State<Shared>,
    Json(whom): Json<Whom>,
) -> Result<Json<Value>, Senseless> {
    let mut world = shared.world();
    let id = find(&world, &whom.user)?;
    if let Some(user) = world.users.get_mut(id) {
        user.suspended = whom.suspended;
    }
    Ok(Json(json!({ "user": id, "suspended": whom.suspended })))
}

pub(super) fn find(world: &World, name: &str) -> Result<UserId, Senseless> {
    let user = world.users.find(name).map(|user| user.id);
    user.ok_or_else(|| Senseless(format!("there is no user {name}")))
}

fn check(world: &World, person: &Person) -> Result<(), Senseless> {
    let handle = &person.handle;
    let letters = handle.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !letters || !(1..=15).contains(&handle.len()) {
        return Err(Senseless(format!("{handle} is no handle: 1 to 15 letters, digits or _")));
    }
    if world.users.by_handle(handle).is_some() {
        return Err(Senseless(format!("there is a user {handle} already")));
    }
    Ok(())
}

pub(super) fn add(
    world: &mut World,
    person: Person,
    now: i64,
) -> Result<(UserId, Value), Senseless> {
    const YEAR: i64 = 365 * 24 * 3600 * 1_000_000;
    let created_at = match &person.created_at {
        None => now - 3 * YEAR,
        Some(text) => clock::read(text).ok_or_else(|| Senseless(format!("{text} is no time")))?,
    };
    let id = UserId(world.new_id(created_at));
    let user = User {
        id,
        name: person.name.unwrap_or_else(|| person.handle.clone()),
        handle: person.handle,
        bio: person.bio,
        created_at: created_at.max(snowflake::created_at(0)),
        followers: person.followers,
        following: person.following,
        posts: person.posts,
        likes_given: 0,
        latest: None,
        default_avatar: person.default_avatar,
        protected: person.protected,
        suspended: false,
    };
    let mut shown = described(&user);
    world.users.add(user);
    let scopes = person.scopes.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec());
    let lifetime = match person.token_lifetime_secs {
        None => Some(world.settings.access_token_lifetime_secs),
        Some(0) => None,
        Some(seconds) => Some(seconds),
    };
    let pair = world.grant(id, scopes, lifetime, now);
    let (token, secret) = world.sign_for(id);
    shown["oauth2"] = json!({
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expires_in": pair.expires_in,
    });
    shown["oauth1"] = json!({ "token": token, "secret": secret });
    Ok((id, shown))
}

pub(super) fn described(user: &User) -> Value {
    json!({
        "id": user.id,
        "handle": user.handle,
        "name": user.name,
        "protected": user.protected,
        "suspended": user.suspended,
    })
}
