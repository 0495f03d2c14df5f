//! Contracts, run by revm over a draft of the ledger.
//!
//! Three things differ from Ethereum, and all three are Hedera's:
//!
//! - The unit of value is the tinybar, and value may only go to an account that exists: a transfer
//!   to an unknown address, to a system account, to an account that wants to sign its receipts, or
//!   to the long-zero address of an account that has an alias fails like a call without enough gas.
//!   (The real network would create an account for an unknown alias; that is out of scope.)
//! - A contract created by a ledger transaction gets its long-zero address.
//! - Gas is paid in the ledger's own fees, so inside the EVM its price is zero.
//!
//! Calls to the system contracts and to tokens go to [`system`]. They change the ledger beside the
//! EVM, so what a frame changed there is taken back with the frame.

mod system;

use std::collections::BTreeSet;
use std::convert::Infallible;

use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code};
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, TxEnv};
use revm::context_interface::CreateScheme;
use revm::context_interface::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction};
use revm::context_interface::{ContextTr, JournalTr};
use revm::database_interface::Database;
use revm::interpreter::{
    CallInputs, CallOutcome, CreateInputs, CreateOutcome, Gas, InstructionResult, InterpreterResult,
};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use revm::state::{AccountInfo, EvmState};
use revm::{Context, InspectEvm, Inspector, MainBuilder, MainContext};

use crate::entity::{COLLECTOR, Stamp, long_zero, long_zero_num};
use crate::fees::Schedule;
use crate::state::{Account, Contract, Delta, Draft};

/// The chain id of a local Hedera network.
pub(crate) const CHAIN_ID: u64 = 298;
/// The most gas that one transaction may ask for.
pub(crate) const MAX_GAS: u64 = 15_000_000;
/// The least gas with which a call can begin.
pub(crate) const INTRINSIC_GAS: u64 = 21_000;
/// HTS, exchange rate, random numbers, account service, schedule service.
const SYSTEM_CONTRACTS: std::ops::RangeInclusive<i64> = 0x167..=0x16d;

/// What is to be run.
pub(crate) struct Call {
    pub(crate) from: Address,
    pub(crate) to: To,
    /// Tinybars.
    pub(crate) value: i64,
    /// Call data, or init code followed by the constructor's arguments.
    pub(crate) input: Bytes,
    pub(crate) gas: u64,
}

/// A contract to call, or the address of the contract to create.
#[derive(Clone, Copy)]
pub(crate) enum To {
    Contract(Address),
    New(Address),
}

/// How it went.
pub(crate) struct Ran {
    pub(crate) gas_used: u64,
    pub(crate) result: Result<Done, Failure>,
}

/// A call that succeeded; nothing is changed before [`Done::apply`].
pub(crate) struct Done {
    pub(crate) output: Bytes,
    pub(crate) logs: Vec<Log>,
    state: EvmState,
    /// What the system contracts changed.
    delta: Delta,
}

/// A call that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The contract refused, with this data.
    Revert(Bytes),
    /// The EVM gave up.
    Halt(Code),
}

impl Failure {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Revert(_) => Code::ContractRevertExecuted,
            Self::Halt(code) => *code,
        }
    }

    /// The network's error message: a revert's data in hexadecimal, or the name of the failure.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Revert(data) => format!("0x{}", hex::encode(data)),
            Self::Halt(code) => code.as_str_name().to_owned(),
        }
    }
}

/// Is there something else than a contract at this number that answers calls?
pub(crate) fn answers(draft: &Draft<'_>, num: i64) -> bool {
    system::answers(draft, &long_zero(num))
}

