//! `hashbuzz serve`: the API and, unless it is told otherwise, everything else in the same process.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use hashbuzz_app::{App, routes, timetable};
use hashbuzz_outbox::Queue;
use tokio::net::TcpListener;

use crate::lock::Served;
use crate::loops::{Loops, Means};
use crate::settings::Settings;
use crate::{dispatch, wiring};

#[derive(Args, Clone, Copy, Default)]
pub(crate) struct ServeArgs {
    /// Answer requests only: `hashbuzz work` (and `hashbuzz relay`, on BullMQ) do the rest.
    #[arg(long)]
    api_only: bool,
}

/// A server at work.
pub(crate) struct Running {
    /// Where the API listens.
    pub(crate) address: SocketAddr,
    /// The system, for whoever runs in the same process.
    pub(crate) app: App,
    loops: Loops,
    _served: Served,
}

/// Starts what there is to start and returns once the API answers.
///
/// # Errors
/// Settings that cannot be right, a database, network or ledger that cannot be reached, an address
/// that is taken.
pub(crate) async fn start(args: ServeArgs, settings: Settings) -> anyhow::Result<Running> {
    if args.api_only && dispatch::is_sqlite(&settings) {
        bail!("--api-only needs PostgreSQL: nobody else may work on an SQLite file");
    }
    let broker = if args.api_only { None } else { dispatch::broker(&settings, &Queue::ALL)? };
    let served = Served::take(&settings.database_url)?;
    let app = wiring::app(&settings, wiring::database(&settings).await?).await?;
    timetable::start(&app).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let mut loops = Loops::new(Means::of(&app), wiring::hurried(broker));
    if args.api_only {
        loops.show("api").await?;
    } else {
        loops.work(&app, "serve", &Queue::ALL, settings.workers).await?;
        loops.relay();
    }
    let router = named(routes::router(app.clone()));
    loops.also(|stop| async move {
        let done = async move { stop.cancelled().await };
        Ok(axum::serve(listener, router).with_graceful_shutdown(done).await?)
    });
    tracing::info!(%address, alone = served.is_exclusive(), "serving");
    Ok(Running { address, app, loops, _served: served })
}

impl Running {
    /// Stops taking requests and events, and lets those in hand end.
    ///
    /// # Errors
    /// What ended the API or the workers before.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.loops.stop().await
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
pub(crate) async fn run(args: ServeArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    let running = hashbuzz_crash::within("start", start(args, settings)).await?;
    println!("{}", serde_json::json!({ "ready": "serve", "address": running.address }));
    running.loops.until_asked_to_end().await?;
    Ok(ExitCode::SUCCESS)
}
