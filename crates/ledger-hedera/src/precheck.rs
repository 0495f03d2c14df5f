//! What a node's first answer proves.
//!
//! A node checks a transaction before it passes it on; any code but two says that *this* attempt
//! went nowhere. `OK` says that it was passed on, `DUPLICATE_TRANSACTION` that an earlier attempt
//! was. Neither says how it ended.

use std::time::Duration;

use hashbuzz_ledger::SendError;
use hiero_sdk::Status;

/// How long somebody takes, at the least, to send the operator's account more.
const TOPPED_UP: Duration = Duration::from_secs(60);

/// How long a network needs that had no room for a transaction.
const ROOM_AGAIN: Duration = Duration::from_secs(5);

fn needs_more() -> String {
    format!("{PAYER_IS_SHORT}: hedera.operator needs more HBAR to pay fees from")
}

const PAYER_IS_SHORT: &str = "INSUFFICIENT_PAYER_BALANCE";

/// Whether a result at consensus says nothing of the call; then what it says, and how long to wait.
/// <response_code.proto, hiero-sdk-proto 0.22>
pub(crate) fn not_the_calls(result: &str) -> Option<(String, Duration)> {
    match result {
        PAYER_IS_SHORT => Some((needs_more(), TOPPED_UP)),
        "CONSENSUS_GAS_EXHAUSTED" | "THROTTLED_AT_CONSENSUS" | "BUSY" => {
            Some((format!("{result}: the network has no room for it"), ROOM_AGAIN))
        }
        _ => None,
    }
}

pub(crate) fn remedy(code: i32) -> Result<(), SendError> {
    let Ok(status) = Status::try_from(code) else {
        return Err(SendError::Unknown(format!("the node answers with the unknown code {code}")));
    };
    let busy = |after| {
        let detail = status.as_str_name().to_owned();
        Err(SendError::Busy { after: Duration::from_secs(after), detail })
    };
    match status {
        // Ours to mend, and no campaign's fault: everybody waits, and goes on when it is.
        Status::InsufficientPayerBalance => {
            Err(SendError::Busy { after: TOPPED_UP, detail: needs_more() })
        }
        Status::Ok | Status::DuplicateTransaction => Ok(()),
        Status::Busy | Status::PlatformTransactionNotCreated | Status::ThrottledAtConsensus => {
            busy(1)
        }
        // Upgrading, starting or catching up: seconds do not help.
        Status::PlatformNotActive | Status::CreatingSystemEntities => busy(10),
        // Valid a moment later: the node's clock is behind ours.
        Status::InvalidTransactionStart => busy(2),
        Status::TransactionExpired => Err(SendError::Expired),
        // The node failed somewhere inside, or says that it does not know.
        Status::Unknown | Status::FailInvalid | Status::FailFee | Status::FailBalance => {
            Err(SendError::Unknown(status.as_str_name().to_owned()))
        }
        refused => Err(SendError::Refused(refused.as_str_name().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precheck_code_becomes_the_remedy_that_it_proves() {
        let name = |status: Status| match remedy(status.into()) {
            Ok(()) => "taken".to_owned(),
            Err(SendError::Busy { after, .. }) => format!("busy {} s", after.as_secs()),
            Err(SendError::Expired) => "expired".to_owned(),
            Err(SendError::Unknown(_)) => "unknown".to_owned(),
            Err(SendError::Refused(code)) => format!("refused {code}"),
        };
        for (status, expected) in [
            (Status::Ok, "taken"),
            (Status::DuplicateTransaction, "taken"),
            (Status::Busy, "busy 1 s"),
            (Status::PlatformTransactionNotCreated, "busy 1 s"),
            (Status::PlatformNotActive, "busy 10 s"),
            (Status::InvalidTransactionStart, "busy 2 s"),
            (Status::TransactionExpired, "expired"),
            (Status::Unknown, "unknown"),
            (Status::FailInvalid, "unknown"),
            (Status::InvalidSignature, "refused INVALID_SIGNATURE"),
            (Status::InsufficientPayerBalance, "busy 60 s"),
            (Status::InsufficientTxFee, "refused INSUFFICIENT_TX_FEE"),
            (Status::InvalidNodeAccount, "refused INVALID_NODE_ACCOUNT"),
            (Status::TransactionOversize, "refused TRANSACTION_OVERSIZE"),
        ] {
            assert_eq!(name(status), expected, "{}", status.as_str_name());
        }
    }

    #[test]
    fn a_code_from_a_newer_network_decides_nothing() {
        assert!(matches!(remedy(1_000_000), Err(SendError::Unknown(_))));
    }
}