/// Runs a call. `signed` tells whether a key signed the transaction.
pub(crate) fn run(
    draft: &Draft<'_>,
    at: Stamp,
    fees: &Schedule,
    call: Call,
    signed: &dyn Fn(&Key) -> bool,
) -> Ran {
    let (kind, new) = match call.to {
        To::Contract(address) => (TxKind::Call(address), None),
        To::New(address) => (TxKind::Create, Some(address)),
    };
    let transaction = TxEnv {
        caller: call.from,
        gas_limit: call.gas,
        kind,
        value: tinybars(call.value),
        data: call.input,
        chain_id: Some(CHAIN_ID),
        ..TxEnv::default()
    };
    let rules = Rules {
        draft: draft.clone(),
        at,
        fees,
        signed,
        origin: call.from,
        new,
        born: BTreeSet::new(),
        frames: Vec::new(),
    };
    let mut evm = Context::mainnet()
        .with_db(View(draft))
        .with_block(block(at))
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::CANCUN);
            cfg.chain_id = CHAIN_ID;
            cfg.disable_nonce_check = true;
            cfg.disable_eip3607 = true;
        })
        .build_mainnet_with_inspector(rules);
    let outcome = match evm.inspect_tx(transaction) {
        Ok(outcome) => outcome,
        Err(error) => {
            return Ran { gas_used: call.gas, result: Err(Failure::Halt(refusal(&error))) };
        }
    };
    let gas_used = outcome.result.tx_gas_used();
    let result = match outcome.result {
        ExecutionResult::Success { logs, output, .. } => Ok(Done {
            output: output.into_data(),
            logs,
            state: outcome.state,
            delta: evm.inspector.draft.finish_quietly(),
        }),
        ExecutionResult::Revert { output, .. } => Err(Failure::Revert(output)),
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => {
            Err(Failure::Halt(Code::InsufficientGas))
        }
        ExecutionResult::Halt { .. } => Err(Failure::Halt(Code::ContractExecutionException)),
    };
    Ran { gas_used, result }
}

/// The seconds-long block that a moment falls into.
fn block(at: Stamp) -> BlockEnv {
    BlockEnv {
        number: U256::from(at.block()),
        beneficiary: long_zero(COLLECTOR),
        timestamp: U256::from(u64::try_from(at.seconds()).unwrap_or_default()),
        gas_limit: MAX_GAS,
        prevrandao: Some(keccak256(at.0.to_be_bytes())),
        ..BlockEnv::default()
    }
}

fn refusal(error: &EVMError<Infallible>) -> Code {
    match error {
        EVMError::Transaction(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        ) => Code::InsufficientGas,
        EVMError::Transaction(InvalidTransaction::CallerGasLimitMoreThanBlock) => {
            Code::MaxGasLimitExceeded
        }
        EVMError::Transaction(InvalidTransaction::LackOfFundForMaxFee { .. }) => {
            Code::InsufficientPayerBalance
        }
        _ => Code::ContractExecutionException,
    }
}

impl Done {
    /// Writes the changes into the draft. The contracts that were born get numbers in the order
    /// of their addresses; `number` is the one already promised to the contract at its long-zero
    /// address. Returns their numbers.
    ///
    /// # Errors
    /// When the call would leave value where there is no account, or destroy it.
    pub(crate) fn apply(self, draft: &mut Draft<'_>, at: Stamp) -> Result<Vec<i64>, Failure> {
        draft.go_back_to(self.delta);
        let mut born = Vec::new();
        let touched = self.state.into_iter().filter(|(_, account)| account.is_touched());
        let mut touched: Vec<_> = touched.collect();
        touched.sort_by_key(|(address, _)| *address);
        for (address, changed) in touched {
            let gone = changed.is_created() && changed.is_selfdestructed();
            let known = draft.at(&address).cloned();
            if known.is_none() && (gone || !changed.is_created()) {
                if changed.info.balance.is_zero() {
                    continue;
                }
                return Err(Failure::Halt(Code::InvalidSolidityAddress));
            }
            let mut account = known.unwrap_or_else(|| {
                let num = long_zero_num(&address).unwrap_or_else(|| draft.next_num());
                Account { address, ..Account::new(num, at) }
            });
            account.balance = i64::try_from(changed.info.balance)
                .map_err(|_| Failure::Halt(Code::ContractExecutionException))?;
            if changed.is_created() {
                born.push(account.num);
                let code = changed.info.code.clone().unwrap_or_default();
                let nonce = changed.info.nonce;
                account.contract =
                    Some(Contract { code, nonce, init_code: Vec::new(), file: None });
            } else if let Some(contract) = &mut account.contract {
                contract.nonce = changed.info.nonce;
            }
            for (slot, value) in changed.changed_storage_slots() {
                draft.put_storage(address, *slot, value.present_value());
            }
            draft.put_account(account);
        }
        let sum: i128 = draft.transfers().iter().map(|(_, amount)| i128::from(*amount)).sum();
        match sum {
            0 => Ok(born),
            _ => Err(Failure::Halt(Code::ContractExecutionException)),
        }
    }
}

/// The draft, as revm wants to see it.
struct View<'a>(&'a Draft<'a>);

