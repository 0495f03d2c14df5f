//! The treasury: what sponsors have in the escrow, what campaigns will take of it, and each
//! campaign's books.
//!
//! Owns `ledger_entry`, `ledger_cursor`, `reservation`, `book_entry`. What somebody has is what the
//! ledger says; our part is what has been promised and not yet taken. Books are entries that follow
//! from proven effects, one row each, so that a turn that is repeated books nothing twice:
//! `funded = paid + refunded + fee + held`.

mod store;
mod watch;

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::{AccountId, Asset, CampaignId};
use hashbuzz_ledger::{ReadError, SponsorFunds};

use crate::{App, account};

pub(crate) use store::{Entry, book, books, funded, release, reserve, reserved_by};
pub use watch::WatchEscrow;

/// What a sponsor can still spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Available {
    pub(crate) funds: SponsorFunds,
    /// Promised to campaigns that the contract has not taken yet.
    pub(crate) reserved: u64,
}

impl Available {
    /// Free and allowed, less what is promised.
    pub(crate) fn units(&self) -> u64 {
        self.funds.free.min(self.funds.allowance).saturating_sub(self.reserved)
    }
}

/// Why it is not known what somebody can spend.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BalanceError {
    #[error("{0} is not registered")]
    Unknown(AccountId),
    #[error(transparent)]
    Ledger(#[from] ReadError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What the ledger says that `account` has, and what we promised of it.
pub(crate) async fn available(app: &App, account: AccountId) -> Result<Available, BalanceError> {
    let address =
        account::evm_address(&app.db, account).await?.ok_or(BalanceError::Unknown(account))?;
    let funds = app.ledger.sponsor_funds(address, Asset::Hbar).await?;
    let reserved = reserved_by(&app.db, account).await?;
    Ok(Available { funds, reserved })
}

/// Promises `amount` units to `campaign`, unless what `funds` says is no longer enough. Called in
/// the transaction that accepts a publish: two of them cannot pass on one balance.
pub(crate) async fn promise(
    tx: &Tx,
    campaign: CampaignId,
    account: AccountId,
    amount: u64,
    funds: SponsorFunds,
) -> Result<bool, DbError> {
    store::lock_reservations(tx, account).await?;
    let reserved = reserved_by(tx, account).await?;
    if (Available { funds, reserved }).units() < amount {
        return Ok(false);
    }
    reserve(tx, campaign, account, amount).await?;
    Ok(true)
}
