//! What each step calls, and what it expects.
//!
//! Steps name campaigns and lines by number. Four times out of five the number counts only those
//! for which the call makes sense (a running campaign to close, a line not yet paid), else random
//! calls would mostly meet the first gate and never what is behind it.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;

use super::ACCEPTED;
use super::model::Model;
use super::steps::{By, Flaw, Part, Step};
use super::world::{CEILING, ORDINARY, Taken, World, pick};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, Recipient, state};
use crate::allocation::{Allocation, Line, entry};
use crate::chain::digest;
use crate::escrow::{HBAR, refused};

/// Numbers from here on count everything.
const WILD: u8 = 205;

impl World {
    pub(super) fn act(&mut self, step: &Step) -> Result<Taken, String> {
        let holders = self.model.holders.clone();
        match step {
            Step::Pass { seconds } => {
                self.escrow.chain.pass((*seconds).into());
                self.model.now = self.escrow.chain.now();
                Ok(None)
            }
            Step::NativeTransfer { asset, amount } => Ok(self.native_transfer(*asset, *amount)),
            Step::Change { token, what } => {
                self.change(self.assets[usize::from(*token)], *what);
                Ok(None)
            }
            Step::Deposit { asset, sponsor, part, allow } => {
                self.deposit(self.assets[usize::from(*asset)], *sponsor, *part, *allow)
            }
            Step::Allow { asset, sponsor, part, max_fee_bps } => {
                let asset = self.assets[usize::from(*asset)];
                let sponsor = pick(&self.sponsors, *sponsor);
                let amount = part.of(self.model.free_of(asset, sponsor));
                let call = abi::allowCall { asset, amount, maxFeeBps: *max_fee_bps };
                self.call(sponsor, &call, |m| m.allow(asset, sponsor, amount, *max_fee_bps))
            }
            Step::Withdraw { by, asset, sponsor, part } => {
                let asset = self.assets[usize::from(*asset)];
                let sponsor = pick(&self.sponsors, *sponsor);
                let by = self.caller(*by, sponsor);
                let amount = part.of(self.model.free_of(asset, sponsor));
                let call = abi::withdrawCall { asset, amount };
                self.call(by, &call, |m| m.withdraw(asset, by, amount))
            }
            Step::WithdrawCredit { asset, account } => self.withdraw_credit(*asset, *account),
            Step::Shutter { open } => self.shutter(*open),
            Step::WithdrawFees { .. }
            | Step::Sweep { .. }
            | Step::SetCeiling { .. }
            | Step::List { .. }
            | Step::Unlist { .. } => self.act_with_power(step),
            Step::Pause { by } => {
                let by = self.caller(*by, holders.guardian);
                self.call(by, &abi::pauseCall {}, |m| m.pause(by))
            }
            Step::Unpause { by } => {
                let by = self.caller(*by, holders.admin);
                self.call(by, &abi::unpauseCall {}, |m| m.unpause(by))
            }
            _ => self.act_on_campaign(step),
        }
    }

    fn act_with_power(&mut self, step: &Step) -> Result<Taken, String> {
        let holders = self.model.holders.clone();
        match step {
            Step::WithdrawFees { by, asset, part } => {
                let (by, to) = (self.caller(*by, holders.treasury), holders.treasury);
                let asset = self.assets[usize::from(*asset)];
                let amount = part.of(self.model.fees_of(asset));
                let call = abi::withdrawFeesCall { asset, to, amount };
                self.call(by, &call, |m| m.withdraw_fees(asset, by, amount))
            }
            Step::Sweep { by, asset, part } => {
                let (by, to) = (self.caller(*by, holders.admin), holders.admin);
                let asset = self.assets[usize::from(*asset)];
                let amount = part.of(self.model.surplus_of(asset));
                let call = abi::sweepSurplusCall { asset, to, amount };
                self.call(by, &call, |m| m.sweep(asset, by, amount))
            }
            Step::SetCeiling { by, asset, units } => {
                let by = self.caller(*by, holders.admin);
                let asset = self.assets[usize::from(*asset)];
                let per_hour = u128::from(*units) * CEILING / 64;
                let call = abi::setPayoutCeilingCall { asset, perHour: per_hour };
                self.call(by, &call, |m| m.set_ceiling(asset, by, per_hour))
            }
            Step::List { by, token } => {
                let by = self.caller(*by, holders.admin);
                let token = self.assets[usize::from(*token)];
                let call = abi::listTokenCall { token, payoutCeilingPerHour: CEILING };
                self.call(by, &call, |m| m.list(token, by, CEILING))
            }
            Step::Unlist { by, token } => {
                let by = self.caller(*by, holders.admin);
                let token = self.assets[usize::from(*token)];
                self.call(by, &abi::unlistTokenCall { token }, |m| m.unlist(token, by))
            }
            _ => Err(format!("{step:?} is nobody's power")),
        }
    }

