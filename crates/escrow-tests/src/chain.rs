//! An EVM with a clock that only the test moves.

use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::MainnetContext;
use revm::primitives::hardfork::SpecId;
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm};

/// The chain id of a local Hedera network.
pub const CHAIN_ID: u64 = 298;

/// The time at which every chain begins.
pub const GENESIS: u64 = 1_800_000_000;

/// What a transaction may use: Hedera's limit.
pub const GAS_LIMIT: u64 = 15_000_000;

/// What a transaction that succeeded left behind.
#[derive(Clone, Debug)]
pub struct Done {
    /// Gas used, with the refund for cleared storage taken off.
    pub gas: u64,
    /// What the call returned.
    pub output: Bytes,
    /// What it logged, in order.
    pub logs: Vec<Log>,
}

/// How a transaction failed. It changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The code reverted with this.
    Reverted(Bytes),
    /// It ran out of gas, hit an invalid instruction and the like.
    Halted(String),
}

type Evm = MainnetEvm<MainnetContext<CacheDB<EmptyDB>>>;

/// A chain in memory. Gas is free, so that balances show only what contracts do.
pub struct Chain {
    evm: Evm,
    now: u64,
    gas_limit: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self::at(CacheDB::default(), GENESIS)
    }
}

impl Chain {
    fn at(database: CacheDB<EmptyDB>, now: u64) -> Self {
        let mut cfg = CfgEnv::new_with_spec(SpecId::CANCUN).with_chain_id(CHAIN_ID);
        cfg.disable_nonce_check = true;
        let mut context = Context::mainnet().with_db(database).with_cfg(cfg);
        context.block = BlockEnv { gas_limit: u64::MAX, ..BlockEnv::default() };
        let mut chain = Self { evm: context.build_mainnet(), now, gas_limit: GAS_LIMIT };
        chain.set_now(now);
        chain
    }

    /// A copy that goes its own way from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::at(self.evm.ctx.journaled_state.database.clone(), self.now)
    }

    /// The chain's time, in Unix seconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.set_now(self.now + seconds);
    }

    /// What later transactions may use.
    pub fn set_gas_limit(&mut self, gas: u64) {
        self.gas_limit = gas;
    }

    fn set_now(&mut self, now: u64) {
        self.now = now;
        self.evm.ctx.block.timestamp = U256::from(now);
    }

    /// What an account has.
    pub fn balance(&mut self, account: Address) -> U256 {
        let database = &mut self.evm.ctx.journaled_state.database;
        database.load_account(account).expect("memory does not fail").info.balance
    }

    /// Adds to a balance without running code, as a native transfer does on Hedera.
    pub fn fund(&mut self, account: Address, amount: u128) {
        let database = &mut self.evm.ctx.journaled_state.database;
        let stored = database.load_account(account).expect("memory does not fail");
        let mut info = stored.info.clone();
        info.balance += U256::from(amount);
        database.insert_account_info(account, info);
    }

    /// Puts the code that is at `from` at `to` as well, where it finds the storage of `to`.
    ///
    /// # Panics
    /// When there is no code at `from`.
    pub fn copy_code(&mut self, from: Address, to: Address) {
        let database = &mut self.evm.ctx.journaled_state.database;
        let hash = database.load_account(from).expect("memory does not fail").info.code_hash;
        let code = database.cache.contracts.get(&hash).expect("there is code").clone();
        let stored = database.load_account(to).expect("memory does not fail");
        let mut info = stored.info.clone();
        (info.code_hash, info.code) = (hash, Some(code));
        database.insert_account_info(to, info);
    }

    /// Runs a creation code with its encoded arguments behind it.
    ///
    /// # Errors
    /// [`Failed`] as for [`Chain::transact`].
    pub fn deploy(&mut self, from: Address, code: &[u8]) -> Result<(Address, Done), Failed> {
        let tx = TxEnv {
            caller: from,
            kind: TxKind::Create,
            data: Bytes::copy_from_slice(code),
            nonce: self.nonce(from),
            ..self.blank()
        };
        let (done, address) = self.run(tx)?;
        Ok((address.expect("a creation has an address"), done))
    }

    /// A transaction.
    ///
    /// # Errors
    /// [`Failed`] says how it failed; nothing was changed.
    pub fn transact(
        &mut self,
        from: Address,
        to: Address,
        value: u128,
        data: Bytes,
    ) -> Result<Done, Failed> {
        let tx = TxEnv {
            caller: from,
            kind: TxKind::Call(to),
            value: U256::from(value),
            data,
            ..self.blank()
        };
        self.run(tx).map(|(done, _)| done)
    }

    /// A call whose changes are thrown away.
    ///
    /// # Errors
    /// [`Failed`] as for [`Chain::transact`].
    pub fn view(&mut self, to: Address, data: Bytes) -> Result<Bytes, Failed> {
        let tx = TxEnv { kind: TxKind::Call(to), data, ..self.blank() };
        let result = self.evm.transact(tx).expect("a view is a valid transaction");
        settle(result.result).map(|(done, _)| done.output)
    }

    fn blank(&self) -> TxEnv {
        TxEnv { gas_limit: self.gas_limit, chain_id: Some(CHAIN_ID), ..TxEnv::default() }
    }

    /// Contract addresses depend on the sender's nonce.
    fn nonce(&mut self, account: Address) -> u64 {
        let database = &mut self.evm.ctx.journaled_state.database;
        database.load_account(account).expect("memory does not fail").info.nonce
    }

    fn run(&mut self, tx: TxEnv) -> Result<(Done, Option<Address>), Failed> {
        settle(self.evm.transact_commit(tx).expect("the sender can pay the value"))
    }
}

fn settle(result: ExecutionResult) -> Result<(Done, Option<Address>), Failed> {
    match result {
        ExecutionResult::Success { gas, logs, output, .. } => {
            let gas = gas.tx_gas_used();
            Ok(match output {
                Output::Call(output) => (Done { gas, output, logs }, None),
                Output::Create(output, address) => (Done { gas, output, logs }, address),
            })
        }
        ExecutionResult::Revert { output, .. } => Err(Failed::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(Failed::Halted(format!("{reason:?}"))),
    }
}

/// An address for a name, so that tests read as stories.
pub fn address(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// Thirty-two bytes for a name: a campaign's id, a profile's digest.
pub fn digest(name: &str) -> B256 {
    keccak256(name)
}
