//! The token service of the tests, at 0x167, and the tokens that it knows.

use alloy_primitives::{Address, address};
use alloy_sol_types::SolCall;

use crate::abi::{Service, Token};
use crate::artefact::creation_code;
use crate::chain::{self, Chain};
use crate::escrow::{HBAR, small};

/// Where Hedera has it.
pub const HTS: Address = address!("0x0000000000000000000000000000000000000167");

/// What an account is to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Can have some.
    pub associated: bool,
    /// Would be associated by a transfer.
    pub automatic: bool,
    /// Can neither send nor receive.
    pub frozen: bool,
    /// Its KYC was granted.
    pub kyc: bool,
}

/// Has no relation to the token.
pub const STRANGER: Holding =
    Holding { associated: false, automatic: false, frozen: false, kyc: false };

/// Can send and receive.
pub const ASSOCIATED: Holding = Holding { associated: true, kyc: true, ..STRANGER };

/// How a token misbehaves; `contracts/test/Wicked.sol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "said where they are done")]
pub enum Mode {
    Honest,
    SaysYes,
    SaysNo,
    MovesTwice,
    Reverts,
    RevertsWithYes,
    Burns,
    Floods,
    Mumbles,
    Boasts,
    Reenters,
}

impl Chain {
    /// Opens the service.
    pub fn open_hts(&mut self) {
        self.replace(HTS, "Hts");
    }

    /// The same service, in which tokens can be made wicked.
    pub fn open_wicked_hts(&mut self) {
        self.replace(HTS, "WickedHts");
    }

    /// Puts the code of a test contract at an address.
    ///
    /// # Panics
    /// When it cannot be deployed.
    pub fn replace(&mut self, at: Address, contract: &str) {
        let from = chain::address("deployer of mocks");
        let (copy, _) = self.deploy(from, &creation_code(contract)).expect("it is deployed");
        self.copy_code(copy, at);
    }

    /// A new token, all of it with `treasury`.
    ///
    /// # Panics
    /// When the mock cannot be deployed.
    pub fn create_token(&mut self, treasury: Address, units: u64) -> Address {
        let from = chain::address("deployer of tokens");
        let (token, _) = self.deploy(from, &creation_code("HtsToken")).expect("it is deployed");
        self.hts(&Service::createCall { token, treasury, units });
        token
    }

    /// Tells the service something.
    ///
    /// # Panics
    /// When it refuses.
    pub fn hts(&mut self, call: &impl SolCall) {
        let tester = chain::address("tester");
        self.transact(tester, HTS, 0, call.abi_encode().into()).expect("the mock does as told");
    }

    /// Makes an account what it is to be to a token.
    pub fn set_holding(&mut self, token: Address, account: Address, holding: Holding) {
        let Holding { associated, automatic, frozen, kyc } = holding;
        self.hts(&Service::setHoldingCall { token, account, associated, automatic, frozen, kyc });
    }

    /// What a transfer of the token costs.
    pub fn set_fees(&mut self, token: Address, cut_bps: u16, fixed: u64, fixed_in: Address) {
        let (cut, fee) = (cut_bps, fixed);
        let call = Service::setFeesCall { token, cutBps: cut, fixedFee: fee, fixedIn: fixed_in };
        self.hts(&call);
    }

    /// Makes a token wicked.
    pub fn set_mode(&mut self, token: Address, mode: Mode) {
        self.hts(&Service::setModeCall { token, mode: mode as u8 });
    }

    /// Approves `spender` for `amount` of `owner`'s units.
    ///
    /// # Panics
    /// When the token refuses.
    pub fn approve(&mut self, token: Address, owner: Address, spender: Address, amount: u128) {
        let amount = amount.try_into().expect("it fits");
        let call = Token::approveCall { spender, amount }.abi_encode();
        self.transact(owner, token, 0, call.into()).expect("an approval is taken");
    }

    /// What an account has of an asset.
    ///
    /// # Panics
    /// When the token does not say.
    pub fn holds(&mut self, asset: Address, account: Address) -> u128 {
        if asset == HBAR {
            return small(self.balance(account));
        }
        let call = Token::balanceOfCall { account }.abi_encode();
        let answer = self.view(asset, call.into()).expect("the token answers");
        small(Token::balanceOfCall::abi_decode_returns(&answer).expect("with a number"))
    }
}
