//! Campaigns: drafting, review, publishing, running, and undoing what cannot go on.
//!
//! Owns `campaign`, `campaign_step`, `timeline`. The state of a campaign changes in one place,
//! [`transition::apply`], by the domain's function, together with the events that follow from it.
//! Events in: a person's command through `http/`. Events out: the publishing steps, then
//! `CAMPAIGN_CLOSE_OPERATION` at its time, which hands over to `closing`.
//!
//! Publishing, one event a step: [`PublishMedia`] (where there are some) → [`PublishContent`] (post 1) → [`Fund`] (contract) →
//! [`PublishSecondContent`] (post 2) → [`Activate`]. Undoing: [`ReturnFunds`] → [`DeletePosts`].

mod activate;
mod delete_posts;
mod errors;
mod fund;
pub(crate) mod http;
mod network_cost;
mod publish_content;
mod publish_media;
mod publish_second_content;
mod return_funds;
mod row;
mod store;
mod stored_draft;
pub(crate) mod transition;
mod view;

pub use activate::Activate;
pub use delete_posts::DeletePosts;
pub use errors::{ClosingError, ContractError, PublishError};
pub use fund::Fund;
pub use publish_content::PublishContent;
pub use publish_media::PublishMedia;
pub use publish_second_content::PublishSecondContent;
pub use return_funds::ReturnFunds;
pub(crate) use row::Campaign;
pub(crate) use store::{
    Mark, StepState, any_under_way, are_drafts, find, load, load_for_update, mark, note,
    over_among, running_after, save_claim_until,
};
pub(crate) use transition::{apply, stall};
