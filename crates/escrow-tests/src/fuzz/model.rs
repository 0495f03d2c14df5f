//! The escrow's rules once more, in Rust.
//!
//! Written from the interface and the domain's rules, with other means than the contract: there is
//! no counter of liabilities here (they are added up when asked for), a line is a number in a set,
//! and the ceiling looks at every payout of the last hour. Each method answers what the contract
//! must answer, to the error's arguments, and changes the model if the answer is yes.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};

use super::refusal::{Answer, ensure, in_range, less, out_of_range, within};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, EscrowError, state};
use crate::escrow::HBAR;
use crate::stage::{DAY, HOUR};

/// A campaign and what the contract does not show of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// As the contract shows it, but for the growth of `claimUntil`.
    pub(super) shown: Campaign,
    paid_lines: BTreeSet<u32>,
    paused_at_close: u64,
}

/// Who holds which role, in the order admin, operator, guardian, treasury.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    pub(super) admin: Address,
    pub(super) operator: Address,
    pub(super) guardian: Address,
    pub(super) treasury: Address,
}

/// The escrow as it ought to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) holders: Holders,
    pub(super) roles: [B256; 3],
    pub(super) free: BTreeMap<Address, u128>,
    pub(super) allowed: BTreeMap<Address, (u128, u16)>,
    pub(super) credits: BTreeMap<Address, u128>,
    pub(super) fees: u128,
    pub(super) surplus: u128,
    pub(super) ceiling: u128,
    pub(super) campaigns: BTreeMap<B256, Entry>,
    /// Contracts that refuse money.
    pub(super) shut: BTreeSet<Address>,
    payouts: Vec<(u64, u128)>,
    paused_since: Option<u64>,
    paused_before: u64,
}

/// The role that a function wants.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Operator,
    Guardian,
    Treasury,
    Admin,
}

impl Model {
    pub(super) fn new(now: u64, ceiling: u128, holders: Holders, roles: [B256; 3]) -> Self {
        Self { now, ceiling, holders, roles, ..Self::default() }
    }

    // ---- questions ----

    /// All that is owed to anybody.
    pub(super) fn liabilities(&self) -> u128 {
        let free: u128 = self.free.values().sum();
        let credits: u128 = self.credits.values().sum();
        let held: u128 = self.campaigns.values().map(|entry| held(&entry.shown)).sum();
        free + credits + held + self.fees
    }

    pub(super) fn free_of(&self, sponsor: Address) -> u128 {
        self.free.get(&sponsor).copied().unwrap_or_default()
    }

    /// The campaign as the contract shows it.
    pub(super) fn shown(&self, id: B256) -> Campaign {
        let Some(entry) = self.campaigns.get(&id) else { return blank() };
        let mut shown = entry.shown.clone();
        if shown.state == state::CLOSED {
            shown.claimUntil = self.claim_until(entry);
        }
        shown
    }

    pub(super) fn state_of(&self, id: B256) -> u8 {
        self.campaigns.get(&id).map_or(state::NONE, |entry| entry.shown.state)
    }

    pub(super) fn refundable(&self, id: B256) -> u128 {
        match self.campaigns.get(&id) {
            Some(entry) if entry.shown.state == state::CLOSED => self.due(entry),
            _ => 0,
        }
    }

    pub(super) fn is_paid(&self, id: B256, index: u32) -> bool {
        self.campaigns.get(&id).is_some_and(|entry| entry.paid_lines.contains(&index))
    }

    pub(super) fn room(&self) -> u128 {
        let recent = self.payouts.iter().filter(|(at, _)| at + HOUR > self.now);
        self.ceiling.saturating_sub(recent.map(|(_, amount)| amount).sum())
    }

    pub(super) fn paused_seconds(&self) -> u64 {
        self.paused_before + self.paused_since.map_or(0, |since| self.now - since)
    }

    fn claim_until(&self, entry: &Entry) -> u64 {
        let paused = self.paused_seconds() - entry.paused_at_close;
        entry.shown.claimUntil + paused.min(30 * DAY)
    }

