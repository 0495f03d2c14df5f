//! What others may read of closing.

use hashbuzz_db::{DbError, Sql};
use hashbuzz_domain::CampaignId;

use super::store;

/// How an allocation came out. Amounts in units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) participants: i64,
    pub(crate) eligible: i64,
    pub(crate) excluded: i64,
    /// Owed to all lines together.
    pub(crate) allocated: u64,
    /// How many lines were paid.
    pub(crate) paid_lines: i64,
}

/// The totals of a campaign; zeros before it is allocated.
pub(crate) async fn totals(db: &impl Sql, campaign: CampaignId) -> Result<Totals, DbError> {
    let Some(frozen) = store::frozen(db, campaign).await? else { return Ok(Totals::default()) };
    let paid_lines = store::paid(db, campaign).await?.people;
    Ok(Totals {
        participants: frozen.participants,
        eligible: frozen.eligible,
        excluded: frozen.excluded,
        allocated: frozen.total,
        paid_lines,
    })
}
