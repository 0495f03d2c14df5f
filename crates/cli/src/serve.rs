//! `hashbuzz serve`: the API and the workers, in one process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use hashbuzz_app::{App, MIGRATIONS, events, routes, timetable};
use hashbuzz_db::{Db, migrate};
use hashbuzz_outbox::{Engine, EngineSettings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::lock::Served;
use crate::settings::Settings;
use crate::wiring;

/// A server at work.
pub(crate) struct Running {
    /// Where the API listens.
    pub(crate) address: SocketAddr,
    /// The system, for whoever runs in the same process.
    pub(crate) app: App,
    stop: CancellationToken,
    api: JoinHandle<std::io::Result<()>>,
    engine: JoinHandle<Result<(), hashbuzz_db::DbError>>,
    _served: Served,
}

/// Starts API and workers and returns once the API answers.
///
/// # Errors
/// Settings that cannot be right, a database, network or ledger that cannot be reached, an address
/// that is taken.
pub(crate) async fn start(settings: Settings) -> anyhow::Result<Running> {
    let served = Served::take(&settings.database_url)?;
    let db = Db::open(&settings.database_url).await.context("database_url")?;
    let applied = migrate(&db, MIGRATIONS).await?;
    if !applied.is_empty() {
        tracing::info!(?applied, "the database was brought to this program's schema");
    }
    let app = wiring::app(&settings, db.clone()).await?;
    timetable::start(&app).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let engine = Engine::new(
        db,
        Arc::clone(&app.clock),
        events::registry(),
        app.clone(),
        app.wake.clone(),
        EngineSettings::default(),
    )
    .watched_by(app.watchdog.clone());
    let engine = tokio::spawn({
        let stop = stop.clone();
        async move { engine.run(stop).await }
    });
    tokio::spawn({
        let (stop, app) = (stop.clone(), app.clone());
        async move { app.wake.carry(&app.db, app.clock.as_ref(), &stop).await }
    });
    let api = tokio::spawn({
        let (stop, router) = (stop.clone(), named(routes::router(app.clone())));
        async move {
            let done = async move { stop.cancelled().await };
            axum::serve(listener, router).with_graceful_shutdown(done).await
        }
    });
    tracing::info!(%address, alone = served.is_exclusive(), "serving");
    Ok(Running { address, app, stop, api, engine, _served: served })
}

impl Running {
    /// Stops taking requests and events, and lets those in hand end.
    ///
    /// # Errors
    /// What ended the API or the workers before.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.engine.await??;
        self.api.await??;
        Ok(())
    }
}

/// What a request reaches is reached in the context of its route.
#[cfg(feature = "crash-points")]
fn named(router: axum::Router) -> axum::Router {
    use axum::extract::{MatchedPath, Request};
    use axum::middleware::{Next, from_fn};
    let name = async |request: Request, next: Next| {
        let path = request.extensions().get::<MatchedPath>();
        let path = path.map_or("nowhere", MatchedPath::as_str);
        let context = format!("{} {path}", request.method());
        hashbuzz_crash::within(&context, next.run(request)).await
    };
    router.layer(from_fn(name))
}

#[cfg(not(feature = "crash-points"))]
const fn named(router: axum::Router) -> axum::Router {
    router
}

/// Serves until the process is asked to end.
///
/// # Errors
/// As [`start`].
pub(crate) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let running = hashbuzz_crash::within("start", start(settings)).await?;
    println!("{}", serde_json::json!({ "ready": "serve", "address": running.address }));
    asked_to_end().await?;
    tracing::info!("stopping");
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Returns when somebody asks the process to end: Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
