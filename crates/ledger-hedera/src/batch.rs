//! How many payments fit one transaction: the smaller of what its bytes and its gas allow.

use hashbuzz_ledger::PayoutPlan;

/// Bytes of a transaction, signatures included, that the network takes.
pub(crate) const MAX_BYTES: usize = 6_144;

/// Bytes around the entries: ids, times, fee, memo, call selector and arguments, one signature.
/// A test holds it against the largest ids.
const ENVELOPE: usize = 448;

const ENTRY_BYTES: usize = 32;

/// Gas that the network allows a transaction.
const MAX_GAS: u64 = 15_000_000;

/// What a batch takes before its first entry: the call, the campaign's and the ceiling's slots.
const BASE_GAS: u64 = 300_000;

/// What the worst entry takes: a transfer to a cold account (11,600) whose code burns all that it is
/// given (20,000), then the credit in a fresh slot (22,100), a bit in a fresh slot (22,100, when
/// the indexes are far apart), the log entry and the loops. A plain account in a row of indexes
/// takes a seventh. Too low would let one recipient revert everybody's batch.
const ENTRY_GAS: u64 = 82_000;

/// What a batch is expected to use before its first entry, and for one: people who have an account,
/// in a row of indexes. <contracts/GAS.md: 1,223,554 for 80, 261,418 for 10>
const USUAL_BASE_GAS: u64 = 124_000;
const USUAL_ENTRY_GAS: u64 = 13_750;

/// What it will take to pay so many people.
pub(crate) fn plan(recipients: usize) -> PayoutPlan {
    let transactions = recipients.div_ceil(max_batch());
    let gas = transactions as u64 * USUAL_BASE_GAS + recipients as u64 * USUAL_ENTRY_GAS;
    PayoutPlan { recipients, transactions, gas }
}

/// How many entries one `payBatch` may have: what its bytes and its gas both allow.
pub const fn max_batch() -> usize {
    let by_bytes = (MAX_BYTES - ENVELOPE) / ENTRY_BYTES;
    let mut entries = 0;
    while entries < by_bytes && gas(entries + 1) <= MAX_GAS {
        entries += 1;
    }
    entries
}

pub(crate) const fn gas(entries: usize) -> u64 {
    BASE_GAS + entries as u64 * ENTRY_GAS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_people_are_paid_by_fewer_than_sixty_transactions() {
        let plan = plan(10_000);
        assert_eq!((plan.recipients, plan.transactions), (10_000, 57));
        assert_eq!(super::plan(0), PayoutPlan { recipients: 0, transactions: 0, gas: 0 });
    }

    #[test]
    fn a_full_batch_stays_within_the_gas_of_a_transaction() {
        assert!(gas(max_batch()) <= MAX_GAS);
        assert_eq!(max_batch(), 178);
    }
}