    fn due(&self, entry: &Entry) -> u128 {
        let c = &entry.shown;
        let promised = if self.now < self.claim_until(entry) { c.total } else { c.paid };
        c.budget - promised - c.refunded
    }

    // ---- gates ----

    fn only(&self, role: Role, account: Address) -> Answer {
        let (holder, role) = match role {
            Role::Operator => (self.holders.operator, self.roles[0]),
            Role::Guardian => (self.holders.guardian, self.roles[1]),
            Role::Treasury => (self.holders.treasury, self.roles[2]),
            Role::Admin => (self.holders.admin, B256::ZERO),
        };
        let refusal = abi::AccessControlUnauthorizedAccount { account, neededRole: role };
        ensure(account == holder, refusal)
    }

    fn not_paused(&self) -> Answer {
        ensure(self.paused_since.is_none(), abi::EnforcedPause {})
    }

    fn entry(&self, id: B256, wanted: u8) -> Result<&Entry, EscrowError> {
        let state = self.state_of(id);
        let found = self.campaigns.get(&id).filter(|_| state == wanted);
        found.ok_or_else(|| abi::WrongState { id, state }.into())
    }

    fn entry_mut(&mut self, id: B256, wanted: u8) -> Result<&mut Entry, EscrowError> {
        self.entry(id, wanted)?;
        Ok(self.campaigns.get_mut(&id).expect("it was just there"))
    }

    // ---- sponsors ----

    pub(super) fn deposit(&mut self, sponsor: Address, amount: u128) -> Answer {
        self.not_paused()?;
        ensure(amount > 0, abi::NothingToDo {})?;
        *self.free.entry(sponsor).or_default() += amount;
        Ok(())
    }

    pub(super) fn allow(&mut self, sponsor: Address, amount: u128, bps: u16) -> Answer {
        self.allowed.insert(sponsor, (amount, bps));
        Ok(())
    }

    pub(super) fn withdraw(&mut self, sponsor: Address, amount: u128) -> Answer {
        ensure(amount > 0, abi::NothingToDo {})?;
        self.take_free(sponsor, amount)
    }

    pub(super) fn recover(&mut self, by: Address, id: B256) -> Answer {
        let entry = self.entry(id, state::ACTIVE)?;
        ensure(by == entry.shown.sponsor, abi::NotSponsor {})?;
        let until = entry.shown.refundAfter;
        ensure(self.now >= until, abi::TooEarly { until })?;
        self.give_back(id);
        Ok(())
    }

    // ---- operator ----

    pub(super) fn create(&mut self, by: Address, call: &abi::createCampaignCall) -> Answer {
        self.only(Role::Operator, by)?;
        self.not_paused()?;
        ensure(!self.campaigns.contains_key(&call.id), abi::CampaignExists { id: call.id })?;
        ensure(call.budget > 0, abi::NothingToDo {})?;
        in_range(call.claimWindow.into(), 0, 60 * DAY)?;
        in_range(call.refundAfter, self.now + 1, self.now + 180 * DAY)?;
        self.lock(call.sponsor, call.budget, call.fee)?;
        let shown = Campaign {
            sponsor: call.sponsor,
            state: state::ACTIVE,
            claimWindow: call.claimWindow,
            refundAfter: call.refundAfter,
            budget: call.budget,
            fee: call.fee,
            ..blank()
        };
        let entry = Entry { shown, paid_lines: BTreeSet::new(), paused_at_close: 0 };
        self.campaigns.insert(call.id, entry);
        Ok(())
    }

    pub(super) fn top_up(&mut self, by: Address, id: B256, budget: u128, fee: u128) -> Answer {
        self.only(Role::Operator, by)?;
        self.not_paused()?;
        let sponsor = self.entry(id, state::ACTIVE)?.shown.sponsor;
        ensure(budget > 0, abi::NothingToDo {})?;
        self.lock(sponsor, budget, fee)?;
        let entry = self.entry_mut(id, state::ACTIVE)?;
        entry.shown.budget += budget;
        entry.shown.fee += fee;
        Ok(())
    }

    pub(super) fn cancel(&mut self, by: Address, id: B256) -> Answer {
        self.only(Role::Operator, by)?;
        self.entry(id, state::ACTIVE)?;
        self.give_back(id);
        Ok(())
    }

