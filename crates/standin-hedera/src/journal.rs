//! The network in a file: everything that reached consensus, one line of JSON each, in order.
//!
//! Nothing but what went in is kept. What consensus makes of a transaction depends on the ledger
//! before it, its bytes and its moment alone, so a network that starts again handles them again and
//! is where it was: ledger, mirror, receipts and records of the last minutes. A last line that was
//! cut off by a crash is left out: its transaction was never answered for.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that reached consensus.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum Entry {
    /// A transaction as it was sent, in hexadecimal.
    Transaction {
        /// Nanoseconds of consensus time.
        at: i64,
        transaction: String,
        /// A copy that arrived through another node.
        copy: bool,
        /// There was no gas left for it.
        #[serde(default)]
        exhausted: bool,
    },
    /// An account of the portal, with its keys.
    Account {
        /// Nanoseconds of consensus time.
        at: i64,
        balance: i64,
        key: PortalKey,
        /// What whoever started the network was told of it, when it was there from the beginning.
        founder: bool,
    },
}

impl Entry {
    /// Nanoseconds of consensus time.
    pub(crate) fn at(&self) -> i64 {
        match self {
            Self::Transaction { at, .. } | Self::Account { at, .. } => *at,
        }
    }
}

/// A key that the portal made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PortalKey {
    pub(crate) ecdsa: bool,
    /// Hexadecimal.
    pub(crate) private: String,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Journal(File);

impl Journal {
    /// Opens the file, or makes it, and reads what is in it.
    ///
    /// # Errors
    /// When it cannot be read or written, or is not a journal.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Entry>)> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut entries = Vec::new();
        let mut whole = 0_u64;
        for line in BufReader::new(&file).split(b'\n') {
            let line = line?;
            match serde_json::from_slice::<Value>(&line) {
                // Only the last line can have been cut off.
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(error.into()),
                Ok(value) => entries.push(serde_json::from_value(value)?),
            }
            whole += u64::try_from(line.len()).unwrap_or(u64::MAX) + 1;
        }
        if file.metadata()?.len() > whole {
            file.set_len(whole)?;
        }
        Ok((Self(file), entries))
    }

    /// Writes one more entry. It is on its way to the disk when this returns, so it survives the
    /// end of the process.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}
