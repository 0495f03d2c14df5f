//! Takes steps in the contract and in the model and compares.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;

use super::auditor::{Auditor, Wallets};
use super::model::tokens::Token;
use super::model::{Holders, Model};
use super::refusal::Answer;
use super::steps::Step;
use super::{ACCEPTED, Checks, Tally};
use crate::abi::HashbuzzEscrow as abi;
use crate::abi::{Recipient, Service};
use crate::allocation::{Allocation, Binder};
use crate::artefact::creation_code;
use crate::chain::{address, digest};
use crate::escrow::{Escrow, HBAR, ONE, Refused, events, small};
use crate::hts::ASSOCIATED;

/// What every outsider starts with.
const PURSE: u128 = 1_000_000 * ONE;
/// The ceiling at deployment, low enough to be met.
pub(super) const CEILING: u128 = 60_000 * ONE;
/// How many campaigns a life may see.
const CAMPAIGNS: u32 = 16;
/// How many of the participants have an ordinary account.
pub(super) const ORDINARY: usize = 5;

/// Contract, model, auditor and the people around them.
pub(super) struct World {
    pub(super) escrow: Escrow,
    pub(super) model: Model,
    pub(super) auditor: Auditor,
    checks: Checks,
    pub(super) sponsors: Vec<Address>,
    /// Ordinary accounts first, then contracts.
    pub(super) participants: Vec<Address>,
    /// HBAR, and two tokens.
    pub(super) assets: [Address; 3],
    /// Everybody who has an ordinary account.
    pub(super) cast: Vec<Address>,
    pub(super) ids: Vec<B256>,
    pub(super) allocations: BTreeMap<B256, Allocation>,
    bindings: Bindings,
    taken: u32,
}

/// Signatures that were made before, in any life: they take longer than the calls they are for.
type Bindings = Rc<RefCell<BTreeMap<(bool, B256, u32, Address), Bytes>>>;