impl Database for View<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self
            .0
            .at(&address)
            .map(|account| {
                let (nonce, code) = match &account.contract {
                    Some(contract) if !account.deleted => (contract.nonce, contract.code.clone()),
                    _ => (0, Bytecode::default()),
                };
                AccountInfo::new(tinybars(account.balance), nonce, code.hash_slow(), code)
            })
            .or_else(|| {
                let token = long_zero_num(&address).and_then(|num| self.0.token(num));
                token.map(|_| {
                    let code = Bytecode::new_raw(system::code_of_token(&address).into());
                    AccountInfo::new(U256::ZERO, 1, code.hash_slow(), code)
                })
            }))
    }

    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::default()) // never asked: `basic` always brings the code along
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.0.storage(&address, &slot))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok(keccak256(number.to_be_bytes()))
    }
}

/// Hedera's own rules about where value may go and what a new contract's address is, and the ledger
/// as the system contracts change it.
struct Rules<'a> {
    draft: Draft<'a>,
    at: Stamp,
    fees: &'a Schedule,
    signed: &'a dyn Fn(&Key) -> bool,
    /// Who signed the transaction.
    origin: Address,
    new: Option<Address>,
    born: BTreeSet<Address>,
    /// The ledger as it was when each of the open frames began.
    frames: Vec<Delta>,
}

impl Rules<'_> {
    fn may_receive(&self, address: &Address) -> bool {
        let signs = |account: &Account| {
            let key = account.key.as_ref();
            !account.receiver_sig_required || key.is_some_and(|key| (self.signed)(key))
        };
        match self.draft.at(address) {
            Some(account) => !account.is_system() && !account.deleted && signs(account),
            None => self.born.contains(address),
        }
    }

    /// A frame begins: what it changes may have to be taken back.
    fn open(&mut self) {
        self.frames.push(self.draft.checkpoint());
    }

    /// A frame ends.
    fn close(&mut self, result: InstructionResult) {
        let before = self.frames.pop();
        if !result.is_ok()
            && let Some(before) = before
        {
            self.draft.go_back_to(before);
        }
    }

    /// Asks a system contract or a token.
    fn ask(&mut self, inputs: &CallInputs, input: &[u8]) -> system::Reply {
        // Code of somebody else's that runs as the caller's own may not speak for the caller.
        if inputs.target_address != inputs.bytecode_address {
            return system::Reply::fail();
        }
        let asked = system::Asked {
            draft: &mut self.draft,
            at: self.at,
            fees: self.fees,
            signed: self.signed,
            caller: inputs.caller,
            direct: inputs.caller == self.origin,
            read_only: inputs.is_static,
        };
        system::call(asked, &inputs.bytecode_address, input)
    }
}

impl<CTX: ContextTr> Inspector<CTX> for Rules<'_> {
    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.open();
        let to = inputs.transfer_to();
        let refused = inputs.transfers_value() && !self.may_receive(&to);
        let answers = system::answers(&self.draft, &inputs.bytecode_address);
        if !refused && !answers {
            return None;
        }
        let mut gas = Gas::new(inputs.gas_limit);
        let reply = match refused {
            true => system::Reply::fail(),
            false => {
                let input = inputs.input.bytes(context);
                self.ask(inputs, &input)
            }
        };
        let (result, output) = match reply.result {
            _ if !gas.record_regular_cost(reply.gas) => (InstructionResult::OutOfGas, Bytes::new()),
            Ok(output) => (InstructionResult::Return, output.into()),
            Err(system::Refusal::Revert(code)) => {
                (InstructionResult::Revert, code.as_str_name().as_bytes().to_vec().into())
            }
            Err(system::Refusal::Fail) => (InstructionResult::OutOfGas, Bytes::new()),
        };
        if result.is_ok() {
            reply.logs.into_iter().for_each(|log| context.journal_mut().log(log));
        } else if result == InstructionResult::OutOfGas {
            gas.spend_all();
        }
        let result = InterpreterResult::new(result, output, gas);
        Some(CallOutcome::new(result, inputs.return_memory_offset.clone()))
    }

    fn call_end(&mut self, _: &mut CTX, _: &CallInputs, outcome: &mut CallOutcome) {
        self.close(outcome.result.result);
    }

    fn create(&mut self, _: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.open();
        // The first creation of a ContractCreate is the transaction's own.
        if let Some(address) = self.new.take() {
            inputs.set_scheme(CreateScheme::Custom { address });
            self.born.insert(address);
        }
        None
    }

    fn create_end(&mut self, _: &mut CTX, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.close(outcome.result.result);
        self.born.extend(outcome.address);
    }
}

fn tinybars(amount: i64) -> U256 {
    U256::from(u64::try_from(amount).unwrap_or_default())
}
