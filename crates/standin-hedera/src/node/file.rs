//! Files: bytecode that does not fit into one transaction is uploaded in pieces.

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    FileAppendTransactionBody, FileCreateTransactionBody, FileDeleteTransactionBody, FileId,
    FileUpdateTransactionBody, KeyList, ResponseCodeEnum as Code, file_get_info_response::FileInfo,
};

use super::crypto::{self, MAX_ENTITY_MEMO};
use super::handle::{Effect, Handling};
use crate::entity::{Stamp, file_id, file_num};
use crate::record::Created;
use crate::state::{Draft, File};

/// The largest file, in bytes.
const MAX_CONTENTS: usize = 1024 * 1024;

/// The checks of a file's transaction that need nothing but its body.
pub(super) fn check(data: &Data) -> Result<(), Code> {
    let id = match data {
        Data::FileAppend(body) => body.file_id,
        Data::FileUpdate(body) => body.file_id,
        Data::FileDelete(body) => body.file_id,
        _ => return Ok(()),
    };
    file_num(id).map(drop).ok_or(Code::InvalidFileId)
}

/// Creates a file, signed for by every key that will own it.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    create: &FileCreateTransactionBody,
) -> Result<Effect, Code> {
    let expires = create.expiration_time.and_then(Stamp::from_proto);
    let expires = expires.filter(|expires| *expires > handling.at);
    let expires = expires.ok_or(Code::InvalidExpirationTime)?;
    if create.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong);
    }
    let keys = create.keys.clone().unwrap_or_default();
    if !keys.keys.iter().all(|key| handling.signed(Some(key))) {
        return Err(Code::InvalidSignature);
    }
    let contents = create.contents.clone();
    if contents.len() > MAX_CONTENTS {
        return Err(Code::MaxFileSizeExceeded);
    }
    let num = handling.draft.next_num();
    let memo = create.memo.clone();
    handling.draft.put_file(num, File { keys, contents, memo, expires, deleted: false });
    Ok(Effect { created: Created::File(num), ..Effect::about(num) })
}

/// Adds to the end of a file; all of its keys must sign.
pub(super) fn append(
    handling: &mut Handling<'_, '_>,
    append: &FileAppendTransactionBody,
) -> Result<Effect, Code> {
    let (num, mut file) = existing(handling.draft, append.file_id)?;
    if file.keys.keys.is_empty() {
        return Err(Code::Unauthorized);
    }
    if !file.keys.keys.iter().all(|key| handling.signed(Some(key))) {
        return Err(Code::InvalidSignature);
    }
    if file.contents.len() + append.contents.len() > MAX_CONTENTS {
        return Err(Code::MaxFileSizeExceeded);
    }
    file.contents.extend_from_slice(&append.contents);
    handling.draft.put_file(num, file);
    Ok(Effect { entity: Some(num), ..Effect::default() })
}

/// Changes a file. All of its keys sign, and so do new ones; a later time of expiry needs nobody.
pub(super) fn update(
    handling: &mut Handling<'_, '_>,
    update: &FileUpdateTransactionBody,
) -> Result<Effect, Code> {
    let (num, mut file) = existing(handling.draft, update.file_id)?;
    let only_expiry = update.keys.is_none() && update.memo.is_none() && update.contents.is_empty();
    if !only_expiry {
        if file.keys.keys.is_empty() {
            return Err(Code::Unauthorized);
        }
        let new = update.keys.iter().flat_map(|list| &list.keys);
        if !file.keys.keys.iter().chain(new).all(|key| handling.signed(Some(key))) {
            return Err(Code::InvalidSignature);
        }
    }
    if let Some(keys) = &update.keys {
        file.keys = keys.clone();
    }
    if let Some(memo) = &update.memo {
        if memo.len() > MAX_ENTITY_MEMO {
            return Err(Code::MemoTooLong);
        }
        file.memo.clone_from(memo);
    }
    if let Some(expires) = update.expiration_time {
        let expires = Stamp::from_proto(expires).ok_or(Code::InvalidExpirationTime)?;
        file.expires = crypto::later(Stamp(0), Some(expires), handling.at)?.max(file.expires);
    }
    if !update.contents.is_empty() {
        if update.contents.len() > MAX_CONTENTS {
            return Err(Code::MaxFileSizeExceeded);
        }
        file.contents.clone_from(&update.contents);
    }
    handling.draft.put_file(num, file);
    Ok(Effect::about(num))
}

/// Deletes a file; one of its keys is enough.
pub(super) fn delete(
    handling: &mut Handling<'_, '_>,
    delete: &FileDeleteTransactionBody,
) -> Result<Effect, Code> {
    let (num, mut file) = existing(handling.draft, delete.file_id)?;
    if file.keys.keys.is_empty() {
        return Err(Code::Unauthorized);
    }
    if !file.keys.keys.iter().any(|key| handling.signed(Some(key))) {
        return Err(Code::InvalidSignature);
    }
    file.deleted = true;
    file.contents.clear();
    handling.draft.put_file(num, file);
    Ok(Effect { entity: Some(num), ..Effect::default() })
}

/// A file that is there and not deleted.
pub(super) fn existing(draft: &Draft<'_>, id: Option<FileId>) -> Result<(i64, File), Code> {
    let num = file_num(id).ok_or(Code::InvalidFileId)?;
    let file = draft.file(num).ok_or(Code::InvalidFileId)?;
    if file.deleted {
        return Err(Code::FileDeleted);
    }
    Ok((num, file.clone()))
}

/// Everything about a file but what is in it.
pub(super) fn info(draft: &Draft<'_>, id: Option<FileId>) -> Result<FileInfo, Code> {
    let num = file_num(id).ok_or(Code::InvalidFileId)?;
    let file = draft.file(num).ok_or(Code::InvalidFileId)?;
    Ok(FileInfo {
        file_id: Some(file_id(num)),
        size: i64::try_from(file.contents.len()).unwrap_or(i64::MAX),
        expiration_time: Some(file.expires.to_proto()),
        deleted: file.deleted,
        keys: Some(KeyList { keys: file.keys.keys.clone() }),
        memo: file.memo.clone(),
        ledger_id: vec![3],
    })
}
