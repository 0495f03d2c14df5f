//! Takes steps in the contract and in the model and compares.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;

use super::auditor::Auditor;
use super::model::{Answer, Holders, Model};
use super::steps::{By, Flaw, Part, Step};
use super::{Checks, Tally};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::Recipient;
use crate::allocation::{Allocation, Binder, Line, entry};
use crate::artefact::creation_code;
use crate::chain::{address, digest};
use crate::escrow::{Escrow, HBAR, ONE, Refused, events, refused, small};

/// What every outsider starts with.
const PURSE: u128 = 1_000_000 * ONE;
/// The ceiling at deployment, low enough to be met.
const CEILING: u128 = 200_000 * ONE;
/// How many lines an allocation may have.
const LINES: u32 = 8;

/// Contract, model, auditor and the people around them.
pub(super) struct World {
    escrow: Escrow,
    model: Model,
    auditor: Auditor,
    checks: Checks,
    sponsors: Vec<Address>,
    /// Ordinary accounts first, then contracts.
    participants: Vec<Address>,
    /// Everybody who has an ordinary account.
    cast: Vec<Address>,
    allocations: BTreeMap<B256, Allocation>,
    taken: u32,
}

/// What a step did: the name of the function, and the contract's answer.
type Taken = Option<(&'static str, bool)>;

impl World {
    /// Deploys `artefact`.
    pub(super) fn new(artefact: &str, checks: Checks) -> Self {
        let mut escrow = Escrow::deploy_with(artefact, CEILING).expect("it is deployed");
        let sponsors: Vec<_> = (0..3).map(|n| address(&format!("sponsor {n}"))).collect();
        let mut participants: Vec<_> =
            (0..5).map(|n| address(&format!("participant {n}"))).collect();
        let people = escrow.people.clone();
        let mut cast = vec![people.admin, people.operator, people.guardian, people.treasury];
        cast.extend(sponsors.iter().chain(&participants));
        for account in &cast {
            escrow.chain.fund(*account, PURSE);
        }
        let holders = Holders {
            admin: people.admin,
            operator: people.operator,
            guardian: people.guardian,
            treasury: people.treasury,
        };
        let roles = [
            escrow.view(abi::OPERATOR_ROLECall {}),
            escrow.view(abi::GUARDIAN_ROLECall {}),
            escrow.view(abi::TREASURY_ROLECall {}),
        ];
        let mut model = Model::new(escrow.chain.now(), CEILING, holders, roles);
        for name in ["Shutter", "Burner", "Reenterer"] {
            let code = creation_code(name);
            let (account, _) = escrow.chain.deploy(people.admin, &code).expect("it is deployed");
            participants.push(account);
            if name == "Reenterer" {
                let attack = abi::withdrawCreditCall { asset: HBAR }.abi_encode().into();
                let arm = Recipient::armCall { target: escrow.address, call_: attack };
                let arm = arm.abi_encode().into();
                escrow.chain.transact(people.admin, account, 0, arm).expect("it is armed");
            } else {
                model.shut.insert(account);
            }
        }
        let (allocations, auditor) = (BTreeMap::new(), Auditor::new(CEILING));
        Self { escrow, model, auditor, checks, sponsors, participants, cast, allocations, taken: 0 }
    }

    /// A copy to take a sequence in. Only from an untouched world, for books are not copied.
    pub(super) fn fork(&self) -> Self {
        Self {
            escrow: self.escrow.fork(),
            model: self.model.clone(),
            auditor: Auditor::new(CEILING),
            checks: self.checks,
            sponsors: self.sponsors.clone(),
            participants: self.participants.clone(),
            cast: self.cast.clone(),
            allocations: BTreeMap::new(),
            taken: 0,
        }
    }

    /// Takes one step; `Err` is what should not have happened.
    pub(super) fn take(&mut self, step: &Step, tally: &mut Tally) -> Result<(), String> {
        self.escrow.chain.pass(1);
        self.model.now = self.escrow.chain.now();
        if let Some((function, accepted)) = self.act(step)? {
            tally.count(function, accepted);
        }
        self.taken += 1;
        let (balance, liabilities) = (self.escrow.balance(), self.escrow.liabilities());
        self.auditor.compare(balance, liabilities)?;
        if self.checks == Checks::ModelAndBooks {
            let (has, owes) = (self.model.liabilities() + self.model.surplus, liabilities);
            if (has, self.model.liabilities()) != (balance, owes) {
                return Err(format!("has {balance}, owes {owes}; the model has {has}"));
            }
            if self.taken.is_multiple_of(20) {
                self.compare_everything()?;
            }
        }
        Ok(())
    }

    // ---- calling and comparing ----

    fn call<C: SolCall>(
        &mut self,
        by: Address,
        call: &C,
        expected: impl FnOnce(&mut Model) -> Answer,
    ) -> Result<Taken, String> {
        self.pay_in(by, 0, call, expected)
    }

    fn pay_in<C: SolCall>(
        &mut self,
        by: Address,
        value: u128,
        call: &C,
        expected: impl FnOnce(&mut Model) -> Answer,
    ) -> Result<Taken, String> {
        let answer = self.escrow.raw(by, value, call.abi_encode().into());
        self.compare_answer(name_of(C::SIGNATURE), answer, expected)
    }

    fn compare_answer(
        &mut self,
        function: &'static str,
        answer: Result<crate::chain::Done, Refused>,
        expected: impl FnOnce(&mut Model) -> Answer,
    ) -> Result<Taken, String> {
        let expected = expected(&mut self.model);
        if let Ok(done) = &answer {
            let events = events(done, self.escrow.address);
            self.auditor.read(self.escrow.chain.now(), &events)?;
        }
        let accepted = answer.is_ok();
        if self.checks == Checks::ModelAndBooks {
            let (answer, expected) = (answer.map(|_| ()), expected.map_err(Refused::Because));
            if answer != expected {
                return Err(format!("{function}: {answer:?}, the model says {expected:?}"));
            }
        }
        Ok(Some((function, accepted)))
    }

    /// Every balance, campaign and line, one by one.
    pub(super) fn compare_everything(&mut self) -> Result<(), String> {
        if self.checks == Checks::BooksAlone {
            return Ok(());
        }
        for account in self.sponsors.clone() {
            same("free balance", self.escrow.free(account), self.model.free_of(account))?;
            let allowed = self.escrow.view(abi::allowanceCall { sponsor: account, asset: HBAR });
            let expected = self.model.allowed.get(&account).copied().unwrap_or_default();
            same("allowance", (allowed.amount, allowed.maxFeeBps), expected)?;
        }
        for account in self.participants.clone() {
            let expected = self.model.credits.get(&account).copied().unwrap_or_default();
            same("credit", self.escrow.credit(account), expected)?;
        }
        for id in self.model.campaigns.keys().copied().collect::<Vec<_>>() {
            same("campaign", self.escrow.campaign(id), self.model.shown(id))?;
            let refundable = self.escrow.view(abi::refundableCall { id });
            same("refundable", refundable, self.model.refundable(id))?;
            for index in 0..LINES {
                let paid = self.escrow.view(abi::isPaidCall { id, index });
                same("line", paid, self.model.is_paid(id, index))?;
            }
        }
        let room = small(self.escrow.view(abi::payoutRoomCall { asset: HBAR }));
        same("room", room, self.model.room())?;
        let paused = self.escrow.view(abi::pausedSecondsCall {});
        same("paused seconds", paused, self.model.paused_seconds())?;
        same("fees", self.escrow.fees(), self.model.fees)
    }

    fn caller(&self, by: By, right: Address) -> Address {
        match by {
            By::Right => right,
            By::Any(n) => pick(&self.cast, n),
        }
    }

    fn line(&self, id: B256, line: u8) -> Option<Line> {
        self.allocations.get(&id)?.lines().get(usize::from(line)).copied()
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, expected: T) -> Result<(), String> {
    if is == expected {
        return Ok(());
    }
    Err(format!("{what}: {is:?}, the model says {expected:?}"))
}

fn pick(from: &[Address], n: u8) -> Address {
    from[usize::from(n) % from.len()]
}

fn account_is_ordinary(participants: &[Address], account: Address) -> bool {
    participants[..5].contains(&account)
}

fn slot_id(slot: u8) -> B256 {
    digest(&format!("campaign {slot}"))
}

/// `deposit` of `deposit()`.
fn name_of(signature: &'static str) -> &'static str {
    signature.split('(').next().unwrap_or(signature)
}
