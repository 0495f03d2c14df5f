//! Where media are kept: a folder, or anything else that `object_store` knows.
//!
//! A medium is written to a file without a name first, which the system forgets with the process:
//! an upload that breaks off leaves nothing behind. What passed the check is copied to its place,
//! `sha256/ab/ab…`, however often: a copy that was lost is thereby mended.

use std::fmt;
use std::path::{Path as FsPath, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use hashbuzz_domain::media::Facts;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use crate::check::{HEAD, check, format_of};
use crate::{Limits, Refusal};

/// What is in memory of a medium that is copied to its place, in bytes.
const PIECE: usize = 8 * 1024 * 1024;
/// Media that are on their way here at a time.
const COMING: usize = 32;
/// Media that are checked at a time: unpacking a picture takes memory.
const CHECKS: usize = 2;

/// The SHA-256 of a medium, which is also its name; written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 64 hexadecimal digits")]
pub struct NoDigest;

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let bytes = hex::decode(text).map_err(|_| NoDigest)?;
        bytes.try_into().map(Self).map_err(|_| NoDigest)
    }
}

impl Digest {
    fn place(&self) -> Path {
        let digits = self.to_string();
        Path::from_iter(["sha256", &digits[..2], &digits])
    }
}

/// A medium that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub digest: Digest,
    /// What it is.
    pub facts: Facts,
}

/// Why a medium was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// What came is not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Enough others are on their way here.
    #[error("too many media are on their way here")]
    Busy,
    /// It stopped coming.
    #[error("the body broke off: {0}")]
    BrokeOff(String),
    /// There is no place for it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with the place where media are kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was kept, and is not there any more.
    #[error("the bytes of this medium are not in the store any more: upload it again")]
    Missing,
    /// Anything else; asking again may help.
    #[error("the media store does not work: {0}")]
    Unavailable(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Media, by their digests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MediaStore {
    store: Arc<dyn ObjectStore>,
    /// Where media are until they were checked.
    staging: PathBuf,
    limits: Limits,
    coming: Arc<Semaphore>,
    checks: Arc<Semaphore>,
}

impl MediaStore {
    /// In a folder, which is made if need be.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be made or written to.
    pub fn in_folder(folder: &FsPath, limits: Limits) -> Result<Self, StoreError> {
        let staging = folder.join("incoming");
        std::fs::create_dir_all(&staging)?;
        let store = LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self::new(Arc::new(store), staging, limits))
    }

    /// In any store; `staging` is a folder of this machine.
    pub fn new(store: Arc<dyn ObjectStore>, staging: PathBuf, limits: Limits) -> Self {
        let (coming, checks) = (Semaphore::new(COMING), Semaphore::new(CHECKS));
        Self { store, staging, limits, coming: Arc::new(coming), checks: Arc::new(checks) }
    }

    /// What it takes.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes a medium in, checks it and keeps it.
    ///
    /// # Errors
    /// [`KeepError`]; nothing was kept then.
    pub async fn keep<E: fmt::Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Kept, KeepError> {
        let _place = self.coming.try_acquire().map_err(|_| KeepError::Busy)?;
        let file = tempfile::tempfile_in(&self.staging).map_err(StoreError::from)?;
        let mut file = File::from_std(file);
        let (digest, facts, mut file) = {
            let (format, bytes, digest) = self.receive(body, &mut file).await?;
            let _turn = self.checks.acquire().await;
            let (mut file, limits) = (file.into_std().await, self.limits);
            let checked = tokio::task::spawn_blocking(move || {
                let facts = check(&mut file, format, bytes, &limits);
                (file, facts)
            });
            // A reader that panicked over a stranger's bytes has not read them to their end.
            let (file, facts) =
                checked.await.map_err(|_| Refusal::broken(format, "its reader gave up"))?;
            (digest, facts?, File::from_std(file))
        };
        hashbuzz_crash::point!("media.keep.before");
        self.copy(&mut file, digest).await?;
        hashbuzz_crash::point!("media.keep.after");
        Ok(Kept { digest, facts })
    }

    /// Writes what comes into `file`, no more of it than its kind may have.
    async fn receive<E: fmt::Display>(
        &self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        file: &mut File,
    ) -> Result<(hashbuzz_domain::media::Format, u64, Digest), KeepError> {
        let mut body = std::pin::pin!(body);
        let (mut head, mut format) = (BytesMut::new(), None);
        let (mut bytes, mut hasher) = (0_u64, Sha256::new());
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| KeepError::BrokeOff(error.to_string()))?;
            bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if format.is_none() {
                head.extend_from_slice(&piece[..piece.len().min(HEAD)]);
                if head.len() >= HEAD {
                    format = Some(format_of(&head).ok_or(Refusal::UnknownFormat)?);
                }
            }
            if let Some(kind) = format.map(hashbuzz_domain::media::Format::kind)
                && bytes > self.limits.bytes(kind)
            {
                return Err(Refusal::TooLarge { kind, limit: self.limits.bytes(kind) }.into());
            }
            hasher.update(&piece);
            file.write_all(&piece).await.map_err(StoreError::from)?;
        }
        if bytes == 0 {
            return Err(Refusal::Empty.into());
        }
        file.flush().await.map_err(StoreError::from)?;
        Ok((format.ok_or(Refusal::UnknownFormat)?, bytes, Digest(hasher.finalize().into())))
    }

    async fn copy(&self, file: &mut File, digest: Digest) -> Result<(), StoreError> {
        file.rewind().await?;
        let mut place = BufWriter::with_capacity(Arc::clone(&self.store), digest.place(), PIECE);
        tokio::io::copy(file, &mut place).await?;
        Ok(place.shutdown().await?)
    }

    /// Some of a medium's bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self, digest: Digest, from: u64, length: u64) -> Result<Bytes, StoreError> {
        Ok(self.store.get_range(&digest.place(), from..from + length).await?)
    }

    /// All of them, a piece after the other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stream(
        &self,
        digest: Digest,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static, StoreError> {
        let found = self.store.get(&digest.place()).await?;
        Ok(found.into_stream().map_err(StoreError::from))
    }

    /// Keeps it no longer. What is not there is forgotten too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, digest: Digest) -> Result<(), StoreError> {
        match self.store.delete(&digest.place()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
