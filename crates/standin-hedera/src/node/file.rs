//! Files: bytecode that does not fit into one transaction is uploaded in pieces.

use hiero_sdk_proto::services::{
    FileAppendTransactionBody, FileCreateTransactionBody, FileDeleteTransactionBody, FileId,
    ResponseCodeEnum as Code,
};

use super::handle::{Effect, Handling};
use crate::entity::{Stamp, file_num};
use crate::record::Created;
use crate::state::{Draft, File};

/// The largest file, in bytes.
const MAX_CONTENTS: usize = 1024 * 1024;

/// Creates a file, signed for by every key that will own it.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    create: &FileCreateTransactionBody,
) -> Result<Effect, Code> {
    let expires = create.expiration_time.and_then(Stamp::from_proto);
    if expires.is_none_or(|expires| expires <= handling.at) {
        return Err(Code::InvalidExpirationTime);
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
    handling.draft.put_file(num, File { keys, contents, deleted: false });
    Ok(Effect { entity: Some(num), created: Created::File(num), run: None })
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
