//! The windows of a social network, counted in Redis for all processes of a deployment.
//!
//! A bucket is a hash; one script looks at all buckets of a request and takes from all or none, so
//! that no lock is held between round trips. Time is the caller's, as everywhere. Redis may forget
//! everything: the next answer's headers teach it anew. So nothing is kept here that nobody would
//! say again, and [`Settled::spent`] is not.
//!
//! All keys of a deployment share one hash tag, and with it one slot of a cluster.

use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_domain::Time;
use hashbuzz_social::{
    Budget, Draw, Full, Limit, Reading, SAME, SLACK, SOON, Settled, Unavailable,
};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, RedisError, Script};

/// How long Redis may take, to let us in and to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// What was learned of a bucket is kept for a week after its window is over: its size is its plan's.
const KEEP_MICROS: i64 = 7 * 86_400 * 1_000_000;
/// Numbers of Lua are exact up to here.
const LARGEST: u64 = (1 << 53) - 1;

/// The windows of one deployment.
pub struct RedisBudget {
    connection: ConnectionManager,
    place: String,
    index: String,
    reserve: Script,
    settle: Script,
}

/// What a script says: a word and what belongs to it.
type Said = Vec<String>;

impl RedisBudget {
    /// Windows under keys that begin with `prefix:{budget}`, at the server that `client` knows and
    /// people call `place`. It connects when it is first used. Needs a runtime of tokio.
    ///
    /// # Errors
    /// A client that cannot be used in this way.
    pub fn new(client: Client, place: &str, prefix: &str) -> Result<Self, Unavailable> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = ConnectionManager::new_lazy_with_config(client, config)
            .map_err(|error| unavailable(place, &error))?;
        let script = |body| Script::new(&[include_str!("lua/bucket.lua"), body].concat());
        Ok(Self {
            connection,
            place: place.to_owned(),
            index: format!("{prefix}:{{budget}}"),
            reserve: script(include_str!("lua/reserve.lua")),
            settle: script(include_str!("lua/settle.lua")),
        })
    }

    fn key(&self, bucket: &str) -> String {
        format!("{}:{bucket}", self.index)
    }

    async fn within<T>(
        &self,
        act: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Unavailable> {
        // The limits of the connection are for one command each, and not for finding a way to it.
        match tokio::time::timeout(2 * PATIENCE, act).await {
            Ok(outcome) => outcome.map_err(|error| unavailable(&self.place, &error)),
            Err(_) => Err(unavailable(&self.place, &"no answer")),
        }
    }
}

#[async_trait]
impl Budget for RedisBudget {
    async fn reserve(&self, now: Time, draws: &[Draw]) -> Result<(), Full> {
        let mut call = self.reserve.key(self.index.as_str());
        call.arg(now.micros()).arg(KEEP_MICROS);
        for Draw { bucket, amount } in draws {
            let ends_at = bucket.window.ends_at(now).micros();
            call.key(self.key(&bucket.name));
            call.arg(&bucket.name).arg(exact(bucket.size)).arg(exact(*amount)).arg(ends_at);
        }
        let mut connection = self.connection.clone();
        let said: Said = self.within(call.invoke_async(&mut connection)).await?;
        match refusal(&said, draws, now) {
            None => Ok(()),
            Some(full) => Err(full.unwrap_or_else(|| {
                Full::Unavailable(unavailable(&self.place, &format!("it says {said:?}")))
            })),
        }
    }

