//! Pictures and films: what was uploaded, how far it is, and which posts show it.
//!
//! A film may have half a gigabyte and arrive in a thousand pieces in any order, so bytes are let
//! go as soon as they are counted: of a piece its size and hash stay, of the whole what its first
//! bytes say of it. The hash of the whole is known for everything up to [`KEPT`] bytes, and
//! beyond that for whatever arrives in order and is not sent anew with other bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{MediaId, PostId, UserId};
use crate::media::{self, Category};

/// Bytes of one upload that are kept until it is complete.
const KEPT: usize = 16 << 20;

/// Bytes at the beginning that are kept until then; a JPEG may have a preview before its size.
const HEAD: usize = 64 << 10;

/// One upload, from its announcement on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: MediaId,
    pub(crate) owner: UserId,
    /// Others who may publish it.
    pub(crate) others: Vec<UserId>,
    pub(crate) category: Category,
    /// The type that was announced or found.
    pub(crate) media_type: String,
    /// The size that was announced.
    pub(crate) total: u64,
    pub(crate) segments: BTreeMap<u16, Segment>,
    /// Microseconds since the epoch; it cannot be used from then on.
    pub(crate) expires_at: i64,
    /// Set when it is complete.
    pub(crate) processing: Option<Processing>,
    pub(crate) alt_text: Option<String>,
    /// The posts that show it, deleted ones too.
    pub(crate) posts: Vec<PostId>,
    /// The hash of the whole, in hexadecimal, once it is complete and if it is known.
    pub(crate) sha256: Option<String>,
    pub(crate) head: Vec<u8>,
    /// Width and height, once it is complete and if they are known.
    pub(crate) dimensions: Option<(u32, u32)>,
    #[serde(skip)]
    bytes: Bytes,
}

/// What stays of a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// The work that X does before a film can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Processing {
    /// Microseconds since the epoch.
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) fails: bool,
}

/// Where that work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is nothing to do, or nothing was done yet because pieces are missing.
    None,
    Pending,
    /// In percent.
    Working(i64),
    Succeeded,
    Failed,
}

/// The bytes that are not let go yet, and the hash of those that are. What was loaded from a file
/// has neither, and its whole is not known.
#[derive(Clone, Debug, Default)]
struct Bytes {
    known: bool,
    kept: BTreeMap<u16, Vec<u8>>,
    hashed: Sha256,
    /// The first piece that is not hashed yet.
    next: u16,
}

impl Bytes {
    fn put(&mut self, index: u16, bytes: Vec<u8>, repeated: bool) {
        if !self.known || (index < self.next && repeated) {
            return;
        }
        if index < self.next {
            *self = Self::default();
            return;
        }
        self.kept.insert(index, bytes);
        while self.size() > KEPT {
            let Some(first) = self.kept.remove(&self.next) else {
                *self = Self::default();
                return;
            };
            self.hashed.update(first);
            self.next += 1;
        }
    }

    fn size(&self) -> usize {
        self.kept.values().map(Vec::len).sum()
    }

    fn finish(&mut self) -> Option<String> {
        let Self { known, kept, mut hashed, .. } = std::mem::take(self);
        kept.values().for_each(|bytes| hashed.update(bytes));
        known.then(|| hex::encode(hashed.finalize()))
    }
}

impl Upload {
    pub(crate) fn new(
        id: MediaId,
        owner: UserId,
        category: Category,
        media_type: &str,
        (total, expires_at): (u64, i64),
    ) -> Self {
        Self {
            id,
            owner,
            others: Vec::new(),
            category,
            media_type: media_type.to_owned(),
            total,
            segments: BTreeMap::new(),
            expires_at,
            processing: None,
            alt_text: None,
            posts: Vec::new(),
            sha256: None,
            head: Vec::new(),
            dimensions: None,
            bytes: Bytes { known: true, ..Bytes::default() },
        }
    }

    pub(crate) fn key(&self) -> String {
        format!("{}_{}", self.category.key_prefix(), self.id)
    }

    /// Bytes that have arrived.
    pub(crate) fn size(&self) -> u64 {
        self.segments.values().map(|segment| segment.size).sum()
    }

    /// Takes a piece in; one that was there is replaced.
    pub(crate) fn put(&mut self, index: u16, bytes: Vec<u8>) {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let segment = Segment { size, sha256: hex::encode(Sha256::digest(&bytes)) };
        let repeated = self.segments.get(&index) == Some(&segment);
        self.segments.insert(index, segment);
        if index == 0 {
            self.head = bytes[..bytes.len().min(HEAD)].to_vec();
        }
        self.bytes.put(index, bytes, repeated);
    }

    /// Whether the pieces follow each other from the first on.
    pub(crate) fn has_no_gap(&self) -> bool {
        self.segments.keys().enumerate().all(|(place, index)| usize::from(*index) == place)
    }

    /// Ends the upload; the work on it begins.
    pub(crate) fn complete(&mut self, processing: Processing, expires_at: i64) {
        self.sha256 = self.bytes.finish();
        self.dimensions = media::dimensions(&self.head);
        self.head.clear();
        self.processing = Some(processing);
        self.expires_at = expires_at;
    }

    pub(crate) fn progress(&self, now: i64) -> Progress {
        let Some(Processing { from, until, fails }) = self.processing else {
            return Progress::None;
        };
        if now >= until {
            return match (from == until, fails) {
                (_, true) => Progress::Failed,
                (true, false) => Progress::None,
                (false, false) => Progress::Succeeded,
            };
        }
        let percent = (now - from) * 100 / (until - from);
        // For the first fifth nobody has begun.
        if percent < 20 { Progress::Pending } else { Progress::Working(percent) }
    }

    /// Whether this person may publish it now.
    pub(crate) fn is_ready_for(&self, user: UserId, now: i64) -> bool {
        let finished = matches!(self.progress(now), Progress::None | Progress::Succeeded);
        self.processing.is_some() && finished && now < self.expires_at && self.is_for(user)
    }

    /// Whether this person uploaded it or was named as an owner.
    pub(crate) fn is_for(&self, user: UserId) -> bool {
        self.owner == user || self.others.contains(&user)
    }
}
