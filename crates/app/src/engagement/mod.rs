//! Engagement: who liked, reposted, quoted and replied, as the network showed it.
//!
//! Owns `observation`, `withdrawal`, `sweep`, `post_metrics`, `tracking`. Sightings are append-only and unique
//! by (campaign, post, kind, profile, object), so overlapping and repeated pages change nothing. A
//! *sweep* is one numbered walk over the lists; a complete list that no longer shows a sighting
//! withdraws it, as a further row. What all this amounts to is for allocation to say.
//!
//! Events in: tracking while a campaign runs, the last sweep when it closes. Events out:
//! `CAMPAIGN_ALLOCATE`.

mod collect;
mod log;
mod pace;
mod store;
mod track;
mod walk;

pub use collect::CollectEngagement;
pub(crate) use log::read_log;
pub(crate) use store::tracking::begin as begin_tracking;
pub(crate) use store::{counts, metrics};
pub use track::TrackEngagement;
pub use walk::Stop;
