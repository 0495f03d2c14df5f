//! One sponsor, one campaign, and the steps that lead to the scene that a test is about.

use alloy_primitives::{Address, B256, Bytes};

use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, Service};
use crate::allocation::{Allocation, Line};
use crate::artefact::creation_code;
use crate::chain::{Done, address, digest};
use crate::escrow::{Escrow, HBAR, ONE, Refused};

/// A claim window that tests agree on.
pub const WINDOW: u64 = 7 * DAY;
/// How long after creation an open campaign can be recovered.
pub const REFUND_AFTER: u64 = 40 * DAY;
/// Seconds.
pub const DAY: u64 = 24 * HOUR;
/// Seconds.
pub const HOUR: u64 = 3600;
/// What the sponsor deposits and allows: 1,000 HBAR.
pub const DEPOSIT: u128 = 1_000 * ONE;
/// The campaign's budget: 100 HBAR.
pub const BUDGET: u128 = 100 * ONE;
/// Its fee: 10 HBAR, just what a cap of 1,000 basis points lets pass.
pub const FEE: u128 = 10 * ONE;

/// The scene.
pub struct Stage {
    /// The contract.
    pub escrow: Escrow,
    /// Who pays.
    pub sponsor: Address,
    /// In what.
    pub asset: Address,
    /// The campaign.
    pub id: B256,
}

impl Stage {
    /// A sponsor who deposited and allowed [`DEPOSIT`], fees up to 10%.
    pub fn funded() -> Self {
        Self::funded_in(Escrow::deploy())
    }

    /// The same with this contract.
    ///
    /// # Panics
    /// When the contract refuses a deposit.
    pub fn funded_in(mut escrow: Escrow) -> Self {
        let sponsor = address("sponsor");
        escrow.chain.fund(sponsor, 2 * DEPOSIT);
        escrow
            .pay(sponsor, DEPOSIT, abi::depositAndAllowCall { amount: DEPOSIT, maxFeeBps: 1_000 })
            .expect("a deposit is taken");
        Self { escrow, sponsor, asset: HBAR, id: digest("campaign") }
    }

    /// The campaign runs with [`BUDGET`] and [`FEE`].
    pub fn running() -> Self {
        Self::funded().run()
    }

    /// The campaign is closed over lines with these amounts.
    pub fn closed(amounts: &[u128]) -> (Self, Allocation) {
        Self::funded().run_and_close(amounts)
    }

    /// The same sponsor deposited and allowed as much of a token, and has as much left. The token
    /// belongs to nobody else.
    ///
    /// # Panics
    /// When the contract refuses a deposit.
    pub fn with_token() -> Self {
        let mut stage = Self::funded();
        stage.escrow.chain.open_hts();
        stage.asset = stage.add_token();
        let Self { escrow, sponsor, asset, .. } = &mut stage;
        escrow.chain.approve(*asset, *sponsor, escrow.address, 2 * DEPOSIT);
        let deposit = abi::depositTokenAndAllowCall {
            token: *asset,
            amount: DEPOSIT,
            allowed: DEPOSIT,
            maxFeeBps: 1_000,
        };
        escrow.call(*sponsor, deposit).expect("a deposit is taken");
        stage
    }

    /// A new listed token, of which the sponsor has twice [`DEPOSIT`].
    ///
    /// # Panics
    /// When the contract does not list it.
    pub fn add_token(&mut self) -> Address {
        let Self { escrow, sponsor, .. } = self;
        let token = escrow.chain.create_token(address("token treasury"), u64::MAX >> 1);
        let units = u64::try_from(2 * DEPOSIT).expect("it fits");
        escrow.chain.hts(&Service::grantCall { token, to: *sponsor, units });
        let list = abi::listTokenCall { token, payoutCeilingPerHour: 1_000_000 * ONE };
        escrow.call(escrow.people.admin, list).expect("it is listed");
        token
    }

    /// Starts the campaign with [`BUDGET`] and [`FEE`].
    ///
    /// # Panics
    /// When it cannot be.
    #[must_use]
    pub fn run(mut self) -> Self {
        self.create(BUDGET, FEE).expect("it is created");
        self
    }

