//! The tokens around the contract: who can have them, what a transfer costs, how they lie.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::hts::{Holding, Mode, STRANGER};

/// What the token service answers when it did as it was asked.
pub(in crate::fuzz) const SUCCESS: u64 = 22;

/// One token.
#[derive(Clone, Debug)]
pub(in crate::fuzz) struct Token {
    pub(in crate::fuzz) mode: Mode,
    pub(in crate::fuzz) paused: bool,
    /// Of what is sent, what the recipient does not get.
    pub(in crate::fuzz) cut_bps: u16,
    /// Whoever sends pays one unit of this.
    pub(in crate::fuzz) charges_in: Option<Address>,
    pub(in crate::fuzz) holdings: BTreeMap<Address, Holding>,
    pub(in crate::fuzz) units: BTreeMap<Address, u128>,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            mode: Mode::Honest,
            paused: false,
            cut_bps: 0,
            charges_in: None,
            holdings: BTreeMap::new(),
            units: BTreeMap::new(),
        }
    }
}

impl Token {
    fn holding(&self, account: Address) -> Holding {
        self.holdings.get(&account).copied().unwrap_or(STRANGER)
    }

    pub(in crate::fuzz) fn has(&self, account: Address) -> u128 {
        self.units.get(&account).copied().unwrap_or_default()
    }

    /// Why `amount` cannot move, if it cannot.
    fn refusal(&self, from: Address, to: Address, amount: u128) -> Option<u64> {
        let (sender, recipient) = (self.holding(from), self.holding(to));
        if self.paused {
            return Some(265);
        }
        if !sender.associated || !(recipient.associated || recipient.automatic) {
            return Some(184);
        }
        if sender.frozen || recipient.frozen {
            return Some(165);
        }
        if !sender.kyc || !recipient.kyc {
            return Some(176);
        }
        (self.has(from) < amount).then_some(178)
    }

    /// What arrives of `amount`.
    pub(in crate::fuzz) fn rest(&self, amount: u128) -> u128 {
        amount - amount * u128::from(self.cut_bps) / 10_000
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(in crate::fuzz) struct Tokens(pub(in crate::fuzz) BTreeMap<Address, Token>);

impl Tokens {
    pub(in crate::fuzz) fn of(&self, token: Address) -> &Token {
        self.0.get(&token).expect("the token is known")
    }

    pub(in crate::fuzz) fn of_mut(&mut self, token: Address) -> &mut Token {
        self.0.get_mut(&token).expect("the token is known")
    }

    /// Moves, or answers why not.
    fn shift(&mut self, token: Address, from: Address, to: Address, amount: u128) -> u64 {
        let it = self.of(token);
        if let Some(code) = it.refusal(from, to, amount) {
            return code;
        }
        if let Some(other) = it.charges_in {
            let purse = self.of_mut(other).units.entry(from).or_default();
            let Some(rest) = purse.checked_sub(1) else { return 259 };
            *purse = rest;
        }
        let it = self.of_mut(token);
        let rest = it.rest(amount);
        *it.units.entry(from).or_default() -= amount;
        *it.units.entry(to).or_default() += rest;
        it.holdings.entry(to).or_insert(STRANGER).associated = true;
        SUCCESS
    }

    /// What the service answers to a transfer, and what it does.
    pub(in crate::fuzz) fn transfer(
        &mut self,
        token: Address,
        from: Address,
        to: Address,
        amount: u128,
    ) -> u64 {
        match self.of(token).mode {
            Mode::Honest => self.shift(token, from, to, amount),
            Mode::SaysYes => SUCCESS,
            Mode::SaysNo => {
                self.shift(token, from, to, amount);
                178
            }
            Mode::MovesTwice => {
                let code = self.shift(token, from, to, amount);
                if code == SUCCESS {
                    self.shift(token, from, to, amount);
                }
                code
            }
            _ => 0,
        }
    }
}
