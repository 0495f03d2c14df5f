//! Starting a world, and starting its server once more.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hashbuzz_app::account::{Role, issue_api_key, register};
use hashbuzz_app::budget::SharedBudget;
use hashbuzz_app::{App, MIGRATIONS, Parts, Settings, Vault, events, routes, timetable};
use hashbuzz_db::{Db, migrate};
use hashbuzz_domain::{AccountId, EvmAddress, Span};
use hashbuzz_ledger_hedera::{Hedera, Network, Roles, deploy};
use hashbuzz_media::{Limits, MediaStore};
use hashbuzz_outbox::{Clock, Engine, EngineSettings, Wake, Watchdog};
use hashbuzz_social_x::{AppKeys, ClientKeys, X};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::{BEGIN, TestClock};
use crate::far::{Control, Opened, XApp, client};
use crate::{Api, HBAR};

/// How far the mirror node is behind consensus.
const LAG: Duration = Duration::from_millis(300);
/// The mirror has seen what happened so long ago.
pub(crate) const SEEN: Span = Span::from_secs(1);
/// What services and campaigners have at the beginning: 10,000 HBAR.
pub(crate) const POCKET: u64 = 10_000 * HBAR;
/// Where people come back to after they signed in; nobody listens there.
pub(crate) const REDIRECT: &str = "https://hashbuzz.example/back";
/// An answer that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two networks, the system between them, and the time.
pub struct World {
    pub(crate) clock: TestClock,
    pub(crate) http: reqwest::Client,
    pub(crate) x: Control,
    pub(crate) hedera: Control,
    pub(crate) x_app: XApp,
    pub(crate) network: Network,
    pub(crate) contract: AccountId,
    pub(crate) operator: Opened,
    pub(crate) server: Server,
    pub(crate) reviewer: SecretString,
    pub(crate) dead_letters: Mutex<Vec<String>>,
    pub(crate) refusals: AtomicUsize,
    pub(crate) duplicates: AtomicU64,
    pub(crate) people: AtomicUsize,
    pub(crate) taken: AtomicUsize,
    pub(crate) base: Arc<Mutex<String>>,
    pub(crate) repeats: Mutex<Option<crate::work::Repeats>>,
    pub(crate) finished: AtomicBool,
    settings: Settings,
    pub(crate) reading: Reading,
    vault_key: SecretString,
    database: TempDir,
    _x: hashbuzz_standin_x::Running,
    _hedera: hashbuzz_standin_hedera::Running,
}

/// The system at work, between two restarts.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) engine: Engine<App>,
    pub(crate) base: String,
    api: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.api.abort();
    }
}

impl World {
    /// A world with nobody in it but a reviewer.
    ///
    /// # Panics
    /// Here and everywhere in this crate: when the world itself does not work.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// The same, for a deployment that decided otherwise.
    ///
    /// # Panics
    /// As [`World::new`].
    pub async fn with(settings: Settings) -> Self {
        Self::of(settings, Reading::default()).await
    }

