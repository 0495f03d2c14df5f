//! From the socket to the answer and back.

mod keeper;
mod line;
mod respond;
mod serve;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
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
use crate::{Config, control, state};
use keeper::Keeper;
use line::{Doorway, Switch};

/// What every request needs.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    changed: Arc<AtomicBool>,
    pub(crate) clock: Clock,
    stopped: watch::Receiver<bool>,
}

impl Shared {
    /// The world as of now: everything that was due has happened.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.changed();
        let mut world = self.look();
        world.catch_up(self.clock.now());
        world
    }

    /// The world as it was when somebody asked last, to be read and not changed.
    pub(crate) fn look(&self) -> MutexGuard<'_, World> {
        // A handler that panicked has answered 500; the rest of the world is still worth having.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changed.store(true, Ordering::SeqCst);
    }

    /// Whether anything may have changed since this was asked last.
    fn has_changed(&self) -> bool {
        self.changed.swap(false, Ordering::SeqCst)
    }
}

/// A stand-in that runs. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Shared,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that a client needs to be told: addresses, the profile of limits, the app's keys
    /// and the founders' keys.
    #[must_use]
    pub fn introduction(&self) -> serde_json::Value {
        control::introduction(&self.shared, self.address)
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
/// When the address cannot be listened on, or the file of its state can be neither read nor
/// written.
pub async fn start(config: Config) -> std::io::Result<Running> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let shared = Shared {
        world: Arc::new(Mutex::new(world(&config, address)?)),
        changed: Arc::new(AtomicBool::new(true)),
        clock: config.clock,
        stopped: stopped.clone(),
    };
    let keeper = config.state.map(|path| Keeper { shared: shared.clone(), path, address });
    if let Some(keeper) = &keeper {
        keeper.save().await?;
    }
    let service = router(shared.clone()).into_make_service_with_connect_info::<Switch>();
    let server = axum::serve(Doorway(listener), service).with_graceful_shutdown(until(stopped));
    let task = tokio::spawn(run(async move { server.await }, keeper));
    tracing::info!(%address, "the stand-in for X listens");
    Ok(Running { address, shared, stop, task: Some(task) })
}

/// The world that was kept, or a new one.
fn world(config: &Config, address: SocketAddr) -> std::io::Result<World> {
    let kept = config.state.as_deref().map(|path| state::load(path, address)).transpose()?;
    if let Some(mut world) = kept.flatten() {
        world.limits = config.limits.clone();
        return Ok(world);
    }
    let settings = Settings::new(state::base_url(address), config.refuse_duplicates);
    let mut world = World::new(config.seed, config.limits.clone(), settings);
    control::settle(&mut world, config.founders, config.clock.now());
    Ok(world)
}

async fn run(server: impl Future<Output = std::io::Result<()>>, keeper: Option<Keeper>) {
    let keep = async {
        match &keeper {
            Some(keeper) => keeper.keep().await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        ended = server => ended,
        () = keep => Ok(()),
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the stand-in for X stopped");
    }
    if let Some(keeper) = keeper
        && let Err(error) = keeper.save().await
    {
        tracing::error!(%error, "the stand-in's last state is not written");
    }
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
