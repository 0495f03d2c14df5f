//! Lives under random faults: what breaks, and when, is a seed's to choose; what they prove is counted
//! at the far ends. `cargo xtask bench lost-answers`.

mod money;
mod posts;

use hashbuzz_domain::Span;
use serde_json::Value;

use crate::{Campaigner, World};

pub use money::{LostMoney, lost_money};
pub use posts::{Lost, lost_answers};

/// To the end, with nobody breaking anything any more. What needs a person gets one.
async fn mend(world: &World, brand: &Campaigner, id: &str, end: &str) {
    for _ in 0..4 {
        world.work_until_quiet().await;
        if world.is(id, end).await {
            return;
        }
        let command = if world.is(id, "Approved").await {
            "publish"
        } else if end == "RolledBack" {
            "roll-back"
        } else {
            "resume"
        };
        brand.api.command(id, command).await;
        world.pass(Span::from_secs(60));
    }
}

impl World {
    /// Nothing breaks any more.
    pub async fn end_faults(&self) {
        for far in [&self.x, &self.hedera] {
            far.ask(reqwest::Method::DELETE, "/_standin/faults", None).await;
        }
    }

    /// What must hold wherever money is: nothing undecided, nothing twice, books equal to the
    /// contract's, and the ledger's own sum.
    pub async fn end_of_money(&self, wrong: &mut Vec<String>) {
        self.what_is_unknown(wrong).await;
        self.what_the_books_say(wrong).await;
        self.what_happened_twice(wrong).await;
        let sum: Value = self.hedera.get("/_standin/balances").await;
        if sum["sum_tinybar"] != sum["supply_tinybar"] {
            wrong.push(format!("the ledger's own sum is wrong: {sum}"));
        }
    }

    /// Whether the campaign is in `state`.
    pub async fn is(&self, campaign: &str, state: &str) -> bool {
        self.reviewer().campaign(campaign).await["state"] == state
    }

    /// One round of work, if anything waits and the campaign is not over.
    pub async fn works(&self, campaign: &str) -> bool {
        for over in ["Closed", "RolledBack", "Approved"] {
            if self.is(campaign, over).await {
                return false;
            }
        }
        let stalled = self.is(campaign, "Stalled").await;
        self.try_round().await || stalled
    }
}
