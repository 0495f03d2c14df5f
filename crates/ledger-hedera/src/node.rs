//! The consensus nodes: hands over signed bytes, asks for receipts. One attempt a call; whoever
//! called decides whether to repeat.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use hashbuzz_domain::AccountId;
use hashbuzz_ledger::SendError;
use hiero_sdk::Status;
use hiero_sdk_proto::services;
use hiero_sdk_proto::services::crypto_service_client::CryptoServiceClient;
use hiero_sdk_proto::services::smart_contract_service_client::SmartContractServiceClient;
use tonic::transport::{Channel, Endpoint};

use crate::mirror::Mirror;
use crate::precheck;
use crate::settings::{Network, SetupError};
use crate::transaction_id::TransactionId;

/// A node that could not be reached is passed over this many times before it is tried again.
const PASSED_OVER: u8 = 8;

/// What a node says of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// It reached consensus with this result.
    Final(Status),
    /// Not final, not known, or no answer: no evidence either way.
    Silent,
}

/// The nodes of the settings, else those that the mirror node knows.
pub(crate) async fn addresses(
    network: &Network,
    mirror: &Mirror,
) -> Result<BTreeMap<String, AccountId>, SetupError> {
    if network.nodes.is_empty() { Ok(mirror.nodes().await?) } else { Ok(network.nodes.clone()) }
}

pub(crate) struct Nodes {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    timeout: Duration,
}

struct Node {
    account: AccountId,
    channel: Channel,
    passed_over: AtomicU8,
}

impl Nodes {
    /// Connects when first used. Must be called inside a Tokio runtime.
    pub(crate) fn new(
        addresses: &BTreeMap<String, AccountId>,
        timeout: Duration,
    ) -> Result<Self, SetupError> {
        if addresses.is_empty() {
            return Err(SetupError::Settings("no node is named".to_owned()));
        }
        let nodes = addresses
            .iter()
            .map(|(address, account)| {
                let endpoint = Endpoint::from_shared(format!("http://{address}"))
                    .map_err(|_| SetupError::Settings(format!("`{address}` is no node address")))?;
                // Half the time for connecting, so that a host that swallows packets is told
                // apart from one that may have taken the bytes.
                let channel = endpoint.connect_timeout(timeout / 2).connect_lazy();
                Ok(Node { account: *account, channel, passed_over: AtomicU8::new(0) })
            })
            .collect::<Result<_, SetupError>>()?;
        Ok(Self { nodes, turn: AtomicUsize::new(0), timeout })
    }

    /// Those of the settings, else those that the mirror node knows.
    pub(crate) async fn of(network: &Network, mirror: &Mirror) -> Result<Self, SetupError> {
        Self::new(&addresses(network, mirror).await?, network.request_timeout)
    }

    /// The node for the next transaction: in turn, passing over those that were out of reach.
    pub(crate) fn choose(&self) -> AccountId {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let (before, after) = self.nodes.split_at(first);
        after.iter().chain(before).find(|node| node.has_its_turn()).unwrap_or(&after[0]).account
    }

    /// Hands the bytes to the node that they are addressed to.
    pub(crate) async fn submit(&self, node: &str, signed: Vec<u8>) -> Result<(), SendError> {
        let Some(node) = self.nodes.iter().find(|known| known.account.to_string() == node) else {
            return Err(SendError::Busy {
                after: Duration::from_secs(30),
                detail: format!("node {node} is no longer among the settings' nodes"),
            });
        };
        let mut client = SmartContractServiceClient::new(node.channel.clone());
        let request = client.contract_call_method(wrap(signed));
        hashbuzz_crash::point!("hedera.submit.before");
        let answered = tokio::time::timeout(self.timeout, request).await;
        // The node has the bytes, and nobody here knows it.
        hashbuzz_crash::point!("hedera.submit.after");
        match answered {
            Ok(Ok(response)) => {
                node.passed_over.store(0, Ordering::Relaxed);
                precheck::remedy(response.into_inner().node_transaction_precheck_code)
            }
            Ok(Err(status)) => {
                node.passed_over.store(PASSED_OVER, Ordering::Relaxed);
                Err(transport(&status))
            }
            Err(_) => {
                node.passed_over.store(PASSED_OVER, Ordering::Relaxed);
                Err(SendError::Unknown(format!("no answer within {:?}", self.timeout)))
            }
        }
    }

