//! The token service at 0x167.
//!
//! Most functions answer with a response code and do not revert when the ledger refuses: whoever
//! does not look at the code does not notice.

use alloy_sol_types::{SolCall, SolValue, sol};
use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code};
use revm::primitives::{Address, Log, U256};

use super::{Asked, Refusal, Reply, facade, info};
use crate::node::Kind;
use crate::state::Draft;
use crate::token::{self, Adjustment, Agreed, Movement, PieceMove};

sol! {
    struct AccountAmount { address accountID; int64 amount; bool isApproval; }
    struct NftTransfer { address senderAccountID; address receiverAccountID; int64 serialNumber; bool isApproval; }
    struct TransferList { AccountAmount[] transfers; }
    struct TokenTransferList { address token; AccountAmount[] transfers; NftTransfer[] nftTransfers; }

    function cryptoTransfer(TransferList transferList, TokenTransferList[] tokenTransfers);
    function associateToken(address account, address token);
    function associateTokens(address account, address[] tokens);
    function dissociateToken(address account, address token);
    function dissociateTokens(address account, address[] tokens);
    function transferToken(address token, address sender, address recipient, int64 amount);
    function transferTokens(address token, address[] accounts, int64[] amounts);
    function transferNFT(address token, address sender, address recipient, int64 serial);
    function transferFrom(address token, address from, address to, uint256 amount);
    function approve(address token, address spender, uint256 amount);
    function allowance(address token, address owner, address spender);
    function mintToken(address token, int64 amount, bytes[] metadata);
    function burnToken(address token, int64 amount, int64[] serials);
    function wipeTokenAccount(address token, address account, int64 amount);
    function freezeToken(address token, address account);
    function unfreezeToken(address token, address account);
    function grantTokenKyc(address token, address account);
    function revokeTokenKyc(address token, address account);
    function pauseToken(address token);
    function unpauseToken(address token);
    function isToken(address token);
    function isFrozen(address token, address account);
    function isKyc(address token, address account);
    function getTokenType(address token);
    function getTokenInfo(address token);
}

/// Carries out a call to the token service.
pub(super) fn call(asked: &mut Asked<'_, '_>, input: &[u8]) -> Reply {
    let Some(selector) = input.first_chunk::<4>() else { return Reply::fail() };
    if let Some(result) = look(asked, *selector, input) {
        return Reply::of(asked.gas_of_view(), result);
    }
    let Some(kind) = kind(*selector) else { return Reply::fail() };
    if asked.read_only {
        return Reply::fail();
    }
    let gas = asked.gas_of(kind);
    let mut logs = Vec::new();
    let before = asked.draft.checkpoint();
    let done = match kind {
        Kind::CryptoTransfer => transfers(asked, input, &mut logs),
        Kind::TokenMint | Kind::TokenBurn | Kind::TokenWipe => supply(asked, input),
        Kind::CryptoApproveAllowance => approve(asked, input, &mut logs),
        Kind::TokenAssociate | Kind::TokenDissociate => associations(asked, input),
        _ => manage(asked, input),
    };
    let result = match done {
        Ok(Some(output)) => Ok(output),
        Ok(None) => Ok(code(Code::Success)),
        Err(Refusal::Revert(refused)) => {
            // Nothing of what was refused stays, but the answer is a code and no revert.
            asked.draft.go_back_to(before);
            logs.clear();
            Ok(refusal(kind, refused))
        }
        Err(Refusal::Fail) => Err(Refusal::Fail),
    };
    Reply { gas, result, logs }
}

