//! Accounts that are there from the beginning, with their keys: an operator, who has much, and some
//! others to play with.

use rand::RngCore;
use serde_json::{Value, json};

use crate::entity::{NODE, display};
use crate::keys::Pair;
use crate::network::Shared;
use crate::state::Account;

/// What the operator has at the beginning, in tinybars: 100 million HBAR.
const OPERATOR_TINYBARS: i64 = 10_000_000_000_000_000;
/// What every other founder has, in tinybars: 10,000 HBAR.
const FOUNDER_TINYBARS: i64 = 1_000_000_000_000;

/// Opens as many accounts as are missing; the first is the operator's. Every other key is ECDSA
/// with an EVM address.
pub(crate) fn open(network: &Shared, count: usize, founders: &mut Vec<Value>) {
    for n in founders.len()..count {
        let balance = if n == 0 { OPERATOR_TINYBARS } else { FOUNDER_TINYBARS };
        let make = |random: &mut _| pair(n, random);
        let opened = network.with(|network| network.open_account(balance, true, make));
        // The treasury of a young network has enough for every founder that anybody asks for.
        let Ok((account, pair)) = opened else { return };
        founders.push(shown(&account, &pair));
    }
}

fn pair(n: usize, random: &mut impl RngCore) -> Pair {
    if n.is_multiple_of(2) { Pair::ed25519(random) } else { Pair::ecdsa(random) }
}

/// An account with the keys to it, as the control routes show it.
pub(crate) fn shown(account: &Account, pair: &Pair) -> Value {
    json!({
        "account": display(account.num),
        "private_key": pair.private_der,
        "private_key_raw": pair.private_raw,
        "public_key": pair.public_der,
        "public_key_raw": pair.public_raw,
        "evm_address": format!("0x{}", hex::encode(account.address)),
        "balance_tinybar": account.balance,
    })
}

/// What a program that starts the network wants to know.
pub(crate) fn introduction(
    node: std::net::SocketAddr,
    mirror: std::net::SocketAddr,
    founders: &[Value],
) -> Value {
    json!({
        "ready": "standin-hedera",
        "node": node,
        "node_account": display(NODE),
        "mirror": mirror,
        "operator": founders.first(),
        "accounts": founders.get(1..).unwrap_or_default(),
    })
}
