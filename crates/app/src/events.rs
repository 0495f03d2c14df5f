//! Every event that the system handles, in the order in which they happen to a campaign.

use hashbuzz_outbox::Registry;

use crate::App;
use crate::campaign::{
    Activate, ClosingError, ContractError, DeletePosts, Fund, PublishContent, PublishError,
    PublishMedia, PublishSecondContent, ReturnFunds,
};
use crate::closing::{
    Allocate, Announce, BudgetRefund, CampaignClosed, CloseContract, CloseOperation, EndClaims,
    FinalPost, Finalise, PayBatch, RateUpdated,
};
use crate::engagement::{CollectEngagement, TrackEngagement};
use crate::ops::{CheckBooks, CleanUp};
use crate::treasury::WatchEscrow;

/// The registry of all handlers.
pub fn registry() -> Registry<App> {
    Registry::default()
        // Publishing.
        .with::<PublishMedia>()
        .with::<PublishContent>()
        .with::<Fund>()
        .with::<PublishSecondContent>()
        .with::<Activate>()
        // Running.
        .with::<TrackEngagement>()
        .with::<CollectEngagement>()
        .with::<CloseOperation>()
        // Closing.
        .with::<Allocate>()
        .with::<RateUpdated>()
        .with::<CloseContract>()
        .with::<PayBatch>()
        .with::<Announce>()
        .with::<EndClaims>()
        .with::<BudgetRefund>()
        .with::<Finalise>()
        .with::<FinalPost>()
        .with::<CampaignClosed>()
        // What cannot go on.
        .with::<PublishError>()
        .with::<ContractError>()
        .with::<ClosingError>()
        .with::<ReturnFunds>()
        .with::<DeletePosts>()
        // By the clock.
        .with::<WatchEscrow>()
        .with::<CheckBooks>()
        .with::<CleanUp>()
}