    /// Starts the campaign and closes it over lines with these amounts.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn run_and_close(self, amounts: &[u128]) -> (Self, Allocation) {
        let mut stage = self.run();
        let allocation = stage.allocation(amounts);
        stage.close(&allocation).expect("it is closed");
        (stage, allocation)
    }

    /// Lines 0, 1, 2, … with these amounts, of profiles named after them.
    pub fn allocation(&self, amounts: &[u128]) -> Allocation {
        let lines = amounts.iter().zip(0..).map(|(&amount, index)| {
            let profile = digest(&format!("profile {index}"));
            Line { index, profile, amount }
        });
        Allocation::new(self.escrow.address, self.id, lines.collect())
    }

    /// The call that creates the campaign, to be spoilt by a test.
    pub fn create_call(&self, budget: u128, fee: u128) -> abi::createCampaignCall {
        abi::createCampaignCall {
            id: self.id,
            sponsor: self.sponsor,
            asset: self.asset,
            budget,
            fee,
            claimWindow: u32::try_from(WINDOW).expect("it is a week"),
            refundAfter: self.escrow.chain.now() + REFUND_AFTER,
        }
    }

    /// The operator creates the campaign.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn create(&mut self, budget: u128, fee: u128) -> Result<Done, Refused> {
        let call = self.create_call(budget, fee);
        self.operate(call)
    }

    /// The operator calls.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn operate(&mut self, call: impl alloy_sol_types::SolCall) -> Result<Done, Refused> {
        self.escrow.call(self.escrow.people.operator, call)
    }

    /// The operator closes over `allocation`.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn close(&mut self, allocation: &Allocation) -> Result<Done, Refused> {
        let (root, total) = (allocation.root(), allocation.total());
        self.operate(abi::closeCall { id: self.id, root, total })
    }

    /// The operator pays a batch.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn pay(&mut self, batch: u32, entries: Vec<B256>) -> Result<Done, Refused> {
        self.operate(abi::payBatchCall { id: self.id, batch, entries })
    }

    /// The claim of `account` for the line at `position`, rightly bound, to be spoilt by a test.
    pub fn claim_call(
        &self,
        allocation: &Allocation,
        position: usize,
        account: Address,
    ) -> abi::claimCall {
        let Line { index, profile, amount } = allocation.lines()[position];
        let binder = &self.escrow.people.binder;
        abi::claimCall {
            id: self.id,
            index,
            profile,
            amount,
            proof: allocation.proof(position),
            binding: binder.bind(self.escrow.address, self.id, index, account),
        }
    }

    /// `account` claims the line at `position`.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn claim(
        &mut self,
        allocation: &Allocation,
        position: usize,
        account: Address,
    ) -> Result<Done, Refused> {
        let call = self.claim_call(allocation, position, account);
        self.escrow.call(account, call)
    }

    /// `from` asks for the refund that is due.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn refund(&mut self, from: Address) -> Result<Done, Refused> {
        self.escrow.call(from, abi::refundCall { id: self.id })
    }

    /// `from` finalises the campaign.
    ///
    /// # Errors
    /// Why the contract refused.
    pub fn finalise(&mut self, from: Address) -> Result<Done, Refused> {
        self.escrow.call(from, abi::finaliseCall { id: self.id })
    }

    /// The guardian pauses.
    ///
    /// # Panics
    /// When it is paused already.
    pub fn pause(&mut self) {
        let guardian = self.escrow.people.guardian;
        self.escrow.call(guardian, abi::pauseCall {}).expect("the guardian can pause");
    }

    /// The admin lifts the pause.
    ///
    /// # Panics
    /// When it is not paused.
    pub fn unpause(&mut self) {
        let admin = self.escrow.people.admin;
        self.escrow.call(admin, abi::unpauseCall {}).expect("the admin can unpause");
    }

    /// The campaign as the contract tells it.
    pub fn campaign(&mut self) -> Campaign {
        self.escrow.campaign(self.id)
    }

    /// What the sponsor has free.
    pub fn free(&mut self) -> u128 {
        self.escrow.free_of(self.sponsor, self.asset)
    }

    /// Puts one of `contracts/test/Recipients.sol` on the chain.
    ///
    /// # Panics
    /// When it cannot be deployed.
    pub fn recipient(&mut self, name: &str) -> Address {
        let code: Bytes = creation_code(name);
        let (address, _) =
            self.escrow.chain.deploy(address("tester"), &code).expect("a recipient is deployed");
        address
    }

    /// The contract's books are covered by what it has.
    ///
    /// # Panics
    /// When they are not.
    pub fn assert_covered(&mut self) {
        for asset in [HBAR, self.asset] {
            let (has, owes) = (self.escrow.balance_of(asset), self.escrow.liabilities_of(asset));
            assert!(has >= owes, "the contract has {has} and owes {owes} of {asset}");
        }
    }
}
