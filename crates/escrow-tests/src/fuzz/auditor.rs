//! An accountant who knows none of the rules.
//!
//! It reads the log and the balances and keeps its own books. What it demands would have to hold
//! for any escrow: no line twice, no campaign beyond its money, no fee before its time, nothing
//! owed that is not there, no coin made or lost.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256};

use crate::abi::EscrowEvent;
use crate::escrow::{HBAR, small};
use crate::stage::HOUR;

#[derive(Default)]
struct Campaign {
    asset: Address,
    sponsor: Address,
    budget: u128,
    fee: u128,
    total: u128,
    paid: u128,
    refunded: u128,
    lines: BTreeSet<u32>,
    batches: BTreeSet<u32>,
}

/// The books of one asset.
#[derive(Default)]
struct Purse {
    /// In by deposit, out by anything.
    deposited: u128,
    left: u128,
    /// In past the contract's code, and what was swept of it.
    surplus: u128,
    fees_earned: u128,
    fees_taken: u128,
    ceiling: u128,
    payouts: Vec<(u64, u128)>,
    /// Of what is sent, what the asset itself takes.
    cut_bps: u16,
}

/// What somebody has of an asset, by both.
pub(super) type Wallets = BTreeMap<(Address, Address), u128>;

/// The books.
#[derive(Default)]
pub(super) struct Auditor {
    campaigns: BTreeMap<B256, Campaign>,
    purses: BTreeMap<Address, Purse>,
    /// What everybody outside should have; of tokens, the participants.
    wallets: Wallets,
    /// What sponsors may take out, and what participants could not be sent.
    free: Wallets,
    credits: Wallets,
    /// Who got a token since wallets were compared.
    touched: BTreeSet<(Address, Address)>,
}

impl Auditor {
    /// Begins with what everybody has.
    pub(super) fn new(wallets: Wallets) -> Self {
        Self { wallets, ..Self::default() }
    }

    fn purse(&mut self, asset: Address) -> &mut Purse {
        self.purses.entry(asset).or_default()
    }

    /// An asset's ceiling at deployment.
    pub(super) fn ceiling(&mut self, asset: Address, ceiling: u128) {
        self.purse(asset).ceiling = ceiling;
    }

    /// Money came in past the contract's code.
    pub(super) fn native_transfer(&mut self, asset: Address, amount: u128) {
        self.purse(asset).surplus += amount;
    }

    /// From now on a token takes so much of what is sent.
    pub(super) fn cut(&mut self, token: Address, bps: u16) {
        self.purse(token).cut_bps = bps;
    }

