//! Dead letters by what went wrong: ten thousand of one trouble are one line.
//!
//! The fingerprint is computed here and not in SQL, where the two databases have no function in
//! common for it. So a look is bounded: the newest 20,000 dead letters. Whoever has more of them
//! has one trouble that is in every page.

use std::collections::BTreeMap;

use hashbuzz_db::{DbError, FromQueryResult, Sql, Value, values};

use super::fingerprint::{fingerprint, number};

/// Dead letters that one look reads.
pub(super) const LOOK: usize = 20_000;
/// Rows that are read at a time.
pub(super) const READ: usize = 2_000;
/// Ids that a group shows.
const SAMPLE: usize = 5;

/// Dead letters of one kind that gave up for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Names the group, for [`Matching::group`](super::Matching::group).
    pub id: String,
    /// Their kind.
    pub kind: String,
    /// What their errors have in common.
    pub fingerprint: String,
    /// The error of the newest of them.
    pub error: String,
    /// How many they are.
    pub count: usize,
    /// When the oldest of them was made, in microseconds since the epoch.
    pub oldest: i64,
    /// When the newest of them was made.
    pub newest: i64,
    /// The ids of the newest few.
    pub sample: Vec<String>,
}

/// All dead letters, by group.
#[derive(Clone, Debug)]
pub struct Letters {
    /// The groups, largest first.
    pub groups: Vec<Group>,
    /// Whether there are more dead letters than were looked at.
    pub more: bool,
}

/// A dead letter, as far as its group depends on it.
#[derive(FromQueryResult)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) error: Option<String>,
    pub(super) created_at: i64,
}

impl Letter {
    /// The fingerprint of its error and the number of its group.
    pub(super) fn trouble(&self) -> (String, u64) {
        let words = fingerprint(self.error.as_deref().unwrap_or_default());
        let number = number(&self.kind, &words);
        (words, number)
    }
}

/// Dead letters of `kind`, or of all, newest first, before the id `before`.
pub(super) async fn read(
    db: &impl Sql,
    kind: Option<&str>,
    before: Option<&str>,
) -> Result<Vec<Letter>, DbError> {
    let mut sql = "SELECT id, kind, SUBSTR(last_error, 1, 2000) AS error, created_at FROM event \
                   WHERE state = 'dead'"
        .to_owned();
    let mut given = values![];
    for (condition, value) in [("kind =", kind), ("id <", before)] {
        if let Some(value) = value {
            given.push(Value::from(value));
            sql.push_str(&format!(" AND {condition} ${}", given.len()));
        }
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {READ}"));
    db.all(&sql, given).await
}

/// The dead letters, grouped by kind and by what their errors have in common.
///
/// # Errors
/// The database's.
pub async fn dead_letter_groups(db: &impl Sql) -> Result<Letters, DbError> {
    let mut groups = BTreeMap::<(String, u64), Group>::new();
    let (mut looked_at, mut before, mut more) = (0, None::<String>, true);
    while more && looked_at < LOOK {
        let page = read(db, None, before.as_deref()).await?;
        more = page.len() == READ;
        looked_at += page.len();
        before = page.last().map(|last| last.id.clone());
        for letter in page {
            put(&mut groups, letter);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
    Ok(Letters { groups, more })
}

fn put(groups: &mut BTreeMap<(String, u64), Group>, letter: Letter) {
    let (words, number) = letter.trouble();
    let Letter { id, kind, error, created_at } = letter;
    let group = groups.entry((kind.clone(), number)).or_insert_with(|| Group {
        id: format!("{kind}:{number:016x}"),
        kind,
        fingerprint: words,
        error: error.unwrap_or_default(),
        count: 0,
        oldest: created_at,
        newest: created_at,
        sample: Vec::new(),
    });
    group.count += 1;
    group.oldest = group.oldest.min(created_at);
    group.newest = group.newest.max(created_at);
    if group.sample.len() < SAMPLE {
        group.sample.push(id);
    }
}
