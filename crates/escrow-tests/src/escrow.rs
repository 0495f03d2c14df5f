//! The contract on a chain, with the people around it.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEventInterface, SolInterface, SolValue};

use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Campaign, EscrowError, EscrowEvent};
use crate::allocation::Binder;
use crate::artefact::{ESCROW, creation_code};
use crate::chain::{Chain, Done, Failed, address};

/// HBAR as an asset.
pub const HBAR: Address = Address::ZERO;

/// One HBAR in tinybars.
pub const ONE: u128 = 100_000_000;

/// Why the contract refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// With one of its errors, or OpenZeppelin's.
    Because(EscrowError),
    /// With nothing, as for a function that it does not have.
    Silently,
    /// With something that is not in its interface, such as a panic.
    Strangely(String),
}

impl<E: Into<EscrowError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Because(error.into())
    }
}

/// Who holds which role.
#[derive(Clone)]
pub struct People {
    /// Names the others.
    pub admin: Address,
    /// Runs campaigns and signs bindings.
    pub operator: Address,
    /// The operator's key.
    pub binder: Binder,
    /// Pauses.
    pub guardian: Address,
    /// Takes fees.
    pub treasury: Address,
}

impl Default for People {
    fn default() -> Self {
        let binder = Binder::named("operator");
        Self {
            admin: address("admin"),
            operator: binder.address(),
            binder,
            guardian: address("guardian"),
            treasury: address("treasury"),
        }
    }
}

/// A deployed escrow.
pub struct Escrow {
    /// The chain that it is on.
    pub chain: Chain,
    /// Where.
    pub address: Address,
    /// Who holds which role.
    pub people: People,
    /// What the deployment cost.
    pub deploy_gas: u64,
}

impl Escrow {
    /// Deploys the real one with a ceiling that no test meets by accident.
    pub fn deploy() -> Self {
        Self::deploy_with(ESCROW, 1_000_000 * ONE).expect("the constructor accepts this")
    }

    /// Deploys any copy.
    ///
    /// # Errors
    /// What the constructor reverted with.
    pub fn deploy_with(artefact: &str, ceiling: u128) -> Result<Self, Refused> {
        let people = People::default();
        let mut chain = Chain::default();
        let arguments = (people.admin, people.operator, people.guardian, people.treasury, ceiling);
        let mut code = creation_code(artefact).to_vec();
        code.extend(arguments.abi_encode_params());
        let (address, done) = chain.deploy(people.admin, &code).map_err(refused)?;
        Ok(Self { chain, address, people, deploy_gas: done.gas })
    }

    /// A copy of contract and chain that goes its own way from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            chain: self.chain.fork(),
            address: self.address,
            people: self.people.clone(),
            deploy_gas: self.deploy_gas,
        }
    }

    /// Calls the contract as `from`.
    ///
    /// # Errors
    /// Why it refused.
    pub fn call(&mut self, from: Address, call: impl SolCall) -> Result<Done, Refused> {
        self.pay(from, 0, call)
    }

    /// Calls the contract as `from`, with `value` tinybars.
    ///
    /// # Errors
    /// Why it refused.
    pub fn pay(&mut self, from: Address, value: u128, call: impl SolCall) -> Result<Done, Refused> {
        self.raw(from, value, call.abi_encode().into())
    }

    /// Calls the contract with these bytes.
    ///
    /// # Errors
    /// Why it refused.
    pub fn raw(&mut self, from: Address, value: u128, data: Bytes) -> Result<Done, Refused> {
        self.chain.transact(from, self.address, value, data).map_err(refused)
    }

    /// Reads from the contract.
    ///
    /// # Panics
    /// When a view fails, which none may.
    pub fn view<C: SolCall>(&mut self, call: C) -> C::Return {
        let data = call.abi_encode().into();
        let output = self.chain.view(self.address, data).expect("a view does not fail");
        C::abi_decode_returns(&output).expect("it answers as its interface says")
    }

    /// What the contract has of an asset.
    pub fn balance_of(&mut self, asset: Address) -> u128 {
        self.chain.holds(asset, self.address)
    }

    /// What the contract owes of an asset.
    pub fn liabilities_of(&mut self, asset: Address) -> u128 {
        small(self.view(abi::liabilitiesCall { asset }))
    }

    /// A sponsor's free balance of an asset.
    pub fn free_of(&mut self, sponsor: Address, asset: Address) -> u128 {
        small(self.view(abi::freeBalanceCall { sponsor, asset }))
    }

    /// What an account was paid of an asset and could not receive.
    pub fn credit_of(&mut self, account: Address, asset: Address) -> u128 {
        small(self.view(abi::creditCall { account, asset }))
    }

    /// What the treasury may take of an asset.
    pub fn fees_of(&mut self, asset: Address) -> u128 {
        small(self.view(abi::feesCall { asset }))
    }

    /// What the contract has in HBAR.
    pub fn balance(&mut self) -> u128 {
        self.balance_of(HBAR)
    }

    /// What the contract owes in HBAR.
    pub fn liabilities(&mut self) -> u128 {
        self.liabilities_of(HBAR)
    }

    /// A sponsor's free HBAR.
    pub fn free(&mut self, sponsor: Address) -> u128 {
        self.free_of(sponsor, HBAR)
    }

    /// What an account was paid in HBAR and could not receive.
    pub fn credit(&mut self, account: Address) -> u128 {
        self.credit_of(account, HBAR)
    }

    /// What HBAR the treasury may take.
    pub fn fees(&mut self) -> u128 {
        self.fees_of(HBAR)
    }

    /// A campaign as the contract tells it.
    pub fn campaign(&mut self, id: B256) -> Campaign {
        self.view(abi::campaignCall { id })
    }
}

/// The escrow's events among `done`'s logs, in order.
pub fn events(done: &Done, escrow: Address) -> Vec<EscrowEvent> {
    let ours = done.logs.iter().filter(|log| log.address == escrow);
    ours.map(|log| {
        let event = EscrowEvent::decode_log(log).expect("its events are in its interface");
        event.data
    })
    .collect()
}

/// An amount of which there cannot be more than 128 bits.
///
/// # Panics
/// When there are.
pub fn small(amount: U256) -> u128 {
    u128::try_from(amount).expect("there is not that much money")
}

/// Reads a failure as the contract's answer.
pub fn refused(failed: Failed) -> Refused {
    match failed {
        Failed::Reverted(data) if data.is_empty() => Refused::Silently,
        Failed::Reverted(data) => match EscrowError::abi_decode(&data) {
            Ok(error) => Refused::Because(error),
            Err(_) => Refused::Strangely(data.to_string()),
        },
        Failed::Halted(reason) => Refused::Strangely(reason),
    }
}
