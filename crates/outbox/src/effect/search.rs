//! Searching effects, oldest first: what was sent, and what nobody knows the outcome of.

use hashbuzz_db::{DbError, Sql, Value};

use super::store::{COLUMNS, Row};
use super::{Effect, State};
use crate::operator::{Page, PageOf};

/// Rows that one page has at most.
const MOST: i64 = 500;

/// Effects with all of these properties; what is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct EffectFilter {
    /// Where it is, one of these; none named means any.
    pub states: Vec<State>,
    /// What it belongs to: the campaign.
    pub key: Option<String>,
    /// Which step.
    pub step: Option<String>,
    /// What is done, such as `social.post`.
    pub kind: Option<String>,
}

/// Effects that `filter` means, oldest first.
///
/// # Errors
/// The database's.
pub async fn search(
    db: &impl Sql,
    filter: &EffectFilter,
    page: &Page,
) -> Result<PageOf<Effect>, DbError> {
    let limit = page.limit.clamp(1, MOST);
    let (mut conditions, mut given) = (vec!["1 = 1".to_owned()], Vec::<Value>::new());
    let mut place = |value: Value| {
        given.push(value);
        format!("${}", given.len())
    };
    if !filter.states.is_empty() {
        let states: Vec<String> =
            filter.states.iter().map(|state| place(state.as_str().into())).collect();
        conditions.push(format!("state IN ({})", states.join(", ")));
    }
    for (condition, value) in [
        ("key =", &filter.key),
        ("step =", &filter.step),
        ("kind =", &filter.kind),
        ("id >", &page.after),
    ] {
        if let Some(value) = value {
            conditions.push(format!("{condition} {}", place(value.as_str().into())));
        }
    }
    let last = place((limit + 1).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM effect WHERE {} ORDER BY id LIMIT {last}",
        conditions.join(" AND ")
    );
    let rows: Vec<Row> = db.all(&sql, given).await?;
    let effects: Vec<Effect> = rows.into_iter().map(Effect::try_from).collect::<Result<_, _>>()?;
    Ok(PageOf::cut(effects, limit, |effect| &effect.id))
}
