//! How things on the ledger are named: entity numbers, consensus timestamps, transaction ids and
//! the two kinds of EVM address.
//!
//! Shard and realm are always zero, as on the public networks, so an entity is its number.

use std::fmt;

use hiero_sdk_proto::services::{
    AccountId, ContractId, FileId, ScheduleId, Timestamp, TokenId, TopicId, TransactionId,
    account_id, contract_id,
};
use revm::primitives::Address;

/// The account that holds every tinybar at the beginning.
pub(crate) const TREASURY: i64 = 2;
/// The account of the one consensus node.
pub(crate) const NODE: i64 = 3;
/// Receives the network's and the services' share of every fee.
pub(crate) const COLLECTOR: i64 = 98;
/// Contracts may not send value to an account up to this number.
pub(crate) const LAST_SYSTEM: i64 = 750;
/// The number of the first account, file or contract that a user creates.
pub(crate) const FIRST_USER: i64 = 1001;

const NANOS: i64 = 1_000_000_000;
/// Seconds of consensus time in a block.
const BLOCK_SECONDS: i64 = 2;

/// A moment: nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp(pub(crate) i64);

impl Stamp {
    pub(crate) fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    pub(crate) fn from_proto(stamp: Timestamp) -> Option<Self> {
        if stamp.seconds < 0 || !(0..1_000_000_000).contains(&stamp.nanos) {
            return None;
        }
        stamp.seconds.checked_mul(NANOS)?.checked_add(stamp.nanos.into()).map(Self)
    }

    pub(crate) fn to_proto(self) -> Timestamp {
        let nanos = i32::try_from(self.nanos()).expect("a remainder of 10^9 fits");
        Timestamp { seconds: self.seconds(), nanos }
    }

    pub(crate) fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    fn nanos(self) -> i64 {
        self.0.rem_euclid(NANOS)
    }

    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(NANOS)))
    }

    /// The number of the block that this moment falls into.
    pub(crate) fn block(self) -> u64 {
        u64::try_from(self.seconds().div_euclid(BLOCK_SECONDS)).unwrap_or_default()
    }

    /// The first and the last moment of a block.
    pub(crate) fn span_of_block(number: u64) -> Option<(Self, Self)> {
        let length = BLOCK_SECONDS * NANOS;
        let first = i64::try_from(number).ok()?.checked_mul(length)?;
        Some((Self(first), Self(first.checked_add(length - 1)?)))
    }

    /// Reads `seconds` or `seconds.nanoseconds` (up to nine digits).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
        seconds.parse::<i64>().ok()?.checked_mul(NANOS)?.checked_add(nanos).map(Self)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.seconds(), self.nanos())
    }
}

/// What makes a transaction unique for as long as it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TxId {
    pub(crate) payer: i64,
    pub(crate) start: Stamp,
    /// It was carried out by a schedule, and shares the rest with the schedule's creation.
    pub(crate) scheduled: bool,
}

impl TxId {
    /// Reads the mirror's form, `0.0.payer-seconds-nanoseconds`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let payer = parse_num(parts.next()?)?;
        let (seconds, nanos) = (parts.next()?, parts.next()?);
        if parts.next().is_some() || nanos.len() > 9 {
            return None;
        }
        let start = Stamp::parse(&format!("{seconds}.{nanos:0>9}"))?;
        Some(Self { payer, start, scheduled: false })
    }

    /// Reads an id whose payer is named by number.
    pub(crate) fn from_proto(id: &TransactionId) -> Option<Self> {
        let start = id.transaction_valid_start.and_then(Stamp::from_proto)?;
        Some(Self { payer: account_num(id.account_id.as_ref())?, start, scheduled: id.scheduled })
    }

    pub(crate) fn to_proto(self) -> TransactionId {
        TransactionId {
            transaction_valid_start: Some(self.start.to_proto()),
            account_id: Some(account_id(self.payer)),
            scheduled: self.scheduled,
            nonce: 0,
        }
    }
}

impl fmt::Display for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (payer, start) = (self.payer, self.start);
        write!(f, "0.0.{payer}-{}-{:09}", start.seconds(), start.nanos())
    }
}

pub(crate) fn account_id(num: i64) -> AccountId {
    AccountId { shard_num: 0, realm_num: 0, account: Some(account_id::Account::AccountNum(num)) }
}

pub(crate) fn contract_id(num: i64) -> ContractId {
    ContractId {
        shard_num: 0,
        realm_num: 0,
        contract: Some(contract_id::Contract::ContractNum(num)),
    }
}