/// The transaction that a function stands for.
fn kind(selector: [u8; 4]) -> Option<Kind> {
    Some(match selector {
        cryptoTransferCall::SELECTOR
        | transferTokenCall::SELECTOR
        | transferTokensCall::SELECTOR
        | transferNFTCall::SELECTOR
        | transferFromCall::SELECTOR => Kind::CryptoTransfer,
        associateTokenCall::SELECTOR | associateTokensCall::SELECTOR => Kind::TokenAssociate,
        dissociateTokenCall::SELECTOR | dissociateTokensCall::SELECTOR => Kind::TokenDissociate,
        approveCall::SELECTOR => Kind::CryptoApproveAllowance,
        mintTokenCall::SELECTOR => Kind::TokenMint,
        burnTokenCall::SELECTOR => Kind::TokenBurn,
        wipeTokenAccountCall::SELECTOR => Kind::TokenWipe,
        freezeTokenCall::SELECTOR => Kind::TokenFreeze,
        unfreezeTokenCall::SELECTOR => Kind::TokenUnfreeze,
        grantTokenKycCall::SELECTOR => Kind::TokenGrantKyc,
        revokeTokenKycCall::SELECTOR => Kind::TokenRevokeKyc,
        pauseTokenCall::SELECTOR => Kind::TokenPause,
        unpauseTokenCall::SELECTOR => Kind::TokenUnpause,
        _ => return None,
    })
}

/// A response code as the contract sees it: a word that holds an `int64`.
fn code(code: Code) -> Vec<u8> {
    i64::from(i32::from(code)).abi_encode()
}

/// The answer to what was refused: a code, followed by nothing where an amount belongs.
fn refusal(kind: Kind, refused: Code) -> Vec<u8> {
    let refused = match refused {
        Code::InvalidSignature => Code::InvalidFullPrefixSignatureForPrecompile,
        other => other,
    };
    let number = i64::from(i32::from(refused));
    match kind {
        Kind::TokenMint => (number, 0_i64, Vec::<i64>::new()).abi_encode_params(),
        Kind::TokenBurn => (number, 0_i64).abi_encode_params(),
        _ => code(refused),
    }
}

/// Answers a question; `None` when it is none.
fn look(
    asked: &Asked<'_, '_>,
    selector: [u8; 4],
    input: &[u8],
) -> Option<Result<Vec<u8>, Refusal>> {
    let ok = i64::from(i32::from(Code::Success));
    let holding = |token: &Address, account: &Address| {
        let token = asked.token(token)?;
        let account = asked.account(account)?;
        token::held(asked.draft, account, token).cloned()
    };
    let answer = match selector {
        allowanceCall::SELECTOR => allowanceCall::abi_decode(input).map(|call| {
            let token = asked.token(&call.token)?;
            let left = facade::allowance(asked, token, &call.owner, &call.spender);
            Ok((ok, U256::from(left.unsigned_abs())).abi_encode_params())
        }),
        isTokenCall::SELECTOR => isTokenCall::abi_decode(input)
            .map(|call| Ok((ok, asked.token(&call.token).is_ok()).abi_encode_params())),
        isFrozenCall::SELECTOR => isFrozenCall::abi_decode(input)
            .map(|call| Ok((ok, holding(&call.token, &call.account)?.frozen).abi_encode_params())),
        isKycCall::SELECTOR => isKycCall::abi_decode(input)
            .map(|call| Ok((ok, holding(&call.token, &call.account)?.kyc).abi_encode_params())),
        getTokenTypeCall::SELECTOR => getTokenTypeCall::abi_decode(input).map(|call| {
            let num = asked.token(&call.token)?;
            let unique = asked.draft.token(num).is_some_and(|token| token.unique);
            Ok((ok, i32::from(unique)).abi_encode_params())
        }),
        getTokenInfoCall::SELECTOR => getTokenInfoCall::abi_decode(input)
            .map(|call| info::encoded(asked, asked.token(&call.token)?)),
        _ => return None,
    };
    Some(match answer {
        Ok(answer) => answer.map_err(|refused: Code| Refusal::Revert(refused)),
        Err(_) => Err(Refusal::Fail),
    })
}

/// What a change answers: by itself, or with nothing but success.
type Done = Result<Option<Vec<u8>>, Refusal>;