    pub(super) fn close(&mut self, by: Address, call: &abi::closeCall) -> Answer {
        self.only(Role::Operator, by)?;
        self.not_paused()?;
        let (now, paused) = (self.now, self.paused_seconds());
        let entry = self.entry_mut(call.id, state::ACTIVE)?;
        within(entry.shown.budget, call.total)?;
        entry.paused_at_close = paused;
        entry.shown.state = state::CLOSED;
        entry.shown.root = call.root;
        entry.shown.total = call.total;
        entry.shown.claimUntil = now + u64::from(entry.shown.claimWindow);
        self.fees += entry.shown.fee;
        Ok(())
    }

    pub(super) fn pay(
        &mut self,
        by: Address,
        id: B256,
        batch: u32,
        lines: &[(Address, u64, u32)],
    ) -> Answer {
        self.only(Role::Operator, by)?;
        self.not_paused()?;
        let entry = self.entry(id, state::CLOSED)?;
        let expected = entry.shown.lastBatch + 1;
        ensure(batch == expected, abi::WrongBatch { expected, given: batch })?;
        ensure(!lines.is_empty(), abi::NothingToDo {})?;
        let mut marks = entry.paid_lines.clone();
        for &(_, amount, index) in lines {
            ensure(amount > 0, abi::NothingToDo {})?;
            ensure(marks.insert(index), abi::AlreadyPaid { index })?;
        }
        self.spend(id, lines.iter().map(|&(_, amount, _)| u128::from(amount)).sum())?;
        let entry = self.entry_mut(id, state::CLOSED)?;
        entry.paid_lines = marks;
        entry.shown.lastBatch = batch;
        for &(account, amount, _) in lines {
            self.receive(account, amount.into());
        }
        Ok(())
    }

    pub(super) fn refund(&mut self, by: Address, id: B256) -> Answer {
        let entry = self.entry(id, state::CLOSED)?;
        self.may_end(by, entry)?;
        let due = self.due(entry);
        ensure(due > 0, abi::NothingToDo {})?;
        self.give(id, due);
        Ok(())
    }

    pub(super) fn finalise(&mut self, by: Address, id: B256) -> Answer {
        let entry = self.entry(id, state::CLOSED)?;
        self.may_end(by, entry)?;
        let until = self.claim_until(entry);
        ensure(self.now >= until, abi::TooEarly { until })?;
        let due = self.due(entry);
        self.give(id, due);
        let entry = self.entry_mut(id, state::CLOSED)?;
        entry.shown.state = state::FINALISED;
        entry.shown.claimUntil = until;
        Ok(())
    }

    // ---- participants ----

    /// `proven` and `bound`: whether proof and binding are what they should be.
    pub(super) fn claim(
        &mut self,
        by: Address,
        call: &abi::claimCall,
        proven: bool,
        bound: bool,
    ) -> Answer {
        let entry = self.entry(call.id, state::CLOSED)?;
        ensure(call.amount > 0, abi::NothingToDo {})?;
        let index = call.index;
        ensure(!entry.paid_lines.contains(&index), abi::AlreadyPaid { index })?;
        ensure(proven, abi::BadProof {})?;
        ensure(bound, abi::BadBinding {})?;
        self.spend(call.id, call.amount)?;
        self.entry_mut(call.id, state::CLOSED)?.paid_lines.insert(index);
        self.receive(by, call.amount);
        Ok(())
    }

    pub(super) fn withdraw_credit(&mut self, account: Address) -> Answer {
        let credit = self.credits.get(&account).copied().unwrap_or_default();
        ensure(credit > 0, abi::NothingToDo {})?;
        ensure(!self.shut.contains(&account), abi::TransferFailed {})?;
        self.credits.remove(&account);
        Ok(())
    }

    // ---- powers ----

