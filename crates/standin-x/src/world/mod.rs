//! The state: people, posts, what they did, and what is agreed to happen later.
//!
//! One structure under one lock. Reading and writing take microseconds and nothing waits while
//! holding it, so one lock is enough and every answer sees a consistent world.

mod acts;
mod app;
mod counters;
mod ids;
mod posts;
mod publish;
mod settings;
mod uploads;
mod users;

use std::collections::BTreeMap;

use rand::distr::{Alphanumeric, SampleString};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

pub(crate) use acts::{Act, ActKind, Agenda};
pub(crate) use app::App;
pub(crate) use counters::{Counters, Outcome};
pub(crate) use ids::{MediaId, PostId, UserId};
pub(crate) use posts::{Link, Origin, Post, Posts};
pub(crate) use publish::Draft;
pub(crate) use settings::{AppTrouble, Settings};
pub(crate) use uploads::{Processing, Progress, Upload};
pub(crate) use users::{User, Users};

use crate::auth::Keys;
use crate::faults::Faults;
use crate::limits::{Limits, Rates};
use crate::money::Money;
use crate::snowflake::Snowflakes;

/// Everything the stand-in knows. All of it survives a restart but the limits, which are chosen
/// anew at each start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) agenda: Agenda,
    pub(crate) app: App,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    pub(crate) keys: Keys,
    #[serde(skip)]
    pub(crate) limits: Limits,
    pub(crate) money: Money,
    /// The moment that this world is at, in microseconds since the epoch.
    pub(crate) now: i64,
    /// Who was there from the beginning, for whoever starts the stand-in to play with.
    pub(crate) founders: Vec<UserId>,
    pub(crate) posts: Posts,
    pub(crate) rates: Rates,
    pub(crate) settings: Settings,
    pub(crate) uploads: BTreeMap<MediaId, Upload>,
    pub(crate) users: Users,
    snowflakes: Snowflakes,
    rng: ChaCha12Rng,
}

impl World {
    pub(crate) fn new(seed: u64, limits: Limits, settings: Settings) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let machine = rng.random_range(0..512);
        let app = App::new(&mut rng);
        Self {
            agenda: Agenda::default(),
            app,
            counters: Counters::default(),
            faults: Faults::new(seed),
            keys: Keys::default(),
            limits,
            money: Money::default(),
            now: 0,
            founders: Vec::new(),
            posts: Posts::default(),
            rates: Rates::default(),
            settings,
            uploads: BTreeMap::new(),
            users: Users::default(),
            snowflakes: Snowflakes::new(machine),
            rng,
        }
    }

    /// An unguessable word of letters and digits, the same for the same seed and history.
    pub(crate) fn secret(&mut self, length: usize) -> String {
        secret(&mut self.rng, length)
    }

    /// A new id for something created at `micros` since the epoch.
    pub(crate) fn new_id(&mut self, micros: i64) -> u64 {
        self.snowflakes.id(micros)
    }
}

fn secret(rng: &mut ChaCha12Rng, length: usize) -> String {
    Alphanumeric.sample_string(rng, length)
}