/// What a step did: the name of the function, and the contract's answer.
pub(super) type Taken = Option<(&'static str, String)>;

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
        let now = escrow.chain.now();
        let mut model = Model::new(escrow.address, now, CEILING, holders, roles);
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
        let mut known = sponsors.clone();
        known.extend([people.admin, people.treasury]);
        let assets = open_tokens(&mut escrow, &mut model, &known, &participants);
        let ids = (0..CAMPAIGNS).map(|n| digest(&format!("campaign {n}"))).collect();
        let mut world = Self {
            escrow,
            model,
            auditor: Auditor::default(),
            checks,
            sponsors,
            participants,
            assets,
            cast,
            ids,
            allocations: BTreeMap::new(),
            bindings: Bindings::default(),
            taken: 0,
        };
        world.auditor = world.new_auditor();
        world
    }

    /// A copy to take a sequence in. Only from an untouched world, for books are not copied.
    pub(super) fn fork(&self) -> Self {
        Self {
            escrow: self.escrow.fork(),
            model: self.model.clone(),
            auditor: self.new_auditor(),
            checks: self.checks,
            sponsors: self.sponsors.clone(),
            participants: self.participants.clone(),
            assets: self.assets,
            cast: self.cast.clone(),
            ids: self.ids.clone(),
            allocations: BTreeMap::new(),
            bindings: Rc::clone(&self.bindings),
            taken: 0,
        }
    }

    fn new_auditor(&self) -> Auditor {
        let contracts = self.participants[ORDINARY..].iter().map(|account| ((HBAR, *account), 0));
        let people = self.cast.iter().map(|account| ((HBAR, *account), PURSE));
        let mut wallets: Wallets = people.chain(contracts).collect();
        for token in &self.assets[1..] {
            wallets.extend(self.participants.iter().map(|account| ((*token, *account), 0)));
        }
        let mut auditor = Auditor::new(wallets);
        for asset in self.assets {
            auditor.ceiling(asset, CEILING);
        }
        auditor
    }

    /// The operator's signature that the line is the account's, or somebody else's.
    pub(super) fn binding(&self, forged: bool, id: B256, index: u32, account: Address) -> Bytes {
        let mut bindings = self.bindings.borrow_mut();
        let binding = bindings.entry((forged, id, index, account)).or_insert_with(|| {
            let nobody = Binder::named("nobody");
            let binder = if forged { &nobody } else { &self.escrow.people.binder };
            binder.bind(self.escrow.address, id, index, account)
        });
        binding.clone()
    }

    /// Takes one step; `Err` is what should not have happened.
    pub(super) fn take(&mut self, step: &Step, tally: &mut Tally) -> Result<(), String> {
        self.escrow.chain.pass(1);
        self.model.now = self.escrow.chain.now();
        self.taken += 1;
        let taken = self.act(step)?;
        if let Some((function, answer)) = &taken {
            tally.count(function, answer);
        }
        // A refusal is undone by the EVM itself; only its answer is ours to check.
        if taken.is_none_or(|(_, answer)| answer == ACCEPTED) {
            self.compare_books(self.taken.is_multiple_of(50))?;
        }
        if self.taken.is_multiple_of(100) { self.compare_everything() } else { Ok(()) }
    }

    fn compare_books(&mut self, everybody: bool) -> Result<(), String> {
        // What does not add up once does not later; to ask a token takes longer than most calls.
        let turn = self.assets[if self.taken.is_multiple_of(2) { 1 } else { 2 }];
        for asset in self.assets {
            if asset != HBAR && asset != turn && !everybody {
                continue;
            }
            let balance = self.escrow.balance_of(asset);
            let liabilities = self.escrow.liabilities_of(asset);
            self.auditor.compare(asset, balance, liabilities)?;
            if self.checks == Checks::ModelAndBooks {
                let owes = self.model.liabilities(asset);
                same("liabilities", liabilities, owes)?;
                same("balance", balance, owes + self.model.surplus_of(asset))?;
            }
        }
        let chain = &mut self.escrow.chain;
        self.auditor.compare_wallets(everybody, |asset, account| chain.holds(asset, account))
    }

    // ---- calling and comparing ----

    pub(super) fn call<C: SolCall>(
        &mut self,
        by: Address,
        call: &C,
        expected: impl FnOnce(&mut Model) -> Answer,
    ) -> Result<Taken, String> {
        self.pay_in(by, 0, call, expected)
    }

    pub(super) fn pay_in<C: SolCall>(
        &mut self,
        by: Address,
        value: u128,
        call: &C,
        expected: impl FnOnce(&mut Model) -> Answer,
    ) -> Result<Taken, String> {
        let answer = self.escrow.raw(by, value, call.abi_encode().into());
        self.compare_answer(name_of(C::SIGNATURE), answer, expected)
    }

    pub(super) fn compare_answer(
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
        let name = name_of_answer(&answer);
        if self.checks == Checks::ModelAndBooks {
            let (answer, expected) = (answer.map(|_| ()), expected.map_err(Refused::Because));
            if answer != expected {
                return Err(format!("{function}: {answer:?}, the model says {expected:?}"));
            }
        }
        Ok(Some((function, name)))
    }

    /// Every balance, campaign and line, one by one.
    pub(super) fn compare_everything(&mut self) -> Result<(), String> {
        if self.checks == Checks::BooksAlone {
            return Ok(());
        }
        for asset in self.assets {
            self.compare_asset(asset)?;
        }
        for id in self.model.campaigns.keys().copied().collect::<Vec<_>>() {
            same("campaign", self.escrow.campaign(id), self.model.shown(id))?;
            let refundable = self.escrow.view(abi::refundableCall { id });
            same("refundable", refundable, self.model.refundable(id))?;
            let lines = self.allocations.get(&id).map_or(0, |it| it.lines().len());
            for index in (0..).take(lines) {
                let paid = self.escrow.view(abi::isPaidCall { id, index });
                same("line", paid, self.model.is_paid(id, index))?;
            }
        }
        let paused = self.escrow.view(abi::pausedSecondsCall {});
        same("paused seconds", paused, self.model.paused_seconds())
    }

    fn compare_asset(&mut self, asset: Address) -> Result<(), String> {
        for sponsor in self.sponsors.clone() {
            let free = self.escrow.free_of(sponsor, asset);
            same("free balance", free, self.model.free_of(asset, sponsor))?;
            let allowed = self.escrow.view(abi::allowanceCall { sponsor, asset });
            let expected = self.model.allowed_of(asset, sponsor);
            same("allowance", (allowed.amount, allowed.maxFeeBps), expected)?;
        }
        for account in self.participants.clone() {
            let credit = self.escrow.credit_of(account, asset);
            same("credit", credit, self.model.credit_of(asset, account))?;
        }
        let room = small(self.escrow.view(abi::payoutRoomCall { asset }));
        same("room", room, self.model.room(asset))?;
        same("fees", self.escrow.fees_of(asset), self.model.fees_of(asset))?;
        if asset == HBAR {
            return Ok(());
        }
        let listed = self.escrow.view(abi::isListedCall { token: asset });
        same("listed", listed, self.model.listed[&asset])?;
        for (account, units) in self.model.tokens.of(asset).units.clone() {
            same("units", self.escrow.chain.holds(asset, account), units)?;
        }
        Ok(())
    }
}

