//! What every handler has: the database, the ports, the settings, the time.

use std::ops::Deref;
use std::sync::Arc;

use hashbuzz_db::Db;
use hashbuzz_domain::Time;
use hashbuzz_ledger::Ledger;
use hashbuzz_media::MediaStore;
use hashbuzz_outbox::{Clock, Wake, Watchdog};
use hashbuzz_social::Network;

use crate::budget::SharedBudget;
use crate::{Settings, Vault};

/// The system, ready to be asked. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What [`App`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The social network.
    pub network: Arc<dyn Network>,
    /// What may still be asked of the social network; it draws from this too.
    pub budget: SharedBudget,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Where pictures and videos are kept.
    pub media: MediaStore,
    /// What this deployment decided.
    pub settings: Settings,
    /// Seals what must not be read from a stolen database.
    pub vault: Vault,
    /// Rings when events were committed.
    pub wake: Wake,
    /// How the loops of this process fare.
    pub watchdog: Watchdog,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Now.
    pub fn now(&self) -> Time {
        Time::from_micros(self.clock.now())
    }

    /// Says that events were committed. A courtesy: the engine looks by itself, a little later.
    pub fn wake(&self) {
        self.wake.ring();
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
