//! The table `budget`: limits, shared by all processes.
//!
//! A bucket is full again when its window has passed; the window begins with the first request that
//! takes from it, until an answer says better. Answers may come late: what one says of a window that
//! is over is not believed, and within a window the larger use counts, ours or the network's.

use async_trait::async_trait;
use hashbuzz_db::{Db, DbError, FromQueryResult, Sql, Tx, Value, values};
use hashbuzz_domain::Time;
use hashbuzz_social::{
    Budget, Draw, Full, Limit, Reading, SAME, SLACK, SOON, Settled, Unavailable,
};

use super::spent;

/// The budget of a deployment, in its database.
#[derive(Clone)]
pub(in crate::budget) struct Rows {
    pub(in crate::budget) db: Db,
}

#[async_trait]
impl Budget for Rows {
    async fn reserve(&self, now: Time, draws: &[Draw]) -> Result<(), Full> {
        let mut draws: Vec<&Draw> = draws.iter().collect();
        // Always in the same order, so that two processes cannot wait for each other.
        draws.sort_by(|a, b| a.bucket.name.cmp(&b.bucket.name));
        if let Some(full) = closed(&self.db, &draws, now).await.map_err(unavailable)? {
            return Err(full);
        }
        let tx = self.db.begin().await.map_err(unavailable)?;
        for draw in draws.iter().filter(|draw| draw.amount > 0) {
            if !take(&tx, draw, now).await.map_err(unavailable)? {
                let full = why_not(&tx, draw, now).await.map_err(unavailable)?;
                // Dropping the transaction gives back what was taken from other buckets.
                return Err(full);
            }
        }
        Ok(tx.commit().await.map_err(unavailable)?)
    }

    async fn settle(&self, now: Time, settled: &Settled) -> Result<(), Unavailable> {
        self.record(now, settled).await.map_err(unavailable)
    }

    async fn limits(&self, now: Time, most: usize) -> Result<Vec<Limit>, Unavailable> {
        in_use(&self.db, now, most).await.map_err(unavailable)
    }

    async fn forget(&self, bucket: &str) -> Result<bool, Unavailable> {
        forget(&self.db, bucket).await.map_err(unavailable)
    }
}

fn unavailable(error: DbError) -> Unavailable {
    Unavailable(error.to_string())
}

impl Rows {
    async fn record(&self, now: Time, settled: &Settled) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        let mut readings: Vec<&Reading> = settled.readings.iter().collect();
        readings.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        for reading in readings {
            learn(&tx, reading, now).await?;
        }
        for draw in &settled.unused {
            tx.exec(
                "UPDATE budget SET used = CASE WHEN used < $2 THEN 0 ELSE used - $2 END \
                 WHERE bucket = $1",
                values![draw.bucket.name.as_str(), stored(draw.amount)],
            )
            .await?;
        }
        for (bucket, until, why) in &settled.closed {
            close(&tx, bucket, *until, why).await?;
        }
        if let Some(cost) = &settled.spent {
            spent::add(&tx, now, cost).await?;
        }
        tx.commit().await
    }
}

#[derive(FromQueryResult)]
struct ClosedRow {
    closed_until: i64,
    why: String,
}

/// The bucket among these that is closed for longest, if one is.
async fn closed(db: &impl Sql, draws: &[&Draw], now: Time) -> Result<Option<Full>, DbError> {
    if draws.is_empty() {
        return Ok(None);
    }
    let places: Vec<String> = (0..draws.len()).map(|i| format!("${}", i + 2)).collect();
    let mut given = values![now.micros()];
    given.extend(draws.iter().map(|draw| Value::from(draw.bucket.name.as_str())));
    let row: Option<ClosedRow> = db
        .one(
            &format!(
                "SELECT closed_until, why FROM budget WHERE closed_until > $1 AND bucket IN ({}) \
                 ORDER BY closed_until DESC LIMIT 1",
                places.join(", ")
            ),
            given,
        )
        .await?;
    Ok(row.map(|row| Full::Until { until: Time::from_micros(row.closed_until), why: row.why }))
}

