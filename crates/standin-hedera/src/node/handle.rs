//! What consensus does with a transaction: check the time again, take the fee, carry it out, and
//! give back the gas that was not used.
//!
//! A transaction that fails here has happened: it has a consensus timestamp, a receipt and a
//! record, and its payer has paid.

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code};

use super::Kind;
use super::transaction::Parsed;
use super::{contract, crypto, file, random, schedule, token, topic};
use crate::entity::{COLLECTOR, NODE, Stamp};
use crate::fees::Schedule;
use crate::record::{Created, Extra, Handled, Run};
use crate::state::{Draft, State};

/// A transaction while it is carried out.
pub(crate) struct Handling<'a, 's> {
    pub(crate) draft: &'a mut Draft<'s>,
    pub(crate) tx: &'a Parsed,
    pub(crate) at: Stamp,
    pub(crate) fees: &'a Schedule,
}

impl Handling<'_, '_> {
    /// Has this key signed? An account without a key can never have.
    pub(crate) fn signed(&self, key: Option<&Key>) -> bool {
        key.is_some_and(|key| self.tx.signatures.satisfy(key))
    }
}

/// What a successful transaction did.
#[derive(Default)]
pub(crate) struct Effect {
    pub(crate) entity: Option<i64>,
    pub(crate) created: Created,
    pub(crate) run: Option<Run>,
    pub(crate) extra: Extra,
    /// What was taken from the payer beside the fee, in tinybars.
    pub(crate) surcharge: i64,
}

impl Effect {
    /// Nothing but what the transaction was about.
    pub(crate) fn about(entity: i64) -> Self {
        Self { entity: Some(entity), ..Self::default() }
    }
}

/// Why a transaction failed, with the contract's run if it got that far.
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) run: Option<Box<Run>>,
    /// What the receipt tells nevertheless.
    pub(crate) created: Created,
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self { code, run: None, created: Created::Nothing }
    }
}

/// Carries out a transaction at its consensus time. The changes are in the result's delta, not yet
/// in the state.
pub(crate) fn handle(tx: &Parsed, state: &State, fees: &Schedule, at: Stamp) -> Handled {
    let mut draft = Draft::new(state);
    let charged = if tx.expires() < at {
        Err(Code::TransactionExpired)
    } else {
        charge(&mut draft, tx, fees)
    };
    let (code, effect) = match charged {
        Err(code) => (code, Effect::default()),
        Ok(()) => {
            complete(&mut draft, tx);
            carry_out(&mut draft, tx, fees, at)
        }
    };
    finish(tx, draft, fees, at, code, effect, charged.is_ok())
}

/// Gives a payer that was opened by a transfer to an EVM address the key that has signed for it.
fn complete(draft: &mut Draft<'_>, tx: &Parsed) {
    let Some(payer) = draft.account(tx.id.payer) else { return };
    if payer.key.is_some() || payer.contract.is_some() || !payer.has_alias() {
        return;
    }
    if let Some(key) = tx.signatures.key_behind(&payer.address) {
        let payer = crate::state::Account { key: Some(key), ..payer.clone() };
        draft.put_account(payer);
    }
}

/// Records a second copy of a transaction that reached consensus through another node: no effect,
/// and the payer pays the node and the network again.
pub(crate) fn handle_copy(tx: &Parsed, state: &State, fees: &Schedule, at: Stamp) -> Handled {
    let mut draft = Draft::new(state);
    let fee = fees.fee(&tx.size()).node;
    let paid = draft.pay(tx.id.payer, NODE, fee).is_ok();
    if !paid {
        draft = Draft::new(state);
    }
    let mut copy =
        finish(tx, draft, fees, at, Code::DuplicateTransaction, Effect::default(), false);
    copy.fee = if paid { fee } else { 0 };
    copy
}

/// Records a transaction for which there was no gas left at consensus: no effect, and no gas to pay.
pub(crate) fn handle_exhausted(tx: &Parsed, state: &State, fees: &Schedule, at: Stamp) -> Handled {
    let draft = Draft::new(state);
    let code = Code::ConsensusGasExhausted;
    let handled = finish(tx, draft, fees, at, code, Effect::default(), false);
    Handled { fee: 0, ..handled }
}

/// Takes the fee, and the price of all the gas that may be used.
fn charge(draft: &mut Draft<'_>, tx: &Parsed, fees: &Schedule) -> Result<(), Code> {
    let fee = fees.fee(&tx.size());
    let gas = fees.gas(gas_limit(tx));
    let checkpoint = draft.checkpoint();
    let paid = draft
        .pay(tx.id.payer, NODE, fee.node)
        .and_then(|()| draft.pay(tx.id.payer, COLLECTOR, fee.rest.saturating_add(gas)));
    paid.map_err(|_| {
        draft.go_back_to(checkpoint);
        Code::InsufficientPayerBalance
    })
}

fn gas_limit(tx: &Parsed) -> u64 {
    u64::try_from(tx.gas().unwrap_or_default()).unwrap_or_default()
}

