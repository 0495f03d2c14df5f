//! Filters, order, limits and the link to the next page.

use crate::entity::Stamp;

use super::Problem;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 100;

/// A request's query parameters; one name may occur several times.
pub(super) struct Params(Vec<(String, String)>);

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Asc,
    Desc,
}

/// A comparison such as `gte:5`; without an operator it means equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) operator: Operator,
    pub(super) value: String,
}

/// The operator of a [`Bound`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Params {
    /// Takes over the parameters.
    ///
    /// # Errors
    /// 400 when there is one that the route does not know.
    pub(super) fn new(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Self, Problem> {
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Problem::new(
                axum::http::StatusCode::BAD_REQUEST,
                format!("Unknown query parameter: {name}"),
            )),
            None => Ok(Self(pairs)),
        }
    }

    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The last value of a parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// How many rows a page has: 25 unless asked otherwise, never more than 100.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.one("limit") else { return Ok(DEFAULT_LIMIT) };
        match text.parse::<usize>() {
            Ok(limit) if limit > 0 => Ok(limit.min(MAX_LIMIT)),
            _ => Err(Problem::invalid("limit")),
        }
    }

    pub(super) fn order(&self, default: Order) -> Result<Order, Problem> {
        match self.one("order").map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("asc") => Ok(Order::Asc),
            Some("desc") => Ok(Order::Desc),
            Some(_) => Err(Problem::invalid("order")),
        }
    }

    /// The comparisons asked of a parameter.
    pub(super) fn bounds(&self, name: &str) -> Result<Vec<Bound>, Problem> {
        self.all(name)
            .map(|text| Bound::parse(text).ok_or_else(|| Problem::invalid(name)))
            .collect()
    }

    /// The span of time that the `timestamp` parameters leave.
    pub(super) fn span(&self) -> Result<(Stamp, Stamp), Problem> {
        let (mut from, mut to) = (Stamp(0), Stamp(i64::MAX));
        for bound in self.bounds("timestamp")? {
            let at = Stamp::parse(&bound.value).ok_or_else(|| Problem::invalid("timestamp"))?;
            let (low, high) = bound.operator.span(at.0);
            (from, to) = (from.max(Stamp(low)), to.min(Stamp(high)));
        }
        Ok((from, to))
    }

    /// Is there a comparison of this kind?
    pub(super) fn compares(&self, name: &str, wanted: &[Operator]) -> Result<bool, Problem> {
        Ok(self.bounds(name)?.iter().any(|bound| wanted.contains(&bound.operator)))
    }

    /// The path of the next page: the same parameters, with those of `cursor` replaced. Of a
    /// parameter that is compared, only the comparison in the direction of the list is replaced.
    pub(super) fn next(&self, path: &str, order: Order, cursor: &[(&str, String)]) -> String {
        let replaced = |name: &str, value: &str| {
            cursor.iter().any(|(other, _)| *other == name)
                && Bound::parse(value).is_none_or(|bound| bound.operator.limits(order))
        };
        let kept = self.0.iter().filter(|(name, value)| !replaced(name, value));
        let kept = kept.map(|(name, value)| format!("{name}={value}"));
        let moved = cursor.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{path}?{}", kept.chain(moved).collect::<Vec<_>>().join("&"))
    }
}

impl Bound {
    fn parse(text: &str) -> Option<Self> {
        let (operator, value) = match text.split_once(':') {
            None => (Operator::Eq, text),
            Some(("eq", value)) => (Operator::Eq, value),
            Some(("gt", value)) => (Operator::Gt, value),
            Some(("gte", value)) => (Operator::Gte, value),
            Some(("lt", value)) => (Operator::Lt, value),
            Some(("lte", value)) => (Operator::Lte, value),
            Some(_) => return None,
        };
        Some(Self { operator, value: value.to_owned() })
    }
}

impl Operator {
    /// The whole numbers that compare so with `value`.
    pub(super) fn span(self, value: i64) -> (i64, i64) {
        match self {
            Self::Eq => (value, value),
            Self::Gt => (value.saturating_add(1), i64::MAX),
            Self::Gte => (value, i64::MAX),
            Self::Lt => (0, value.saturating_sub(1)),
            Self::Lte => (0, value),
        }
    }

    /// Is it the side from which the next page of such a list begins?
    fn limits(self, order: Order) -> bool {
        match order {
            Order::Asc => matches!(self, Self::Gt | Self::Gte),
            Order::Desc => matches!(self, Self::Lt | Self::Lte),
        }
    }
}

impl Order {
    /// The operator that begins the page after a row: with the row itself (`gte:`, `lte:`) when
    /// something finer decides within it.
    pub(super) fn after(self, with_the_row: bool) -> &'static str {
        match (self, with_the_row) {
            (Self::Asc, false) => "gt",
            (Self::Asc, true) => "gte",
            (Self::Desc, false) => "lt",
            (Self::Desc, true) => "lte",
        }
    }

    /// Cuts a page out of rows that come oldest first; tells whether there is more.
    pub(super) fn page<T>(
        self,
        rows: impl DoubleEndedIterator<Item = T>,
        limit: usize,
    ) -> (Vec<T>, bool) {
        let mut page: Vec<T> = match self {
            Self::Asc => rows.take(limit + 1).collect(),
            Self::Desc => rows.rev().take(limit + 1).collect(),
        };
        let more = page.len() > limit;
        page.truncate(limit);
        (page, more)
    }
}