    fn act_on_campaign(&mut self, step: &Step) -> Result<Taken, String> {
        let operator = self.model.holders.operator;
        match step {
            Step::Create { .. } => self.create(step),
            Step::TopUp { by, slot, budget, fee_bps } => {
                let (by, id) = (self.caller(*by, operator), self.target(*slot, state::ACTIVE));
                let Campaign { asset, sponsor, .. } = self.model.shown(id);
                let budget = budget.of(self.lockable(asset, sponsor, *fee_bps));
                let fee = budget * u128::from(*fee_bps) / 10_000;
                let call = abi::topUpCall { id, budget, fee };
                self.call(by, &call, |m| m.top_up(by, id, budget, fee))
            }
            Step::Cancel { by, slot } => {
                let (by, id) = (self.caller(*by, operator), self.target(*slot, state::ACTIVE));
                self.call(by, &abi::cancelCall { id }, |m| m.cancel(by, id))
            }
            Step::Recover { by, slot } => {
                let id = self.target(*slot, state::ACTIVE);
                let by = self.caller(*by, self.model.shown(id).sponsor);
                self.call(by, &abi::recoverCall { id }, |m| m.recover(by, id))
            }
            Step::Close { by, slot, total, shares, short } => {
                let by = self.caller(*by, operator);
                self.close(by, self.target(*slot, state::ACTIVE), *total, shares, *short)
            }
            Step::Pay { by, slot, skew, lines } => {
                let by = self.caller(*by, operator);
                self.pay(by, self.target(*slot, state::CLOSED), *skew, lines)
            }
            Step::Claim { slot, line, account, flaw } => {
                self.claim(self.target(*slot, state::CLOSED), *line, *account, *flaw)
            }
            Step::Refund { by, slot } => {
                let id = self.target(*slot, state::CLOSED);
                let by = self.caller(*by, self.model.shown(id).sponsor);
                self.call(by, &abi::refundCall { id }, |m| m.refund(by, id))
            }
            Step::Finalise { by, slot } => {
                let (by, id) = (self.caller(*by, operator), self.target(*slot, state::CLOSED));
                self.call(by, &abi::finaliseCall { id }, |m| m.finalise(by, id))
            }
            _ => Err(format!("{step:?} is not about a campaign")),
        }
    }

    // ---- the longer steps ----

