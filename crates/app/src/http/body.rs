//! A JSON body, or a problem that says what is wrong with it.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::Problem;

/// The body, read strictly: unknown fields are refused, so that a typing mistake in a field's name
/// is not taken for its absence.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::malformed("send JSON with `Content-Type: application/json`"))
            }
            Err(rejection) => Err(Problem::malformed(rejection.body_text())),
        }
    }
}