    async fn settle(&self, now: Time, settled: &Settled) -> Result<(), Unavailable> {
        let mut call = self.settle.key(self.index.as_str());
        call.arg(now.micros()).arg(KEEP_MICROS).arg(SAME.micros());
        let mut say = |bucket: &str, what: &str, values: [String; 3]| {
            call.key(self.key(bucket)).arg(what).arg(bucket).arg(&values);
        };
        for Reading { bucket, size, left, resets_at } in &settled.readings {
            let used = size.saturating_sub(*left);
            let resets_at = resets_at.plus(SLACK).micros().to_string();
            say(bucket, "reading", [exact(*size), exact(used), resets_at]);
        }
        for Draw { bucket, amount } in &settled.unused {
            say(&bucket.name, "unused", [exact(*amount), String::new(), String::new()]);
        }
        for (bucket, until, why) in &settled.closed {
            say(bucket, "closed", [until.micros().to_string(), why.clone(), String::new()]);
        }
        let mut connection = self.connection.clone();
        self.within(call.invoke_async(&mut connection)).await
    }

    async fn limits(&self, now: Time, most: usize) -> Result<Vec<Limit>, Unavailable> {
        let mut connection = self.connection.clone();
        let limits = self
            .within(async {
                let after = format!("({}", now.micros());
                let names: Vec<String> =
                    connection.zrangebyscore(&self.index, after, "+inf").await?;
                if names.is_empty() {
                    return Ok(Vec::new());
                }
                let mut ask = redis::pipe();
                for name in &names {
                    ask.hmget(
                        self.key(name),
                        &["size", "used", "resets_at", "closed_until", "why"],
                    );
                }
                let rows: Vec<Row> = ask.query_async(&mut connection).await?;
                let limits = names.into_iter().zip(rows);
                let limits = limits.filter_map(|(name, row)| seen(name, row, now));
                Ok(limits.collect::<Vec<Limit>>())
            })
            .await?;
        Ok(Limit::ranked(limits, most))
    }

    async fn forget(&self, bucket: &str) -> Result<bool, Unavailable> {
        let mut connection = self.connection.clone();
        let mut act = redis::pipe();
        act.atomic().del(self.key(bucket)).zrem(&self.index, bucket).ignore();
        let (gone,): (i64,) = self.within(act.query_async(&mut connection)).await?;
        Ok(gone > 0)
    }
}

/// Size, use, end of the window, until when it is closed, and why. Nothing of a bucket that has
/// vanished since.
type Row = (Option<u64>, Option<u64>, Option<i64>, Option<i64>, Option<String>);

/// A bucket as an operator sees it, when it is used or closed.
fn seen(bucket: String, row: Row, now: Time) -> Option<Limit> {
    let (Some(size), Some(used), Some(resets_at), Some(closed_until), Some(why)) = row else {
        return None;
    };
    let (resets_at, until) = (Time::from_micros(resets_at), Time::from_micros(closed_until));
    let closed = (until > now).then_some((until, why));
    let is_used = used > 0 && resets_at > now;
    (is_used || closed.is_some()).then_some(Limit { bucket, size, used, resets_at, closed })
}

/// Why nothing was taken, if so. None of that when the script says what it never says.
fn refusal(said: &Said, draws: &[Draw], now: Time) -> Option<Option<Full>> {
    let words: Vec<&str> = said.iter().map(String::as_str).collect();
    let of = |index: &str| draws.get(index.parse::<usize>().ok()?).map(|draw| &draw.bucket);
    let at = |micros: &str| micros.parse().ok().map(Time::from_micros);
    let full = || match *words.as_slice() {
        ["closed", until, why] => Some(Full::Until { until: at(until)?, why: why.to_owned() }),
        ["small", index] => {
            let bucket = of(index)?;
            let why = format!("{} holds {} and no more", bucket.name, bucket.size);
            Some(Full::Until { until: bucket.window.ends_at(now), why })
        }
        ["full", index, used, size, resets_at] => {
            let why = format!("{}: {used} of {size} are used up", of(index)?.name);
            Some(Full::Until { until: at(resets_at)?.max(now.plus(SOON)), why })
        }
        _ => None,
    };
    (words != ["taken"]).then(full)
}

fn exact(number: u64) -> String {
    number.min(LARGEST).to_string()
}

fn unavailable(place: &str, what: &dyn std::fmt::Display) -> Unavailable {
    Unavailable(format!("Redis at {place}: {what}"))
}