fn carry_out(draft: &mut Draft<'_>, tx: &Parsed, fees: &Schedule, at: Stamp) -> (Code, Effect) {
    let paid = draft.checkpoint();
    let result = dispatch(&mut Handling { draft, tx, at, fees });
    let result =
        result.and_then(|effect| Ok(Effect { surcharge: surcharge(draft, tx, fees)?, ..effect }));
    let (code, effect) = match result {
        Ok(effect) => (Code::Success, effect),
        Err(Refused { code, run, created }) => {
            draft.go_back_to(paid);
            let run = run.map(|run| *run);
            let entity = run.as_ref().and_then(|run| run.contract);
            let created = entity.map_or(created, Created::Called);
            (code, Effect { entity, created, run, ..Effect::default() })
        }
    };
    let unused = gas_limit(tx) - effect.run.as_ref().map_or(0, |run| run.gas_used);
    draft
        .pay(COLLECTOR, tx.id.payer, fees.gas(unused))
        .expect("the collector has just received the price of all the gas");
    (code, effect)
}

/// Takes from the payer what a transfer costs more: for every association that it made, and for
/// every account that it opened.
fn surcharge(draft: &mut Draft<'_>, tx: &Parsed, fees: &Schedule) -> Result<i64, Code> {
    if !matches!(tx.kind, Kind::CryptoTransfer | Kind::TokenAirdrop) {
        return Ok(0);
    }
    let associations = fees.service(Kind::TokenAssociate, draft.automatic_associations().len());
    let accounts = fees.service(Kind::CryptoCreate, draft.new_accounts());
    let surcharge = associations.saturating_add(accounts);
    let total = fees.fee(&tx.size()).total().saturating_add(surcharge);
    if surcharge > 0 && u64::try_from(total).is_ok_and(|total| tx.body.transaction_fee < total) {
        return Err(Code::InsufficientTxFee);
    }
    draft.pay(tx.id.payer, COLLECTOR, surcharge).map_err(|_| Code::InsufficientPayerBalance)?;
    Ok(surcharge)
}

/// Would this transaction be refused because somebody has not signed?
pub(super) fn lacks_a_signature(
    draft: &mut Draft<'_>,
    tx: &Parsed,
    fees: &Schedule,
    at: Stamp,
) -> bool {
    let result = dispatch(&mut Handling { draft, tx, at, fees });
    matches!(result, Err(Refused { code: Code::InvalidSignature, .. }))
}

fn dispatch(handling: &mut Handling<'_, '_>) -> Result<Effect, Refused> {
    Ok(match &handling.tx.data {
        Data::CryptoCreateAccount(body) => crypto::create(handling, body)?,
        Data::CryptoUpdateAccount(body) => crypto::update(handling, body)?,
        Data::CryptoDelete(body) => crypto::delete(handling, body)?,
        Data::CryptoTransfer(body) => crypto::transfer(handling, body)?,
        Data::CryptoApproveAllowance(body) => crypto::approve(handling, body)?,
        Data::CryptoDeleteAllowance(body) => crypto::delete_allowances(handling, body)?,
        Data::ConsensusCreateTopic(body) => topic::create(handling, body)?,
        Data::ConsensusUpdateTopic(body) => topic::update(handling, body)?,
        Data::ConsensusDeleteTopic(body) => topic::delete(handling, body.topic_id)?,
        Data::ConsensusSubmitMessage(body) => topic::submit(handling, body)?,
        Data::FileCreate(body) => file::create(handling, body)?,
        Data::FileAppend(body) => file::append(handling, body)?,
        Data::FileUpdate(body) => file::update(handling, body)?,
        Data::FileDelete(body) => file::delete(handling, body)?,
        Data::ContractCreateInstance(body) => contract::create(handling, body)?,
        Data::ContractUpdateInstance(body) => contract::update(handling, body)?,
        Data::ContractDeleteInstance(body) => contract::delete(handling, body)?,
        Data::ContractCall(body) => contract::call(handling, body)?,
        Data::ScheduleCreate(body) => schedule::create(handling, body)?,
        Data::ScheduleSign(body) => schedule::sign(handling, body.schedule_id)?,
        Data::ScheduleDelete(body) => schedule::delete(handling, body.schedule_id)?,
        Data::UtilPrng(body) => random::draw(handling, body.range)?,
        _ => token::dispatch(handling)?,
    })
}

fn finish(
    tx: &Parsed,
    draft: Draft<'_>,
    fees: &Schedule,
    at: Stamp,
    code: Code,
    effect: Effect,
    charged: bool,
) -> Handled {
    let used = effect.run.as_ref().map_or(0, |run| run.gas_used);
    let fee = match charged {
        true => fees.fee(&tx.size()).total() + fees.gas(used) + effect.surcharge,
        false => 0,
    };
    Handled {
        at,
        id: tx.id,
        kind: tx.kind,
        code,
        memo: tx.body.memo.clone(),
        fee,
        max_fee: tx.body.transaction_fee,
        duration: tx.duration,
        hash: tx.hash,
        transfers: draft.transfers(),
        token_transfers: draft.token_transfers(),
        nft_transfers: draft.nft_transfers(),
        associations: draft.automatic_associations(),
        extra: Extra { multiplier: fees.multiplier(&tx.size()), ..effect.extra },
        entity: effect.entity,
        created: effect.created,
        run: effect.run,
        delta: draft.finish(),
    }
}
