//! `BOOKS_CHECK`: compares every campaign's books with the contract's, entry kind by entry kind.
//!
//! After     the system started; then itself, every minute.
//! Asks      the ledger: what the contract says of each campaign, and what it holds.
//! Stores    nothing; a mismatch is an alert.
//! Then      itself, later.
//! Twice     reads again.
//! Never     —
//!
//! Why against the chain and not against ourselves: books that agree with themselves prove nothing.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::{Amount, Asset, CampaignId};
use hashbuzz_ledger::{EscrowState, ReadError};
use hashbuzz_outbox::{Due, Failure, Handle, Message, Queue, Turn, Verdict, enqueue_at};
use serde::{Deserialize, Serialize};

use crate::campaign::running_after;
use crate::stored::count;
use crate::{App, treasury};

/// Compare books.
#[derive(Serialize, Deserialize)]
pub struct CheckBooks {}

/// Between two comparisons.
const EVERY: i64 = 60_000_000;
/// Campaigns read at a time.
const PAGE: i64 = 200;

impl Message for CheckBooks {
    const KIND: &'static str = "BOOKS_CHECK.v1";
    const QUEUE: Queue = Queue::Housekeeping;
    const RETRY: hashbuzz_outbox::Retry = crate::timetable::FOREVER;

    fn dedupe(&self) -> Option<String> {
        Some("books_check".to_owned())
    }
}

#[async_trait]
impl Handle<App> for CheckBooks {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let report = check_books(app).await.map_err(|error| Failure(error.to_string()))?;
        for mismatch in &report.mismatches {
            tracing::error!(campaign = %mismatch.campaign, mismatch.what, "books do not agree");
        }
        match app.ledger.operator_balance().await {
            Ok(left) if left < app.settings.low_balance => {
                let left = Amount::new(left, Asset::Hbar);
                tracing::error!(%left, "the operator's account needs more to pay fees from");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the operator's balance cannot be read"),
        }
        let now = turn.now();
        let tx = app.db.begin().await?;
        let due = Due { at: now + EVERY, account: None };
        enqueue_at(&tx, now, &Self {}, due).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct BooksReport {
    /// Campaigns compared.
    pub campaigns: usize,
    /// What the contract holds, in tinybars.
    pub held: u64,
    /// What our books say that it must hold at least, in tinybars.
    pub owed: u64,
    /// Where books and chain differ.
    pub mismatches: Vec<Mismatch>,
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// In which campaign.
    pub campaign: CampaignId,
    /// What differs, with both figures.
    pub what: String,
}

/// Why a comparison was not possible.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The ledger's.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// The database's.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Compares the books of all campaigns with what the contract says. A campaign that is being
/// worked on may differ for the seconds between the chain's record and ours; one that is over, or
/// stalled, must not.
///
/// # Errors
/// The ledger's; the database's.
pub async fn check_books(app: &App) -> Result<BooksReport, CheckError> {
    let mut report = BooksReport {
        held: app.ledger.contract_balance(Asset::Hbar).await?,
        ..BooksReport::default()
    };
    let mut after = None;
    loop {
        let page = running_after(&app.db, after, PAGE).await?;
        let read = count(page.len());
        for campaign in page {
            after = Some(campaign.id);
            compare(app, &campaign, &mut report).await?;
        }
        if read < PAGE {
            return Ok(report);
        }
    }
}

async fn compare(
    app: &App,
    campaign: &crate::campaign::Campaign,
    report: &mut BooksReport,
) -> Result<(), CheckError> {
    let books = treasury::books(&app.db, campaign.id).await?;
    if books.funded == 0 {
        return Ok(());
    }
    report.campaigns += 1;
    let mut differs = |what: String| {
        report.mismatches.push(Mismatch { campaign: campaign.id, what });
    };
    let Some(held) = books.held() else {
        differs(format!("more left than came: {books:?}"));
        return Ok(());
    };
    report.owed = report.owed.saturating_add(held);
    let there = app.ledger.campaign(campaign.id).await?;
    if !campaign.state.is_final() {
        return Ok(());
    }
    if there.paid != books.paid {
        differs(format!("paid: {} on chain, {} in our books", there.paid, books.paid));
    }
    let cancelled = there.state == EscrowState::Cancelled;
    let refunded = if cancelled { books.funded } else { there.refunded };
    if refunded != books.refunded {
        differs(format!("refunded: {refunded} on chain, {} in our books", books.refunded));
    }
    if held != 0 {
        differs(format!("{held} still held by a campaign that is over"));
    }
    Ok(())
}
