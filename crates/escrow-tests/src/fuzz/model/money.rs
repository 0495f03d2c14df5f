//! Money that comes in, is locked and goes out, asset by asset.

use alloy_primitives::{Address, B256, U256};

use super::tokens::SUCCESS;
use super::{Model, Role};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, EscrowError, state};
use crate::escrow::HBAR;
use crate::fuzz::refusal::{Answer, ensure, less, out_of_range, within};

impl Model {
    // ---- sponsors ----

    pub(in crate::fuzz) fn deposit(&mut self, sponsor: Address, amount: u128) -> Answer {
        self.not_paused()?;
        ensure(amount > 0, abi::NothingToDo {})?;
        *self.free.entry((HBAR, sponsor)).or_default() += amount;
        Ok(())
    }

    pub(in crate::fuzz) fn deposit_token(
        &mut self,
        token: Address,
        sponsor: Address,
        amount: u128,
    ) -> Answer {
        self.not_paused()?;
        self.listed(token)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        let mut tokens = self.tokens.clone();
        let code = tokens.transfer(token, sponsor, self.address, amount);
        ensure(code == SUCCESS, abi::TokenRefused { token, code: U256::from(code) })?;
        let had = self.tokens.of(token).has(self.address);
        let arrived = tokens.of(token).has(self.address) - had;
        ensure(arrived > 0, abi::NothingToDo {})?;
        self.tokens = tokens;
        *self.free.entry((token, sponsor)).or_default() += arrived;
        Ok(())
    }

    pub(in crate::fuzz) fn allow(
        &mut self,
        asset: Address,
        sponsor: Address,
        amount: u128,
        bps: u16,
    ) -> Answer {
        self.allowed.insert((asset, sponsor), (amount, bps));
        Ok(())
    }

    pub(in crate::fuzz) fn withdraw(
        &mut self,
        asset: Address,
        sponsor: Address,
        amount: u128,
    ) -> Answer {
        ensure(amount > 0, abi::NothingToDo {})?;
        let rest = less(self.free_of(asset, sponsor), amount)?;
        self.send(asset, sponsor, amount)?;
        self.free.insert((asset, sponsor), rest);
        Ok(())
    }

    // ---- participants ----

    pub(in crate::fuzz) fn withdraw_credit(&mut self, asset: Address, account: Address) -> Answer {
        let credit = self.credit_of(asset, account);
        ensure(credit > 0, abi::NothingToDo {})?;
        self.send(asset, account, credit)?;
        self.credits.remove(&(asset, account));
        Ok(())
    }

    // ---- powers ----

