//! The system contracts: tokens (0x167), exchange rate (0x168), random numbers (0x169) and accounts
//! (0x16a), and the ERC-20 facade that every token shows at its own address.
//!
//! They run on the ledger itself, so what they change is taken back with the frame that called
//! them. What they cost is the transaction's own price and a fifth more, in gas.

mod accounts;
mod facade;
mod info;
mod tokens;

use alloy_sol_types::{SolValue, sol};
use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code, key::Key as Kind};
use revm::primitives::{Address, Log, U256, keccak256};

use super::SYSTEM_CONTRACTS;
use crate::entity::{Stamp, long_zero_num};
use crate::fees::Schedule;
use crate::node::Kind as Transaction;
use crate::state::{Account, Contract, Draft};
use crate::token::{self, Movement};

/// The token service.
const TOKENS: i64 = 0x167;
/// Tinybars to tinycents and back.
const EXCHANGE_RATE: i64 = 0x168;
/// Random numbers.
const RANDOM: i64 = 0x169;
/// The account service.
const ACCOUNTS: i64 = 0x16a;

/// Does a call to this address go to a system contract or to a token?
pub(super) fn answers(draft: &Draft<'_>, address: &Address) -> bool {
    let num = long_zero_num(address);
    num.is_some_and(|num| SYSTEM_CONTRACTS.contains(&num) || draft.token(num).is_some())
}

/// The code that is found at a token's address: it would delegate to the token service.
pub(super) fn code_of_token(address: &Address) -> Vec<u8> {
    const BEFORE: &str = "6080604052348015600f57600080fd5b506000610167905077618dc65e";
    const AFTER: &str = "600052366000602037600080366018016008845af43d806000803e8160008114605857816000f35b\
                         816000fdfea2646970667358221220d8378feed472ba49a0005514ef7087017f707b45fb9bf56b\
                         b81bb93ff19a238b64736f6c634300080b0033";
    let bytes = |text| hex::decode(text).expect("it is written here");
    [bytes(BEFORE), address.to_vec(), bytes(AFTER)].concat()
}

/// What is asked of a system contract, and the world in which.
pub(super) struct Asked<'w, 'a> {
    pub(super) draft: &'w mut Draft<'a>,
    pub(super) at: Stamp,
    pub(super) fees: &'w Schedule,
    /// Has a key signed the transaction?
    pub(super) signed: &'w dyn Fn(&Key) -> bool,
    /// Who asks: the account that the EVM calls `msg.sender`.
    pub(super) caller: Address,
    /// Whoever signed the transaction asks by itself, and not through a contract.
    pub(super) direct: bool,
    /// Nothing may be changed.
    pub(super) read_only: bool,
}

/// What a system contract answers.
pub(super) struct Reply {
    pub(super) gas: u64,
    pub(super) result: Result<Vec<u8>, Refusal>,
    pub(super) logs: Vec<Log>,
}

/// Why a system contract does not answer.
pub(super) enum Refusal {
    /// Like a contract that reverts, with the code's name as the reason.
    Revert(Code),
    /// Like a call to nothing: all gas is gone.
    Fail,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Revert(code)
    }
}

impl Reply {
    pub(super) fn fail() -> Self {
        Self { gas: u64::MAX, result: Err(Refusal::Fail), logs: Vec::new() }
    }

    fn of(gas: u64, result: Result<Vec<u8>, Refusal>) -> Self {
        Self { gas, result, logs: Vec::new() }
    }
}

sol! {
    function redirectForToken(address token, bytes data);
    function tinycentsToTinybars(uint256 tinycents);
    function tinybarsToTinycents(uint256 tinybars);
    function getPseudorandomSeed();
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
}

/// Carries out a call to a system contract or to a token.
pub(super) fn call(mut asked: Asked<'_, '_>, to: &Address, input: &[u8]) -> Reply {
    let Some(num) = long_zero_num(to) else { return Reply::fail() };
    match num {
        TOKENS => match redirected(input) {
            Some((token, data)) => facade::call(&mut asked, token, &data),
            None => tokens::call(&mut asked, input),
        },
        EXCHANGE_RATE => exchange(&asked, input),
        RANDOM => random(&asked, input),
        ACCOUNTS => accounts::call(&mut asked, input),
        token if asked.draft.token(token).is_some() => facade::call(&mut asked, token, input),
        _ => Reply::fail(),
    }
}

/// `redirectForToken(address,bytes)`, in the ABI's form or in the packed form of a token's code.
fn redirected(input: &[u8]) -> Option<(i64, Vec<u8>)> {
    use alloy_sol_types::SolCall as _;
    let rest = input.strip_prefix(&redirectForTokenCall::SELECTOR)?;
    if let Ok(call) = redirectForTokenCall::abi_decode(input) {
        return Some((long_zero_num(&call.token)?, call.data.to_vec()));
    }
    let (token, data) = rest.split_at_checked(20)?;
    Some((long_zero_num(&Address::from_slice(token))?, data.to_vec()))
}