    pub(super) fn withdraw_fees(&mut self, by: Address, amount: u128) -> Answer {
        self.only(Role::Treasury, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        self.fees = less(self.fees, amount)?;
        Ok(())
    }

    pub(super) fn sweep(&mut self, by: Address, amount: u128) -> Answer {
        self.only(Role::Admin, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        self.surplus = less(self.surplus, amount)?;
        Ok(())
    }

    pub(super) fn set_ceiling(&mut self, by: Address, per_hour: u128) -> Answer {
        self.only(Role::Admin, by)?;
        if per_hour == 0 {
            return Err(out_of_range(U256::ZERO, U256::from(1), U256::from(u128::MAX)));
        }
        self.ceiling = per_hour;
        Ok(())
    }

    pub(super) fn pause(&mut self, by: Address) -> Answer {
        self.only(Role::Guardian, by)?;
        self.not_paused()?;
        self.paused_since = Some(self.now);
        Ok(())
    }

    pub(super) fn unpause(&mut self, by: Address) -> Answer {
        self.only(Role::Admin, by)?;
        ensure(self.paused_since.is_some(), abi::ExpectedPause {})?;
        self.paused_before = self.paused_seconds();
        self.paused_since = None;
        Ok(())
    }

    // ---- inside ----

    fn take_free(&mut self, sponsor: Address, amount: u128) -> Answer {
        let rest = less(self.free_of(sponsor), amount)?;
        self.free.insert(sponsor, rest);
        Ok(())
    }

    fn lock(&mut self, sponsor: Address, budget: u128, fee: u128) -> Answer {
        let (allowed, cap) = self.allowed.get(&sponsor).copied().unwrap_or_default();
        let bps = (fee * 10_000).div_ceil(budget);
        let above = abi::FeeAboveCap { feeBps: U256::from(bps), capBps: U256::from(cap) };
        ensure(bps <= u128::from(cap), above)?;
        let needed = budget + fee;
        let short = abi::InsufficientAllowance {
            available: U256::from(allowed),
            needed: U256::from(needed),
        };
        ensure(needed <= allowed, short)?;
        self.take_free(sponsor, needed)?;
        self.allowed.insert(sponsor, (allowed - needed, cap));
        Ok(())
    }

    fn spend(&mut self, id: B256, amount: u128) -> Answer {
        let c = &self.entry(id, state::CLOSED)?.shown;
        within(c.total, c.paid + amount)?;
        within(c.budget - c.refunded, c.paid + amount)?;
        let room = self.room();
        let reached =
            abi::PayoutCeilingReached { available: U256::from(room), wanted: U256::from(amount) };
        ensure(amount <= room, reached)?;
        self.payouts.push((self.now, amount));
        self.entry_mut(id, state::CLOSED)?.shown.paid += amount;
        Ok(())
    }

    fn receive(&mut self, account: Address, amount: u128) {
        if self.shut.contains(&account) {
            *self.credits.entry(account).or_default() += amount;
        }
    }

    fn may_end(&self, by: Address, entry: &Entry) -> Answer {
        let open_from = self.claim_until(entry) + 30 * DAY;
        let known = by == entry.shown.sponsor || by == self.holders.operator;
        ensure(known || self.now >= open_from, abi::TooEarly { until: open_from })
    }

    fn give(&mut self, id: B256, amount: u128) {
        let shown = &mut self.campaigns.get_mut(&id).expect("it is there").shown;
        shown.refunded += amount;
        *self.free.entry(shown.sponsor).or_default() += amount;
    }

    fn give_back(&mut self, id: B256) {
        let shown = &mut self.campaigns.get_mut(&id).expect("it is there").shown;
        shown.state = state::CANCELLED;
        let all = shown.budget + shown.fee;
        self.give(id, all);
    }
}

/// What of a campaign is still in the contract as the campaign's own.
fn held(c: &Campaign) -> u128 {
    match c.state {
        state::ACTIVE => c.budget + c.fee,
        state::CLOSED | state::FINALISED => c.budget - c.paid - c.refunded,
        _ => 0,
    }
}

fn blank() -> Campaign {
    Campaign {
        sponsor: Address::ZERO,
        state: state::NONE,
        lastBatch: 0,
        claimWindow: 0,
        asset: HBAR,
        refundAfter: 0,
        budget: 0,
        fee: 0,
        total: 0,
        paid: 0,
        refunded: 0,
        claimUntil: 0,
        root: B256::ZERO,
    }
}
