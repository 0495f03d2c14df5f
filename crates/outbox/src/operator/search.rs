//! Searching live and finished events, newest first, a page at a time.

use hashbuzz_db::{DbError, Sql};

use super::event::{FINISHED, LIVE, Row};
use super::filter::Conditions;
use super::{Event, EventState, Filter};

/// Rows that one page has at most.
const MOST: i64 = 500;

/// Which page.
#[derive(Clone, Debug)]
pub struct Page {
    /// What the page before said comes next; the first page without.
    pub after: Option<String>,
    /// Rows wanted: 1 to 500.
    pub limit: i64,
}

/// A page.
#[derive(Clone, Debug)]
pub struct PageOf<T> {
    /// What was found.
    pub items: Vec<T>,
    /// Where the next page begins, when there is more.
    pub next: Option<String>,
}

impl<T> PageOf<T> {
    /// A page of `limit` from a read of one more, each row continued by its id.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, id: impl Fn(&T) -> &str) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| id(last).to_owned());
        Self { items, next }
    }
}

/// Events that `filter` means, newest first.
///
/// # Errors
/// The database's.
pub async fn search(db: &impl Sql, filter: &Filter, page: &Page) -> Result<PageOf<Event>, DbError> {
    let limit = page.limit.clamp(1, MOST);
    let mut wanted = Conditions::of(filter, db.backend());
    wanted.and_if("id <", page.after.as_deref());
    let place = wanted.place(limit + 1);
    let (order, both) = (format!("ORDER BY id DESC LIMIT {place}"), wanted.sql().to_owned());
    let finished = format!("SELECT {FINISHED} FROM event_history WHERE {both} {order}");
    let live = format!("SELECT {LIVE} FROM event WHERE {both}");
    let sql = match filter.state {
        Some(EventState::Done) => finished,
        Some(state) => {
            let state = wanted.place(state.as_str());
            format!("{live} AND state = {state} {order}")
        }
        // One statement sees one moment: an event that is finished meanwhile is neither missed nor
        // shown twice.
        None => format!(
            "SELECT * FROM (SELECT * FROM ({live} {order}) AS live \
             UNION ALL SELECT * FROM ({finished}) AS finished) AS both_tables {order}"
        ),
    };
    let rows: Vec<Row> = db.all(&sql, wanted.values).await?;
    let events: Vec<Event> = rows.into_iter().map(Event::try_from).collect::<Result<_, _>>()?;
    Ok(PageOf::cut(events, limit, |event| &event.id))
}
