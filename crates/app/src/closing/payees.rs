//! Unpaid lines of people who have a wallet, a page at a time.

use hashbuzz_db::DbError;
use hashbuzz_domain::{AccountId, CampaignId};

use super::store::{self, Unpaid};
use crate::{App, account};

/// Lines looked at at a time.
const PAGE: i64 = 500;

/// A walk over them, in the order of the lines.
pub(super) struct Payees {
    campaign: CampaignId,
    position: i64,
}

impl Payees {
    pub(super) const fn of(campaign: CampaignId) -> Self {
        Self { campaign, position: 0 }
    }

    /// Those of the next page, perhaps nobody; none when there are no more lines.
    pub(super) async fn next(
        &mut self,
        app: &App,
    ) -> Result<Option<Vec<(Unpaid, AccountId)>>, DbError> {
        let page = store::unpaid(&app.db, self.campaign, self.position, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.position = i64::from(last.position) + 1;
        let profiles: Vec<_> = page.iter().map(|line| line.profile.clone()).collect();
        let wallets = account::wallets_of(&app.db, app.network.name(), &profiles).await?;
        let payee = |line: Unpaid| wallets.get(&line.profile).map(|(account, _)| (line, *account));
        Ok(Some(page.into_iter().filter_map(payee).collect()))
    }
}