    /// The same, which reads the social network otherwise.
    ///
    /// # Panics
    /// As [`World::new`].
    pub async fn of(settings: Settings, reading: Reading) -> Self {
        let clock = TestClock::new();
        let http = client();
        let x_clock = hashbuzz_standin_x::Clock::Manual(Arc::clone(&clock.0));
        let running_x = hashbuzz_standin_x::start(hashbuzz_standin_x::Config::new(x_clock))
            .await
            .expect("the X stand-in starts");
        let config = hashbuzz_standin_hedera::Config {
            clock: hashbuzz_standin_hedera::Clock::manual(Arc::clone(&clock.0)),
            mirror_lag: LAG,
            ..hashbuzz_standin_hedera::Config::default()
        };
        let running_hedera =
            hashbuzz_standin_hedera::start(config).await.expect("the Hedera stand-in starts");
        let x = Control::new(http.clone(), running_x.address);
        let hedera = Control::new(http.clone(), running_hedera.mirror);
        let network = Network {
            nodes: [(running_hedera.node.to_string(), AccountId::new(3))].into(),
            mirror: format!("http://{}", running_hedera.mirror),
            request_timeout: PATIENCE,
        };
        let (contract, operator) = escrow(&clock, &hedera, &network).await;
        let x_app = x.get("/_standin/app").await;
        let database = tempfile::tempdir().expect("a folder for the database");
        let vault_key = Vault::new_key();
        let place = Place {
            clock: &clock,
            network: &network,
            contract,
            operator: &operator,
            x_app: &x_app,
            x_base: running_x.url(),
            settings: &settings,
            reading,
            vault_key: &vault_key,
            database: &database,
        };
        let server = place.serve().await;
        let base = Arc::new(Mutex::new(server.base.clone()));
        let reviewer = somebody(&server.app, 900_001, Role::Reviewer).await;
        Self {
            clock,
            http,
            x,
            hedera,
            x_app,
            network,
            contract,
            operator,
            server,
            reviewer,
            dead_letters: Mutex::default(),
            refusals: AtomicUsize::new(0),
            duplicates: AtomicU64::new(0),
            people: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            base,
            repeats: Mutex::default(),
            finished: AtomicBool::new(false),
            settings,
            reading,
            vault_key,
            database,
            _x: running_x,
            _hedera: running_hedera,
        }
    }

    /// The server ends wherever it is, and another one starts on its database.
    ///
    /// # Panics
    /// When the new one does not start.
    pub async fn restart(&mut self) {
        let place = Place {
            clock: &self.clock,
            network: &self.network,
            contract: self.contract,
            operator: &self.operator,
            x_app: &self.x_app,
            x_base: self._x.url(),
            settings: &self.settings,
            reading: self.reading,
            vault_key: &self.vault_key,
            database: &self.database,
        };
        let server = place.serve().await;
        server.base.clone_into(&mut self.base.lock().unwrap_or_else(PoisonError::into_inner));
        let old = std::mem::replace(&mut self.server, server);
        old.app.db.clone().close().await.expect("the old database connection closes");
    }

    /// The system itself, for what has no route.
    pub fn app(&self) -> &App {
        &self.server.app
    }

    /// The API without a key.
    pub fn stranger(&self) -> Api {
        Api::new(self.http.clone(), Arc::clone(&self.base), None)
    }

    /// The API as a reviewer has it.
    pub fn reviewer(&self) -> Api {
        Api::new(self.http.clone(), Arc::clone(&self.base), Some(self.reviewer.clone()))
    }

    /// The API as an operator has it.
    pub async fn operator(&self) -> Api {
        let key = somebody(self.app(), 900_002, Role::Operator).await;
        Api::new(self.http.clone(), Arc::clone(&self.base), Some(key))
    }

    /// The media store loses everything that it had.
    ///
    /// # Panics
    /// When the folder cannot be emptied.
    pub fn lose_media(&self) {
        let kept = self.database.path().join("media").join("sha256");
        std::fs::remove_dir_all(kept).expect("what was kept can be removed");
    }

    /// Seconds since this world began.
    pub fn elapsed(&self) -> i64 {
        (self.clock.now() - BEGIN) / 1_000_000
    }

    /// Time passes, and nobody works.
    pub fn pass(&self, by: Span) {
        self.clock.advance(by);
    }
}

/// How a world reads the social network, and how much work it takes.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Public lists are read with the app's own token.
    pub as_app: bool,
    /// Campaigns are counted together, and one search shows several kinds.
    pub together: bool,
    /// Turns after which a test is thought to have no end.
    pub turns: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { as_app: false, together: true, turns: 4_000 }
    }
}

/// What a server needs to start.
struct Place<'a> {
    clock: &'a TestClock,
    network: &'a Network,
    contract: AccountId,
    operator: &'a Opened,
    x_app: &'a XApp,
    x_base: String,
    settings: &'a Settings,
    reading: Reading,
    vault_key: &'a SecretString,
    database: &'a TempDir,
}

