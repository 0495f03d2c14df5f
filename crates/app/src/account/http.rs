//! Linked profiles: signing in, seeing them, unlinking.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_social::{GrantError, ReadError};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::sign_in::{self, LinkAs, SignInError};
use super::{AccountError, store};
use crate::App;
use crate::audit::audit;
use crate::campaign::http::rfc3339;
use crate::http::{Body, Problem, Signed};

/// What to link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    link_as: String,
}

/// Where to go.
#[derive(Serialize)]
pub(crate) struct Begun {
    url: String,
    ends_at: String,
}

/// What came back from the network.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Return {
    state: String,
    code: SecretString,
}

/// A linked profile.
#[derive(Serialize)]
pub(crate) struct ProfileView {
    network: String,
    profile: String,
    linked_as: String,
    handle: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_at: Option<String>,
    /// Why it has to be linked again, if it has to.
    link_again: Option<String>,
}

/// `POST /v2/profiles/sign-ins`: begins one.
pub(crate) async fn begin_sign_in(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<Begin>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let link_as = LinkAs::read(&body.link_as)
        .ok_or_else(|| Problem::malformed("`link_as` is `brand` or `personal`"))?;
    let (url, ends_at) = sign_in::begin(&app, signed.0.account, link_as).await?;
    Ok((StatusCode::CREATED, Json(Begun { url, ends_at: rfc3339(ends_at) })))
}

/// `POST /v2/profiles/sign-ins/return`: ends it, with what the network sent the person back with.
pub(crate) async fn end_sign_in(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<Return>,
) -> Result<Json<ProfileView>, Problem> {
    let ended = sign_in::end(&app, signed.0.account, &body.state, &body.code).await?;
    let (linked_as, profile) = ended;
    Ok(Json(ProfileView {
        network: app.network.name().to_owned(),
        profile: profile.id.to_string(),
        linked_as: linked_as.as_str().to_owned(),
        handle: profile.handle,
        linked_at: None,
        link_again: None,
    }))
}

/// `GET /v2/profiles`: the caller's own.
pub(crate) async fn profiles(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<ProfileView>>, Problem> {
    let rows = store::profiles(&app.db, signed.0.account).await?;
    let view = |row: store::ProfileRow| ProfileView {
        network: row.network,
        profile: row.profile,
        linked_as: row.purpose,
        handle: row.handle,
        linked_at: Some(rfc3339(row.linked_at)),
        link_again: row.link_again,
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

/// `DELETE /v2/profiles/{link_as}`: forgets the caller's own, and the access to it. Whoever has a
/// campaign that still needs the brand keeps it until that is over.
pub(crate) async fn unlink(
    State(app): State<App>,
    signed: Signed,
    Path(link_as): Path<String>,
) -> Result<StatusCode, Problem> {
    let link_as = LinkAs::read(&link_as).ok_or_else(Problem::not_found)?;
    let (account, network, now) = (signed.0.account, app.network.name(), app.clock.now());
    let tx = app.db.begin().await?;
    if link_as == LinkAs::Brand && crate::campaign::any_under_way(&tx, account).await? {
        let detail = "a campaign that is under way needs this profile until it is closed";
        return Err(Problem::conflict("profile.needed", detail));
    }
    if !store::unlink(&tx, account, network, link_as.as_str()).await? {
        return Err(Problem::not_found());
    }
    audit(&tx, now, &account.to_string(), "profile.unlink", network, link_as.as_str()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotKnown => Self::conflict(
                "sign_in.not_known",
                format!("{error}; begin a new one with POST /v2/profiles/sign-ins"),
            ),
            SignInError::Grant(GrantError::Refused(words)) => Self::conflict(
                "sign_in.refused",
                format!("the network did not accept the code ({words}); begin a new sign-in"),
            ),
            SignInError::Grant(error @ GrantError::Keys(_)) => {
                tracing::error!(%error, "nobody can sign in");
                Self::unavailable("signing in is not set up; an operator has to look at it")
            }
            SignInError::Grant(error @ (GrantError::Unavailable(_) | GrantError::Unknown(_))) => {
                Self::unavailable(format!("{error}; begin a new sign-in"))
            }
            SignInError::Account(AccountError::Taken) => Self::conflict(
                "profile.taken",
                "this profile belongs to another account, or this account has another profile of \
                 this sort: unlink that one first",
            ),
            SignInError::Account(AccountError::Network(error @ ReadError::RateLimited { .. })) => {
                Self::unavailable(format!("{error}; begin a new sign-in a little later"))
            }
            SignInError::Account(AccountError::Network(error)) => {
                Self::unavailable(format!("{error}; begin a new sign-in"))
            }
            SignInError::Account(error) => error.into(),
        }
    }
}
