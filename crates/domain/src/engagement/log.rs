//! The frozen log of a campaign, in one form whatever the order and number of its rows.

use crate::engagement::{Observation, Standing};

/// All observations of one campaign: sorted, each different row once, and each row of one
/// engagement with the same [`Standing`].
///
/// Rows that differ in more than their standing are all kept. A reply that was edited has been
/// both texts, and a profile's facts are judged as they stood at each sighting; merging either
/// would make the result depend on which sighting came last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    rows: Vec<Observation>,
}

impl Log {
    /// The rows in the log's order.
    pub fn rows(&self) -> &[Observation] {
        &self.rows
    }

    /// The rows of each profile, profiles in the order of their ids' bytes.
    pub fn profiles(&self) -> impl Iterator<Item = &[Observation]> {
        self.rows.chunk_by(|a, b| a.profile == b.profile)
    }
}

impl FromIterator<Observation> for Log {
    fn from_iter<I: IntoIterator<Item = Observation>>(observations: I) -> Self {
        let mut rows: Vec<_> = observations.into_iter().collect();
        rows.sort_unstable();
        for engagement in rows.chunk_by_mut(|a, b| a.is_same_engagement(b)) {
            let standing =
                engagement.iter().map(|row| row.standing).max().unwrap_or(Standing::LastSighting);
            for row in engagement {
                row.standing = standing;
            }
        }
        rows.dedup();
        Self { rows }
    }
}
