//! Which events somebody means, as conditions that both tables of events understand.

use hashbuzz_db::{Backend, Value};

use super::EventState;

/// Events with all of these properties; what is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The kind, exactly.
    pub kind: Option<String>,
    /// The key: the campaign.
    pub key: Option<String>,
    /// The account whose turn it takes.
    pub account: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// Where it is.
    pub state: Option<EventState>,
    /// Words in its last failure; capitals do not matter.
    pub error: Option<String>,
    /// Made before this time, in microseconds since the epoch.
    pub created_before: Option<i64>,
    /// Made after this time.
    pub created_after: Option<i64>,
}

/// Conditions as SQL, with their values in order.
pub(super) struct Conditions {
    backend: Backend,
    sql: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// What `filter` says, except of the state, which only one of the tables has.
    pub(super) fn of(filter: &Filter, backend: Backend) -> Self {
        let mut all = Self { backend, sql: "1 = 1".to_owned(), values: Vec::new() };
        all.and_if("kind =", filter.kind.as_deref());
        all.and_if("key =", filter.key.as_deref());
        all.and_if("account =", filter.account.as_deref());
        all.and_if("queue =", filter.queue.as_deref());
        all.and_if("created_at <", filter.created_before);
        all.and_if("created_at >", filter.created_after);
        if let Some(words) = &filter.error {
            let place = all.place(pattern(backend, words));
            all.sql.push_str(&format!(" AND LOWER(last_error) LIKE {place} ESCAPE '\\'"));
        }
        all
    }

    /// One more condition, when there is a value for it.
    pub(super) fn and_if(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let place = self.place(value);
            self.sql.push_str(&format!(" AND {condition} {place}"));
        }
    }

    /// The place of one more value.
    pub(super) fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// Everything that has to hold.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) const fn backend(&self) -> Backend {
        self.backend
    }
}

/// Anything that contains `words`, in small letters as the database makes them (SQLite: of ASCII).
fn pattern(backend: Backend, words: &str) -> String {
    let small = match backend {
        Backend::Sqlite => words.to_ascii_lowercase(),
        Backend::Postgres => words.to_lowercase(),
    };
    let mut pattern = String::from("%");
    for c in small.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