/// Takes from a bucket; false when it does not hold so much.
async fn take(tx: &Tx, draw: &Draw, now: Time) -> Result<bool, DbError> {
    let bucket = &draw.bucket;
    let (amount, size) = (stored(draw.amount), stored(bucket.size));
    if amount > size {
        return Ok(false);
    }
    let changed = tx
        .exec(
            "INSERT INTO budget (bucket, size, used, resets_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (bucket) DO UPDATE SET \
             size = CASE WHEN budget.size_told THEN budget.size ELSE EXCLUDED.size END, \
             used = CASE WHEN budget.resets_at <= $5 THEN EXCLUDED.used \
                         ELSE budget.used + EXCLUDED.used END, \
             reset_told = CASE WHEN budget.resets_at <= $5 THEN FALSE ELSE budget.reset_told END, \
             resets_at = CASE WHEN budget.resets_at <= $5 THEN EXCLUDED.resets_at \
                              ELSE budget.resets_at END \
             WHERE budget.resets_at <= $5 OR budget.used + EXCLUDED.used <= \
                   CASE WHEN budget.size_told THEN budget.size ELSE EXCLUDED.size END",
            values![
                bucket.name.as_str(),
                size,
                amount,
                bucket.window.ends_at(now).micros(),
                now.micros()
            ],
        )
        .await?;
    Ok(changed == 1)
}

#[derive(FromQueryResult)]
struct BucketRow {
    size: i64,
    used: i64,
    resets_at: i64,
}

async fn why_not(tx: &Tx, draw: &Draw, now: Time) -> Result<Full, DbError> {
    let row: Option<BucketRow> = tx
        .one(
            "SELECT size, used, resets_at FROM budget WHERE bucket = $1",
            values![draw.bucket.name.as_str()],
        )
        .await?;
    let name = &draw.bucket.name;
    let Some(row) = row else {
        let until = draw.bucket.window.ends_at(now);
        let size = draw.bucket.size;
        return Ok(Full::Until { until, why: format!("{name} holds {size} and no more") });
    };
    Ok(Full::Until {
        until: Time::from_micros(row.resets_at).max(now.plus(SOON)),
        why: format!("{name}: {} of {} are used up", row.used, row.size),
    })
}

async fn learn(tx: &Tx, reading: &Reading, now: Time) -> Result<(), DbError> {
    let resets_at = reading.resets_at.plus(SLACK);
    if resets_at <= now {
        return Ok(());
    }
    let used = stored(reading.size).saturating_sub(stored(reading.left));
    tx.exec(
        "UPDATE budget SET size = $2, size_told = TRUE, reset_told = TRUE, \
         used = CASE WHEN reset_told AND resets_at < $5 THEN $3 \
                     WHEN used < $3 THEN $3 ELSE used END, \
         resets_at = $4 \
         WHERE bucket = $1 AND (NOT reset_told OR resets_at <= $6)",
        values![
            reading.bucket.as_str(),
            stored(reading.size),
            used,
            resets_at.micros(),
            resets_at.minus(SAME).micros(),
            resets_at.plus(SAME).micros()
        ],
    )
    .await?;
    Ok(())
}

async fn close(tx: &Tx, bucket: &str, until: Time, why: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO budget (bucket, size, used, resets_at, closed_until, why) \
         VALUES ($1, 0, 0, 0, $2, $3) ON CONFLICT (bucket) DO UPDATE \
         SET closed_until = EXCLUDED.closed_until, why = EXCLUDED.why",
        values![bucket, until.micros(), why],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct LimitRow {
    bucket: String,
    size: i64,
    used: i64,
    resets_at: i64,
    closed_until: i64,
    why: String,
}

async fn in_use(db: &impl Sql, now: Time, most: usize) -> Result<Vec<Limit>, DbError> {
    let rows: Vec<LimitRow> = db
        .all(
            "SELECT bucket, size, used, resets_at, closed_until, why FROM budget \
             WHERE (used > 0 AND resets_at > $1) OR closed_until > $1 \
             ORDER BY CASE WHEN closed_until > $1 THEN 0 ELSE 1 END, size - used, bucket LIMIT $2",
            values![now.micros(), i64::try_from(most).unwrap_or(i64::MAX)],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.seen(now)).collect())
}

impl LimitRow {
    fn seen(self, now: Time) -> Limit {
        let until = Time::from_micros(self.closed_until);
        Limit {
            bucket: self.bucket,
            size: counted(self.size),
            used: counted(self.used),
            resets_at: Time::from_micros(self.resets_at),
            closed: (until > now).then_some((until, self.why)),
        }
    }
}

/// Forgets what was learned of a limit. False when nothing was.
pub(in crate::budget) async fn forget(db: &impl Sql, bucket: &str) -> Result<bool, DbError> {
    Ok(db.exec("DELETE FROM budget WHERE bucket = $1", values![bucket]).await? > 0)
}

fn stored(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn counted(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or(0)
}