pub(crate) fn file_id(num: i64) -> FileId {
    FileId { shard_num: 0, realm_num: 0, file_num: num }
}

/// The number of a file, when the id is well formed.
pub(crate) fn file_num(id: Option<FileId>) -> Option<i64> {
    id.filter(|id| id.shard_num == 0 && id.realm_num == 0 && id.file_num > 0).map(|id| id.file_num)
}

pub(crate) fn token_id(num: i64) -> TokenId {
    TokenId { shard_num: 0, realm_num: 0, token_num: num }
}

/// The number of a token, when the id is well formed. 0.0.0 names none.
pub(crate) fn token_num(id: Option<TokenId>) -> Option<i64> {
    id.filter(|id| id.shard_num == 0 && id.realm_num == 0 && id.token_num > 0)
        .map(|id| id.token_num)
}

pub(crate) fn schedule_id(num: i64) -> ScheduleId {
    ScheduleId { shard_num: 0, realm_num: 0, schedule_num: num }
}

/// The number of a schedule, when the id is well formed.
pub(crate) fn schedule_num(id: Option<ScheduleId>) -> Option<i64> {
    id.filter(|id| id.shard_num == 0 && id.realm_num == 0 && id.schedule_num > 0)
        .map(|id| id.schedule_num)
}

pub(crate) fn topic_id(num: i64) -> TopicId {
    TopicId { shard_num: 0, realm_num: 0, topic_num: num }
}

/// The number of a topic, when the id is well formed.
pub(crate) fn topic_num(id: Option<TopicId>) -> Option<i64> {
    id.filter(|id| id.shard_num == 0 && id.realm_num == 0 && id.topic_num > 0)
        .map(|id| id.topic_num)
}

/// The number of an account that is named by its number.
pub(crate) fn account_num(id: Option<&AccountId>) -> Option<i64> {
    match id.filter(|id| id.shard_num == 0 && id.realm_num == 0)?.account {
        Some(account_id::Account::AccountNum(num)) => Some(num),
        _ => None,
    }
}

pub(crate) fn display(num: i64) -> String {
    format!("0.0.{num}")
}

/// Reads `0.0.num` or `num`.
pub(crate) fn parse_num(text: &str) -> Option<i64> {
    let num = text.strip_prefix("0.0.").unwrap_or(text);
    if num.is_empty() || !num.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    num.parse().ok()
}

/// Reads an EVM address, with or without `0x`.
pub(crate) fn parse_address(text: &str) -> Option<Address> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    <[u8; 20]>::try_from(bytes).ok().map(Address::from)
}

/// The address of an entity that has no alias: shard (4 bytes), realm (8), number (8).
pub(crate) fn long_zero(num: i64) -> Address {
    let mut bytes = [0; 20];
    bytes[12..].copy_from_slice(&num.to_be_bytes());
    Address::from(bytes)
}

/// The number inside a long-zero address.
pub(crate) fn long_zero_num(address: &Address) -> Option<i64> {
    let (zeros, num) = address.split_at(12);
    let num = i64::from_be_bytes(num.try_into().ok()?);
    (zeros.iter().all(|b| *b == 0) && num > 0).then_some(num)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_id_reads_back_what_it_shows() {
        let start = Stamp(1_700_000_000_000_000_042);
        let id = TxId { payer: 1234, start, scheduled: false };
        assert_eq!(id.to_string(), "0.0.1234-1700000000-000000042");
        assert_eq!(TxId::parse(&id.to_string()), Some(id));
        assert_eq!(TxId::parse("0.0.1234-1700000000-42"), Some(id));
        for wrong in ["", "0.0.1", "0.0.1-2", "0.0.1-2-3-4", "0.0.x-1-1", "0.0.1@1.1"] {
            assert_eq!(TxId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_timestamp_keeps_its_nine_digits() {
        assert_eq!(Stamp::parse("12.5"), Some(Stamp(12_500_000_000)));
        assert_eq!(
            Stamp::parse("12.000000005").map(|s| s.to_string()).as_deref(),
            Some("12.000000005")
        );
        assert_eq!(Stamp::parse("12.0000000050"), None);
    }

    #[test]
    fn a_long_zero_address_holds_the_number_and_nothing_else() {
        assert_eq!(long_zero_num(&long_zero(1001)), Some(1001));
        let mut alias = long_zero(1001);
        alias.0[3] = 1;
        assert_eq!(long_zero_num(&alias), None);
    }
}
