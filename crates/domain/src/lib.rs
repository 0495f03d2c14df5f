//! What a campaign is and may become: money, states, eligibility, allocation.
//!
//! Pure: no clock, no I/O, no async, no SQL, no JSON, no HTTP. Time is an argument ([`Time`]),
//! amounts are whole numbers of an asset's smallest unit ([`Amount`]). Types here are not stored
//! and not sent; whoever stores or sends has its own versioned type.

pub mod campaign;
pub mod engagement;
mod ids;
pub mod media;
pub mod money;
pub mod quest;
pub mod reward;
mod time;

pub use ids::{
    AccountId, CampaignId, EvmAddress, MalformedId, MediumId, PostId, ProfileId, UploadId,
};
pub use money::{Amount, Asset};
pub use time::{Span, Time};
