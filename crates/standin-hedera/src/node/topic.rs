//! Topics and their messages.

use hiero_sdk_proto::services::{
    ConsensusCreateTopicTransactionBody, ConsensusSubmitMessageTransactionBody, ConsensusTopicInfo,
    ConsensusUpdateTopicTransactionBody, Duration, FixedCustomFee, Key, ResponseCodeEnum as Code,
    TopicId, key::Key as Kind,
};

use super::crypto::{self, MAX_ENTITY_MEMO};
use super::handle::{Effect, Handling};
use crate::entity::{Stamp, account_id, account_num, token_num, topic_num};
use crate::keys;
use crate::record::{Created, Extra, Message};
use crate::state::{Draft, Topic};
use crate::token::{self, Assessed};

/// The longest message of one transaction, in bytes.
const MAX_MESSAGE: usize = 1_024;
/// The most custom fees that a topic may have.
const MAX_FEES: usize = 10;
/// The most keys whose owners may be exempt from a topic's fees.
const MAX_EXEMPT: usize = 10;

/// A topic that is there and not deleted.
fn existing<'a>(draft: &'a Draft<'_>, id: Option<TopicId>) -> Result<&'a Topic, Code> {
    let topic = topic_num(id).and_then(|num| draft.topic(num));
    topic.filter(|topic| !topic.deleted).ok_or(Code::InvalidTopicId)
}

/// The checks of a new topic that come before consensus.
pub(super) fn check_create(body: &ConsensusCreateTopicTransactionBody) -> Result<(), Code> {
    let keys = &body.fee_exempt_key_list;
    match keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key)) {
        true => Err(Code::FeeExemptKeyListContainsDuplicatedKeys),
        false => Ok(()),
    }
}

/// Opens a topic.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    body: &ConsensusCreateTopicTransactionBody,
) -> Result<Effect, Code> {
    if body.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong);
    }
    let renew = body.auto_renew_period.as_ref().ok_or(Code::InvalidRenewalPeriod)?.seconds;
    crypto::check_renewal(renew)?;
    if body.admin_key.is_some() && !handling.signed(body.admin_key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    for (key, refusal) in [
        (&body.admin_key, Code::BadEncoding),
        (&body.submit_key, Code::BadEncoding),
        (&body.fee_schedule_key, Code::InvalidCustomFeeScheduleKey),
    ] {
        if key.as_ref().is_some_and(|key| !keys::is_usable(key)) {
            return Err(refusal);
        }
    }
    let renewer = renewer(handling, body.auto_renew_account.as_ref())?;
    check_exempt(&body.fee_exempt_key_list)?;
    check_fees(handling.draft, &body.custom_fees)?;
    let num = handling.draft.next_num();
    handling.draft.put_topic(Topic {
        num,
        memo: body.memo.clone(),
        admin: body.admin_key.clone(),
        submit: body.submit_key.clone(),
        fee_schedule: body.fee_schedule_key.clone(),
        exempt: body.fee_exempt_key_list.clone(),
        fees: body.custom_fees.clone(),
        sequence: 0,
        running_hash: [0; 48],
        deleted: false,
        created: handling.at,
        expires: handling.at.plus_seconds(renew),
        auto_renew_account: renewer,
        auto_renew: renew,
    });
    Ok(Effect { created: Created::Topic(num), ..Effect::about(num) })
}

/// Who pays for the renewal, when it has signed.
fn renewer(
    handling: &Handling<'_, '_>,
    id: Option<&hiero_sdk_proto::services::AccountId>,
) -> Result<Option<i64>, Code> {
    let Some(id) = id else { return Ok(None) };
    let account = crypto::find(handling.draft, id).map_err(|_| Code::InvalidAutorenewAccount)?;
    match handling.signed(account.key.as_ref()) {
        true => Ok(Some(account.num)),
        false => Err(Code::InvalidSignature),
    }
}

fn check_exempt(keys: &[Key]) -> Result<(), Code> {
    if keys.len() > MAX_EXEMPT {
        return Err(Code::MaxEntriesForFeeExemptKeyListExceeded);
    }
    if keys.iter().any(|key| !keys::is_usable(key)) {
        return Err(Code::InvalidKeyInFeeExemptKeyList);
    }
    let repeated = keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key));
    if repeated { Err(Code::FeeExemptKeyListContainsDuplicatedKeys) } else { Ok(()) }
}

fn check_fees(draft: &Draft<'_>, fees: &[FixedCustomFee]) -> Result<(), Code> {
    if fees.len() > MAX_FEES {
        return Err(Code::CustomFeesListTooLong);
    }
    for fee in fees {
        let fixed = fee.fixed_fee.as_ref().ok_or(Code::CustomFeeNotFullySpecified)?;
        if fixed.amount <= 0 {
            return Err(Code::CustomFeeMustBePositive);
        }
        let collector = account_num(fee.fee_collector_account_id.as_ref())
            .ok_or(Code::InvalidCustomFeeCollector)?;
        token::account(draft, collector).map_err(|_| Code::InvalidCustomFeeCollector)?;
        if let Some(token) = token_num(fixed.denominating_token_id) {
            let known =
                token::existing(draft, token).map_err(|_| Code::InvalidTokenIdInCustomFees)?;
            if known.unique {
                return Err(Code::CustomFeeDenominationMustBeFungibleCommon);
            }
            token::held(draft, collector, token)
                .map_err(|_| Code::TokenNotAssociatedToFeeCollector)?;
        }
    }
    Ok(())
}

