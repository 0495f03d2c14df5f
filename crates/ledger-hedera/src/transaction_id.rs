//! Transaction ids: payer and the nanosecond from which the transaction is valid. The network
//! takes an id once, which makes it the idempotency key of everything that we send.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use hashbuzz_domain::{AccountId, Span, Time};
use hiero_sdk_proto::services;
use rand::Rng as _;

const NANOS: i64 = 1_000_000_000;

/// Nodes refuse an id whose time has not come by *their* clock, and their clocks may lag.
const BEFORE_NOW: i64 = 3 * NANOS;

/// After this the network can no longer take it to consensus; the longest that it allows.
pub(crate) const VALID: Span = Span::from_secs(180);

/// `0.0.n@seconds.nanoseconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransactionId {
    pub(crate) payer: AccountId,
    /// Nanoseconds since the Unix epoch.
    pub(crate) valid_start: i64,
}

impl TransactionId {
    /// As the mirror node writes it in an address.
    pub(crate) fn for_mirror(self) -> String {
        let (secs, nanos) = self.parts();
        format!("{}-{secs}-{nanos:09}", self.payer)
    }

    pub(crate) fn for_sdk(self) -> hiero_sdk::TransactionId {
        let valid_start =
            time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.valid_start))
                .expect("64 bits of nanoseconds end in the year 2262");
        hiero_sdk::TransactionId {
            account_id: sdk_account(self.payer),
            valid_start,
            nonce: None,
            scheduled: false,
        }
    }

    pub(crate) fn to_proto(self) -> services::TransactionId {
        let (seconds, nanos) = self.parts();
        services::TransactionId {
            transaction_valid_start: Some(services::Timestamp { seconds, nanos }),
            account_id: Some(services::AccountId {
                shard_num: i64::from(self.payer.shard),
                realm_num: i64::from(self.payer.realm),
                account: i64::try_from(self.payer.num)
                    .ok()
                    .map(services::account_id::Account::AccountNum),
            }),
            scheduled: false,
            nonce: 0,
        }
    }

    /// The end of its validity, rounded up to the microsecond.
    pub(crate) fn expires_at(self) -> Time {
        Time::from_micros(self.valid_start / 1_000 + 1).plus(VALID)
    }

    fn parts(self) -> (i64, i32) {
        let nanos = i32::try_from(self.valid_start.rem_euclid(NANOS)).expect("below 10^9");
        (self.valid_start.div_euclid(NANOS), nanos)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, nanos) = self.parts();
        write!(f, "{}@{secs}.{nanos:09}", self.payer)
    }
}

impl FromStr for TransactionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is not a transaction id (0.0.n@seconds.nanoseconds)");
        let (payer, time) = text.split_once('@').ok_or_else(error)?;
        let valid_start = nanos(time).ok_or_else(error)?;
        Ok(Self { payer: payer.parse().map_err(|_| error())?, valid_start })
    }
}

/// Nanoseconds of `seconds.nanoseconds`, the network's way to write a time.
pub(crate) fn nanos(text: &str) -> Option<i64> {
    let (secs, nanos) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(secs) || !digits(nanos) || nanos.len() != 9 {
        return None;
    }
    let secs: i64 = secs.parse().ok()?;
    secs.checked_mul(NANOS)?.checked_add(nanos.parse().ok()?)
}

pub(crate) fn sdk_account(account: AccountId) -> hiero_sdk::AccountId {
    hiero_sdk::AccountId::new(account.shard.into(), account.realm.into(), account.num)
}

/// Gives out ids, each later than the one before. Two processes with the same payer stay apart by
/// a random part of up to a second; should they meet all the same, [`crate::look_up`] tells their
/// bytes apart by hash.
#[derive(Debug)]
pub(crate) struct TransactionIds {
    /// Who pays for them.
    pub(crate) payer: AccountId,
    last: AtomicI64,
}

impl TransactionIds {
    pub(crate) const fn new(payer: AccountId) -> Self {
        Self { payer, last: AtomicI64::new(0) }
    }

    pub(crate) fn next(&self, now: Time) -> TransactionId {
        let jitter = rand::rng().random_range(0..NANOS);
        let wanted = now.micros().saturating_mul(1_000) - BEFORE_NOW - jitter;
        let pick = |last: i64| {
            // A clock that was far ahead and was put right must not condemn us to ids from the
            // future until it catches up.
            let clock_was_put_back = last > wanted.saturating_add(60 * NANOS);
            if clock_was_put_back { wanted } else { wanted.max(last + 1) }
        };
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(pick(last)))
            .expect("the closure always picks");
        TransactionId { payer: self.payer, valid_start: pick(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    #[test]
    fn ids_of_one_moment_are_strictly_increasing_and_not_from_the_future() {
        let ids = TransactionIds::new(AccountId::new(2));
        let mut last = 0;
        for _ in 0..10_000 {
            let id = ids.next(NOW);
            assert!(id.valid_start > last);
            assert!(id.valid_start < NOW.micros() * 1_000 - 2 * NANOS);
            last = id.valid_start;
        }
    }

    #[test]
    fn ids_stay_increasing_when_the_clock_is_slightly_back() {
        let ids = TransactionIds::new(AccountId::new(2));
        let first = ids.next(NOW);
        let second = ids.next(NOW.minus(Span::from_secs(20)));
        assert_eq!(second.valid_start, first.valid_start + 1);
    }

    #[test]
    fn a_clock_put_right_from_far_ahead_gives_present_ids_again() {
        let ids = TransactionIds::new(AccountId::new(2));
        ids.next(NOW.plus(Span::from_secs(86_400)));
        let id = ids.next(NOW);
        assert!(id.valid_start < NOW.micros() * 1_000);
    }

    #[test]
    fn ids_given_out_by_many_threads_never_repeat() {
        let ids = TransactionIds::new(AccountId::new(2));
        let mut all: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope
                        .spawn(|| (0..1_000).map(|_| ids.next(NOW).valid_start).collect::<Vec<_>>())
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8_000);
    }

    #[test]
    fn an_id_is_written_in_three_ways_and_read_back() {
        let id = TransactionId { payer: AccountId::new(7), valid_start: 1_700_000_000_000_000_042 };
        assert_eq!(id.to_string(), "0.0.7@1700000000.000000042");
        assert_eq!(id.for_mirror(), "0.0.7-1700000000-000000042");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.for_sdk(), id.to_string().parse().unwrap());
        assert_eq!(id.expires_at(), Time::from_micros(1_700_000_180_000_001));
        for wrong in ["", "0.0.7", "0.0.7@1", "0.0.7@1.5", "0.0.7@-1.000000000", "@1.000000000"] {
            assert!(wrong.parse::<TransactionId>().is_err(), "{wrong}");
        }
    }
}
