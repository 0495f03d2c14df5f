//! Closing: from the end of a campaign to the end of its money.
//!
//! Owns `allocation`, `line`, `pay_batch`. In order, one event a step, each resumable:
//! [`CloseOperation`] (the time is over) → the last collection (`engagement`) → [`Allocate`]
//! (freeze and compute) → [`CloseContract`] (commit) → [`PayBatch`] (numbered batches) →
//! [`Announce`] → the claim window, with further batches for late links → [`EndClaims`] →
//! [`BudgetRefund`] → [`Finalise`] → [`FinalPost`]. What a line says was decided once, by the
//! domain, and never changes; what became of it is beside it.

mod allocate;
mod announce;
mod budget_refund;
mod close_contract;
mod close_operation;
mod end_claims;
mod final_post;
mod finalise;
mod notices;
mod pay_batch;
mod payees;
mod payout_plan;
mod refunds;
mod store;
mod thread;
mod view;

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::ProfileId;

use crate::campaign::{load, transition};
use crate::stored::parse;

pub use allocate::Allocate;
pub use announce::Announce;
pub use budget_refund::BudgetRefund;
pub use close_contract::CloseContract;
pub use close_operation::CloseOperation;
pub use end_claims::EndClaims;
pub use final_post::FinalPost;
pub use finalise::Finalise;
pub use notices::{CampaignClosed, RateUpdated};
pub use pay_batch::PayBatch;
pub(crate) use view::totals;

/// Somebody linked a wallet to `profile`: campaigns in their claim window pay it now.
pub(crate) async fn wallet_linked(tx: &Tx, now: i64, profile: &ProfileId) -> Result<(), DbError> {
    for id in store::unpaid_campaigns(tx, profile).await? {
        let campaign = load(tx, parse(&id)?).await?;
        transition::put(tx, now, &campaign, &PayBatch { campaign: id }).await?;
    }
    Ok(())
}