fn exchange(asked: &Asked<'_, '_>, input: &[u8]) -> Reply {
    use alloy_sol_types::SolCall as _;
    let rate = |n: i32| U256::from(n.unsigned_abs());
    let (hbar, cents) = (rate(asked.fees.hbar_equivalent), rate(asked.fees.cent_equivalent));
    let result = if let Ok(call) = tinycentsToTinybarsCall::abi_decode(input) {
        call.tinycents.checked_mul(hbar).map(|product| product / cents)
    } else if let Ok(call) = tinybarsToTinycentsCall::abi_decode(input) {
        call.tinybars.checked_mul(cents).map(|product| product / hbar)
    } else {
        None
    };
    Reply::of(100, result.map(|amount| amount.abi_encode()).ok_or(Refusal::Fail))
}

fn random(asked: &Asked<'_, '_>, input: &[u8]) -> Reply {
    use alloy_sol_types::SolCall as _;
    match getPseudorandomSeedCall::abi_decode(input) {
        Ok(_) => Reply::of(
            asked.gas_of(Transaction::UtilPrng),
            Ok(keccak256(asked.at.0.to_be_bytes()).to_vec()),
        ),
        Err(_) => Reply::fail(),
    }
}

impl<'a> Asked<'_, 'a> {
    /// The gas for what a transaction of this kind would cost.
    fn gas_of(&self, kind: Transaction) -> u64 {
        let tokens = kind == Transaction::CryptoTransfer;
        let size = crate::fees::Size {
            kind,
            signatures: 1,
            bytes: 0,
            accounts: 2,
            tokens,
            high_volume: false,
        };
        self.gas_for(self.fees.fee(&size).total())
    }

    /// The gas for looking something up.
    fn gas_of_view(&self) -> u64 {
        self.gas_for(self.fees.query())
    }

    fn gas_for(&self, tinybars: i64) -> u64 {
        let gas = tinybars.saturating_mul(12) / self.fees.gas_price().saturating_mul(10).max(1);
        u64::try_from(gas).unwrap_or_default()
    }

    /// The account at an address.
    fn account(&self, address: &Address) -> Result<i64, Code> {
        self.draft.meant_by(address).map(|account| account.num).ok_or(Code::InvalidAccountId)
    }

    /// The token at an address.
    fn token(&self, address: &Address) -> Result<i64, Code> {
        let num = long_zero_num(address).filter(|num| self.draft.token(*num).is_some());
        num.ok_or(Code::InvalidTokenId)
    }

    /// Who asks. A contract that asks while it is being created is entered into the ledger first.
    fn sender(&mut self) -> i64 {
        if let Some(account) = self.draft.at(&self.caller) {
            return account.num;
        }
        let address = self.caller;
        let num = long_zero_num(&address).unwrap_or_else(|| self.draft.next_num());
        self.draft.put_account(Account {
            address,
            contract: Some(Contract::default()),
            ..Account::new(num, self.at)
        });
        num
    }

    /// Has this key agreed? A contract agrees for keys that name it; signatures count only for who
    /// asks without a contract in between.
    fn agreed(&self, sender: i64, key: &Key) -> bool {
        match &key.key {
            Some(Kind::ContractId(id) | Kind::DelegatableContractId(id)) => {
                *id == crate::entity::contract_id(sender)
            }
            Some(Kind::KeyList(list)) => {
                !list.keys.is_empty() && list.keys.iter().all(|key| self.agreed(sender, key))
            }
            Some(Kind::ThresholdKey(threshold)) => {
                let keys = threshold.keys.iter().flat_map(|list| &list.keys);
                let agreed = keys.filter(|key| self.agreed(sender, key)).count();
                usize::try_from(threshold.threshold).is_ok_and(|n| n > 0 && agreed >= n)
            }
            _ => self.direct && (self.signed)(key),
        }
    }

    /// Does the owner of this account agree?
    fn owner_agrees(&self, sender: i64, num: i64) -> bool {
        let key = self.draft.account(num).and_then(|account| account.key.as_ref());
        num == sender || key.is_some_and(|key| self.agreed(sender, key))
    }

    /// Carries out a transfer. Who has not agreed to give is taken from by allowance.
    fn transfer(&mut self, mut movement: Movement) -> Result<(), Code> {
        let sender = self.sender();
        let lists = movement.tokens.iter_mut().flat_map(|(_, list)| list);
        for adjustment in lists.filter(|adjustment| adjustment.amount < 0) {
            adjustment.approved |= !self.owner_agrees(sender, adjustment.account);
        }
        let moves = movement.pieces.iter_mut().flat_map(|(_, moves)| moves);
        for piece in moves {
            piece.approved |= !self.owner_agrees(sender, piece.from);
        }
        let before = self.draft.checkpoint();
        let hbar = self.draft.transfers();
        let mut world = self.draft.clone();
        let done = {
            let agreed = |key: &Key| self.agreed(sender, key);
            token::carry_out(&mut world, &movement, sender, self.at, &agreed)
        };
        // Inside the EVM the balances of HBAR are the EVM's own.
        let done = match done {
            Ok(_) if world.transfers() != hbar => Err(Code::NotSupported),
            done => done,
        };
        match done {
            Ok(_) => {
                self.draft.go_back_to(world.checkpoint());
                Ok(())
            }
            Err(code) => {
                self.draft.go_back_to(before);
                Err(code)
            }
        }
    }

    /// The address by which the EVM knows an account.
    fn address(&self, num: i64) -> Address {
        self.draft.account(num).map_or(Address::ZERO, |account| account.address)
    }
}
