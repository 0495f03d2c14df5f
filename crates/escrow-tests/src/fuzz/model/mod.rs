//! The escrow's rules once more, in Rust.
//!
//! Written from the interface and the domain's rules, with other means than the contract: there is
//! no counter of liabilities here (they are added up when asked for), a line is a number in a set,
//! and the ceiling looks at every payout of the last hour. Each method answers what the contract
//! must answer, to the error's arguments, and changes the model if the answer is yes.

mod calls;
mod money;
pub(in crate::fuzz) mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};

use self::tokens::Tokens;
use super::refusal::{Answer, ensure};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, EscrowError, state};
use crate::escrow::HBAR;
use crate::stage::{DAY, HOUR};

/// A campaign and what the contract does not show of it.
#[derive(Clone, Debug)]
pub(in crate::fuzz) struct Entry {
    /// As the contract shows it, but for the growth of `claimUntil`.
    pub(in crate::fuzz) shown: Campaign,
    paid_lines: BTreeSet<u32>,
    paused_at_close: u64,
}

/// By asset and account.
pub(in crate::fuzz) type Books<T> = BTreeMap<(Address, Address), T>;

/// Who holds which role, in the order admin, operator, guardian, treasury.
#[derive(Clone, Debug, Default)]
pub(in crate::fuzz) struct Holders {
    pub(in crate::fuzz) admin: Address,
    pub(in crate::fuzz) operator: Address,
    pub(in crate::fuzz) guardian: Address,
    pub(in crate::fuzz) treasury: Address,
}

/// The escrow as it ought to be.
#[derive(Clone, Debug, Default)]
pub(in crate::fuzz) struct Model {
    pub(in crate::fuzz) now: u64,
    pub(in crate::fuzz) holders: Holders,
    pub(in crate::fuzz) roles: [B256; 3],
    /// The contract itself.
    pub(in crate::fuzz) address: Address,
    pub(in crate::fuzz) free: Books<u128>,
    pub(in crate::fuzz) allowed: Books<(u128, u16)>,
    pub(in crate::fuzz) credits: Books<u128>,
    pub(in crate::fuzz) fees: BTreeMap<Address, u128>,
    pub(in crate::fuzz) surplus: BTreeMap<Address, u128>,
    pub(in crate::fuzz) ceilings: BTreeMap<Address, u128>,
    /// Tokens that were ever listed, and whether they still are.
    pub(in crate::fuzz) listed: BTreeMap<Address, bool>,
    pub(in crate::fuzz) tokens: Tokens,
    pub(in crate::fuzz) campaigns: BTreeMap<B256, Entry>,
    /// Contracts that refuse money.
    pub(in crate::fuzz) shut: BTreeSet<Address>,
    payouts: Vec<(Address, u64, u128)>,
    paused_since: Option<u64>,
    paused_before: u64,
}

/// The role that a function wants.
#[derive(Clone, Copy)]
pub(in crate::fuzz) enum Role {
    Operator,
    Guardian,
    Treasury,
    Admin,
}

impl Model {
    pub(in crate::fuzz) fn new(
        address: Address,
        now: u64,
        ceiling: u128,
        holders: Holders,
        roles: [B256; 3],
    ) -> Self {
        let ceilings = BTreeMap::from([(HBAR, ceiling)]);
        Self { address, now, ceilings, holders, roles, ..Self::default() }
    }

    // ---- questions ----

    /// All that is owed of an asset to anybody.
    pub(in crate::fuzz) fn liabilities(&self, asset: Address) -> u128 {
        let all = |books: &Books<u128>| -> u128 {
            books.iter().filter(|((of, _), _)| *of == asset).map(|(_, amount)| amount).sum()
        };
        let campaigns = self.campaigns.values().map(|entry| &entry.shown);
        let held: u128 = campaigns.filter(|shown| shown.asset == asset).map(held).sum();
        all(&self.free) + all(&self.credits) + held + self.fees_of(asset)
    }

    pub(in crate::fuzz) fn free_of(&self, asset: Address, sponsor: Address) -> u128 {
        self.free.get(&(asset, sponsor)).copied().unwrap_or_default()
    }

    pub(in crate::fuzz) fn allowed_of(&self, asset: Address, sponsor: Address) -> (u128, u16) {
        self.allowed.get(&(asset, sponsor)).copied().unwrap_or_default()
    }

    pub(in crate::fuzz) fn credit_of(&self, asset: Address, account: Address) -> u128 {
        self.credits.get(&(asset, account)).copied().unwrap_or_default()
    }

    pub(in crate::fuzz) fn fees_of(&self, asset: Address) -> u128 {
        self.fees.get(&asset).copied().unwrap_or_default()
    }

    pub(in crate::fuzz) fn surplus_of(&self, asset: Address) -> u128 {
        self.surplus.get(&asset).copied().unwrap_or_default()
    }

    /// The campaign as the contract shows it.
    pub(in crate::fuzz) fn shown(&self, id: B256) -> Campaign {
        let Some(entry) = self.campaigns.get(&id) else { return blank() };
        let mut shown = entry.shown.clone();
        if shown.state == state::CLOSED {
            shown.claimUntil = self.claim_until(entry);
        }
        shown
    }

    pub(in crate::fuzz) fn state_of(&self, id: B256) -> u8 {
        self.campaigns.get(&id).map_or(state::NONE, |entry| entry.shown.state)
    }

    pub(in crate::fuzz) fn refundable(&self, id: B256) -> u128 {
        match self.campaigns.get(&id) {
            Some(entry) if entry.shown.state == state::CLOSED => self.due(entry),
            _ => 0,
        }
    }

    pub(in crate::fuzz) fn is_paid(&self, id: B256, index: u32) -> bool {
        self.campaigns.get(&id).is_some_and(|entry| entry.paid_lines.contains(&index))
    }

    pub(in crate::fuzz) fn room(&self, asset: Address) -> u128 {
        let recent = self.payouts.iter().filter(|(of, at, _)| *of == asset && at + HOUR > self.now);
        let ceiling = self.ceilings.get(&asset).copied().unwrap_or_default();
        ceiling.saturating_sub(recent.map(|(_, _, amount)| amount).sum())
    }

    pub(in crate::fuzz) fn paused_seconds(&self) -> u64 {
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
