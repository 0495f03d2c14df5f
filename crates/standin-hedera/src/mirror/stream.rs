//! The mirror's gRPC services, on the same port as its REST API: the messages of a topic as they
//! arrive, and the address book.
//!
//! The SDKs use a node of an address book only on port 50211. When ours listens elsewhere there is
//! no book, so that clients stay with the address that they were given.

use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use hiero_sdk_proto::mirror::{AddressBookQuery, ConsensusTopicQuery, ConsensusTopicResponse};
use hiero_sdk_proto::services::{NodeAddress, ServiceEndpoint};
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codec::ProstCodec;
use tonic::codegen::BoxFuture;
use tonic::codegen::tokio_stream::{self, Stream, wrappers::ReceiverStream};
use tonic::server::{Grpc, ServerStreamingService};

use crate::entity::{NODE, Stamp, account_id, topic_num};
use crate::network::Shared;
use crate::record::Handled;

/// The only port on which the SDKs believe in a node.
const PORT: u16 = 50_211;
/// How often a subscription looks for news.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Messages that may wait for a slow client.
const WAITING: usize = 100;

/// The services by the names of their methods.
pub(super) fn routes(network: &Shared, node: std::net::SocketAddr) -> Router {
    let book = Book(node);
    Router::new()
        .route("/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic", post(subscribe))
        .with_state(network.clone())
        .route(
            "/com.hedera.mirror.api.proto.NetworkService/getNodes",
            post(move |request: Request| async move {
                let codec = ProstCodec::<NodeAddress, AddressBookQuery>::default();
                Grpc::new(codec).server_streaming(book, request).await.map(Body::new)
            }),
        )
}

async fn subscribe(State(network): State<Shared>, request: Request) -> Response {
    let codec = ProstCodec::<ConsensusTopicResponse, ConsensusTopicQuery>::default();
    Grpc::new(codec).server_streaming(Topics(network), request).await.map(Body::new)
}

type Messages<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The messages of topics.
struct Topics(Shared);

impl ServerStreamingService<ConsensusTopicQuery> for Topics {
    type Response = ConsensusTopicResponse;
    type ResponseStream = Messages<ConsensusTopicResponse>;
    type Future = BoxFuture<tonic::Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: tonic::Request<ConsensusTopicQuery>) -> Self::Future {
        let network = self.0.clone();
        let query = request.into_inner();
        Box::pin(async move {
            let topic = topic_num(query.topic_id)
                .ok_or_else(|| Status::invalid_argument("a topic, please"))?;
            if !network.with(|network| network.mirror.state.topic(topic).is_some()) {
                return Err(Status::not_found(format!("0.0.{topic} does not exist")));
            }
            let now = network.with(|network| network.now());
            let stamp = |stamp| Stamp::from_proto(stamp);
            let subscription = Subscription {
                topic,
                from: query.consensus_start_time.and_then(stamp).unwrap_or(now),
                until: query.consensus_end_time.and_then(stamp),
                left: (query.limit > 0).then_some(query.limit),
            };
            let (sender, receiver) = mpsc::channel(WAITING);
            tokio::spawn(subscription.serve(network, sender));
            let messages: Self::ResponseStream = Box::pin(ReceiverStream::new(receiver));
            Ok(tonic::Response::new(messages))
        })
    }
}

/// What one client wants to hear.
struct Subscription {
    topic: i64,
    from: Stamp,
    until: Option<Stamp>,
    left: Option<u64>,
}

impl Subscription {
    /// Sends messages until the client has all that it asked for, or goes away.
    async fn serve(
        mut self,
        network: Shared,
        sender: mpsc::Sender<Result<ConsensusTopicResponse, Status>>,
    ) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        while !sender.is_closed() {
            look.tick().await;
            let (news, known) = network.with(|network| {
                let known = network.mirror.watermark();
                let until = self.until.map_or(known, |until| known.min(Stamp(until.0 - 1)));
                let rows = network.mirror.between(self.from, until);
                (rows.filter_map(|row| shown(row, self.topic)).collect::<Vec<_>>(), known)
            });
            for (at, message) in news {
                if self.left == Some(0) || sender.send(Ok(message)).await.is_err() {
                    return;
                }
                self.left = self.left.map(|left| left - 1);
                self.from = Stamp(at.0 + 1);
            }
            if self.left == Some(0) || self.until.is_some_and(|until| known >= until) {
                return;
            }
        }
    }
}

fn shown(row: &Handled, topic: i64) -> Option<(Stamp, ConsensusTopicResponse)> {
    let message = row.extra.message.as_ref().filter(|message| message.topic == topic)?;
    let response = ConsensusTopicResponse {
        consensus_timestamp: Some(row.at.to_proto()),
        message: message.contents.clone(),
        running_hash: message.running_hash.to_vec(),
        sequence_number: message.sequence,
        running_hash_version: 3,
        chunk_info: message.chunk.clone(),
    };
    Some((row.at, response))
}

/// The address book: one node.
#[derive(Clone, Copy)]
struct Book(std::net::SocketAddr);

impl ServerStreamingService<AddressBookQuery> for Book {
    type Response = NodeAddress;
    type ResponseStream = Messages<NodeAddress>;
    type Future = BoxFuture<tonic::Response<Self::ResponseStream>, Status>;

    fn call(&mut self, _: tonic::Request<AddressBookQuery>) -> Self::Future {
        let node = self.0;
        Box::pin(async move {
            let std::net::IpAddr::V4(ip) = node.ip() else {
                return Err(Status::unavailable("the node has no IPv4 address"));
            };
            if node.port() != PORT {
                return Err(Status::unavailable("no SDK would believe in the node's port"));
            }
            let book = NodeAddress {
                node_account_id: Some(account_id(NODE)),
                service_endpoint: vec![ServiceEndpoint {
                    ip_address_v4: ip.octets().to_vec(),
                    port: i32::from(node.port()),
                    domain_name: String::new(),
                }],
                description: "stand-in".to_owned(),
                ..NodeAddress::default()
            };
            let nodes: Self::ResponseStream = Box::pin(tokio_stream::iter([Ok(book)]));
            Ok(tonic::Response::new(nodes))
        })
    }
}
