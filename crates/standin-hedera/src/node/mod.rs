//! The consensus node: a plaintext gRPC server.
//!
//! The network's API has only two shapes, a transaction answered by a code and a query answered by
//! a response. What is meant stands in the message and not in the method's name, so one service
//! stands behind the names of all ten.

mod contract;
mod crypto;
mod file;
mod handle;
mod kind;
mod precheck;
mod query;
mod random;
mod schedule;
mod token;
mod topic;
mod transaction;

use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::{Context, Poll};
use std::time::Duration;

use hiero_sdk_proto::services::address_book_service_server::AddressBookServiceServer;
use hiero_sdk_proto::services::consensus_service_server::ConsensusServiceServer;
use hiero_sdk_proto::services::crypto_service_server::CryptoServiceServer;
use hiero_sdk_proto::services::file_service_server::FileServiceServer;
use hiero_sdk_proto::services::freeze_service_server::FreezeServiceServer;
use hiero_sdk_proto::services::network_service_server::NetworkServiceServer;
use hiero_sdk_proto::services::query::Query as Question;
use hiero_sdk_proto::services::schedule_service_server::ScheduleServiceServer;
use hiero_sdk_proto::services::smart_contract_service_server::SmartContractServiceServer;
use hiero_sdk_proto::services::token_service_server::TokenServiceServer;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::util_service_server::UtilServiceServer;
use hiero_sdk_proto::services::{
    Query, Response, ResponseCodeEnum as Code, Transaction, TransactionResponse,
};
use tonic::body::BoxBody;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Status};

use crate::faults::{Fault, On, Trouble};
use crate::net::{Hangup, Lines};
use crate::network::Shared;

pub(crate) use handle::{handle, handle_copy, handle_exhausted};
pub(crate) use kind::Kind;
pub(crate) use precheck::check;
pub(crate) use schedule::parsed as scheduled;
pub(crate) use transaction::Parsed;

/// Serves the node's API until the task is dropped.
pub(crate) async fn serve(lines: Lines, network: Shared) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .add_service(Door::<CryptoServiceServer<()>>::new(&network))
        .add_service(Door::<SmartContractServiceServer<()>>::new(&network))
        .add_service(Door::<FileServiceServer<()>>::new(&network))
        .add_service(Door::<NetworkServiceServer<()>>::new(&network))
        .add_service(Door::<ConsensusServiceServer<()>>::new(&network))
        .add_service(Door::<TokenServiceServer<()>>::new(&network))
        .add_service(Door::<ScheduleServiceServer<()>>::new(&network))
        .add_service(Door::<UtilServiceServer<()>>::new(&network))
        .add_service(Door::<AddressBookServiceServer<()>>::new(&network))
        .add_service(Door::<FreezeServiceServer<()>>::new(&network))
        .serve_with_incoming(lines)
        .await
}

/// One of the API's services, by the name of `S`.
struct Door<S> {
    network: Shared,
    name: PhantomData<fn() -> S>,
}

impl<S> Door<S> {
    fn new(network: &Shared) -> Self {
        Self { network: network.clone(), name: PhantomData }
    }
}

impl<S> Clone for Door<S> {
    fn clone(&self) -> Self {
        Self::new(&self.network)
    }
}

impl<S: NamedService> NamedService for Door<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<BoxBody>> for Door<S> {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap_or_default();
        let asks = method.to_ascii_lowercase().contains("get") || method.contains("CallLocal");
        let endpoint = Endpoint(self.network.clone());
        Box::pin(async move {
            Ok(match asks {
                true => {
                    let codec = tonic::codec::ProstCodec::<Response, Query>::default();
                    Grpc::new(codec).unary(endpoint, request).await
                }
                false => {
                    let codec =
                        tonic::codec::ProstCodec::<TransactionResponse, Transaction>::default();
                    Grpc::new(codec).unary(endpoint, request).await
                }
            })
        })
    }
}

/// Handles one message.
struct Endpoint(Shared);

impl UnaryService<Transaction> for Endpoint {
    type Response = TransactionResponse;
    type Future = BoxFuture<tonic::Response<TransactionResponse>, Status>;

