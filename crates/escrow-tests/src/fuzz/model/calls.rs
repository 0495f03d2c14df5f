//! What each function of the contract does, and when it refuses.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};

use super::{Entry, Model, Role, blank};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, state};
use crate::fuzz::refusal::{Answer, ensure, in_range, less, out_of_range, within};
use crate::stage::DAY;

impl Model {
    // ---- sponsors ----

    pub(in crate::fuzz) fn deposit(&mut self, sponsor: Address, amount: u128) -> Answer {
        self.not_paused()?;
        ensure(amount > 0, abi::NothingToDo {})?;
        *self.free.entry(sponsor).or_default() += amount;
        Ok(())
    }

    pub(in crate::fuzz) fn allow(&mut self, sponsor: Address, amount: u128, bps: u16) -> Answer {
        self.allowed.insert(sponsor, (amount, bps));
        Ok(())
    }

    pub(in crate::fuzz) fn withdraw(&mut self, sponsor: Address, amount: u128) -> Answer {
        ensure(amount > 0, abi::NothingToDo {})?;
        self.take_free(sponsor, amount)
    }

    pub(in crate::fuzz) fn recover(&mut self, by: Address, id: B256) -> Answer {
        let entry = self.entry(id, state::ACTIVE)?;
        ensure(by == entry.shown.sponsor, abi::NotSponsor {})?;
        let until = entry.shown.refundAfter;
        ensure(self.now >= until, abi::TooEarly { until })?;
        self.give_back(id);
        Ok(())
    }

    // ---- operator ----

    pub(in crate::fuzz) fn create(
        &mut self,
        by: Address,
        call: &abi::createCampaignCall,
    ) -> Answer {
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

    pub(in crate::fuzz) fn top_up(
        &mut self,
        by: Address,
        id: B256,
        budget: u128,
        fee: u128,
    ) -> Answer {
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

    pub(in crate::fuzz) fn cancel(&mut self, by: Address, id: B256) -> Answer {
        self.only(Role::Operator, by)?;
        self.entry(id, state::ACTIVE)?;
        self.give_back(id);
        Ok(())
    }

    pub(in crate::fuzz) fn close(&mut self, by: Address, call: &abi::closeCall) -> Answer {
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

    pub(in crate::fuzz) fn pay(
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

    pub(in crate::fuzz) fn refund(&mut self, by: Address, id: B256) -> Answer {
        let entry = self.entry(id, state::CLOSED)?;
        self.may_end(by, entry)?;
        let due = self.due(entry);
        ensure(due > 0, abi::NothingToDo {})?;
        self.give(id, due);
        Ok(())
    }

    pub(in crate::fuzz) fn finalise(&mut self, by: Address, id: B256) -> Answer {
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
    pub(in crate::fuzz) fn claim(
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

    pub(in crate::fuzz) fn withdraw_credit(&mut self, account: Address) -> Answer {
        let credit = self.credits.get(&account).copied().unwrap_or_default();
        ensure(credit > 0, abi::NothingToDo {})?;
        ensure(!self.shut.contains(&account), abi::TransferFailed {})?;
        self.credits.remove(&account);
        Ok(())
    }

    // ---- powers ----

    pub(in crate::fuzz) fn withdraw_fees(&mut self, by: Address, amount: u128) -> Answer {
        self.only(Role::Treasury, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        self.fees = less(self.fees, amount)?;
        Ok(())
    }

    pub(in crate::fuzz) fn sweep(&mut self, by: Address, amount: u128) -> Answer {
        self.only(Role::Admin, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        self.surplus = less(self.surplus, amount)?;
        Ok(())
    }

    pub(in crate::fuzz) fn set_ceiling(&mut self, by: Address, per_hour: u128) -> Answer {
        self.only(Role::Admin, by)?;
        if per_hour == 0 {
            return Err(out_of_range(U256::ZERO, U256::from(1), U256::from(u128::MAX)));
        }
        self.ceiling = per_hour;
        Ok(())
    }

    pub(in crate::fuzz) fn pause(&mut self, by: Address) -> Answer {
        self.only(Role::Guardian, by)?;
        self.not_paused()?;
        self.paused_since = Some(self.now);
        Ok(())
    }

    pub(in crate::fuzz) fn unpause(&mut self, by: Address) -> Answer {
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