fn transfers(asked: &mut Asked<'_, '_>, input: &[u8], logs: &mut Vec<Log>) -> Done {
    if let Ok(call) = transferFromCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        facade::moved(asked, token, (call.from, call.to), call.amount, logs)?;
        return Ok(None);
    }
    let movement = if let Ok(call) = transferTokenCall::abi_decode(input) {
        if call.amount < 0 {
            return Err(Code::InvalidTransactionBody.into());
        }
        let token = asked.token(&call.token)?;
        let gives = given(asked, &call.sender, -call.amount, false)?;
        let gets = given(asked, &call.recipient, call.amount, false)?;
        Movement { tokens: vec![(token, vec![gives, gets])], ..Movement::default() }
    } else if let Ok(call) = transferTokensCall::abi_decode(input) {
        if call.accounts.len() != call.amounts.len() {
            return Err(Code::InvalidTransactionBody.into());
        }
        let token = asked.token(&call.token)?;
        let pairs = call.accounts.iter().zip(&call.amounts);
        let list = pairs.map(|(account, amount)| given(asked, account, *amount, false));
        Movement { tokens: vec![(token, list.collect::<Result<_, _>>()?)], ..Movement::default() }
    } else if let Ok(call) = transferNFTCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        let piece = PieceMove {
            from: asked.account(&call.sender)?,
            to: asked.account(&call.recipient)?,
            serial: call.serial,
            approved: false,
        };
        Movement { pieces: vec![(token, vec![piece])], ..Movement::default() }
    } else if let Ok(call) = cryptoTransferCall::abi_decode(input) {
        listed(asked, &call)?
    } else {
        return Err(Refusal::Fail);
    };
    let balanced = movement.tokens.iter().all(|(_, list)| {
        list.iter().map(|adjustment| i128::from(adjustment.amount)).sum::<i128>() == 0
    });
    if !balanced {
        return Err(Code::TransfersNotZeroSumForToken.into());
    }
    asked.transfer(movement.clone())?;
    for (token, list) in &movement.tokens {
        if let [gives, gets] = list.as_slice() {
            let (from, to) = match gives.amount <= 0 {
                true => (gives.account, gets.account),
                false => (gets.account, gives.account),
            };
            logs.push(facade::transfer_log(asked, *token, from, to, gives.amount));
        }
    }
    Ok(None)
}

fn given(
    asked: &Asked<'_, '_>,
    account: &Address,
    amount: i64,
    approved: bool,
) -> Result<Adjustment, Code> {
    Ok(Adjustment { account: asked.account(account)?, amount, approved })
}

fn listed(asked: &Asked<'_, '_>, call: &cryptoTransferCall) -> Result<Movement, Code> {
    if !call.transferList.transfers.is_empty() {
        return Err(Code::NotSupported);
    }
    let mut movement = Movement::default();
    for list in &call.tokenTransfers {
        let token = asked.token(&list.token)?;
        let amounts = list
            .transfers
            .iter()
            .map(|one| given(asked, &one.accountID, one.amount, one.isApproval))
            .collect::<Result<Vec<_>, _>>()?;
        let pieces = list
            .nftTransfers
            .iter()
            .map(|one| {
                Ok(PieceMove {
                    from: asked.account(&one.senderAccountID)?,
                    to: asked.account(&one.receiverAccountID)?,
                    serial: one.serialNumber,
                    approved: one.isApproval,
                })
            })
            .collect::<Result<Vec<_>, Code>>()?;
        if !amounts.is_empty() {
            movement.tokens.push((token, amounts));
        }
        if !pieces.is_empty() {
            movement.pieces.push((token, pieces));
        }
    }
    Ok(movement)
}

fn associations(asked: &mut Asked<'_, '_>, input: &[u8]) -> Done {
    let (account, tokens, ends) = if let Ok(call) = associateTokenCall::abi_decode(input) {
        (call.account, vec![call.token], false)
    } else if let Ok(call) = associateTokensCall::abi_decode(input) {
        (call.account, call.tokens, false)
    } else if let Ok(call) = dissociateTokenCall::abi_decode(input) {
        (call.account, vec![call.token], true)
    } else if let Ok(call) = dissociateTokensCall::abi_decode(input) {
        (call.account, call.tokens, true)
    } else {
        return Err(Refusal::Fail);
    };
    let sender = asked.sender();
    let account = asked.account(&account)?;
    if !asked.owner_agrees(sender, account) {
        return Err(Code::InvalidSignature.into());
    }
    let tokens = tokens.iter().map(|token| asked.token(token)).collect::<Result<Vec<_>, _>>()?;
    match ends {
        false => token::associate(asked.draft, account, &tokens, asked.at)?,
        true => token::dissociate(asked.draft, account, &tokens)?,
    }
    Ok(None)
}

