//! The tables `ledger_entry`, `ledger_cursor`, `reservation`, `book_entry`.

use hashbuzz_db::{Backend, DbError, FromQueryResult, Sql, Tx, values};
use hashbuzz_domain::{AccountId, CampaignId};
use hashbuzz_ledger::{EscrowEvent, EscrowEventKind, EventCursor};

use crate::stored::{read_units, units};

/// The sum of what `account`'s campaigns were promised and the contract has not taken yet.
pub(crate) async fn reserved_by(db: &impl Sql, account: AccountId) -> Result<u64, DbError> {
    let sum = db
        .number(
            "SELECT CAST(SUM(amount) AS BIGINT) AS n FROM reservation \
             WHERE account = $1 AND NOT funded",
            values![account.to_string()],
        )
        .await?;
    read_units(sum)
}

/// Makes publishes of one account take turns. SQLite has one writer anyway.
pub(super) async fn lock_reservations(tx: &Tx, account: AccountId) -> Result<(), DbError> {
    if tx.backend() == Backend::Postgres {
        tx.exec(
            "SELECT pg_advisory_xact_lock(hashtext($1))",
            values![format!("reservation/{account}")],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn reserve(
    tx: &Tx,
    campaign: CampaignId,
    account: AccountId,
    amount: u64,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reservation (campaign, account, amount) VALUES ($1, $2, $3)",
        values![campaign.to_string(), account.to_string(), units(amount)],
    )
    .await?;
    Ok(())
}

/// The contract has taken what was promised.
pub(crate) async fn funded(tx: &Tx, campaign: CampaignId) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reservation SET funded = TRUE WHERE campaign = $1",
        values![campaign.to_string()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn release(tx: &Tx, campaign: CampaignId) -> Result<(), DbError> {
    tx.exec("DELETE FROM reservation WHERE campaign = $1", values![campaign.to_string()]).await?;
    Ok(())
}

/// A kind of entry in a campaign's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The contract took budget and fee.
    Funded,
    /// The deployment's fee, earned at close.
    Fee,
    /// A batch to participants.
    Paid,
    /// Back to the sponsor.
    Refunded,
}

impl Entry {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Funded => "funded",
            Self::Fee => "fee",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
        }
    }
}

/// Books what a proven effect did; booking the same (kind, sequence) again changes nothing.
pub(crate) async fn book(
    tx: &Tx,
    campaign: CampaignId,
    entry: Entry,
    sequence: i64,
    amount: u64,
    now: i64,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO book_entry (campaign, kind, sequence, amount, at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        values![campaign.to_string(), entry.as_str(), sequence, units(amount), now],
    )
    .await?;
    Ok(())
}

/// A campaign's books, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) funded: u64,
    pub(crate) fee: u64,
    pub(crate) paid: u64,
    pub(crate) refunded: u64,
}

impl Books {
    /// What is still there; nothing when the books say that more left than came.
    pub(crate) fn held(&self) -> Option<u64> {
        self.funded.checked_sub(self.fee)?.checked_sub(self.paid)?.checked_sub(self.refunded)
    }
}

#[derive(FromQueryResult)]
struct Sum {
    kind: String,
    n: i64,
}

fn add_up(sums: Vec<Sum>) -> Result<Books, DbError> {
    let mut books = Books::default();
    for sum in sums {
        let amount = read_units(sum.n)?;
        match sum.kind.as_str() {
            "funded" => books.funded = amount,
            "fee" => books.fee = amount,
            "paid" => books.paid = amount,
            "refunded" => books.refunded = amount,
            other => return Err(DbError::Corrupt(format!("book entry `{other}`"))),
        }
    }
    Ok(books)
}

pub(crate) async fn books(db: &impl Sql, campaign: CampaignId) -> Result<Books, DbError> {
    let sums = db
        .all(
            "SELECT kind, CAST(SUM(amount) AS BIGINT) AS n FROM book_entry \
             WHERE campaign = $1 GROUP BY kind",
            values![campaign.to_string()],
        )
        .await?;
    add_up(sums)
}

#[derive(FromQueryResult)]
struct CursorRow {
    cursor: String,
}

pub(super) async fn cursor(db: &impl Sql) -> Result<Option<EventCursor>, DbError> {
    let row: Option<CursorRow> =
        db.one("SELECT cursor FROM ledger_cursor WHERE name = 'escrow'", values![]).await?;
    Ok(row.map(|row| EventCursor(row.cursor)))
}

pub(super) async fn save_cursor(tx: &Tx, cursor: &EventCursor) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO ledger_cursor (name, cursor) VALUES ('escrow', $1) \
         ON CONFLICT (name) DO UPDATE SET cursor = EXCLUDED.cursor",
        values![cursor.0.clone()],
    )
    .await?;
    Ok(())
}

/// Stores an entry of the contract's log, once.
pub(super) async fn save_entry(tx: &Tx, event: &EscrowEvent) -> Result<(), DbError> {
    let (kind, sponsor, amount) = match &event.kind {
        EscrowEventKind::Deposited { sponsor, amount, .. } => {
            ("deposited".to_owned(), Some(sponsor.to_string()), Some(units(*amount)))
        }
        EscrowEventKind::Withdrawn { sponsor, amount, .. } => {
            ("withdrawn".to_owned(), Some(sponsor.to_string()), Some(units(*amount)))
        }
        EscrowEventKind::Paid { account, amount, .. } => {
            ("paid".to_owned(), Some(account.to_string()), Some(units(*amount)))
        }
        EscrowEventKind::Other(name) => (name.clone(), None, None),
    };
    tx.exec(
        "INSERT INTO ledger_entry (key, at, transaction_id, kind, sponsor, amount) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING",
        values![
            event.key.clone(),
            event.consensus_at.micros(),
            event.transaction.clone(),
            kind,
            sponsor,
            amount
        ],
    )
    .await?;
    Ok(())
}