impl Place<'_> {
    async fn serve(&self) -> Server {
        let url = format!("sqlite:{}", self.database.path().join("world.db").display());
        let db = Db::open(&url).await.expect("a database file opens");
        migrate(&db, MIGRATIONS).await.expect("the schema is made");
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let budget = SharedBudget::new(db.clone());
        let app = App::new(Parts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            network: Arc::new(self.x(budget.clone())),
            budget,
            ledger: Arc::new(self.ledger().await),
            settings: self.settings.clone(),
            media: self.media(),
            vault: Vault::new(self.vault_key).expect("the key is a key"),
            wake: Wake::default(),
            watchdog: Watchdog::default(),
        });
        timetable::start(&app).await.expect("the timetable starts");
        let wake = app.wake.clone();
        let settings = EngineSettings::default();
        let engine = Engine::new(db, clock, events::registry(), app.clone(), wake, settings);
        engine.prepare().await.expect("the engine prepares");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a port has an address"));
        let router = routes::router(app.clone());
        let api = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the API serves");
        });
        Server { app, engine, base, api }
    }

    fn media(&self) -> MediaStore {
        let folder = self.database.path().join("media");
        MediaStore::in_folder(&folder, Limits::default()).expect("a folder for media")
    }

    fn x(&self, budget: SharedBudget) -> X {
        let clock = self.clock.clone();
        X::new(hashbuzz_social_x::Settings {
            api_base: self.x_base.clone(),
            app: Some(AppKeys {
                consumer_key: self.x_app.consumer_key.clone().into(),
                consumer_secret: self.x_app.consumer_secret.clone().into(),
            }),
            client: Some(ClientKeys {
                id: self.x_app.client_id.clone(),
                secret: Some(self.x_app.client_secret.clone().into()),
                redirect_uri: REDIRECT.to_owned(),
                consent_page: format!("{}/i/oauth2/authorize", self.x_base),
            }),
            bearer: self.reading.as_app.then(|| self.x_app.bearer_token.clone().into()),
            budget: Arc::new(budget),
            together: self.reading.together,
            request_timeout: PATIENCE,
            ..hashbuzz_social_x::Settings::new(Arc::new(move || clock.time()))
        })
        .expect("the X client starts")
    }

    async fn ledger(&self) -> Hedera {
        Hedera::connect(hashbuzz_ledger_hedera::Settings {
            network: self.network.clone(),
            operator: self.operator.account.parse().expect("an account id"),
            operator_key: self.operator.private_key.clone().into(),
            contract: self.contract,
            chain_id: 298,
            max_fee_tinybar: 20 * HBAR,
        })
        .await
        .expect("the Hedera client starts")
    }
}

/// Deploys the contract; says which one, and who operates it.
async fn escrow(clock: &TestClock, hedera: &Control, network: &Network) -> (AccountId, Opened) {
    let services = hedera.open(2, POCKET).await;
    clock.advance(SEEN);
    let (admin, operator) = (&services[0], &services[1]);
    let address = |opened: &Opened| opened.evm_address.parse().expect("an address");
    let roles = Roles {
        admin: address(admin),
        operator: address(operator),
        guardian: address(admin),
        treasury: address(admin),
        payout_ceiling_per_hour: 100_000 * HBAR,
    };
    let payer = operator.account.parse().expect("an account id");
    let key = operator.private_key.clone().into();
    let contract = deploy(network, payer, &key, &roles, clock.time())
        .await
        .expect("the contract can be deployed");
    clock.advance(SEEN);
    (contract, operator.clone())
}

/// Registers an account that the ledger does not need to know, and makes a key for it.
async fn somebody(app: &App, number: u64, role: Role) -> SecretString {
    let account = AccountId::new(number);
    let mut address = [0; 20];
    address[12..].copy_from_slice(&number.to_be_bytes());
    register(app, account, EvmAddress(address), &[role]).await.expect("they can be registered");
    issue_api_key(app, account, "test").await.expect("a key can be made")
}
