//! A medium as it is read.

use hashbuzz_db::{DbError, FromQueryResult};
use hashbuzz_domain::media::{Facts, Format};
use hashbuzz_domain::{AccountId, MediumId, Span};
use hashbuzz_media::Digest;

use crate::stored::{parse, read_units};

/// One medium.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    pub(crate) id: MediumId,
    pub(crate) account: AccountId,
    pub(crate) facts: Facts,
    /// Said to people who do not see it.
    pub(crate) alt: String,
    pub(crate) digest: Digest,
    pub(crate) created_at: i64,
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: String,
    account: String,
    mime: String,
    bytes: i64,
    width: i64,
    height: i64,
    frames: i64,
    duration: Option<i64>,
    alt: String,
    sha256: String,
    created_at: i64,
}

pub(super) const COLUMNS: &str =
    "id, account, mime, bytes, width, height, frames, duration, alt, sha256, created_at";

impl TryFrom<Row> for Medium {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let small = |number: i64| {
            u32::try_from(number).map_err(|_| DbError::Corrupt(format!("{number} pixels")))
        };
        let format = Format::read(&row.mime)
            .ok_or_else(|| DbError::Corrupt(format!("media type `{}`", row.mime)))?;
        Ok(Self {
            id: parse(&row.id)?,
            account: parse(&row.account)?,
            facts: Facts {
                format,
                bytes: read_units(row.bytes)?,
                width: small(row.width)?,
                height: small(row.height)?,
                frames: small(row.frames)?,
                duration: row.duration.map(Span::from_micros),
            },
            alt: row.alt,
            digest: parse(&row.sha256)?,
            created_at: row.created_at,
        })
    }
}