    /// Asks the node that has the transaction how it went; free of charge, kept for 180 s.
    pub(crate) async fn receipt(&self, node: &str, id: TransactionId) -> Receipt {
        let Some(node) = self.nodes.iter().find(|known| known.account.to_string() == node) else {
            return Receipt::Silent;
        };
        let query = services::TransactionGetReceiptQuery {
            header: Some(services::QueryHeader {
                payment: None,
                response_type: services::ResponseType::AnswerOnly.into(),
            }),
            transaction_id: Some(id.to_proto()),
            include_duplicates: false,
            include_child_receipts: false,
        };
        let query =
            services::Query { query: Some(services::query::Query::TransactionGetReceipt(query)) };
        let mut client = CryptoServiceClient::new(node.channel.clone());
        let request = client.get_transaction_receipts(query);
        hashbuzz_crash::point!("hedera.receipt.before");
        let answered = tokio::time::timeout(self.timeout, request).await;
        hashbuzz_crash::point!("hedera.receipt.after");
        match answered {
            Ok(Ok(response)) => read_receipt(response.into_inner()),
            Ok(Err(_)) | Err(_) => Receipt::Silent,
        }
    }
}

impl Node {
    fn has_its_turn(&self) -> bool {
        let countdown = |left: u8| left.checked_sub(1);
        self.passed_over.fetch_update(Ordering::Relaxed, Ordering::Relaxed, countdown).is_err()
    }
}

/// The form in which signed bytes travel. The older fields stay empty: nodes refuse both at once.
pub(crate) fn wrap(signed: Vec<u8>) -> services::Transaction {
    services::Transaction { signed_transaction_bytes: signed, ..Default::default() }
}

fn read_receipt(response: services::Response) -> Receipt {
    let Some(services::response::Response::TransactionGetReceipt(answer)) = response.response
    else {
        return Receipt::Silent;
    };
    let status = answer.receipt.and_then(|receipt| Status::try_from(receipt.status).ok());
    match status {
        None
        | Some(
            Status::Ok
            | Status::Unknown
            | Status::ReceiptNotFound
            | Status::RecordNotFound
            | Status::Busy
            | Status::PlatformNotActive,
        ) => Receipt::Silent,
        Some(status) => Receipt::Final(status),
    }
}

/// An attempt that never got a connection sent nothing. Of any other, nobody knows.
fn transport(status: &tonic::Status) -> SendError {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::ConnectError>() {
            return SendError::Busy {
                after: Duration::from_secs(2),
                detail: format!("no connection to the node: {error}"),
            };
        }
        cause = error.source();
    }
    SendError::Unknown(format!("{:?}: {}", status.code(), status.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Nodes {
        let address = |n: u64| (format!("127.0.0.1:{n}"), AccountId::new(n));
        let addresses = BTreeMap::from([address(3), address(4), address(5)]);
        Nodes::new(&addresses, Duration::from_secs(1)).unwrap()
    }

    #[tokio::test]
    async fn nodes_take_turns_and_one_out_of_reach_is_passed_over_for_a_while() {
        let nodes = three();
        let chosen: Vec<u64> = (0..4).map(|_| nodes.choose().num).collect();
        assert_eq!(chosen, [3, 4, 5, 3]);
        nodes.nodes[0].passed_over.store(PASSED_OVER, Ordering::Relaxed);
        let chosen: Vec<u64> = (0..24).map(|_| nodes.choose().num).collect();
        assert!(!chosen.contains(&3));
        let chosen: Vec<u64> = (0..6).map(|_| nodes.choose().num).collect();
        assert!(chosen.contains(&3));
    }

    #[tokio::test]
    async fn with_every_node_out_of_reach_one_is_chosen_all_the_same() {
        let nodes = three();
        for node in &nodes.nodes {
            node.passed_over.store(PASSED_OVER, Ordering::Relaxed);
        }
        assert!((3..=5).contains(&nodes.choose().num));
    }

    #[tokio::test]
    async fn a_refused_connection_sent_nothing() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let addresses = BTreeMap::from([(address, AccountId::new(3))]);
        let nodes = Nodes::new(&addresses, Duration::from_secs(5)).unwrap();
        let sent = nodes.submit("0.0.3", vec![1]).await;
        assert!(matches!(sent, Err(SendError::Busy { .. })), "{sent:?}");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_after_the_bytes_left_is_unknown() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            use tokio::io::AsyncReadExt as _;
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 1024];
            let _ = stream.read(&mut bytes).await;
        });
        let addresses = BTreeMap::from([(address, AccountId::new(3))]);
        let nodes = Nodes::new(&addresses, Duration::from_secs(5)).unwrap();
        let sent = nodes.submit("0.0.3", vec![1]).await;
        assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
    }

    #[tokio::test]
    async fn a_node_that_never_answers_is_unknown_when_the_time_is_over() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let addresses = BTreeMap::from([(address, AccountId::new(3))]);
        let nodes = Nodes::new(&addresses, Duration::from_millis(300)).unwrap();
        let sent = nodes.submit("0.0.3", vec![1]).await;
        assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
        drop(listener);
    }
}
