//! The names that users of the predecessor know.

use super::{Phase, State};

/// The predecessor's name of a state. A stalled campaign keeps the label of its origin.
pub const fn seed_name(state: State) -> &'static str {
    match state {
        State::Draft => "CampaignDraft",
        State::InReview | State::Approved => "CampaignPending",
        State::At(phase) | State::Stalled { origin: phase, .. } => match phase {
            Phase::Publishing | Phase::RollingBack => "CampaignPending",
            Phase::Running | Phase::Closing | Phase::Settling | Phase::Claimable => {
                "CampaignRunning"
            }
        },
        State::Closed | State::Cancelled | State::RolledBack => "CampaignClosed",
    }
}
