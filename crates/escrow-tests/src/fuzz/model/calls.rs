//! What the functions about campaigns do, and when they refuse.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};

use super::{Entry, Model, Role, blank};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, state};
use crate::fuzz::refusal::{Answer, ensure, in_range, within};
use crate::stage::DAY;

impl Model {
    // ---- sponsors ----

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
        self.lock(call.asset, call.sponsor, call.budget, call.fee)?;
        let shown = Campaign {
            sponsor: call.sponsor,
            state: state::ACTIVE,
            asset: call.asset,
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
        let Campaign { asset, sponsor, .. } = self.entry(id, state::ACTIVE)?.shown;
        ensure(budget > 0, abi::NothingToDo {})?;
        self.lock(asset, sponsor, budget, fee)?;
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
        let Campaign { asset, fee, .. } = entry.shown;
        *self.fees.entry(asset).or_default() += fee;
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
        let lines: Vec<_> = lines.iter().map(|&(to, amount, _)| (to, amount.into())).collect();
        self.spend(id, &lines)?;
        let entry = self.entry_mut(id, state::CLOSED)?;
        entry.paid_lines = marks;
        entry.shown.lastBatch = batch;
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
        self.spend(call.id, &[(by, call.amount)])?;
        self.entry_mut(call.id, state::CLOSED)?.paid_lines.insert(index);
        Ok(())
    }

    // ---- powers ----

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

    fn may_end(&self, by: Address, entry: &Entry) -> Answer {
        let open_from = self.claim_until(entry) + 30 * DAY;
        let known = by == entry.shown.sponsor || by == self.holders.operator;
        ensure(known || self.now >= open_from, abi::TooEarly { until: open_from })
    }

    fn give(&mut self, id: B256, amount: u128) {
        let shown = &mut self.campaigns.get_mut(&id).expect("it is there").shown;
        shown.refunded += amount;
        *self.free.entry((shown.asset, shown.sponsor)).or_default() += amount;
    }

    fn give_back(&mut self, id: B256) {
        let shown = &mut self.campaigns.get_mut(&id).expect("it is there").shown;
        shown.state = state::CANCELLED;
        let all = shown.budget + shown.fee;
        self.give(id, all);
    }
}