    pub(in crate::fuzz) fn withdraw_fees(
        &mut self,
        asset: Address,
        by: Address,
        amount: u128,
    ) -> Answer {
        self.only(Role::Treasury, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        let rest = less(self.fees_of(asset), amount)?;
        self.send(asset, by, amount)?;
        self.fees.insert(asset, rest);
        Ok(())
    }

    pub(in crate::fuzz) fn sweep(&mut self, asset: Address, by: Address, amount: u128) -> Answer {
        self.only(Role::Admin, by)?;
        ensure(amount > 0, abi::NothingToDo {})?;
        let rest = less(self.surplus_of(asset), amount)?;
        self.send(asset, by, amount)?;
        self.surplus.insert(asset, rest);
        Ok(())
    }

    pub(in crate::fuzz) fn set_ceiling(
        &mut self,
        asset: Address,
        by: Address,
        per_hour: u128,
    ) -> Answer {
        self.only(Role::Admin, by)?;
        if per_hour == 0 {
            return Err(out_of_range(U256::ZERO, U256::from(1), U256::from(u128::MAX)));
        }
        self.ceilings.insert(asset, per_hour);
        Ok(())
    }

    pub(in crate::fuzz) fn list(&mut self, token: Address, by: Address, ceiling: u128) -> Answer {
        self.only(Role::Admin, by)?;
        self.free_of_charge(token)?;
        self.listed.insert(token, true);
        self.set_ceiling(token, by, ceiling)
    }

    pub(in crate::fuzz) fn unlist(&mut self, token: Address, by: Address) -> Answer {
        self.only(Role::Admin, by)?;
        self.listed(token)?;
        self.listed.insert(token, false);
        Ok(())
    }

    // ---- inside ----

    fn listed(&self, asset: Address) -> Answer {
        let listed = self.listed.get(&asset).copied().unwrap_or_default();
        ensure(asset == HBAR || listed, abi::UnsupportedAsset { asset })
    }

    fn free_of_charge(&self, token: Address) -> Answer {
        ensure(self.tokens.of(token).charges_in.is_none(), abi::TokenCharges { token })
    }

    pub(super) fn lock(
        &mut self,
        asset: Address,
        sponsor: Address,
        budget: u128,
        fee: u128,
    ) -> Answer {
        self.listed(asset)?;
        let (allowed, cap) = self.allowed_of(asset, sponsor);
        let bps = (fee * 10_000).div_ceil(budget);
        let above = abi::FeeAboveCap { feeBps: U256::from(bps), capBps: U256::from(cap) };
        ensure(bps <= u128::from(cap), above)?;
        let needed = budget + fee;
        let short = abi::InsufficientAllowance {
            available: U256::from(allowed),
            needed: U256::from(needed),
        };
        ensure(needed <= allowed, short)?;
        let rest = less(self.free_of(asset, sponsor), needed)?;
        self.free.insert((asset, sponsor), rest);
        self.allowed.insert((asset, sponsor), (allowed - needed, cap));
        Ok(())
    }

    /// Pays all of `lines` or none.
    pub(super) fn spend(&mut self, id: B256, lines: &[(Address, u128)]) -> Answer {
        let amount: u128 = lines.iter().map(|(_, amount)| amount).sum();
        let Campaign { asset, total, paid, budget, refunded, .. } =
            self.entry(id, state::CLOSED)?.shown;
        within(total, paid + amount)?;
        within(budget - refunded, paid + amount)?;
        let room = self.room(asset);
        let reached =
            abi::PayoutCeilingReached { available: U256::from(room), wanted: U256::from(amount) };
        ensure(amount <= room, reached)?;
        self.deliver(asset, lines)?;
        self.payouts.push((asset, self.now, amount));
        self.entry_mut(id, state::CLOSED)?.shown.paid += amount;
        Ok(())
    }

    /// Sends, and credits what cannot be sent.
    fn deliver(&mut self, asset: Address, lines: &[(Address, u128)]) -> Answer {
        let mut credited = Vec::new();
        if asset == HBAR {
            credited.extend(lines.iter().filter(|(account, _)| self.shut.contains(account)));
        } else {
            self.free_of_charge(asset)?;
            let mut tokens = self.tokens.clone();
            let mut sent = 0;
            for &(account, amount) in lines {
                if tokens.transfer(asset, self.address, account, amount) == SUCCESS {
                    sent += amount;
                } else {
                    credited.push((account, amount));
                }
            }
            self.moved(asset, &tokens, sent)?;
            self.tokens = tokens;
        }
        for (account, amount) in credited {
            *self.credits.entry((asset, account)).or_default() += amount;
        }
        Ok(())
    }

    /// Sends what somebody asked for.
    fn send(&mut self, asset: Address, to: Address, amount: u128) -> Answer {
        if asset == HBAR {
            return ensure(!self.shut.contains(&to), abi::TransferFailed {});
        }
        self.free_of_charge(asset)?;
        let mut tokens = self.tokens.clone();
        let code = tokens.transfer(asset, self.address, to, amount);
        ensure(code == SUCCESS, abi::TokenRefused { token: asset, code: U256::from(code) })?;
        self.moved(asset, &tokens, amount)?;
        self.tokens = tokens;
        Ok(())
    }

    /// What left is what was sent.
    fn moved(&self, token: Address, after: &super::Tokens, sent: u128) -> Result<(), EscrowError> {
        let left = self.tokens.of(token).has(self.address) - after.of(token).has(self.address);
        ensure(left == sent, abi::TokenMisbehaved { token })
    }
}
