//! What the network saw and did, counted apart from the books of whoever uses it, so that a test
//! can tell how often something really happened.

use std::collections::BTreeMap;

use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use serde::Serialize;

use crate::entity::display;
use crate::record::Handled;

/// The counters, as the control routes show them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Counters {
    /// Transactions that arrived, whatever became of them.
    submits_seen: u64,
    /// Of these, how many were refused because their id was known.
    duplicates_refused: u64,
    /// Answers of the checks before consensus, by code.
    prechecks: BTreeMap<&'static str, u64>,
    /// Transactions handled by consensus, by kind and result.
    transactions: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    contract_calls: Vec<ContractCall>,
}

/// One contract call that consensus handled.
#[derive(Debug, Serialize)]
struct ContractCall {
    transaction_id: String,
    contract: Option<String>,
    /// The function's four bytes, in hexadecimal.
    selector: Option<String>,
    first_argument: Option<String>,
    second_word: Option<String>,
    result: &'static str,
    consensus_timestamp: String,
    payer: String,
}

impl Counters {
    pub(crate) fn submitted(&mut self) {
        self.submits_seen += 1;
    }

    pub(crate) fn prechecked(&mut self, code: Code) {
        *self.prechecks.entry(code.as_str_name()).or_default() += 1;
        if code == Code::DuplicateTransaction {
            self.duplicates_refused += 1;
        }
    }

    pub(crate) fn handled(&mut self, handled: &Handled) {
        let results = self.transactions.entry(handled.kind.name()).or_default();
        *results.entry(handled.code.as_str_name()).or_default() += 1;
        let Some(run) = handled.run.as_ref().filter(|run| !run.creates) else { return };
        let word = |from: usize| run.input.get(from..from + 32).map(hex::encode);
        self.contract_calls.push(ContractCall {
            transaction_id: handled.id.to_string(),
            contract: run.contract.map(display),
            selector: run.input.get(..4).map(hex::encode),
            first_argument: word(4),
            second_word: word(36),
            result: handled.code.as_str_name(),
            consensus_timestamp: handled.at.to_string(),
            payer: display(handled.id.payer),
        });
    }
}
