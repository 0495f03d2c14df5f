//! From the socket to the answer and back.

mod line;
mod respond;
mod serve;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::endpoints::{ENDPOINTS, Endpoint};
use crate::world::{Settings, World};
use crate::{Config, control};
use line::{Doorway, Switch};

/// What every request needs.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    pub(crate) clock: Clock,
    stopped: watch::Receiver<bool>,
}

impl Shared {
    /// The world as of now: everything that was due has happened.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked has answered 500; the rest of the world is still worth having.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up(self.clock.now());
        world
    }
}

/// A stand-in that runs. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops and returns once the last answer is out. Requests that wait for a scripted delay
    /// are answered at once.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // It failed only if it panicked, and then it has stopped as well.
            let _stopped = task.await;
        }
    }

    /// Returns when the server has ended by itself.
    pub async fn ended(&mut self) {
        if let Some(task) = self.task.as_mut() {
            let _ended = task.await;
            self.task = None;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Starts a stand-in in this process.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn start(config: Config) -> std::io::Result<Running> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let settings = Settings::new(format!("http://{address}"), config.refuse_duplicates);
    let world = World::new(config.seed, config.limits, settings);
    let (stop, stopped) = watch::channel(false);
    let shared = Shared {
        world: Arc::new(Mutex::new(world)),
        clock: config.clock,
        stopped: stopped.clone(),
    };
    let service = router(shared).into_make_service_with_connect_info::<Switch>();
    let server = axum::serve(Doorway(listener), service).with_graceful_shutdown(until(stopped));
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the stand-in for X stopped");
        }
    });
    tracing::info!(%address, "the stand-in for X listens");
    Ok(Running { address, stop, task: Some(task) })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _stopped = stopped.wait_for(|stopped| *stopped).await;
}

fn router(shared: Shared) -> Router {
    let mut router = Router::new().nest("/_standin", control::router());
    for endpoint in ENDPOINTS {
        let method = MethodFilter::try_from(endpoint.method.clone())
            .expect("the table has ordinary methods only");
        let answer = move |State(shared): State<Shared>,
                           ConnectInfo(switch): ConnectInfo<Switch>,
                           params: RawPathParams,
                           request: Request| {
            dispatch(shared, switch, endpoint, params, request)
        };
        router = router.route(endpoint.path, on(method, answer));
    }
    router.fallback(respond::no_such_page).with_state(shared)
}

/// Runs a request to its end even if the client does not wait for it: a client that gives up does
/// not undo what it asked for.
async fn dispatch(
    shared: Shared,
    switch: Switch,
    endpoint: &'static Endpoint,
    params: RawPathParams,
    request: Request,
) -> Response {
    let path = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, serve::largest_body(endpoint)).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let incoming = serve::Incoming { endpoint, path, parts, body: body.to_vec() };
    tokio::spawn(serve::serve(shared, switch, incoming))
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