    fn deposit(
        &mut self,
        asset: Address,
        sponsor: u8,
        part: Part,
        allow: Option<(Part, u16)>,
    ) -> Result<Taken, String> {
        let sponsor = pick(&self.sponsors, sponsor);
        let purse = self.escrow.chain.holds(asset, sponsor);
        let free = self.model.free_of(asset, sponsor);
        // A sponsor cannot send more HBAR than it has; "too much" is nothing there.
        let too_much = if asset == HBAR { 0 } else { purse + 1 };
        let value = if matches!(part, Part::TooMuch) { too_much } else { part.of(purse / 8) };
        let amount = allow.map(|(allowed, bps)| (allowed.of(free + value), bps));
        let expect = |m: &mut Model| {
            if asset == HBAR {
                m.deposit(sponsor, value)?;
            } else {
                m.deposit_token(asset, sponsor, value)?;
            }
            amount.map_or(Ok(()), |(amount, bps)| m.allow(asset, sponsor, amount, bps))
        };
        match (asset == HBAR, amount) {
            (true, None) => self.pay_in(sponsor, value, &abi::depositCall {}, expect),
            (true, Some((amount, bps))) => {
                let call = abi::depositAndAllowCall { amount, maxFeeBps: bps };
                self.pay_in(sponsor, value, &call, expect)
            }
            (false, None) => {
                let call = abi::depositTokenCall { token: asset, amount: value };
                self.call(sponsor, &call, expect)
            }
            (false, Some((allowed, bps))) => {
                let (token, amount) = (asset, value);
                let call = abi::depositTokenAndAllowCall { token, amount, allowed, maxFeeBps: bps };
                self.call(sponsor, &call, expect)
            }
        }
    }

    fn create(&mut self, step: &Step) -> Result<Taken, String> {
        let Step::Create { by, slot, asset, sponsor, budget, fee_bps, terms } = step else {
            return Err("not a creation".to_owned());
        };
        let by = self.caller(*by, self.model.holders.operator);
        let asset = self.assets[usize::from(*asset)];
        let sponsor = pick(&self.sponsors, *sponsor);
        let budget = budget.of(self.lockable(asset, sponsor, *fee_bps));
        let call = abi::createCampaignCall {
            id: self.target(*slot, state::NONE),
            sponsor,
            asset,
            budget,
            fee: budget * u128::from(*fee_bps) / 10_000,
            claimWindow: terms.0,
            refundAfter: self.model.now + u64::from(terms.1),
        };
        self.call(by, &call, |m| m.create(by, &call))
    }

    fn close(
        &mut self,
        by: Address,
        id: B256,
        total: Part,
        shares: &[u8],
        short: bool,
    ) -> Result<Taken, String> {
        let sum: u128 = shares.iter().map(|share| u128::from(*share)).sum();
        let whole = total.of(self.model.shown(id).budget);
        let lines = shares.iter().zip(0..).map(|(share, index)| Line {
            index,
            profile: digest(&format!("{id} {index}")),
            amount: whole * u128::from(*share) / sum,
        });
        let allocation = Allocation::new(self.escrow.address, id, lines.collect());
        // A root whose lines add up to more than the total: what a wrong or rogue operator commits.
        let total = if short { whole / 2 } else { whole };
        let call = abi::closeCall { id, root: allocation.root(), total };
        let taken = self.call(by, &call, |m| m.close(by, &call))?;
        if matches!(&taken, Some((_, answer)) if answer == ACCEPTED) {
            self.allocations.insert(id, allocation);
        }
        Ok(taken)
    }

    fn pay(
        &mut self,
        by: Address,
        id: B256,
        skew: u8,
        lines: &[(u8, u8, bool)],
    ) -> Result<Taken, String> {
        let lines: Vec<(Address, u64, u32)> = lines
            .iter()
            .map(|&(line, account, double)| {
                let account = pick(&self.participants, account);
                let (index, amount) = match self.line(id, line) {
                    Some((_, line)) => (line.index, line.amount),
                    None => (line.into(), 1),
                };
                let amount = if double { amount * 2 } else { amount };
                (account, u64::try_from(amount).unwrap_or(u64::MAX), index)
            })
            .collect();
        let entries = lines.iter().map(|&(account, amount, index)| entry(account, amount, index));
        let batch = self.model.shown(id).lastBatch + 1 + u32::from(skew);
        let call = abi::payBatchCall { id, batch, entries: entries.collect() };
        self.call(by, &call, |m| m.pay(by, id, batch, &lines))
    }

