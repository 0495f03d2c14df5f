//! Airdrops: what a receiver is not associated with waits until it is claimed or cancelled. And the
//! other way round, giving back to the treasury what one never wanted.

use hiero_sdk_proto::services::pending_airdrop_id::TokenReference as PendingReference;
use hiero_sdk_proto::services::token_reference::TokenIdentifier;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    Key, NftId, PendingAirdropId, PendingAirdropRecord, PendingAirdropValue,
    ResponseCodeEnum as Code, TokenAirdropTransactionBody, TokenCancelAirdropTransactionBody,
    TokenClaimAirdropTransactionBody, TokenRejectTransactionBody, TokenTransferList,
};

use super::super::crypto;
use super::super::handle::{Effect, Handling};
use super::must_sign;
use crate::entity::{account_id, token_id, token_num};
use crate::record::Extra;
use crate::state::{Airdrop, Holding, Nft};
use crate::token::{self, Adjustment, Movement, PieceMove};

/// The most airdrops that one transaction makes, claims or cancels, and the most rejections.
const MOST: usize = 10;

/// The checks that come before consensus.
pub(super) fn check(data: &Data) -> Result<(), Code> {
    match data {
        Data::TokenAirdrop(body) => check_airdrop(&body.token_transfers),
        Data::TokenClaimAirdrop(body) => check_pending(&body.pending_airdrops),
        Data::TokenCancelAirdrop(body) => check_pending(&body.pending_airdrops),
        Data::TokenReject(body) => match body.rejections.as_slice() {
            [] => Err(Code::EmptyTokenReferenceList),
            all if all.iter().enumerate().any(|(i, one)| all[..i].contains(one)) => {
                Err(Code::TokenReferenceRepeated)
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_airdrop(lists: &[TokenTransferList]) -> Result<(), Code> {
    if lists.is_empty() {
        return Err(Code::EmptyTokenTransferBody);
    }
    for list in lists {
        token_num(list.token).ok_or(Code::InvalidTokenId)?;
        let approved = list.transfers.iter().any(|one| one.is_approval)
            || list.nft_transfers.iter().any(|one| one.is_approval);
        if approved {
            return Err(Code::NotSupported);
        }
        let senders = list.transfers.iter().filter(|one| one.amount < 0).count();
        if !list.transfers.is_empty() && senders != 1 {
            return Err(Code::AirdropContainsMultipleSendersForAToken);
        }
        let sum: i128 = list.transfers.iter().map(|one| i128::from(one.amount)).sum();
        if sum != 0 {
            return Err(Code::TransfersNotZeroSumForToken);
        }
    }
    Ok(())
}

fn check_pending(ids: &[PendingAirdropId]) -> Result<(), Code> {
    if ids.is_empty() {
        return Err(Code::EmptyPendingAirdropIdList);
    }
    if ids.len() > MOST {
        return Err(Code::PendingAirdropIdListTooLong);
    }
    match ids.iter().enumerate().any(|(i, id)| ids[..i].contains(id)) {
        true => Err(Code::PendingAirdropIdRepeated),
        false => Ok(()),
    }
}

/// Gives to everybody who can receive, and lets the rest wait.
pub(super) fn airdrop(
    handling: &mut Handling<'_, '_>,
    body: &TokenAirdropTransactionBody,
) -> Result<Effect, Code> {
    let count: usize = body
        .token_transfers
        .iter()
        .map(|list| list.transfers.len() + list.nft_transfers.len())
        .sum();
    if count > 2 * MOST {
        return Err(Code::TokenReferenceListSizeLimitExceeded);
    }
    let mut movement = Movement::default();
    let mut waiting = Vec::new();
    for list in &body.token_transfers {
        let num = token_num(list.token).ok_or(Code::InvalidTokenId)?;
        token::usable(handling.draft, num)?;
        amounts(handling, num, list, &mut movement, &mut waiting)?;
        pieces(handling, num, list, &mut movement, &mut waiting)?;
    }
    let (payer, at) = (handling.tx.id.payer, handling.at);
    let signatures = &handling.tx.signatures;
    let agreed = |key: &Key| signatures.satisfy(key);
    let assessed = token::carry_out(handling.draft, &movement, payer, at, &agreed)?;
    let mut pending = Vec::new();
    for (airdrop, amount) in waiting {
        let before = handling.draft.airdrop(&airdrop).unwrap_or_default();
        let amount = before.checked_add(amount).ok_or(Code::InvalidTransactionBody)?;
        handling.draft.put_airdrop(airdrop, Some(amount));
        pending.push(record(&airdrop, amount));
    }
    let extra = Extra { assessed, pending, ..Extra::default() };
    Ok(Effect { extra, ..Effect::default() })
}

/// Can the receiver get this token without being asked?
fn receives(handling: &Handling<'_, '_>, receiver: i64, token: i64) -> Result<bool, Code> {
    let account = token::account(handling.draft, receiver)?;
    if account.receiver_sig_required && !handling.signed(account.key.as_ref()) {
        return Ok(false);
    }
    let held = handling.draft.holdings_of(receiver);
    let used = held.values().filter(|holding| holding.automatic).count();
    Ok(held.contains_key(&token)
        || account.max_associations == -1
        || usize::try_from(account.max_associations).is_ok_and(|slots| used < slots))
}

/// Who gives must have it and must have signed, also when it waits.
fn gives(handling: &Handling<'_, '_>, sender: i64, token: i64, amount: i64) -> Result<(), Code> {
    must_sign(handling, sender)?;
    match token::held(handling.draft, sender, token)?.balance < amount {
        true => Err(Code::InvalidAccountAmounts),
        false => Ok(()),
    }
}

type Waiting = Vec<(Airdrop, i64)>;

fn amounts(
    handling: &mut Handling<'_, '_>,
    token: i64,
    list: &TokenTransferList,
    movement: &mut Movement,
    waiting: &mut Waiting,
) -> Result<(), Code> {
    let Some(given) = list.transfers.iter().find(|one| one.amount < 0) else { return Ok(()) };
    let sender = crypto::find_num(handling.draft, given.account_id.as_ref())?;
    gives(handling, sender, token, -given.amount)?;
    let mut moved = Vec::new();
    let mut sum = 0;
    for one in list.transfers.iter().filter(|one| one.amount > 0) {
        let id = one.account_id.as_ref().ok_or(Code::InvalidAccountId)?;
        let receiver = crypto::receiver(handling, id)?;
        if receives(handling, receiver, token)? {
            sum += one.amount;
            moved.push(Adjustment { account: receiver, amount: one.amount, approved: false });
        } else {
            waiting.push((Airdrop { sender, receiver, token, serial: 0 }, one.amount));
        }
    }
    if !moved.is_empty() {
        moved.push(Adjustment { account: sender, amount: -sum, approved: false });
        movement.tokens.push((token, moved));
    }
    Ok(())
}

fn pieces(
    handling: &mut Handling<'_, '_>,
    token: i64,
    list: &TokenTransferList,
    movement: &mut Movement,
    waiting: &mut Waiting,
) -> Result<(), Code> {
    let mut moved = Vec::new();
    for one in &list.nft_transfers {
        let sender = crypto::find_num(handling.draft, one.sender_account_id.as_ref())?;
        let id = one.receiver_account_id.as_ref().ok_or(Code::InvalidAccountId)?;
        let receiver = crypto::receiver(handling, id)?;
        let serial = one.serial_number;
        gives(handling, sender, token, 1)?;
        let piece = handling.draft.nft(token, serial).ok_or(Code::InvalidNftId)?;
        if piece.owner != sender {
            return Err(Code::SenderDoesNotOwnNftSerialNo);
        }
        if receives(handling, receiver, token)? {
            moved.push(PieceMove { from: sender, to: receiver, serial, approved: false });
        } else {
            waiting.push((Airdrop { sender, receiver, token, serial }, 0));
        }
    }
    if !moved.is_empty() {
        movement.pieces.push((token, moved));
    }
    Ok(())
}

fn record(airdrop: &Airdrop, amount: i64) -> PendingAirdropRecord {
    let token = token_id(airdrop.token);
    let (reference, value) = match airdrop.serial {
        0 => {
            let amount = u64::try_from(amount).unwrap_or_default();
            (PendingReference::FungibleTokenType(token), Some(PendingAirdropValue { amount }))
        }
        serial_number => {
            let id = NftId { token_id: Some(token), serial_number };
            (PendingReference::NonFungibleToken(id), None)
        }
    };
    PendingAirdropRecord {
        pending_airdrop_id: Some(PendingAirdropId {
            sender_id: Some(account_id(airdrop.sender)),
            receiver_id: Some(account_id(airdrop.receiver)),
            token_reference: Some(reference),
        }),
        pending_airdrop_value: value,
    }
}

/// The airdrop that is named, with its amount.
fn waiting(handling: &Handling<'_, '_>, id: &PendingAirdropId) -> Result<(Airdrop, i64), Code> {
    let invalid = |_| Code::InvalidPendingAirdropId;
    let (token, serial) = match &id.token_reference {
        Some(PendingReference::FungibleTokenType(id)) => (token_num(Some(*id)), 0),
        Some(PendingReference::NonFungibleToken(id)) => (token_num(id.token_id), id.serial_number),
        None => (None, 0),
    };
    let airdrop = Airdrop {
        sender: crypto::find_num(handling.draft, id.sender_id.as_ref()).map_err(invalid)?,
        receiver: crypto::find_num(handling.draft, id.receiver_id.as_ref()).map_err(invalid)?,
        token: token.ok_or(Code::InvalidPendingAirdropId)?,
        serial,
    };
    let amount = handling.draft.airdrop(&airdrop).ok_or(Code::InvalidPendingAirdropId)?;
    Ok((airdrop, amount))
}

/// Takes what waits for the receiver, who signs and is associated without using a slot.
pub(super) fn claim(
    handling: &mut Handling<'_, '_>,
    body: &TokenClaimAirdropTransactionBody,
) -> Result<Effect, Code> {
    for id in &body.pending_airdrops {
        let (airdrop, amount) = waiting(handling, id)?;
        let Airdrop { sender, receiver, token, serial } = airdrop;
        must_sign(handling, receiver)?;
        let holding = token::usable(handling.draft, token)?.holding(false, handling.at);
        if handling.draft.holding(receiver, token).is_none() {
            handling.draft.put_holding(receiver, token, Some(holding));
        }
        let mut movement = Movement::default();
        if serial == 0 {
            let give = |account, amount| Adjustment { account, amount, approved: false };
            let list = vec![give(sender, -amount), give(receiver, amount)];
            movement.tokens.push((token, list));
        } else {
            let piece = PieceMove { from: sender, to: receiver, serial, approved: false };
            movement.pieces.push((token, vec![piece]));
        }
        // The sender agreed when it made the airdrop.
        token::carry_out(handling.draft, &movement, receiver, handling.at, &|_| true)?;
        handling.draft.put_airdrop(airdrop, None);
    }
    Ok(Effect::default())
}

/// Takes back what waits; the sender signs.
pub(super) fn cancel(
    handling: &mut Handling<'_, '_>,
    body: &TokenCancelAirdropTransactionBody,
) -> Result<Effect, Code> {
    for id in &body.pending_airdrops {
        let (airdrop, _) = waiting(handling, id)?;
        must_sign(handling, airdrop.sender)?;
        handling.draft.put_airdrop(airdrop, None);
    }
    Ok(Effect::default())
}

/// Gives tokens and pieces back to their treasuries, without any custom fee.
pub(super) fn reject(
    handling: &mut Handling<'_, '_>,
    body: &TokenRejectTransactionBody,
) -> Result<Effect, Code> {
    if body.rejections.len() > MOST {
        return Err(Code::TokenReferenceListSizeLimitExceeded);
    }
    let owner = match &body.owner {
        Some(id) => crypto::find_num(handling.draft, Some(id)).map_err(|_| Code::InvalidOwnerId)?,
        None => handling.tx.id.payer,
    };
    must_sign(handling, owner)?;
    for reference in &body.rejections {
        match reference.token_identifier.as_ref().ok_or(Code::InvalidTokenId)? {
            TokenIdentifier::FungibleToken(id) => give_back(handling, owner, *id, None)?,
            TokenIdentifier::Nft(id) => {
                let token = id.token_id.ok_or(Code::InvalidNftId)?;
                give_back(handling, owner, token, Some(id.serial_number))?;
            }
        }
    }
    Ok(Effect::about(owner))
}

fn give_back(
    handling: &mut Handling<'_, '_>,
    owner: i64,
    id: hiero_sdk_proto::services::TokenId,
    serial: Option<i64>,
) -> Result<(), Code> {
    let token = token::usable(handling.draft, super::num(Some(id))?)?.clone();
    if token.unique != serial.is_some() {
        return Err(match serial {
            None => Code::AccountAmountTransfersOnlyAllowedForFungibleCommon,
            Some(_) => Code::InvalidNftId,
        });
    }
    if token.treasury == owner {
        return Err(Code::AccountIsTreasury);
    }
    let from = token::held(handling.draft, owner, token.num)?.clone();
    let to = token::held(handling.draft, token.treasury, token.num)?.clone();
    if from.frozen || to.frozen {
        return Err(Code::AccountFrozenForToken);
    }
    let amount = match serial {
        None => from.balance,
        Some(serial) => {
            let piece = handling.draft.nft(token.num, serial).ok_or(Code::InvalidNftId)?.clone();
            if piece.owner != owner {
                return Err(Code::InvalidOwnerId);
            }
            let piece = Nft { owner: token.treasury, spender: None, ..piece };
            handling.draft.put_nft(token.num, serial, Some(piece));
            1
        }
    };
    if amount == 0 {
        return Err(Code::InsufficientTokenBalance);
    }
    let (left, more) = (from.balance - amount, to.balance + amount);
    handling.draft.put_holding(owner, token.num, Some(Holding { balance: left, ..from }));
    handling.draft.put_holding(token.treasury, token.num, Some(Holding { balance: more, ..to }));
    Ok(())
}
