//! What became of a transaction.
//!
//! | mirror node says of our bytes | answer |
//! |---|---|
//! | handled, `SUCCESS` | `Done` with consensus time and fee |
//! | handled, another result | `Failed` with the contract's reason |
//! | nothing, and it has not seen the whole validity | `Pending` |
//! | nothing, asked after it had seen the whole validity | `Absent` |
//!
//! *Our bytes*: a row counts when its hash is that of the stored bytes. Another process of the
//! same payer could have drawn the same id, however unlikely; its success must not be taken for
//! ours. Rows with `DUPLICATE_TRANSACTION` are echoes of another row.
//!
//! The receipt alone never decides: it carries no hash, no time and no proof of its origin. It is
//! the second witness. `Done` therefore waits for the mirror node, some seconds after the network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hashbuzz_domain::Time;
use hashbuzz_ledger::{Outcome, Prepared, ReadError};
use hiero_sdk::Status;

use crate::abi;
use crate::hedera::Hedera;
use crate::mirror::TransactionRow;
use crate::node::Receipt;
use crate::transaction_id::{TransactionId, nanos};

const SUCCESS: &str = "SUCCESS";
const DUPLICATE: &str = "DUPLICATE_TRANSACTION";
const REVERTED: &str = "CONTRACT_REVERT_EXECUTED";

impl Hedera {
    pub(crate) async fn outcome(&self, prepared: &Prepared) -> Result<Outcome, ReadError> {
        let id: TransactionId = prepared.transaction_id.parse().map_err(ReadError::Malformed)?;
        let (receipt, rows) =
            tokio::join!(self.nodes.receipt(&prepared.node, id), self.mirror.transactions(id));
        if let Some(row) = ours(rows?, &prepared.hash) {
            return self.decided(id, &row, receipt).await;
        }
        let seen = self.mirror.watermark().await?;
        let expires_at = prepared.expires_at.micros().saturating_mul(1_000);
        if seen.is_none_or(|seen| seen <= expires_at) {
            return Ok(Outcome::Pending);
        }
        // Asked again, because the first answer may be older than what we know it has seen now.
        match ours(self.mirror.transactions(id).await?, &prepared.hash) {
            Some(row) => self.decided(id, &row, receipt).await,
            None => Ok(Outcome::Absent),
        }
    }

    async fn decided(
        &self,
        id: TransactionId,
        row: &TransactionRow,
        receipt: Receipt,
    ) -> Result<Outcome, ReadError> {
        if contradicts(receipt, &row.result) {
            return Err(ReadError::Malformed(format!(
                "of {id} the mirror node says {} and the receipt {receipt:?}",
                row.result
            )));
        }
        if row.result == SUCCESS {
            let consensus_at = nanos(&row.consensus_timestamp).ok_or_else(|| {
                ReadError::Malformed(format!("{id} at `{}`", row.consensus_timestamp))
            })?;
            return Ok(Outcome::Done {
                consensus_at: Time::from_micros(consensus_at / 1_000),
                fee_tinybar: Some(row.charged_tx_fee),
            });
        }
        let detail = match row.result.as_str() {
            REVERTED => self.mirror.revert(id).await?.map(|message| revert_text(&message)),
            _ => None,
        };
        let reason = match detail {
            Some(detail) => format!("{}: {detail}", row.result),
            None => row.result.clone(),
        };
        Ok(Outcome::Failed { reason })
    }
}

/// The handling of exactly these bytes: its success, if it had one, else what came first.
fn ours(rows: Vec<TransactionRow>, hash: &[u8]) -> Option<TransactionRow> {
    let mut rows: Vec<TransactionRow> = rows
        .into_iter()
        .filter(|row| row.nonce == 0 && !row.scheduled && row.result != DUPLICATE)
        .filter(|row| BASE64.decode(&row.transaction_hash).is_ok_and(|of_row| of_row == hash))
        .collect();
    rows.sort_by_key(|row| (row.result != SUCCESS, nanos(&row.consensus_timestamp)));
    rows.into_iter().next()
}

fn contradicts(receipt: Receipt, result: &str) -> bool {
    match receipt {
        Receipt::Silent => false,
        Receipt::Final(status) => (status == Status::Success) != (result == SUCCESS),
    }
}

/// `0x…` is what the contract reverted with; anything else is the network's own text.
fn revert_text(message: &str) -> String {
    match message.strip_prefix("0x").map(hex::decode) {
        Some(Ok(data)) => abi::describe_revert(&data),
        Some(Err(_)) | None => message.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(result: &str, hash: &[u8], at: &str) -> TransactionRow {
        TransactionRow {
            consensus_timestamp: at.to_owned(),
            charged_tx_fee: 1,
            nonce: 0,
            result: result.to_owned(),
            scheduled: false,
            transaction_hash: BASE64.encode(hash),
        }
    }

    #[test]
    fn a_row_counts_only_when_it_is_about_our_bytes() {
        let theirs = row(SUCCESS, b"theirs", "1.000000000");
        assert!(ours(vec![theirs.clone()], b"ours").is_none());
        let found = ours(vec![theirs, row("BUSY", b"ours", "2.000000000")], b"ours");
        assert_eq!(found.unwrap().result, "BUSY");
    }

    #[test]
    fn echoes_children_and_scheduled_runs_do_not_count() {
        let child = TransactionRow { nonce: 1, ..row(SUCCESS, b"x", "1.000000000") };
        let scheduled = TransactionRow { scheduled: true, ..row(SUCCESS, b"x", "1.000000000") };
        let echo = row(DUPLICATE, b"x", "1.000000000");
        assert!(ours(vec![child, scheduled, echo], b"x").is_none());
    }

    #[test]
    fn of_several_handlings_the_success_counts_then_the_earliest() {
        let rows = vec![
            row("INVALID_NODE_ACCOUNT", b"x", "1.000000000"),
            row(SUCCESS, b"x", "2.000000000"),
        ];
        assert_eq!(ours(rows, b"x").unwrap().result, SUCCESS);
        let rows = vec![row("B", b"x", "10.000000000"), row("A", b"x", "9.000000000")];
        assert_eq!(ours(rows, b"x").unwrap().result, "A");
    }

    #[test]
    fn witnesses_contradict_each_other_only_when_both_speak() {
        assert!(!contradicts(Receipt::Silent, SUCCESS));
        assert!(!contradicts(Receipt::Final(Status::Success), SUCCESS));
        assert!(!contradicts(Receipt::Final(Status::InsufficientGas), "INSUFFICIENT_GAS"));
        assert!(contradicts(Receipt::Final(Status::Success), REVERTED));
        assert!(contradicts(Receipt::Final(Status::ContractRevertExecuted), SUCCESS));
    }

    #[test]
    fn a_reason_that_is_no_revert_data_is_told_as_it_is() {
        assert_eq!(revert_text("INSUFFICIENT_GAS"), "INSUFFICIENT_GAS");
        assert_eq!(revert_text("0xzz"), "0xzz");
    }
}