    fn call(&mut self, request: Request<Transaction>) -> Self::Future {
        let network = self.0.clone();
        Box::pin(async move {
            let hangup = hangup(&request);
            let transaction = request.into_inner();
            let fault = network.strike(On::Submit, &described(&transaction));
            let trouble = fault.as_ref().map(|fault| fault.kind);
            let code = match before(trouble, &hangup).map_err(Status::unavailable)? {
                Some(code) => code,
                None => network.with(|network| network.submit(&transaction, fault.as_ref())),
            };
            after(fault.as_ref(), &hangup, &network).await.map_err(Status::unavailable)?;
            let node_transaction_precheck_code = code.into();
            Ok(tonic::Response::new(TransactionResponse {
                node_transaction_precheck_code,
                cost: 0,
            }))
        })
    }
}

impl UnaryService<Query> for Endpoint {
    type Response = Response;
    type Future = BoxFuture<tonic::Response<Response>, Status>;

    fn call(&mut self, request: Request<Query>) -> Self::Future {
        let network = self.0.clone();
        Box::pin(async move {
            let hangup = hangup(&request);
            let query = request.into_inner();
            let (on, what) = match &query.query {
                Some(Question::TransactionGetReceipt(_)) => (On::Receipt, "receipt"),
                Some(Question::TransactionGetRecord(_)) => (On::Query, "record"),
                Some(Question::CryptogetAccountBalance(_)) => (On::Query, "balance"),
                Some(Question::CryptoGetInfo(_)) => (On::Query, "info"),
                Some(Question::ContractCallLocal(_)) => (On::Query, "call_local"),
                _ => (On::Query, "other"),
            };
            let fault = network.strike(on, what);
            let trouble = fault.as_ref().map(|fault| fault.kind);
            let response = match before(trouble, &hangup).map_err(Status::unavailable)? {
                Some(code) => query::refuse(&query, code),
                None => network.with(|network| query::answer(network, query)),
            };
            after(fault.as_ref(), &hangup, &network).await.map_err(Status::unavailable)?;
            let response = response.ok_or_else(|| Status::unimplemented("unknown query"))?;
            Ok(tonic::Response::new(response))
        })
    }
}

fn hangup<T>(request: &Request<T>) -> Hangup {
    request.extensions().get::<Hangup>().cloned().unwrap_or_default()
}

/// What goes wrong before anything is done; some faults answer with a code of their own.
///
/// # Errors
/// Why there is no answer at all.
fn before(trouble: Option<Trouble>, hangup: &Hangup) -> Result<Option<Code>, &'static str> {
    match trouble {
        Some(Trouble::DropBeforeApply) => {
            hangup.cut();
            Err("dropped")
        }
        Some(Trouble::Status503) => Err("out of order"),
        Some(Trouble::Busy) => Ok(Some(Code::Busy)),
        Some(Trouble::PlatformNotActive) => Ok(Some(Code::PlatformNotActive)),
        _ => Ok(None),
    }
}

/// What goes wrong once it is done.
///
/// # Errors
/// Why there is no answer at all.
async fn after(
    fault: Option<&Fault>,
    hangup: &Hangup,
    network: &Shared,
) -> Result<(), &'static str> {
    match fault {
        Some(Fault { kind: Trouble::DropAfterApply, .. }) => {
            hangup.cut();
            Err("dropped")
        }
        Some(Fault { kind: Trouble::DelayMs, ms, .. }) => {
            network.clock.pass(Duration::from_millis(*ms)).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a fault's `match` is compared with: the transaction's kind and, for a contract call, the
/// function's four bytes in hexadecimal.
fn described(transaction: &Transaction) -> String {
    match Parsed::read(transaction) {
        Err(code) => code.as_str_name().to_owned(),
        Ok(tx) => match &tx.data {
            Data::ContractCall(call) => {
                let selector = call.function_parameters.get(..4).map(hex::encode);
                format!("{} {}", tx.kind.name(), selector.unwrap_or_default())
            }
            _ => tx.kind.name().to_owned(),
        },
    }
}
