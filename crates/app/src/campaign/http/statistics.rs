//! `GET /v2/campaigns/{id}/statistics`: what is seen so far.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::{rfc3339, visible};
use crate::http::{Problem, Signed};
use crate::{App, engagement};

#[derive(Serialize)]
pub(crate) struct StatisticsView {
    posts: Vec<PostView>,
    collected: Vec<CollectedView>,
}

#[derive(Serialize)]
struct PostView {
    id: String,
    seen_at: String,
    likes: i64,
    reposts: i64,
    quotes: i64,
    replies: i64,
}

#[derive(Serialize)]
struct CollectedView {
    kind: String,
    sightings: i64,
    profiles: i64,
}

/// The network's public counts, and what our log has.
pub(crate) async fn statistics(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<StatisticsView>, Problem> {
    let campaign = visible(&app, &signed, &id).await?;
    let posts = engagement::metrics(&app.db, campaign.id)
        .await?
        .into_iter()
        .map(|row| PostView {
            id: row.post,
            seen_at: rfc3339(row.at),
            likes: row.likes,
            reposts: row.reposts,
            quotes: row.quotes,
            replies: row.replies,
        })
        .collect();
    let collected = engagement::counts(&app.db, campaign.id)
        .await?
        .into_iter()
        .map(|row| CollectedView {
            kind: row.kind,
            sightings: row.sightings,
            profiles: row.profiles,
        })
        .collect();
    Ok(Json(StatisticsView { posts, collected }))
}
