//! Booking what the contract gave back.

use hashbuzz_db::Tx;
use hashbuzz_outbox::Failure;

use crate::campaign::Campaign;
use crate::treasury::{self, Entry};

/// Books the part of `refunded` (the contract's running total, in units) that is not in the books
/// yet, under `sequence`, and says how much that is.
pub(super) async fn book_refunds(
    tx: &Tx,
    campaign: &Campaign,
    sequence: i64,
    refunded: u64,
    now: i64,
) -> Result<u64, Failure> {
    let books = treasury::books(tx, campaign.id).await?;
    let more = refunded.checked_sub(books.refunded).ok_or_else(|| {
        Failure(format!("the contract refunded {refunded}, our books say {}", books.refunded))
    })?;
    if more > 0 {
        treasury::book(tx, campaign.id, Entry::Refunded, sequence, more, now).await?;
    }
    Ok(more)
}
