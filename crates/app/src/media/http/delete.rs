//! `DELETE /v2/media/{id}`: a medium that no campaign shows.
//!
//! Its bytes go with the last medium that has them. Who sends the same bytes in that very moment
//! may find them gone, is told so when they are needed, and mends it by sending them again.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::own;
use crate::App;
use crate::http::{Problem, Signed};
use crate::media::store;

pub(crate) async fn delete(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let medium = own(&app, &signed, &id).await?;
    let tx = app.db.begin().await?;
    if !store::hold(&tx, medium.id).await? {
        return Err(Problem::not_found());
    }
    let used = store::used_by(&tx, medium.id).await?;
    if let Some(campaign) = used.first() {
        let detail = format!(
            "campaign {campaign} shows it: leave it out of the draft first; what was published \
             keeps what it showed"
        );
        return Err(Problem::conflict("media.in_use", detail));
    }
    store::delete(&tx, medium.id).await?;
    tx.commit().await?;
    if store::with_content(&app.db, medium.digest).await? == 0 {
        app.media.forget(medium.digest).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