    /// A participant gave a token away.
    pub(super) fn gave_away(&mut self, token: Address, account: Address) {
        self.wallets.entry((token, account)).and_modify(|has| *has = 0);
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

    /// Compares an asset's books with what the contract has and says that it owes.
    ///
    /// # Errors
    /// What does not agree.
    pub(super) fn compare(
        &mut self,
        asset: Address,
        balance: u128,
        liabilities: u128,
    ) -> Result<(), String> {
        let Purse { deposited, left, surplus, .. } = *self.purse(asset);
        let owed = deposited.checked_sub(left).ok_or("more left than was deposited")?;
        if balance < liabilities {
            return Err(format!("the contract has {balance} and owes {liabilities} of {asset}"));
        }
        if balance != owed + surplus {
            return Err(format!("it has {balance}; {owed} + {surplus} should be there of {asset}"));
        }
        if liabilities != owed {
            return Err(format!("it says that it owes {liabilities}; it owes {owed} of {asset}"));
        }
        Ok(())
    }

    /// Compares what everybody has with what the log says that they got; of tokens, those that
    /// got any, for to ask a token takes longer than most calls.
    ///
    /// # Errors
    /// Who has more or less.
    pub(super) fn compare_wallets(
        &mut self,
        everybody: bool,
        mut has: impl FnMut(Address, Address) -> u128,
    ) -> Result<(), String> {
        let touched = std::mem::take(&mut self.touched);
        for ((asset, account), expected) in &self.wallets {
            if !everybody && *asset != HBAR && !touched.contains(&(*asset, *account)) {
                continue;
            }
            let has = has(*asset, *account);
            if has != *expected {
                return Err(format!("{account} has {has} of {asset}, the log says {expected}"));
            }
        }
        Ok(())
    }

    fn book(&mut self, now: u64, event: &EscrowEvent) -> Result<(), String> {
        match event {
            EscrowEvent::Deposited(e) => {
                self.purse(e.asset).deposited += small(e.amount);
                *self.free.entry((e.asset, e.sponsor)).or_default() += small(e.amount);
                if e.asset != HBAR {
                    return Ok(());
                }
                let wallet = self.wallets.entry((HBAR, e.sponsor)).or_default();
                let rest = wallet.checked_sub(small(e.amount));
                *wallet = rest.ok_or("a sponsor deposited more than it had")?;
            }
            EscrowEvent::Withdrawn(e) => {
                take(&mut self.free, e.asset, e.sponsor, small(e.amount))?;
                self.leave(e.asset, e.sponsor, e.amount);
            }
            EscrowEvent::CreditWithdrawn(e) => {
                take(&mut self.credits, e.asset, e.account, small(e.amount))?;
                self.leave(e.asset, e.account, e.amount);
            }
            EscrowEvent::FeesWithdrawn(e) => {
                self.leave(e.asset, e.to, e.amount);
                let purse = self.purse(e.asset);
                purse.fees_taken += small(e.amount);
                let (taken, earned) = (purse.fees_taken, purse.fees_earned);
                if taken > earned {
                    return Err(format!("{taken} fees were taken of {earned} earned"));
                }
            }
            EscrowEvent::SurplusSwept(e) => {
                let purse = self.purse(e.asset);
                let rest = purse.surplus.checked_sub(small(e.amount));
                purse.surplus = rest.ok_or("more than the surplus was swept")?;
                self.receive(e.asset, e.to, small(e.amount));
            }
            EscrowEvent::PayoutCeilingSet(e) => self.purse(e.asset).ceiling = e.perHour,
            EscrowEvent::CampaignCreated(e) => self.created(e)?,
            EscrowEvent::CampaignToppedUp(e) => {
                let campaign = self.campaign(e.id)?;
                campaign.budget += e.budget;
                campaign.fee += e.fee;
                let (asset, sponsor) = (campaign.asset, campaign.sponsor);
                take(&mut self.free, asset, sponsor, e.budget + e.fee)?;
            }
            EscrowEvent::CampaignCancelled(e) => self.give_back(e.id, e.returned)?,
            EscrowEvent::Recovered(e) => self.give_back(e.id, e.returned)?,
            EscrowEvent::CampaignClosed(e) => {
                let campaign = self.campaign(e.id)?;
                campaign.total = e.total;
                let (asset, fee) = (campaign.asset, std::mem::take(&mut campaign.fee));
                self.purse(asset).fees_earned += fee;
            }
            EscrowEvent::Paid(e) => self.paid(now, e)?,
            EscrowEvent::BatchPaid(e) => {
                let batches = &mut self.campaign(e.id)?.batches;
                if !batches.insert(e.batch) {
                    return Err(format!("batch {} was paid twice", e.batch));
                }
            }
            EscrowEvent::Refunded(e) => self.give_back(e.id, e.amount)?,
            _ => {}
        }
        self.campaigns.values().try_for_each(Campaign::check)
    }

    fn created(&mut self, e: &crate::abi::HashbuzzEscrow::CampaignCreated) -> Result<(), String> {
        let (asset, sponsor, budget, fee) = (e.asset, e.sponsor, e.budget, e.fee);
        take(&mut self.free, asset, sponsor, budget + fee)?;
        let campaign = Campaign { asset, sponsor, budget, fee, ..Campaign::default() };
        if self.campaigns.insert(e.id, campaign).is_some() {
            return Err("a campaign was created twice".to_owned());
        }
        Ok(())
    }

    fn paid(&mut self, now: u64, e: &crate::abi::HashbuzzEscrow::Paid) -> Result<(), String> {
        let campaign = self.campaign(e.id)?;
        campaign.paid += e.amount;
        if !campaign.lines.insert(e.index) {
            return Err(format!("line {} was paid twice", e.index));
        }
        let asset = campaign.asset;
        if e.credited {
            *self.credits.entry((asset, e.account)).or_default() += e.amount;
        } else {
            self.leave(asset, e.account, U256::from(e.amount));
        }
        let purse = self.purse(asset);
        purse.payouts.retain(|(at, _)| at + HOUR > now);
        purse.payouts.push((now, e.amount));
        let hour: u128 = purse.payouts.iter().map(|(_, amount)| amount).sum();
        if hour > purse.ceiling {
            return Err(format!("{hour} were paid in an hour, the ceiling is {}", purse.ceiling));
        }
        Ok(())
    }

    fn give_back(&mut self, id: B256, amount: u128) -> Result<(), String> {
        let campaign = self.campaign(id)?;
        campaign.refunded += amount;
        let (asset, sponsor) = (campaign.asset, campaign.sponsor);
        *self.free.entry((asset, sponsor)).or_default() += amount;
        Ok(())
    }

    fn leave(&mut self, asset: Address, to: Address, amount: U256) {
        self.purse(asset).left += small(amount);
        self.receive(asset, to, small(amount));
    }

    fn receive(&mut self, asset: Address, to: Address, amount: u128) {
        if asset == HBAR {
            *self.wallets.entry((HBAR, to)).or_default() += amount;
        }
        let cut = amount * u128::from(self.purse(asset).cut_bps) / 10_000;
        if asset != HBAR
            && let Some(has) = self.wallets.get_mut(&(asset, to))
        {
            *has += amount - cut;
            self.touched.insert((asset, to));
        }
    }

    fn campaign(&mut self, id: B256) -> Result<&mut Campaign, String> {
        self.campaigns.get_mut(&id).ok_or_else(|| "an event of an unknown campaign".to_owned())
    }
}

fn take(books: &mut Wallets, asset: Address, account: Address, amount: u128) -> Result<(), String> {
    let has = books.entry((asset, account)).or_default();
    let rest = has.checked_sub(amount);
    *has = rest.ok_or_else(|| format!("{account} took {amount} of {asset}, and had {has}"))?;
    Ok(())
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