/// Is it an empty list, which stands for no key at all?
fn takes_away(key: &Key) -> bool {
    matches!(&key.key, Some(Kind::KeyList(list)) if list.keys.is_empty())
}

/// Changes a topic. The administrator signs, except for a later time of expiry; a new
/// administrator signs too. Who has the fee schedule key may change the fees.
pub(super) fn update(
    handling: &mut Handling<'_, '_>,
    body: &ConsensusUpdateTopicTransactionBody,
) -> Result<Effect, Code> {
    let mut topic = existing(handling.draft, body.topic_id)?.clone();
    authorise(handling, body, &topic)?;
    if let Some(memo) = &body.memo {
        if memo.len() > MAX_ENTITY_MEMO {
            return Err(Code::MemoTooLong);
        }
        topic.memo.clone_from(memo);
    }
    if let Some(expires) = body.expiration_time {
        topic.expires = crypto::later(topic.expires, Stamp::from_proto(expires), handling.at)?;
    }
    if let Some(period) = &body.auto_renew_period {
        crypto::check_renewal(period.seconds)?;
        topic.auto_renew = period.seconds;
    }
    match &body.auto_renew_account {
        // 0.0.0 takes it away.
        Some(id) if *id == account_id(0) => topic.auto_renew_account = None,
        Some(id) => topic.auto_renew_account = renewer(handling, Some(id))?,
        None => {}
    }
    let set = |new: &Option<Key>, old: &mut Option<Key>| {
        if let Some(key) = new {
            *old = (!takes_away(key)).then(|| key.clone());
        }
    };
    set(&body.admin_key, &mut topic.admin);
    set(&body.submit_key, &mut topic.submit);
    set(&body.fee_schedule_key, &mut topic.fee_schedule);
    if let Some(list) = &body.fee_exempt_key_list {
        check_exempt(&list.keys)?;
        topic.exempt.clone_from(&list.keys);
    }
    if let Some(list) = &body.custom_fees {
        check_fees(handling.draft, &list.fees)?;
        topic.fees.clone_from(&list.fees);
    }
    let num = topic.num;
    handling.draft.put_topic(topic);
    Ok(Effect::about(num))
}

fn authorise(
    handling: &Handling<'_, '_>,
    body: &ConsensusUpdateTopicTransactionBody,
    topic: &Topic,
) -> Result<(), Code> {
    let rest = ConsensusUpdateTopicTransactionBody {
        topic_id: None,
        expiration_time: None,
        custom_fees: None,
        ..body.clone()
    };
    if rest != ConsensusUpdateTopicTransactionBody::default() {
        let admin = topic.admin.as_ref().ok_or(Code::Unauthorized)?;
        if !handling.signed(Some(admin)) {
            return Err(Code::InvalidSignature);
        }
    }
    if body.fee_schedule_key.is_some() && topic.fee_schedule.is_none() {
        return Err(Code::FeeScheduleKeyCannotBeUpdated);
    }
    if body.custom_fees.is_some() {
        let key = topic.fee_schedule.as_ref().ok_or(Code::FeeScheduleKeyNotSet)?;
        if !handling.signed(Some(key)) {
            return Err(Code::InvalidSignature);
        }
    }
    match &body.admin_key {
        Some(key) if !takes_away(key) && !handling.signed(Some(key)) => Err(Code::InvalidSignature),
        _ => Ok(()),
    }
}

/// Closes a topic.
pub(super) fn delete(handling: &mut Handling<'_, '_>, id: Option<TopicId>) -> Result<Effect, Code> {
    let topic = existing(handling.draft, id)?.clone();
    let admin = topic.admin.as_ref().ok_or(Code::Unauthorized)?;
    if !handling.signed(Some(admin)) {
        return Err(Code::InvalidSignature);
    }
    let num = topic.num;
    handling.draft.put_topic(Topic { deleted: true, ..topic });
    Ok(Effect::about(num))
}

/// The checks of a message that come before consensus.
pub(super) fn check_submit(body: &ConsensusSubmitMessageTransactionBody) -> Result<(), Code> {
    body.topic_id.ok_or(Code::InvalidTopicId)?;
    match body.message.is_empty() {
        true => Err(Code::InvalidTopicMessage),
        false => Ok(()),
    }
}

