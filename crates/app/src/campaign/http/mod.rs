//! The API of campaigns.

pub(crate) mod commands;
mod create;
mod draft;
mod edit;
pub(crate) mod read;
mod statistics;
mod timeline;

use hashbuzz_domain::CampaignId;
use jiff::Timestamp;

pub(crate) use create::create;
pub(crate) use edit::edit;
pub(crate) use statistics::statistics;
pub(crate) use timeline::timeline;

use super::Campaign;
use crate::App;
use crate::account::Role;
use crate::http::{Problem, Signed};

/// A point in time as the API writes it.
pub(crate) fn rfc3339(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| at.to_string())
}

/// The campaign named in a path, when the caller may see it: its owner, a reviewer, an operator.
/// A foreign id and a malformed one are both "not there".
pub(super) async fn visible(app: &App, signed: &Signed, id: &str) -> Result<Campaign, Problem> {
    let id: CampaignId = id.parse().map_err(|_| Problem::not_found())?;
    let campaign = super::find(&app.db, id).await?.ok_or_else(Problem::not_found)?;
    if may_see(signed, &campaign) { Ok(campaign) } else { Err(Problem::not_found()) }
}

pub(super) fn may_see(signed: &Signed, campaign: &Campaign) -> bool {
    let caller = &signed.0;
    owns(signed, campaign) || caller.is(Role::Reviewer) || caller.is(Role::Operator)
}

pub(super) fn owns(signed: &Signed, campaign: &Campaign) -> bool {
    campaign.account == signed.0.account
}