    fn claim(&mut self, id: B256, line: u8, account: u8, flaw: Flaw) -> Result<Taken, String> {
        // Contracts claim in the tests of the rules; here the caller signs for itself.
        let account = pick(&self.participants[..ORDINARY], account);
        let found = self.line(id, line);
        let nowhere = Line { index: line.into(), profile: B256::ZERO, amount: 1 };
        let (position, Line { index, profile, amount }) = found.unwrap_or((0, nowhere));
        let proof = match self.allocations.get(&id) {
            Some(allocation) if flaw != Flaw::Proof => allocation.proof(position),
            _ => vec![digest("not a proof")],
        };
        let amount = if flaw == Flaw::Amount { amount + 1 } else { amount };
        let binding = self.binding(flaw == Flaw::Signer, id, index, account);
        let call = abi::claimCall { id, index, profile, amount, proof, binding };
        let by = if flaw == Flaw::Thief { self.participants[ORDINARY - 1] } else { account };
        let proven = found.is_some() && !matches!(flaw, Flaw::Amount | Flaw::Proof);
        let bound = flaw != Flaw::Signer && by == account;
        self.call(by, &call, |m| m.claim(by, &call, proven, bound))
    }

    fn withdraw_credit(&mut self, asset: u8, account: u8) -> Result<Taken, String> {
        let mut owed = self.model.credits.keys().cycle().skip(usize::from(account));
        let (asset, account) = match owed.next().copied() {
            Some(owed) if account < WILD => owed,
            _ => (self.assets[usize::from(asset)], pick(&self.participants, account)),
        };
        let call = abi::withdrawCreditCall { asset };
        if self.participants[..ORDINARY].contains(&account) {
            return self.call(account, &call, |m| m.withdraw_credit(asset, account));
        }
        let target = self.escrow.address;
        let data = call.abi_encode().into();
        let act = Recipient::actCall { target, value: U256::ZERO, data }.abi_encode().into();
        let caller = self.cast[0];
        let answer = self.escrow.chain.transact(caller, account, 0, act).map_err(refused);
        self.compare_answer("withdrawCredit", answer, |m| m.withdraw_credit(asset, account))
    }

    fn shutter(&mut self, open: bool) -> Result<Taken, String> {
        let shutter = self.participants[ORDINARY];
        let call = Recipient::setCall { open }.abi_encode().into();
        let done = self.escrow.chain.transact(self.cast[0], shutter, 0, call);
        done.map_err(|failed| format!("{failed:?}"))?;
        if open {
            self.model.shut.remove(&shutter);
        } else {
            self.model.shut.insert(shutter);
        }
        Ok(None)
    }

    // ---- choosing ----

    /// The largest budget that balance and allowance leave, with its fee.
    fn lockable(&self, asset: Address, sponsor: Address, fee_bps: u16) -> u128 {
        let (allowed, _) = self.model.allowed_of(asset, sponsor);
        let both = allowed.min(self.model.free_of(asset, sponsor));
        both * 10_000 / (10_000 + u128::from(fee_bps))
    }

    fn caller(&self, by: By, right: Address) -> Address {
        match by {
            By::Right => right,
            By::Any(n) => pick(&self.cast, n),
        }
    }

    /// The n-th campaign in `wanted` state, or for a wild number any.
    fn target(&self, n: u8, wanted: u8) -> B256 {
        let found: Vec<B256> = self
            .ids
            .iter()
            .copied()
            .filter(|id| n >= WILD || self.model.state_of(*id) == wanted)
            .collect();
        *found.get(usize::from(n) % found.len().max(1)).unwrap_or(&self.ids[0])
    }

    /// The n-th line that is not paid, or for a wild number any.
    fn line(&self, id: B256, n: u8) -> Option<(usize, Line)> {
        let lines = self.allocations.get(&id)?.lines().iter().copied().enumerate();
        let open: Vec<_> =
            lines.filter(|(_, line)| n >= WILD || !self.model.is_paid(id, line.index)).collect();
        open.get(usize::from(n) % open.len().max(1)).copied()
    }
}
