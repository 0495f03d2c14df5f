//! An accountant who knows none of the rules.
//!
//! It reads the log and the balances and keeps its own books. What it demands would have to hold
//! for any escrow: no line twice, no campaign beyond its money, no fee before its time, nothing
//! owed that is not there, no coin made or lost.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};

use crate::abi::EscrowEvent;
use crate::escrow::small;
use crate::stage::HOUR;

#[derive(Default)]
struct Campaign {
    budget: u128,
    fee: u128,
    total: u128,
    paid: u128,
    refunded: u128,
    lines: BTreeSet<u32>,
    batches: BTreeSet<u32>,
}

/// The books.
#[derive(Default)]
pub(super) struct Auditor {
    campaigns: BTreeMap<B256, Campaign>,
    /// In by deposit, out by anything.
    deposited: u128,
    left: u128,
    /// In past the contract's code, and what was swept of it.
    surplus: u128,
    fees_earned: u128,
    fees_taken: u128,
    ceiling: u128,
    payouts: Vec<(u64, u128)>,
    /// What everybody outside should have.
    wallets: BTreeMap<Address, u128>,
}

impl Auditor {
    /// Begins with the ceiling of the deployment and what everybody has.
    pub(super) fn new(ceiling: u128, wallets: BTreeMap<Address, u128>) -> Self {
        Self { ceiling, wallets, ..Self::default() }
    }

    /// Money came in past the contract's code.
    pub(super) fn native_transfer(&mut self, amount: u128) {
        self.surplus += amount;
    }

    /// Books what a transaction logged.
    ///
    /// # Errors
    /// What should never have happened.
    pub(super) fn read(&mut self, now: u64, events: &[EscrowEvent]) -> Result<(), String> {
        for event in events {
            self.book(now, event)?;
        }
        Ok(())
    }

    /// Compares the books with what the contract has and says that it owes.
    ///
    /// # Errors
    /// What does not agree.
    pub(super) fn compare(&self, balance: u128, liabilities: u128) -> Result<(), String> {
        let owed = self.deposited.checked_sub(self.left).ok_or("more left than was deposited")?;
        if balance < liabilities {
            return Err(format!("the contract has {balance} and owes {liabilities}"));
        }
        if balance != owed + self.surplus {
            let surplus = self.surplus;
            return Err(format!("it has {balance}; {owed} + {surplus} should be there"));
        }
        if liabilities != owed {
            return Err(format!("it says that it owes {liabilities}; it owes {owed}"));
        }
        Ok(())
    }

    /// Compares what everybody has with what the log says that they got.
    ///
    /// # Errors
    /// Who has more or less.
    pub(super) fn compare_wallets(
        &self,
        mut has: impl FnMut(Address) -> u128,
    ) -> Result<(), String> {
        for (account, expected) in &self.wallets {
            let has = has(*account);
            if has != *expected {
                return Err(format!("{account} has {has}, the log says {expected}"));
            }
        }
        Ok(())
    }

    fn book(&mut self, now: u64, event: &EscrowEvent) -> Result<(), String> {
        match event {
            EscrowEvent::Deposited(e) => {
                self.deposited += small(e.amount);
                let wallet = self.wallets.entry(e.sponsor).or_default();
                let rest = wallet.checked_sub(small(e.amount));
                *wallet = rest.ok_or("a sponsor deposited more than it had")?;
            }
            EscrowEvent::Withdrawn(e) => self.leave(e.sponsor, e.amount),
            EscrowEvent::CreditWithdrawn(e) => self.leave(e.account, e.amount),
            EscrowEvent::FeesWithdrawn(e) => {
                self.leave(e.to, e.amount);
                self.fees_taken += small(e.amount);
                if self.fees_taken > self.fees_earned {
                    let (taken, earned) = (self.fees_taken, self.fees_earned);
                    return Err(format!("{taken} fees were taken of {earned} earned"));
                }
            }
            EscrowEvent::SurplusSwept(e) => {
                let rest = self.surplus.checked_sub(small(e.amount));
                self.surplus = rest.ok_or("more than the surplus was swept")?;
                *self.wallets.entry(e.to).or_default() += small(e.amount);
            }
            EscrowEvent::PayoutCeilingSet(e) => self.ceiling = e.perHour,
            EscrowEvent::CampaignCreated(e) => {
                let (budget, fee) = (e.budget, e.fee);
                let campaign = Campaign { budget, fee, ..Campaign::default() };
                if self.campaigns.insert(e.id, campaign).is_some() {
                    return Err("a campaign was created twice".to_owned());
                }
            }
            EscrowEvent::CampaignToppedUp(e) => {
                let campaign = self.campaign(e.id)?;
                campaign.budget += e.budget;
                campaign.fee += e.fee;
            }
            EscrowEvent::CampaignCancelled(e) => self.campaign(e.id)?.refunded += e.returned,
            EscrowEvent::Recovered(e) => self.campaign(e.id)?.refunded += e.returned,
            EscrowEvent::CampaignClosed(e) => {
                let campaign = self.campaign(e.id)?;
                campaign.total = e.total;
                let fee = std::mem::take(&mut campaign.fee);
                self.fees_earned += fee;
            }
            EscrowEvent::Paid(e) => self.paid(now, e)?,
            EscrowEvent::BatchPaid(e) => {
                let batches = &mut self.campaign(e.id)?.batches;
                if !batches.insert(e.batch) {
                    return Err(format!("batch {} was paid twice", e.batch));
                }
            }
            EscrowEvent::Refunded(e) => self.campaign(e.id)?.refunded += e.amount,
            _ => {}
        }
        self.campaigns.values().try_for_each(Campaign::check)
    }

    fn paid(&mut self, now: u64, e: &crate::abi::HashbuzzEscrow::Paid) -> Result<(), String> {
        let campaign = self.campaign(e.id)?;
        campaign.paid += e.amount;
        if !campaign.lines.insert(e.index) {
            return Err(format!("line {} was paid twice", e.index));
        }
        if !e.credited {
            self.leave(e.account, U256::from(e.amount));
        }
        self.payouts.retain(|(at, _)| at + HOUR > now);
        self.payouts.push((now, e.amount));
        let hour: u128 = self.payouts.iter().map(|(_, amount)| amount).sum();
        if hour > self.ceiling {
            return Err(format!("{hour} were paid in an hour, the ceiling is {}", self.ceiling));
        }
        Ok(())
    }

    fn leave(&mut self, to: Address, amount: U256) {
        self.left += small(amount);
        *self.wallets.entry(to).or_default() += small(amount);
    }

    fn campaign(&mut self, id: B256) -> Result<&mut Campaign, String> {
        self.campaigns.get_mut(&id).ok_or_else(|| "an event of an unknown campaign".to_owned())
    }
}

impl Campaign {
    fn check(&self) -> Result<(), String> {
        let Self { budget, fee, total, paid, refunded, .. } = self;
        if paid > total {
            return Err(format!("{paid} were paid of a total of {total}"));
        }
        if paid + refunded > budget + fee {
            return Err(format!("{paid} paid and {refunded} refunded of {budget} + {fee}"));
        }
        Ok(())
    }
}
