//! What became of a transaction.
//!
//! | mirror node says of our bytes | answer |
//! |---|---|
//! | handled, `SUCCESS` | `Done` with consensus time and fee |
//! | handled, no room for it or nothing to pay it from | `Undone` with the network's reason |
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
use crate::precheck;
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
        if let Some((reason, after)) = precheck::not_the_calls(&row.result) {
            return Ok(Outcome::Undone { reason, after });
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::routing::get;
    use axum::{Json, Router};
    use hashbuzz_domain::AccountId;
    use hiero_sdk::PrivateKey;
    use serde_json::json;

    use super::*;

    const HASH: [u8; 48] = [7; 48];
    /// Half a microsecond before the full one, so that rounding shows.
    const ID: &str = "0.0.2@1700000000.000000500";
    const EXPIRES: &str = "1700000180.000001000";
    const AFTER: &str = "1700000180.000001001";

    /// A mirror node that has seen everything up to `watermark`, and has a row about our bytes
    /// at once (`Some(false)`), as soon as it was asked for its watermark (`Some(true)`), or never.
    async fn outcome(watermark: Option<&'static str>, row: Option<bool>) -> Outcome {
        let asked = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&asked);
        let blocks = move || {
            noted.store(true, Ordering::SeqCst);
            let newest =
                watermark.map(|to| json!({"timestamp": {"from": "0.000000000", "to": to}}));
            async move { Json(json!({"blocks": newest.into_iter().collect::<Vec<_>>()})) }
        };
        let transactions = move || {
            let late = asked.load(Ordering::SeqCst);
            let rows = match row {
                Some(only_late) if late || !only_late => vec![json!({
                    "consensus_timestamp": "1700000003.000000009", "charged_tx_fee": 5, "nonce": 0,
                    "result": SUCCESS, "scheduled": false,
                    "transaction_hash": BASE64.encode(HASH),
                })],
                _ => vec![],
            };
            async move { Json(json!({"transactions": rows})) }
        };
        let app = Router::new()
            .route("/api/v1/blocks", get(blocks))
            .route("/api/v1/transactions/0.0.2-1700000000-000000500", get(transactions));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let (operator, contract) = (AccountId::new(2), AccountId::new(5_005));
        let key = PrivateKey::generate_ed25519();
        let hedera = Hedera::for_test_with_mirror(operator, key, contract, &base);
        let prepared = Prepared {
            transaction_id: ID.to_owned(),
            node: "0.0.3".to_owned(),
            bytes: vec![1],
            hash: HASH.to_vec(),
            expires_at: ID.parse::<TransactionId>().unwrap().expires_at(),
        };
        hedera.outcome(&prepared).await.unwrap()
    }

    #[tokio::test]
    async fn absence_needs_a_mirror_that_has_seen_more_than_the_whole_validity() {
        assert_eq!(outcome(None, None).await, Outcome::Pending);
        assert_eq!(outcome(Some("1700000100.000000000"), None).await, Outcome::Pending);
        assert_eq!(outcome(Some(EXPIRES), None).await, Outcome::Pending);
        assert_eq!(outcome(Some(AFTER), None).await, Outcome::Absent);
    }

    #[tokio::test]
    async fn a_row_that_arrives_together_with_the_watermark_is_not_overlooked() {
        let done = Outcome::Done {
            consensus_at: Time::from_micros(1_700_000_003_000_000),
            fee_tinybar: Some(5),
        };
        assert_eq!(outcome(Some(AFTER), Some(true)).await, done);
        assert_eq!(outcome(None, Some(false)).await, done);
    }

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
