//! The audit log: acts of operators and of the system that somebody may have to answer for.
//!
//! Owns `audit_entry` and `audit_head`. An entry is written by the transaction that does what it
//! tells of, as the last thing it does: the end of the chain is held from there to the commit, so
//! that two writers cannot both continue the same entry. Each entry's hash covers the entry and the
//! hash before it, and the head keeps the last one, so [`verify`] finds the first entry that was
//! changed, removed, inserted or moved, and a tail that was cut off. What it cannot find is a whole
//! chain that somebody wrote anew with the head: keep copies of the last hash elsewhere.
//!
//! Entries are never deleted.

mod store;
#[cfg(test)]
mod tests;

use hashbuzz_db::{DbError, Sql, Tx};
use sha2::{Digest as _, Sha256};

pub(crate) use store::{Entry, page};

/// Entries that are read at a time.
const PAGE: i64 = 1_000;
/// What is hashed begins with it, so that no other hash of ours is ever one of these.
const DOMAIN: &str = "hashbuzz.audit.1";

/// Writes down who did what, as the last act of `tx`.
pub(crate) async fn audit(
    tx: &Tx,
    now: i64,
    actor: &str,
    act: &str,
    subject: &str,
    detail: &str,
) -> Result<(), DbError> {
    let head = store::hold_head(tx).await?;
    let mut entry = Entry {
        sequence: head.sequence + 1,
        at: now,
        actor: actor.to_owned(),
        act: act.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
        hash: String::new(),
    };
    entry.hash = hash(&head.hash, &entry);
    store::append(tx, &entry).await
}

/// The hash of an entry after one with the hash `before`. Every text goes in with its length, so
/// that moving a letter from one field to the next is a change.
fn hash(before: &str, entry: &Entry) -> String {
    let mut hasher = Sha256::new();
    let (sequence, at) = (entry.sequence.to_string(), entry.at.to_string());
    for text in
        [DOMAIN, before, &sequence, &at, &entry.actor, &entry.act, &entry.subject, &entry.detail]
    {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were looked at.
    pub entries: i64,
    /// Entries among them from before there was a chain; nothing is proven of those.
    pub before_the_chain: i64,
    /// The last hash: what to keep elsewhere.
    pub last_hash: String,
    /// The first place where the chain is broken.
    pub broken: Option<Broken>,
}

/// Where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// At which entry.
    pub sequence: i64,
    /// What is wrong there.
    pub what: String,
}

/// Reads the whole log and computes every hash again.
///
/// # Errors
/// The database's; a broken chain is an answer.
pub async fn verify(db: &impl Sql) -> Result<Verified, DbError> {
    // Read first: entries that are appended meanwhile are past it, and are not looked at.
    let head = store::head(db).await?;
    let mut report = Verified {
        entries: 0,
        before_the_chain: head.begins - 1,
        last_hash: head.hash.clone(),
        broken: None,
    };
    let (mut sequence, mut last) = (0, String::new());
    while sequence < head.sequence {
        let entries = store::after(db, sequence, head.sequence, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            report.broken = wrong(&entry, sequence + 1, head.begins, &last);
            if report.broken.is_some() {
                return Ok(report);
            }
            (sequence, last) = (entry.sequence, entry.hash);
            report.entries += 1;
        }
    }
    if (sequence, &last) != (head.sequence, &head.hash) {
        let what = format!("the log ends at {sequence} and should end at {}", head.sequence);
        report.broken = Some(Broken { sequence: sequence + 1, what });
    }
    Ok(report)
}

fn wrong(entry: &Entry, expected: i64, begins: i64, before: &str) -> Option<Broken> {
    let what = if entry.sequence != expected {
        format!("entry {expected} is not there")
    } else if entry.sequence < begins {
        if entry.hash.is_empty() {
            return None;
        }
        "it is in the chain, and the head says that the chain begins later".to_owned()
    } else if entry.hash != hash(before, entry) {
        "its hash is not that of what it says after the entry before it".to_owned()
    } else {
        return None;
    };
    Some(Broken { sequence: expected, what })
}
