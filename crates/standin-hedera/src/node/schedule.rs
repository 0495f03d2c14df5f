//! Schedules: a transaction that waits until everybody has signed whose signature it needs.
//!
//! Whether it can be carried out is found out by trying: as long as that ends with
//! INVALID_SIGNATURE, it waits. It is carried out right after the transaction that brought the last
//! signature, with an id of its own. Waiting for the expiry (HIP-423) is not known here.

use hiero_sdk_proto::services::schedulable_transaction_body::Data as Inner;
use hiero_sdk_proto::services::schedule_info::Data as Ended;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    KeyList, ResponseCodeEnum as Code, SchedulableTransactionBody, ScheduleCreateTransactionBody,
    ScheduleId, ScheduleInfo, TransactionBody,
};
use sha2::{Digest, Sha384};

use super::crypto::{self, MAX_ENTITY_MEMO};
use super::handle::{self, Effect, Handling, Refused};
use super::{Kind, Parsed};
use crate::entity::{Stamp, TxId, account_id, schedule_id, schedule_num};
use crate::keys::{self, Signatures};
use crate::record::{Created, Extra};
use crate::state::{Draft, Schedule};

/// Seconds for which a schedule waits unless it is said otherwise.
const WAITS: i64 = 1_800;
/// Seconds for which a schedule may wait: 62 days.
const MOST: i64 = 5_356_800;

/// The checks that come before consensus.
pub(super) fn check(data: &Data) -> Result<(), Code> {
    let id = match data {
        Data::ScheduleSign(body) => body.schedule_id,
        Data::ScheduleDelete(body) => body.schedule_id,
        Data::ScheduleCreate(body) => {
            let inner = body.scheduled_transaction_body.as_ref();
            let inner = inner.and_then(|body| body.data.as_ref());
            let known = inner.and_then(transaction).and_then(|data| Kind::of(&data));
            return match known {
                None => Err(Code::ScheduledTransactionNotInWhitelist),
                Some(_) if body.wait_for_expiry => Err(Code::NotSupported),
                Some(_) => Ok(()),
            };
        }
        _ => return Ok(()),
    };
    schedule_num(id).map(drop).ok_or(Code::InvalidScheduleId)
}

/// The transaction that a schedule may carry out.
fn transaction(inner: &Inner) -> Option<Data> {
    Some(match inner.clone() {
        Inner::ContractCall(body) => Data::ContractCall(body),
        Inner::CryptoTransfer(body) => Data::CryptoTransfer(body),
        Inner::CryptoCreateAccount(body) => Data::CryptoCreateAccount(body),
        Inner::CryptoUpdateAccount(body) => Data::CryptoUpdateAccount(body),
        Inner::CryptoDelete(body) => Data::CryptoDelete(body),
        Inner::CryptoApproveAllowance(body) => Data::CryptoApproveAllowance(body),
        Inner::ConsensusSubmitMessage(body) => Data::ConsensusSubmitMessage(body),
        Inner::ConsensusCreateTopic(body) => Data::ConsensusCreateTopic(body),
        Inner::ConsensusUpdateTopic(body) => Data::ConsensusUpdateTopic(body),
        Inner::ConsensusDeleteTopic(body) => Data::ConsensusDeleteTopic(body),
        Inner::TokenCreation(body) => Data::TokenCreation(body),
        Inner::TokenUpdate(body) => Data::TokenUpdate(body),
        Inner::TokenDeletion(body) => Data::TokenDeletion(body),
        Inner::TokenMint(body) => Data::TokenMint(body),
        Inner::TokenBurn(body) => Data::TokenBurn(body),
        Inner::TokenAssociate(body) => Data::TokenAssociate(body),
        Inner::TokenDissociate(body) => Data::TokenDissociate(body),
        _ => return None,
    })
}

/// The scheduled transaction as if it had been sent, signed by whoever has signed the schedule.
pub(crate) fn parsed(schedule: &Schedule) -> Option<Parsed> {
    let SchedulableTransactionBody { transaction_fee, memo, data, max_custom_fees } =
        schedule.body.clone();
    let data = transaction(data.as_ref()?)?;
    Some(Parsed {
        id: schedule.id,
        kind: Kind::of(&data)?,
        data,
        body: TransactionBody {
            transaction_id: Some(schedule.id.to_proto()),
            transaction_fee,
            memo,
            max_custom_fees,
            ..TransactionBody::default()
        },
        signatures: Signatures::granted(schedule.signed.clone()),
        hash: Sha384::digest(schedule.num.to_be_bytes()).into(),
        bytes: Vec::new(),
        duration: MOST,
    })
}

/// A schedule that is there, and has not expired.
fn existing<'a>(
    draft: &'a Draft<'_>,
    id: Option<ScheduleId>,
    at: Stamp,
) -> Result<&'a Schedule, Code> {
    let schedule = schedule_num(id).and_then(|num| draft.schedule(num));
    schedule.filter(|schedule| schedule.expires > at).ok_or(Code::InvalidScheduleId)
}

