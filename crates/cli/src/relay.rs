//! `hashbuzz relay`: offers due events to BullMQ, and does nothing else. It asks neither the network
//! nor the ledger, and needs neither to start.

use std::process::ExitCode;

use anyhow::bail;
use hashbuzz_outbox::{Wake, Watchdog};

use crate::loops::{Loops, Means};
use crate::settings::Settings;
use crate::{clock, dispatch, wiring};

/// Relays until the process is asked to end.
///
/// # Errors
/// Settings that cannot be right, a database that cannot be reached.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let (Some(redis), Some(broker)) =
        (dispatch::redis(&settings)?, dispatch::broker(&settings, &[])?)
    else {
        bail!(
            "there is nothing to relay: with dispatch = \"embedded\" workers claim from the \
             database themselves; set dispatch = \"bullmq\" and redis.url \
             (docs/how-to/run-on-bullmq.md)"
        );
    };
    let means = Means {
        db: wiring::database(&settings).await?,
        clock: clock::of_the_server(),
        wake: Wake::default(),
        watchdog: Watchdog::default(),
    };
    let mut loops = Loops::new(means, wiring::hurried(Some(broker)));
    loops.show("relay").await?;
    loops.relay();
    println!("{}", serde_json::json!({ "ready": "relay", "redis": redis.place() }));
    tracing::info!(redis = redis.place(), "relaying");
    loops.until_asked_to_end().await?;
    Ok(ExitCode::SUCCESS)
}
