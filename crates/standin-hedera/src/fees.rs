//! What things cost, from the schedule in `fees.json`.
//!
//! The shape is that of the network's simple fees: a node fee with surcharges for signatures and
//! bytes, nine times as much for the network, and a service fee per kind of transaction. A
//! contract's gas has its own price, and a contract call costs gas alone. Prices are in tinycents
//! (10^10 make a US dollar) and are paid in tinybars at a fixed exchange rate.

use std::collections::BTreeMap;

use hiero_sdk_proto::services::{ExchangeRate, ExchangeRateSet, TimestampSeconds};
use serde::Deserialize;

use crate::entity::Stamp;
use crate::node::Kind;

/// The price list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    pub(crate) hbar_equivalent: i32,
    pub(crate) cent_equivalent: i32,
    gas_tinycents: i64,
    network_multiplier: i64,
    node_tinycents: i64,
    included_signatures: i64,
    extra_signature_tinycents: i64,
    included_bytes: i64,
    extra_byte_tinycents: i64,
    included_accounts: i64,
    extra_account_tinycents: i64,
    /// What a transfer costs more when it moves tokens.
    token_transfer_tinycents: i64,
    service_tinycents: BTreeMap<Kind, i64>,
    query_tinycents: i64,
    /// How many times as much the lane of high volume costs, in thousandths.
    high_volume_thousandths: u64,
    /// What can be done on that lane: the creation of entities.
    high_volume_kinds: Vec<Kind>,
}

/// What of a transaction the price depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) kind: Kind,
    pub(crate) signatures: usize,
    pub(crate) bytes: usize,
    /// Accounts whose HBAR balance a transfer adjusts.
    pub(crate) accounts: usize,
    /// A transfer that moves tokens.
    pub(crate) tokens: bool,
    /// It asks for the lane of high volume.
    pub(crate) high_volume: bool,
}

/// A fee by who gets it, in tinybars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fee {
    pub(crate) node: i64,
    /// The network's and the service's share.
    pub(crate) rest: i64,
}

impl Fee {
    pub(crate) fn total(self) -> i64 {
        self.node + self.rest
    }
}

impl Schedule {
    /// The schedule that this crate ships.
    pub(crate) fn shipped() -> Self {
        serde_json::from_str(include_str!("../fees.json")).expect("fees.json is a schedule")
    }

    pub(crate) fn fee(&self, size: &Size) -> Fee {
        if size.kind == Kind::ContractCall {
            return Fee { node: 0, rest: 0 };
        }
        let beyond = |n: usize, included: i64| (count(n) - included).max(0);
        let node = self.node_tinycents
            + beyond(size.signatures, self.included_signatures) * self.extra_signature_tinycents
            + beyond(size.bytes, self.included_bytes) * self.extra_byte_tinycents;
        let service = self.service_tinycents.get(&size.kind).copied().unwrap_or_default()
            + beyond(size.accounts, self.included_accounts) * self.extra_account_tinycents
            + if size.tokens { self.token_transfer_tinycents } else { 0 };
        let times = self.multiplier(size).and_then(|times| i64::try_from(times).ok());
        let times = times.unwrap_or(1_000);
        Fee {
            node: self.tinybars(node) * times / 1_000,
            rest: self.tinybars(node * self.network_multiplier + service) * times / 1_000,
        }
    }

    /// How many times as much it costs, in thousandths, when it takes the lane of high volume.
    pub(crate) fn multiplier(&self, size: &Size) -> Option<u64> {
        let taken = size.high_volume && self.high_volume_kinds.contains(&size.kind);
        taken.then_some(self.high_volume_thousandths)
    }

    /// The service fee of a number of transactions of a kind, in tinybars.
    pub(crate) fn service(&self, kind: Kind, times: usize) -> i64 {
        let one = self.service_tinycents.get(&kind).copied().unwrap_or_default();
        self.tinybars(one).saturating_mul(count(times))
    }

    /// The price of an amount of gas, in tinybars.
    pub(crate) fn gas(&self, gas: u64) -> i64 {
        i64::try_from(gas).unwrap_or(i64::MAX).saturating_mul(self.gas_price())
    }

    /// Tinybars for one unit of gas.
    pub(crate) fn gas_price(&self) -> i64 {
        self.tinybars(self.gas_tinycents)
    }

    /// The price of a query that is not free, in tinybars.
    pub(crate) fn query(&self) -> i64 {
        self.tinybars(self.query_tinycents)
    }

    /// The exchange rate, as receipts show it. It holds until the end of the hour.
    pub(crate) fn rates(&self, at: Stamp) -> ExchangeRateSet {
        let hour = at.seconds().div_euclid(3600) + 1;
        let rate = |hour: i64| ExchangeRate {
            hbar_equiv: self.hbar_equivalent,
            cent_equiv: self.cent_equivalent,
            expiration_time: Some(TimestampSeconds { seconds: hour * 3600 }),
        };
        ExchangeRateSet { current_rate: Some(rate(hour)), next_rate: Some(rate(hour + 1)) }
    }

    fn tinybars(&self, tinycents: i64) -> i64 {
        let exact = i128::from(tinycents) * i128::from(self.hbar_equivalent)
            / i128::from(self.cent_equivalent);
        i64::try_from(exact).unwrap_or(i64::MAX)
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(kind: Kind, accounts: usize) -> Size {
        Size { kind, signatures: 1, bytes: 200, accounts, tokens: false, high_volume: false }
    }

    #[test]
    fn a_transfer_costs_a_hundredth_of_a_cent_and_as_much_for_each_further_account() {
        let schedule = Schedule::shipped();
        // $0.0001 at 8 cents a HBAR
        assert_eq!(schedule.fee(&size(Kind::CryptoTransfer, 2)).total(), 125_000);
        assert_eq!(schedule.fee(&size(Kind::CryptoTransfer, 10)).total(), 9 * 125_000);
    }

    #[test]
    fn the_lane_of_high_volume_costs_twice_as_much_where_there_is_one() {
        let schedule = Schedule::shipped();
        let fee = |kind, high_volume| schedule.fee(&Size { high_volume, ..size(kind, 2) }).total();
        assert_eq!(fee(Kind::CryptoCreate, true), 2 * fee(Kind::CryptoCreate, false));
        assert_eq!(fee(Kind::CryptoTransfer, true), fee(Kind::CryptoTransfer, false));
    }

    #[test]
    fn a_contract_costs_a_dollar_to_create_and_only_gas_to_call() {
        let schedule = Schedule::shipped();
        assert_eq!(schedule.fee(&size(Kind::ContractCreate, 0)).total(), 1_250_000_000);
        assert_eq!(schedule.fee(&size(Kind::ContractCall, 0)).total(), 0);
        assert_eq!(schedule.gas(100_000), 10_600_000);
    }
}
