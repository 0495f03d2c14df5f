//! The contract's refusals, as the model gives them.

use alloy_primitives::U256;

use crate::abi::EscrowError;
use crate::abi::HashbuzzEscrow as abi;

/// What the contract answers.
pub(super) type Answer = Result<(), EscrowError>;

pub(super) fn ensure(holds: bool, otherwise: impl Into<EscrowError>) -> Answer {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

pub(super) fn less(available: u128, needed: u128) -> Result<u128, EscrowError> {
    let short =
        abi::InsufficientBalance { available: U256::from(available), needed: U256::from(needed) };
    available.checked_sub(needed).ok_or_else(|| short.into())
}

pub(super) fn within(total: u128, wanted: u128) -> Answer {
    let above = abi::TotalExceeded { total: U256::from(total), wanted: U256::from(wanted) };
    ensure(wanted <= total, above)
}

pub(super) fn in_range(given: u64, least: u64, most: u64) -> Answer {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let [given, least, most] = [given, least, most].map(U256::from);
    Err(out_of_range(given, least, most))
}

pub(super) fn out_of_range(given: U256, least: U256, most: U256) -> EscrowError {
    abi::OutOfRange { given, least, most }.into()
}