/// Two listed tokens, of which each sponsor has a purse and approved the contract for all of it.
/// `known` and the participants can receive them.
fn open_tokens(
    escrow: &mut Escrow,
    model: &mut Model,
    known: &[Address],
    participants: &[Address],
) -> [Address; 3] {
    escrow.chain.open_wicked_hts();
    let tokens =
        ["first", "second"].map(|_| escrow.chain.create_token(token_treasury(), u64::MAX / 2));
    for token in tokens {
        let call = abi::listTokenCall { token, payoutCeilingPerHour: CEILING };
        escrow.call(escrow.people.admin, call).expect("it is listed");
        let needs_kyc =
            Service::setTokenCall { token, paused: false, deleted: false, needsKyc: true };
        escrow.chain.hts(&needs_kyc);
        model.listed.insert(token, true);
        model.ceilings.insert(token, CEILING);
        let mut it = Token::default();
        for account in known.iter().chain(participants).chain([&escrow.address]) {
            escrow.chain.set_holding(token, *account, ASSOCIATED);
            it.holdings.insert(*account, ASSOCIATED);
        }
        // Admin and treasury have none; the first three are sponsors.
        for sponsor in &known[..3] {
            let units = u64::try_from(PURSE).expect("it fits");
            escrow.chain.hts(&Service::grantCall { token, to: *sponsor, units });
            escrow.chain.approve(token, *sponsor, escrow.address, u128::MAX);
            it.units.insert(*sponsor, PURSE);
        }
        model.tokens.0.insert(token, it);
    }
    [HBAR, tokens[0], tokens[1]]
}

/// Who issued the tokens.
fn token_treasury() -> Address {
    address("token treasury")
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, expected: T) -> Result<(), String> {
    if is == expected {
        return Ok(());
    }
    Err(format!("{what}: {is:?}, the model says {expected:?}"))
}

pub(super) fn pick(from: &[Address], n: u8) -> Address {
    from[usize::from(n) % from.len()]
}

/// `deposit` of `deposit()`.
fn name_of(signature: &'static str) -> &'static str {
    signature.split('(').next().unwrap_or(signature)
}

fn name_of_answer<T>(answer: &Result<T, Refused>) -> String {
    match answer {
        Ok(_) => ACCEPTED.to_owned(),
        Err(Refused::Because(error)) => {
            let text = format!("{error:?}");
            text.split('(').next().unwrap_or_default().to_owned()
        }
        Err(other) => format!("{other:?}"),
    }
}
