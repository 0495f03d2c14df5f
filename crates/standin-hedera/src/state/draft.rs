//! The changes of a transaction that is being handled, over the state before it.
//!
//! A failed transaction still pays: its fee is written first, a copy of the changes is kept, and
//! the rest is taken back to that copy.

use revm::primitives::{Address, U256};

use super::{Account, Delta, File, State};
use crate::entity::long_zero_num;

/// The payer of a movement has less than was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// Uncommitted changes over a state.
pub(crate) struct Draft<'a> {
    base: &'a State,
    delta: Delta,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(base: &'a State) -> Self {
        Self { base, delta: Delta::default() }
    }

    /// The changes so far, to go back to.
    pub(crate) fn checkpoint(&self) -> Delta {
        self.delta.clone()
    }

    pub(crate) fn go_back_to(&mut self, checkpoint: Delta) {
        self.delta = checkpoint;
    }

    pub(crate) fn account(&self, num: i64) -> Option<&Account> {
        self.delta.accounts.get(&num).or_else(|| self.base.account(num))
    }

    /// The account that the EVM finds at this address.
    pub(crate) fn at(&self, address: &Address) -> Option<&Account> {
        let new = self.delta.accounts.values().find(|account| account.address == *address);
        new.or_else(|| self.account(self.base.at(address)?.num))
    }

    /// The account that an API call means by this address (see [`State::meant_by`]).
    pub(crate) fn meant_by(&self, address: &Address) -> Option<&Account> {
        self.at(address).or_else(|| self.account(long_zero_num(address)?))
    }

    pub(crate) fn put_account(&mut self, account: Account) {
        self.delta.accounts.insert(account.num, account);
    }

    pub(crate) fn file(&self, num: i64) -> Option<&File> {
        self.delta.files.get(&num).or_else(|| self.base.files.get(&num))
    }

    pub(crate) fn put_file(&mut self, num: i64, file: File) {
        self.delta.files.insert(num, file);
    }

    pub(crate) fn storage(&self, address: &Address, slot: &U256) -> U256 {
        let slot = (*address, *slot);
        let value = self.delta.storage.get(&slot).or_else(|| self.base.storage.get(&slot));
        value.copied().unwrap_or_default()
    }

    pub(crate) fn put_storage(&mut self, address: Address, slot: U256, value: U256) {
        self.delta.storage.insert((address, slot), value);
    }

    /// A number for a new account, contract or file.
    pub(crate) fn next_num(&mut self) -> i64 {
        let num = self.delta.next_num.unwrap_or(self.base.next_num);
        self.delta.next_num = Some(num + 1);
        num
    }

    /// Adds to (or takes from) a balance.
    ///
    /// # Errors
    /// [`Short`] when there is no such account or its balance would become negative.
    pub(crate) fn adjust(&mut self, num: i64, amount: i64) -> Result<(), Short> {
        let mut account = self.account(num).ok_or(Short)?.clone();
        account.balance = account.balance.checked_add(amount).filter(|b| *b >= 0).ok_or(Short)?;
        self.put_account(account);
        Ok(())
    }

    /// Moves tinybars from one account to another.
    ///
    /// # Errors
    /// [`Short`] when `from` has less than `amount`.
    pub(crate) fn pay(&mut self, from: i64, to: i64, amount: i64) -> Result<(), Short> {
        self.adjust(from, -amount)?;
        self.adjust(to, amount)
    }

    /// What every balance gained or lost, in the order of the accounts' numbers.
    pub(crate) fn transfers(&self) -> Vec<(i64, i64)> {
        let change = |account: &Account| {
            let before = self.base.account(account.num).map_or(0, |account| account.balance);
            (account.num, account.balance - before)
        };
        self.delta.accounts.values().map(change).filter(|(_, amount)| *amount != 0).collect()
    }

    /// Ends the draft.
    ///
    /// # Panics
    /// When the changes made or lost money: that is a defect of this crate, never of a client.
    pub(crate) fn finish(self) -> Delta {
        let sum: i128 = self.transfers().iter().map(|(_, amount)| i128::from(*amount)).sum();
        assert_eq!(sum, 0, "a transaction moves tinybars, it neither makes nor loses them");
        self.delta
    }
}
