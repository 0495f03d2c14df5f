//! Conversions at the edge of the database, where numbers are signed 64-bit.

use std::str::FromStr;

use hashbuzz_db::DbError;
use hashbuzz_domain::Time;

/// Units as stored. No asset has more than 2^63 − 1 units (HBAR: 5e18; a token's supply is an
/// int64 on the network), so this never saturates for an amount that exists.
pub(crate) fn units(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// Units as read.
pub(crate) fn read_units(stored: i64) -> Result<u64, DbError> {
    u64::try_from(stored).map_err(|_| DbError::Corrupt(format!("{stored} units")))
}

/// A count as stored.
pub(crate) fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored text as what it stands for.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, DbError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| DbError::Corrupt(error.to_string()))
}

/// A stored point in time.
pub(crate) fn time(stored: Option<i64>) -> Option<Time> {
    stored.map(Time::from_micros)
}

/// A JSON document as stored.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(error.to_string()))
}

/// A stored JSON document.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Corrupt(error.to_string()))
}
