//! What happens around the contract: tokens change, money comes in past its code.

use alloy_primitives::Address;

use super::steps::Change;
use super::world::{Taken, World, pick};
use crate::abi::Service;
use crate::escrow::HBAR;
use crate::hts::{ASSOCIATED, Holding, STRANGER};

impl World {
    pub(super) fn native_transfer(&mut self, asset: u8, amount: u32) -> Taken {
        let asset = self.assets[usize::from(asset)];
        let contract = self.escrow.address;
        if asset == HBAR {
            self.escrow.chain.fund(contract, amount.into());
        } else {
            let grant = Service::grantCall { token: asset, to: contract, units: amount.into() };
            self.escrow.chain.hts(&grant);
            let units = &mut self.model.tokens.of_mut(asset).units;
            *units.entry(contract).or_default() += u128::from(amount);
        }
        *self.model.surplus.entry(asset).or_default() += u128::from(amount);
        self.auditor.native_transfer(asset, amount.into());
        None
    }

    pub(super) fn change(&mut self, token: Address, what: Change) {
        match what {
            Change::Account { account, kind } => self.change_account(token, account, kind),
            Change::Fees { cut_bps, charges } => {
                let other = if token == self.assets[1] { self.assets[2] } else { self.assets[1] };
                self.escrow.chain.set_fees(token, cut_bps, charges.into(), other);
                let it = self.model.tokens.of_mut(token);
                (it.cut_bps, it.charges_in) = (cut_bps, charges.then_some(other));
                self.auditor.cut(token, cut_bps);
            }
            Change::Paused(paused) => {
                let call = Service::setTokenCall { token, paused, deleted: false, needsKyc: true };
                self.escrow.chain.hts(&call);
                self.model.tokens.of_mut(token).paused = paused;
            }
            Change::Mode(mode) => {
                self.escrow.chain.set_mode(token, mode);
                self.model.tokens.of_mut(token).mode = mode;
            }
        }
    }

    /// A participant can become anything; a sponsor does not part with its units.
    fn change_account(&mut self, token: Address, account: u8, kind: u8) {
        let sponsor = account.is_multiple_of(4);
        let account = pick(if sponsor { &self.sponsors } else { &self.participants }, account / 4);
        let holding = match kind {
            0 => Holding { frozen: true, ..ASSOCIATED },
            1 => Holding { kyc: false, ..ASSOCIATED },
            2 if !sponsor => STRANGER,
            3 if !sponsor => Holding { automatic: true, kyc: true, ..STRANGER },
            _ => ASSOCIATED,
        };
        self.escrow.chain.set_holding(token, account, holding);
        let it = self.model.tokens.of_mut(token);
        it.holdings.insert(account, holding);
        if !holding.associated {
            it.units.remove(&account);
            self.auditor.gave_away(token, account);
        }
    }
}
