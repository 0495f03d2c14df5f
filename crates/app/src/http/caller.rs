//! Who asks: the holder of the API key in the request.

use axum::extract::FromRequestParts;
use axum::http::{header, request::Parts};

use super::Problem;
use crate::App;
use crate::account::{self, Caller, Role};

/// A request by somebody known. A handler cannot run without one.
pub(crate) struct Signed(pub(crate) Caller);

impl Signed {
    /// Refuses whoever lacks `role`.
    pub(crate) fn need(&self, role: Role) -> Result<(), Problem> {
        if self.0.is(role) { Ok(()) } else { Err(Problem::forbidden(role.as_str())) }
    }
}

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(Problem::unauthenticated)?;
        let caller = account::caller(app, key).await?.ok_or_else(Problem::unauthenticated)?;
        Ok(Self(caller))
    }
}