/// Sends a message.
pub(super) fn submit(
    handling: &mut Handling<'_, '_>,
    body: &ConsensusSubmitMessageTransactionBody,
) -> Result<Effect, Code> {
    let mut topic = existing(handling.draft, body.topic_id)?.clone();
    if topic.submit.is_some() && !handling.signed(topic.submit.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    if body.message.len() > MAX_MESSAGE {
        return Err(Code::MessageSizeTooLarge);
    }
    check_chunk(handling, body)?;
    let assessed = take_fees(handling, &topic)?;
    topic.take(&body.message, handling.tx.id.payer, handling.at);
    let message = Message {
        topic: topic.num,
        sequence: topic.sequence,
        running_hash: topic.running_hash,
        contents: body.message.clone(),
        chunk: body.chunk_info.clone(),
    };
    let num = topic.num;
    handling.draft.put_topic(topic);
    let extra = Extra { message: Some(message), assessed, ..Extra::default() };
    Ok(Effect { extra, ..Effect::about(num) })
}

fn check_chunk(
    handling: &Handling<'_, '_>,
    body: &ConsensusSubmitMessageTransactionBody,
) -> Result<(), Code> {
    let Some(chunk) = &body.chunk_info else { return Ok(()) };
    if !(1..=chunk.total).contains(&chunk.number) {
        return Err(Code::InvalidChunkNumber);
    }
    let first = chunk.initial_transaction_id.as_ref().ok_or(Code::InvalidChunkTransactionId)?;
    let own = handling.tx.id.to_proto();
    let same = first.account_id == own.account_id
        && (chunk.number > 1 || first.transaction_valid_start == own.transaction_valid_start);
    if same { Ok(()) } else { Err(Code::InvalidChunkTransactionId) }
}

/// Takes the topic's fees from the payer, unless it signs with a key that is exempt.
fn take_fees(handling: &mut Handling<'_, '_>, topic: &Topic) -> Result<Vec<Assessed>, Code> {
    let exempt = topic.exempt.iter().chain(&topic.fee_schedule).chain(&topic.admin);
    if exempt.into_iter().any(|key| handling.signed(Some(key))) {
        return Ok(Vec::new());
    }
    let payer = handling.tx.id.payer;
    check_limit(handling, topic, payer)?;
    let mut assessed = Vec::new();
    for fee in &topic.fees {
        let collector = account_num(fee.fee_collector_account_id.as_ref());
        let (Some(fixed), Some(collector)) = (&fee.fixed_fee, collector) else { continue };
        if collector == payer {
            continue;
        }
        let (token, amount) = (token_num(fixed.denominating_token_id), fixed.amount);
        let give = |account, amount| token::Adjustment { account, amount, approved: false };
        let list = vec![give(payer, -amount), give(collector, amount)];
        let mut movement = token::Movement::default();
        match token {
            None => movement.hbar = list,
            Some(token) => movement.tokens.push((token, list)),
        }
        token::carry_out(handling.draft, &movement, payer, handling.at, &|_| true).map_err(
            |code| match code {
                Code::InsufficientAccountBalance => Code::InsufficientPayerBalanceForCustomFee,
                Code::InsufficientTokenBalance => {
                    Code::InsufficientSenderAccountBalanceForCustomFee
                }
                other => other,
            },
        )?;
        assessed.push(Assessed { token, amount, collector, payer });
    }
    Ok(assessed)
}

/// The most that the payer is ready to pay, if it says so.
fn check_limit(handling: &Handling<'_, '_>, topic: &Topic, payer: i64) -> Result<(), Code> {
    let limits = &handling.tx.body.max_custom_fees;
    let Some(limit) =
        limits.iter().find(|limit| account_num(limit.account_id.as_ref()) == Some(payer))
    else {
        return match limits.is_empty() {
            true => Ok(()),
            false => Err(Code::NoValidMaxCustomFee),
        };
    };
    let mut wanted = std::collections::BTreeMap::<Option<i64>, i64>::new();
    for fixed in topic.fees.iter().filter_map(|fee| fee.fixed_fee.as_ref()) {
        *wanted.entry(token_num(fixed.denominating_token_id)).or_default() += fixed.amount;
    }
    for (token, amount) in wanted {
        let most = limit.fees.iter().find(|fee| token_num(fee.denominating_token_id) == token);
        match most {
            None => return Err(Code::NoValidMaxCustomFee),
            Some(most) if most.amount < amount => return Err(Code::MaxCustomFeeLimitExceeded),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Everything about a topic.
pub(super) fn info(draft: &Draft<'_>, id: Option<TopicId>) -> Result<ConsensusTopicInfo, Code> {
    let topic = existing(draft, id)?;
    Ok(ConsensusTopicInfo {
        memo: topic.memo.clone(),
        running_hash: topic.running_hash.to_vec(),
        sequence_number: topic.sequence,
        expiration_time: Some(topic.expires.to_proto()),
        admin_key: topic.admin.clone(),
        submit_key: topic.submit.clone(),
        auto_renew_period: Some(Duration { seconds: topic.auto_renew }),
        auto_renew_account: topic.auto_renew_account.map(account_id),
        ledger_id: vec![3],
        fee_schedule_key: topic.fee_schedule.clone(),
        fee_exempt_key_list: topic.exempt.clone(),
        custom_fees: topic.fees.clone(),
    })
}