/// Makes a schedule, and carries it out if nothing is missing.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    body: &ScheduleCreateTransactionBody,
) -> Result<Effect, Refused> {
    let inner = body.scheduled_transaction_body.clone().ok_or(Code::InvalidTransaction)?;
    if body.memo.len() > MAX_ENTITY_MEMO || inner.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong.into());
    }
    if let Some(admin) = &body.admin_key {
        if !keys::is_usable(admin) {
            return Err(Code::InvalidAdminKey.into());
        }
        if !handling.signed(Some(admin)) {
            return Err(Code::InvalidSignature.into());
        }
    }
    let creator = handling.tx.id.payer;
    let payer = match &body.payer_account_id {
        None => creator,
        Some(id) => {
            crypto::find_num(handling.draft, Some(id)).map_err(|_| Code::InvalidSchedulePayerId)?
        }
    };
    let asked_expiry = body.expiration_time.and_then(Stamp::from_proto);
    let expires = asked_expiry.unwrap_or(handling.at.plus_seconds(WAITS));
    if expires <= handling.at {
        return Err(Code::ScheduleExpirationTimeMustBeHigherThanConsensusTime.into());
    }
    if expires > handling.at.plus_seconds(MOST) {
        return Err(Code::ScheduleExpirationTimeTooFarInFuture.into());
    }
    let schedule = Schedule {
        num: 0,
        body: inner,
        memo: body.memo.clone(),
        admin: body.admin_key.clone(),
        creator,
        payer,
        signed: handling.tx.signatures.signers(),
        id: TxId { payer, scheduled: true, ..handling.tx.id },
        asked_expiry,
        expires,
        executed: None,
        deleted: None,
    };
    let twin = handling.draft.schedules().find(|other| {
        other.expires > handling.at && other.deleted.is_none() && other.is_identical(&schedule)
    });
    if let Some(twin) = twin {
        let created = Created::Schedule(twin.num, twin.id);
        return Err(Refused { created, ..Code::IdenticalScheduleAlreadyCreated.into() });
    }
    let num = handling.draft.next_num();
    let id = schedule.id;
    let extra = try_it(handling, Schedule { num, ..schedule })?;
    Ok(Effect { created: Created::Schedule(num, id), extra, ..Effect::about(num) })
}

/// Adds signatures, and carries the transaction out if nothing is missing any more.
pub(super) fn sign(
    handling: &mut Handling<'_, '_>,
    id: Option<ScheduleId>,
) -> Result<Effect, Code> {
    let mut schedule = existing(handling.draft, id, handling.at)?.clone();
    if schedule.deleted.is_some() {
        return Err(Code::ScheduleAlreadyDeleted);
    }
    if schedule.executed.is_some() {
        return Err(Code::ScheduleAlreadyExecuted);
    }
    let known = schedule.signed.len();
    for key in handling.tx.signatures.signers() {
        if !schedule.signed.contains(&key) {
            schedule.signed.push(key);
        }
    }
    if schedule.signed.len() == known {
        return Err(Code::NoNewValidSignatures);
    }
    let (num, id) = (schedule.num, schedule.id);
    let extra = try_it(handling, schedule)?;
    Ok(Effect { created: Created::Scheduled(id), extra, ..Effect::about(num) })
}

/// Writes the schedule, and tells whether it is to be carried out.
fn try_it(handling: &mut Handling<'_, '_>, mut schedule: Schedule) -> Result<Extra, Code> {
    let tx = parsed(&schedule).ok_or(Code::ScheduledTransactionNotInWhitelist)?;
    let mut draft = handling.draft.clone();
    let payer = draft.account(schedule.payer).and_then(|account| account.key.clone());
    let pays = payer.is_some_and(|key| tx.signatures.satisfy(&key));
    let ready = pays && !handle::lacks_a_signature(&mut draft, &tx, handling.fees, handling.at);
    if ready {
        schedule.executed = Some(handling.at);
    }
    let due = ready.then_some(schedule.num);
    handling.draft.put_schedule(schedule);
    Ok(Extra { due, ..Extra::default() })
}

/// Ends a schedule; its administrator signs.
pub(super) fn delete(
    handling: &mut Handling<'_, '_>,
    id: Option<ScheduleId>,
) -> Result<Effect, Code> {
    let mut schedule = existing(handling.draft, id, handling.at)?.clone();
    let admin = schedule.admin.as_ref().ok_or(Code::ScheduleIsImmutable)?;
    if schedule.deleted.is_some() {
        return Err(Code::ScheduleAlreadyDeleted);
    }
    if schedule.executed.is_some() {
        return Err(Code::ScheduleAlreadyExecuted);
    }
    if !handling.signed(Some(admin)) {
        return Err(Code::InvalidSignature);
    }
    schedule.deleted = Some(handling.at);
    let num = schedule.num;
    handling.draft.put_schedule(schedule);
    Ok(Effect::about(num))
}

/// Everything about a schedule.
pub(super) fn info(
    draft: &Draft<'_>,
    id: Option<ScheduleId>,
    at: Stamp,
) -> Result<ScheduleInfo, Code> {
    let schedule = existing(draft, id, at)?;
    let deleted = schedule.deleted.map(|at| Ended::DeletionTime(at.to_proto()));
    let executed = schedule.executed.map(|at| Ended::ExecutionTime(at.to_proto()));
    Ok(ScheduleInfo {
        schedule_id: Some(schedule_id(schedule.num)),
        expiration_time: Some(schedule.expires.to_proto()),
        scheduled_transaction_body: Some(schedule.body.clone()),
        memo: schedule.memo.clone(),
        admin_key: schedule.admin.clone(),
        signers: Some(KeyList { keys: schedule.signed.clone() }),
        creator_account_id: Some(account_id(schedule.creator)),
        payer_account_id: Some(account_id(schedule.payer)),
        scheduled_transaction_id: Some(schedule.id.to_proto()),
        ledger_id: vec![3],
        wait_for_expiry: false,
        data: deleted.or(executed),
    })
}
