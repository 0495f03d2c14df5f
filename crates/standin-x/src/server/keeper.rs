//! Keeps the world in its file while the server runs, and once more when it has ended.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Shared;
use crate::state;

/// How long a change may wait to be written. This is real time whatever the stand-in's clock
/// shows: it is about this process and its disk.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) shared: Shared,
    pub(super) path: PathBuf,
    pub(super) address: SocketAddr,
}

impl Keeper {
    /// Writes what has changed, again and again; never returns.
    pub(super) async fn keep(&self) {
        let mut ticks = tokio::time::interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.save().await {
                let path = self.path.display();
                tracing::error!(%error, %path, "the stand-in's state cannot be written");
            }
        }
    }

    /// Writes what has changed.
    pub(super) async fn save(&self) -> std::io::Result<()> {
        if !self.shared.has_changed() {
            return Ok(());
        }
        let written = state::written(&self.shared.look(), self.address)?;
        let path = self.path.clone();
        let saved = tokio::task::spawn_blocking(move || state::save(&path, &written)).await;
        let saved = saved.unwrap_or_else(|panic| Err(std::io::Error::other(panic)));
        if saved.is_err() {
            self.shared.changed();
        }
        saved
    }
}