fn approve(asked: &mut Asked<'_, '_>, input: &[u8], logs: &mut Vec<Log>) -> Done {
    let call = approveCall::abi_decode(input).map_err(|_| Refusal::Fail)?;
    let token = asked.token(&call.token)?;
    facade::approve(asked, token, &call.spender, call.amount, logs)?;
    Ok(None)
}

/// Does something for which a key must have agreed.
fn with_agreement<R>(
    asked: &mut Asked<'_, '_>,
    act: impl FnOnce(&mut Draft<'_>, Agreed<'_>) -> Result<R, Code>,
) -> Result<R, Code> {
    let sender = asked.sender();
    let mut world = asked.draft.clone();
    let done = act(&mut world, &|key: &Key| asked.agreed(sender, key))?;
    asked.draft.go_back_to(world.checkpoint());
    Ok(done)
}

fn supply(asked: &mut Asked<'_, '_>, input: &[u8]) -> Done {
    let ok = i64::from(i32::from(Code::Success));
    let at = asked.at;
    let amount = |amount: i64| u64::try_from(amount).map_err(|_| Code::InvalidTransactionBody);
    if let Ok(call) = mintTokenCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        let wanted = amount(call.amount)?;
        let metadata: Vec<Vec<u8>> = call.metadata.iter().map(|bytes| bytes.to_vec()).collect();
        let serials = with_agreement(asked, |draft, agreed| match metadata.is_empty() {
            true => token::mint(draft, token, wanted, agreed).map(|_| Vec::new()),
            false => token::mint_pieces(draft, token, &metadata, at, agreed),
        })?;
        let total = asked.draft.token(token).map_or(0, |token| token.supply);
        return Ok(Some((ok, total, serials).abi_encode_params()));
    }
    if let Ok(call) = burnTokenCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        let wanted = amount(call.amount)?;
        let total = with_agreement(asked, |draft, agreed| match call.serials.as_slice() {
            [] => token::burn(draft, token, wanted, agreed),
            serials => token::burn_pieces(draft, token, serials, agreed),
        })?;
        return Ok(Some((ok, total).abi_encode_params()));
    }
    let call = wipeTokenAccountCall::abi_decode(input).map_err(|_| Refusal::Fail)?;
    let pair = (asked.account(&call.account)?, asked.token(&call.token)?);
    let wanted = amount(call.amount)?;
    with_agreement(asked, |draft, agreed| token::wipe(draft, pair, wanted, agreed))?;
    Ok(None)
}

/// Freezing, KYC and pausing.
fn manage(asked: &mut Asked<'_, '_>, input: &[u8]) -> Done {
    let pair = |asked: &Asked<'_, '_>, token: &Address, account: &Address| {
        Ok::<_, Code>((asked.account(account)?, asked.token(token)?))
    };
    if let Ok(call) = freezeTokenCall::abi_decode(input) {
        let pair = pair(asked, &call.token, &call.account)?;
        with_agreement(asked, |draft, agreed| token::freeze(draft, pair, true, agreed))?;
    } else if let Ok(call) = unfreezeTokenCall::abi_decode(input) {
        let pair = pair(asked, &call.token, &call.account)?;
        with_agreement(asked, |draft, agreed| token::freeze(draft, pair, false, agreed))?;
    } else if let Ok(call) = grantTokenKycCall::abi_decode(input) {
        let pair = pair(asked, &call.token, &call.account)?;
        with_agreement(asked, |draft, agreed| token::know(draft, pair, true, agreed))?;
    } else if let Ok(call) = revokeTokenKycCall::abi_decode(input) {
        let pair = pair(asked, &call.token, &call.account)?;
        with_agreement(asked, |draft, agreed| token::know(draft, pair, false, agreed))?;
    } else if let Ok(call) = pauseTokenCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        with_agreement(asked, |draft, agreed| token::pause(draft, token, true, agreed))?;
    } else if let Ok(call) = unpauseTokenCall::abi_decode(input) {
        let token = asked.token(&call.token)?;
        with_agreement(asked, |draft, agreed| token::pause(draft, token, false, agreed))?;
    } else {
        return Err(Refusal::Fail);
    }
    Ok(None)
}
