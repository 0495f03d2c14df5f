//! The table `spending`: what asking the network has cost.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};
use hashbuzz_domain::Time;
use hashbuzz_social::Spent;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::stored::units;

/// One day in seconds.
const DAY: i64 = 86_400;

/// Books one request.
pub(super) async fn add(tx: &Tx, now: Time, cost: &Spent) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO spending (day, purse, endpoint, requests, objects, micros) \
         VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (day, purse, endpoint) DO UPDATE \
         SET requests = spending.requests + 1, objects = spending.objects + EXCLUDED.objects, \
         micros = spending.micros + EXCLUDED.micros",
        values![
            now.secs().div_euclid(DAY),
            cost.purse.as_deref().unwrap_or_default(),
            cost.endpoint,
            units(cost.objects),
            units(cost.micros)
        ],
    )
    .await?;
    Ok(())
}

/// What was spent on a purse, in millionths of a dollar.
pub(crate) async fn spent_on(db: &impl Sql, purse: &str) -> Result<i64, DbError> {
    db.number(
        "SELECT CAST(SUM(micros) AS BIGINT) AS n FROM spending WHERE purse = $1",
        values![purse],
    )
    .await
}

/// What one endpoint cost since a day.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::budget) struct EndpointRow {
    pub(in crate::budget) endpoint: String,
    pub(in crate::budget) requests: i64,
    pub(in crate::budget) objects: i64,
    pub(in crate::budget) micros: i64,
}

/// What each endpoint cost since `day`.
pub(in crate::budget) async fn by_endpoint(
    db: &impl Sql,
    day: i64,
) -> Result<Vec<EndpointRow>, DbError> {
    db.all(
        "SELECT endpoint, CAST(SUM(requests) AS BIGINT) AS requests, \
         CAST(SUM(objects) AS BIGINT) AS objects, CAST(SUM(micros) AS BIGINT) AS micros \
         FROM spending WHERE day >= $1 GROUP BY endpoint ORDER BY endpoint LIMIT 200",
        values![day],
    )
    .await
}

/// Today and the first of this month, in days since 1970.
pub(in crate::budget) fn today_and_first(now: Time) -> (i64, i64) {
    let day = now.secs().div_euclid(DAY);
    let first = date(day).map_or(day, |date| number(date.first_of_month()));
    (day, first)
}

fn date(day: i64) -> Option<Date> {
    let stamp = Timestamp::from_second(day.saturating_mul(DAY)).ok()?;
    Some(Offset::UTC.to_datetime(stamp).date())
}

fn number(date: Date) -> i64 {
    let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
    midnight.map_or(0, |at| at.as_second().div_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_with_its_first_day() {
        let now = Time::from_micros(20_512 * DAY * 1_000_000 + 5);
        assert_eq!(today_and_first(now), (20_512, 20_485));
    }
}
