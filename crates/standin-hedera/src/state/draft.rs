//! The changes of a transaction that is being handled, over the state before it.
//!
//! A failed transaction still pays: its fee is written first, a copy of the changes is kept, and
//! the rest is taken back to that copy.

use std::collections::BTreeMap;

use revm::primitives::{Address, U256};

use super::{Account, Airdrop, Delta, File, Holding, Nft, Schedule, State, Token, Topic};
use crate::entity::long_zero_num;

/// The payer of a movement has less than was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// What an account gained or lost of a fungible token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenTransfer {
    pub(crate) token: i64,
    pub(crate) account: i64,
    pub(crate) amount: i64,
}

/// One piece that changed hands: nobody gives a new one, and nobody gets a destroyed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NftTransfer {
    pub(crate) token: i64,
    pub(crate) serial: i64,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

/// Uncommitted changes over a state.
#[derive(Clone)]
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

    /// The account that was first named by this public key (a serialised `Key`).
    pub(crate) fn by_alias_key(&self, key: &[u8]) -> Option<&Account> {
        let fits = |account: &&Account| account.alias_key.as_deref() == Some(key);
        let new = self.delta.accounts.values().find(fits);
        new.or_else(|| self.base.accounts.values().find(fits))
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

    pub(crate) fn token(&self, num: i64) -> Option<&Token> {
        self.delta.tokens.get(&num).or_else(|| self.base.tokens.get(&num))
    }

    pub(crate) fn put_token(&mut self, token: Token) {
        self.delta.tokens.insert(token.num, token);
    }

    pub(crate) fn topic(&self, num: i64) -> Option<&Topic> {
        self.delta.topics.get(&num).or_else(|| self.base.topics.get(&num))
    }

    pub(crate) fn put_topic(&mut self, topic: Topic) {
        self.delta.topics.insert(topic.num, topic);
    }

    pub(crate) fn schedule(&self, num: i64) -> Option<&Schedule> {
        self.delta.schedules.get(&num).or_else(|| self.base.schedules.get(&num))
    }

    /// All schedules as they were before this draft.
    pub(crate) fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.base.schedules.values()
    }

    pub(crate) fn put_schedule(&mut self, schedule: Schedule) {
        self.delta.schedules.insert(schedule.num, schedule);
    }

    pub(crate) fn holding(&self, account: i64, token: i64) -> Option<&Holding> {
        let key = (account, token);
        match self.delta.holdings.get(&key) {
            Some(changed) => changed.as_ref(),
            None => self.base.holdings.get(&key),
        }
    }

    /// Writes an association, or removes it.
    pub(crate) fn put_holding(&mut self, account: i64, token: i64, holding: Option<Holding>) {
        self.delta.holdings.insert((account, token), holding);
    }

    /// The associations of an account, by token.
    pub(crate) fn holdings_of(&self, account: i64) -> BTreeMap<i64, &Holding> {
        let mut all: BTreeMap<i64, &Holding> = self.base.holdings_of(account).collect();
        for ((_, token), changed) in self.delta.holdings.range((account, 0)..=(account, i64::MAX)) {
            match changed {
                Some(holding) => all.insert(*token, holding),
                None => all.remove(token),
            };
        }
        all
    }

    pub(crate) fn nft(&self, token: i64, serial: i64) -> Option<&Nft> {
        let key = (token, serial);
        match self.delta.nfts.get(&key) {
            Some(changed) => changed.as_ref(),
            None => self.base.nfts.get(&key),
        }
    }

    /// Writes a piece, or removes it.
    pub(crate) fn put_nft(&mut self, token: i64, serial: i64, nft: Option<Nft>) {
        self.delta.nfts.insert((token, serial), nft);
    }

    pub(crate) fn storage(&self, address: &Address, slot: &U256) -> U256 {
        let slot = (*address, *slot);
        let value = self.delta.storage.get(&slot).or_else(|| self.base.storage.get(&slot));
        value.copied().unwrap_or_default()
    }

    /// How much waits.
    pub(crate) fn airdrop(&self, airdrop: &Airdrop) -> Option<i64> {
        match self.delta.airdrops.get(airdrop) {
            Some(changed) => *changed,
            None => self.base.airdrops.get(airdrop).copied(),
        }
    }

    /// Writes how much waits, or that nothing does any more.
    pub(crate) fn put_airdrop(&mut self, airdrop: Airdrop, amount: Option<i64>) {
        self.delta.airdrops.insert(airdrop, amount);
    }

    /// How many slots of a contract's storage are not zero.
    pub(crate) fn slots_of(&self, address: &Address) -> usize {
        let changed = self.delta.storage.iter().filter(|((of, _), _)| of == address);
        let new = changed.filter(|(_, value)| !value.is_zero()).count();
        let old = self.base.storage.keys().filter(|slot| slot.0 == *address);
        new + old.filter(|slot| !self.delta.storage.contains_key(*slot)).count()
    }

    pub(crate) fn put_storage(&mut self, address: Address, slot: U256, value: U256) {
        self.delta.storage.insert((address, slot), value);
    }

    /// A number for a new entity.
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

    /// What every account gained or lost of fungible tokens, by account and token.
    pub(crate) fn token_transfers(&self) -> Vec<TokenTransfer> {
        let fungible = |token: i64| self.token(token).is_some_and(|token| !token.unique);
        let changed = self.delta.holdings.iter().map(|(&(account, token), now)| {
            let balance = |holding: &Holding| holding.balance;
            let before = self.base.holdings.get(&(account, token)).map_or(0, balance);
            let amount = now.as_ref().map_or(0, balance) - before;
            TokenTransfer { token, account, amount }
        });
        changed.filter(|change| change.amount != 0 && fungible(change.token)).collect()
    }

    /// The pieces that changed hands.
    pub(crate) fn nft_transfers(&self) -> Vec<NftTransfer> {
        let changed = self.delta.nfts.iter().map(|(&(token, serial), now)| {
            let from = self.base.nfts.get(&(token, serial)).map(|piece| piece.owner);
            NftTransfer { token, serial, from, to: now.as_ref().map(|piece| piece.owner) }
        });
        changed.filter(|change| change.from != change.to).collect()
    }

    /// The associations that transfers made, as (account, token).
    pub(crate) fn automatic_associations(&self) -> Vec<(i64, i64)> {
        let new = self.delta.holdings.iter().filter(|(key, now)| {
            now.as_ref().is_some_and(|holding| holding.automatic)
                && !self.base.holdings.contains_key(key)
        });
        new.map(|(key, _)| *key).collect()
    }

    /// The changes so far, of a draft that is a part of another one.
    pub(crate) fn finish_quietly(self) -> Delta {
        self.delta
    }

    /// How many accounts there are now that there were not before.
    pub(crate) fn new_accounts(&self) -> usize {
        self.delta.accounts.keys().filter(|num| self.base.account(**num).is_none()).count()
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
