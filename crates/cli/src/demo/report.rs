//! The end of the story: a table for people, a document for programs.

use std::time::Duration;

use serde::Serialize;

use super::story::Story;
use hashbuzz_simulator::api::Campaign;
use hashbuzz_simulator::books::{Audit, Books, Found, hbar, on_chain, posts_of};

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    campaigns: Vec<Row>,
    posts: usize,
    ledger_transactions: usize,
    duplicates: usize,
    books: Books,
    seconds: u64,
}

/// One campaign: amounts from the chain, heads from the API.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    #[serde(skip)]
    name: String,
    kind: String,
    state: String,
    budget: String,
    fee: String,
    paid: String,
    /// Committed at the close and not claimed.
    owed: String,
    refunded: String,
    participants: u64,
    eligible: u64,
    excluded: u64,
    #[serde(skip)]
    posts: usize,
}

impl Summary {
    /// Of what was found after so much time.
    pub(super) fn new(
        campaigns: &[Campaign],
        found: &Found,
        audit: &Audit,
        elapsed: Duration,
    ) -> Self {
        Self {
            campaigns: campaigns.iter().map(|campaign| row(campaign, found)).collect(),
            posts: audit.posts,
            ledger_transactions: audit.ledger_transactions,
            duplicates: audit.duplicates.len(),
            books: audit.books.clone(),
            seconds: elapsed.as_secs(),
        }
    }

    /// The table, and the books below it.
    pub(super) fn tell(&self, story: &Story) {
        let mut table = vec![HEAD.map(str::to_owned).to_vec()];
        table.extend(self.campaigns.iter().map(Row::cells));
        story.line("");
        for line in aligned(&table) {
            story.line(&line);
        }
        let Books { deposited, paid, refunded, fees, held, balanced } = &self.books;
        let verdict = if *balanced { "they balance" } else { "THEY DO NOT BALANCE" };
        story.line("");
        story.line(&format!(
            "Books, read from the ledger: {deposited} deposited = {paid} paid + {refunded} \
             returned + {fees} fees + {held} held (HBAR): {verdict}."
        ));
        story.line(&format!(
            "Counted at the far ends: {} posts, {} contract calls, {} of them twice.",
            self.posts, self.ledger_transactions, self.duplicates
        ));
    }
}

fn row(campaign: &Campaign, found: &Found) -> Row {
    let chain = on_chain(found, campaign);
    let Campaign { id, name, kind, state, totals, .. } = campaign.clone();
    Row {
        id,
        name,
        kind,
        state,
        budget: hbar(chain.budget),
        fee: hbar(chain.fee),
        paid: hbar(chain.paid),
        owed: hbar(chain.total.saturating_sub(chain.paid)),
        refunded: hbar(chain.refunded),
        participants: totals.participants,
        eligible: totals.eligible,
        excluded: totals.excluded,
        posts: posts_of(&found.x, campaign),
    }
}

const HEAD: [&str; 11] = [
    "campaign",
    "state",
    "budget",
    "fee",
    "paid",
    "unclaimed",
    "refunded",
    "took part",
    "eligible",
    "excluded",
    "posts",
];

impl Row {
    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.state.clone(),
            self.budget.clone(),
            self.fee.clone(),
            self.paid.clone(),
            self.owed.clone(),
            self.refunded.clone(),
            self.participants.to_string(),
            self.eligible.to_string(),
            self.excluded.to_string(),
            self.posts.to_string(),
        ]
    }
}

/// The table's lines: words to the left, numbers to the right.
fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let line = |row: &Vec<String>| {
        let cell = |(column, text): (usize, &String)| {
            let width = width(column).unwrap_or_default();
            if column < 2 { format!("{text:<width$}") } else { format!("{text:>width$}") }
        };
        row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")
    };
    table.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table =
            [["a", "b", "paid"], ["long", "b", "1"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&table), ["a     b  paid", "long  b     1"]);
    }
}
