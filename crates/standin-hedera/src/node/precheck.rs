//! The checks before a transaction enters consensus, in the order of the network's ingest.
//!
//! A transaction that fails here has no effect, costs nothing and does not use up its id.

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{CryptoTransferTransactionBody, ResponseCodeEnum as Code};

use super::transaction::Parsed;
use super::{contract, crypto, file, schedule, token, topic};
use crate::entity::{NODE, Stamp, account_id};
use crate::evm::{INTRINSIC_GAS, MAX_GAS};
use crate::fees::Schedule;
use crate::state::{Account, State};

/// Seconds for which a transaction may be valid.
const DURATIONS: std::ops::RangeInclusive<i64> = 15..=180;
/// Seconds of validity that must be left for a transaction to be accepted.
const BUFFER: i64 = 10;

/// Checks a transaction against the clock, the ledger and the price list.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn check(
    tx: &Parsed,
    state: &State,
    fees: &Schedule,
    now: Stamp,
    known: bool,
) -> Result<(), Code> {
    check_gas(tx)?;
    if tx.body.node_account_id != Some(account_id(NODE)) {
        return Err(Code::InvalidNodeAccount);
    }
    check_time_box(tx, now)?;
    if known {
        return Err(Code::DuplicateTransaction);
    }
    check_body(tx, state)?;
    let payer = state.account(tx.id.payer).ok_or(Code::PayerAccountNotFound)?;
    if payer.deleted {
        return Err(Code::PayerAccountDeleted);
    }
    if payer.contract.is_some() || (payer.key.is_none() && !payer.has_alias()) {
        return Err(Code::PayerAccountNotFound);
    }
    // An account that was opened by a transfer to an EVM address gets its key with its first
    // signature.
    let signed = match &payer.key {
        Some(key) => tx.signatures.satisfy(key),
        None => tx.signatures.satisfy_address(&payer.address),
    };
    if !signed {
        return Err(Code::InvalidSignature);
    }
    check_solvency(tx, payer, fees)
}

fn check_gas(tx: &Parsed) -> Result<(), Code> {
    let Some(gas) = tx.gas() else { return Ok(()) };
    let gas = u64::try_from(gas).map_err(|_| Code::ContractNegativeGas)?;
    match gas {
        INTRINSIC_GAS..=MAX_GAS => Ok(()),
        ..INTRINSIC_GAS => Err(Code::InsufficientGas),
        _ => Err(Code::MaxGasLimitExceeded),
    }
}

fn check_time_box(tx: &Parsed, now: Stamp) -> Result<(), Code> {
    if !DURATIONS.contains(&tx.duration) {
        return Err(Code::InvalidTransactionDuration);
    }
    if tx.id.start > now {
        return Err(Code::InvalidTransactionStart);
    }
    if tx.id.start.plus_seconds(tx.duration - BUFFER) <= now {
        return Err(Code::TransactionExpired);
    }
    Ok(())
}

/// The checks of a kind's own body that need nothing but the body.
fn check_body(tx: &Parsed, state: &State) -> Result<(), Code> {
    match &tx.data {
        Data::CryptoTransfer(transfer) => crypto::check_transfer(transfer, state),
        Data::CryptoCreateAccount(create) => crypto::check_create(create),
        Data::CryptoApproveAllowance(approve) => crypto::check_approve(approve),
        Data::CryptoUpdateAccount(update) => {
            update.account_id_to_update.as_ref().map(drop).ok_or(Code::AccountIdDoesNotExist)
        }
        Data::CryptoDelete(delete) => {
            let both = delete.delete_account_id.is_some() && delete.transfer_account_id.is_some();
            if both { Ok(()) } else { Err(Code::AccountIdDoesNotExist) }
        }
        Data::ConsensusCreateTopic(create) => topic::check_create(create),
        Data::ConsensusSubmitMessage(submit) => topic::check_submit(submit),
        data => token::check(data)
            .and_then(|()| file::check(data))
            .and_then(|()| contract::check(data))
            .and_then(|()| schedule::check(data)),
    }
}

/// The payer must have offered enough, must have it, and must have what it wants to give away.
fn check_solvency(tx: &Parsed, payer: &Account, fees: &Schedule) -> Result<(), Code> {
    let gas = u64::try_from(tx.gas().unwrap_or_default()).unwrap_or_default();
    let fee = fees.fee(&tx.size()).total().saturating_add(fees.gas(gas));
    if u64::try_from(fee).is_ok_and(|fee| tx.body.transaction_fee < fee) {
        return Err(Code::InsufficientTxFee);
    }
    let gift = match &tx.data {
        Data::ContractCall(call) => call.amount,
        Data::ContractCreateInstance(create) => create.initial_balance,
        Data::CryptoCreateAccount(create) => {
            i64::try_from(create.initial_balance).unwrap_or(i64::MAX)
        }
        Data::CryptoTransfer(transfer) => given_by(transfer, payer.num),
        _ => 0,
    };
    if payer.balance < fee.saturating_add(gift) {
        return Err(Code::InsufficientPayerBalance);
    }
    Ok(())
}

fn given_by(transfer: &CryptoTransferTransactionBody, payer: i64) -> i64 {
    let list = transfer.transfers.as_ref().map(|list| list.account_amounts.as_slice());
    let payer = account_id(payer);
    let mine = list.unwrap_or_default().iter().filter(|a| a.account_id.as_ref() == Some(&payer));
    mine.fold(0_i64, |sum, adjustment| sum.saturating_sub(adjustment.amount)).max(0)
}
