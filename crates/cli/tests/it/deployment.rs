//! A whole deployment: stand-ins, escrow, people, deposits, a settings file, and the server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_app::account::{Role, issue_api_key, link_brand, register};
use hashbuzz_app::budget::SharedBudget;
use hashbuzz_app::{App, MIGRATIONS, Parts, Vault};
use hashbuzz_db::{Db, migrate};
use hashbuzz_domain::{AccountId, Time};
use hashbuzz_ledger_hedera::{Hedera, Roles, Wallet, deploy};
use hashbuzz_media::{Limits, MediaStore};
use hashbuzz_outbox::{Clock as _, SystemClock, Wake, Watchdog};
use hashbuzz_social::Access;
use hashbuzz_social_x::{AppKeys, X};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::far::{Account, Far, XApp, XUser};
use crate::programs::{Program, text};

/// What Hedera calls a network on one's own machine.
const CHAIN_ID: u64 = 298;
/// The deployment's fee in ten-thousandths of a budget.
pub(crate) const FEE_BPS: u16 = 1_000;
/// 1,000 HBAR in any hour.
const CEILING: u64 = 100_000_000_000;

/// Somebody with a brand profile and a key.
pub(crate) struct Campaigner {
    pub(crate) key: SecretString,
    pub(crate) profile: String,
}

/// Everything but the server, which a test starts and kills as it likes.
pub(crate) struct Deployment {
    pub(crate) far: Far,
    pub(crate) campaigners: Vec<Campaigner>,
    pub(crate) reviewer: SecretString,
    pub(crate) operator: SecretString,
    /// The settings file.
    pub(crate) config: PathBuf,
    /// The server's log, of all its lives.
    pub(crate) log: PathBuf,
    // Last, so that it is removed after the processes that write into it have ended.
    _folder: TempDir,
}

/// The system's own account, the admin's, and the contract.
struct Escrow {
    operator: Account,
    contract: AccountId,
}

impl Deployment {
    /// Lays everything out, with an own database at `database_url`; every campaigner deposits
    /// `deposit` tinybars.
    pub(crate) async fn lay(
        database_url: &str,
        campaigners: usize,
        deposit: u64,
        seed: u64,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let far = Far::start(seed, folder.path()).await;
        let (app, profiles) = tokio::join!(far.app(), far.profiles(campaigners));
        let mut accounts = far.accounts(campaigners + 4).await;
        let sponsors = accounts.split_off(4);
        let services: [Account; 4] = accounts.try_into().ok().expect("four were split off");
        let [admin, reviewer, support, operator] = services;
        let contract = deployed(&far, &admin, &operator).await;
        let escrow = Escrow { operator, contract };
        for sponsor in &sponsors {
            give(&far, contract, sponsor, deposit).await;
        }
        let vault_key = Vault::new_key();
        let (db, system) =
            system(database_url, &far, &app, &escrow, &vault_key, folder.path()).await;
        let reviewer = admit(&system, &reviewer, Role::Reviewer).await;
        let support = admit(&system, &support, Role::Operator).await;
        let mut campaigners = Vec::new();
        for (account, profile) in sponsors.iter().zip(&profiles) {
            campaigners.push(campaigner(&system, account, profile).await);
        }
        drop(system);
        db.close().await.expect("the database closes");
        let config = folder.path().join("hashbuzz.toml");
        let settings = settings(database_url, &far, &app, &escrow, &vault_key, folder.path());
        std::fs::write(&config, settings).expect("the settings can be written");
        let log = folder.path().join("serve.log");
        Self { far, campaigners, reviewer, operator: support, config, log, _folder: folder }
    }

    /// Starts the server and returns when it says that it is ready.
    pub(crate) async fn serve(&self) -> Program {
        let started = Program::start(&["serve", "--config", text(&self.config)], &self.log).await;
        started.unwrap_or_else(|why| panic!("the server does not start: {why}"))
    }
}

fn now() -> Time {
    Time::from_micros(SystemClock.now())
}

async fn deployed(far: &Far, admin: &Account, operator: &Account) -> AccountId {
    let roles = Roles {
        admin: admin.address,
        operator: operator.address,
        guardian: admin.address,
        treasury: admin.address,
        payout_ceiling_per_hour: CEILING,
    };
    let contract = deploy(&far.network, admin.id, &admin.key, &roles, now()).await;
    let contract = contract.expect("the escrow contract can be deployed");
    far.until_shown(&format!("contracts/{contract}")).await;
    contract
}

async fn give(far: &Far, contract: AccountId, sponsor: &Account, amount: u64) {
    let wallet = Wallet::new(&far.network, sponsor.id, &sponsor.key).await;
    let wallet = wallet.expect("a wallet opens");
    let given = wallet.deposit_and_allow(contract, amount, amount, FEE_BPS, now()).await;
    given.expect("the contract takes a deposit");
}

/// The system with no engine and no API: what an operator's command works with.
async fn system(
    database_url: &str,
    far: &Far,
    app: &XApp,
    escrow: &Escrow,
    vault_key: &SecretString,
    folder: &Path,
) -> (Db, App) {
    let db = Db::open(database_url).await.expect("the database opens");
    migrate(&db, MIGRATIONS).await.expect("the database can be migrated");
    let keys = AppKeys {
        consumer_key: app.consumer_key.clone().into(),
        consumer_secret: app.consumer_secret.clone().into(),
    };
    let network = X::new(hashbuzz_social_x::Settings {
        api_base: far.x.clone(),
        app: Some(keys),
        bearer: Some(app.bearer_token.clone().into()),
        request_timeout: Duration::from_secs(20),
        ..hashbuzz_social_x::Settings::new(Arc::new(now))
    });
    let ledger = Hedera::connect(hashbuzz_ledger_hedera::Settings {
        network: far.network.clone(),
        operator: escrow.operator.id,
        operator_key: escrow.operator.key.clone(),
        contract: escrow.contract,
        chain_id: CHAIN_ID,
        max_fee_tinybar: 2_000_000_000,
    });
    let parts = Parts {
        db: db.clone(),
        clock: Arc::new(SystemClock),
        network: Arc::new(network.expect("the network's settings are right")),
        budget: SharedBudget::new(db.clone()),
        ledger: Arc::new(ledger.await.expect("the ledger is there")),
        settings: hashbuzz_app::Settings::default(),
        media: MediaStore::in_folder(&folder.join("media"), Limits::default())
            .expect("a folder for media"),
        vault: Vault::new(vault_key).expect("a new key is a key"),
        wake: Wake::default(),
        watchdog: Watchdog::default(),
    };
    (db, App::new(parts))
}

async fn admit(app: &App, account: &Account, role: Role) -> SecretString {
    let registered = register(app, account.id, account.address, &[role]).await;
    registered.expect("an account can be registered");
    issue_api_key(app, account.id, "test").await.expect("a key can be issued")
}

async fn campaigner(app: &App, account: &Account, user: &XUser) -> Campaigner {
    let key = admit(app, account, Role::Campaigner).await;
    let XUser { id, oauth1 } = user.clone();
    let access = Access::oauth1(oauth1.token, oauth1.secret);
    link_brand(app, account.id, access).await.expect("a brand can be linked");
    Campaigner { key, profile: id }
}

fn settings(
    database_url: &str,
    far: &Far,
    app: &XApp,
    escrow: &Escrow,
    vault_key: &SecretString,
    folder: &Path,
) -> String {
    let XApp { consumer_key, consumer_secret, bearer_token } = app;
    let Escrow { operator, contract } = escrow;
    let mut text = format!(
        r#"listen = "127.0.0.1:0"
database_url = "{database_url}"
vault_key = "{}"

[campaigns]
min_duration_seconds = 60

[media]
folder = "{}"

[x]
api_base = "{}"
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
bearer = "{bearer_token}"
pay_to_engage_acknowledged = true

[hedera]
mirror = "{}"
operator = "{}"
operator_key = "{}"
contract = "{contract}"
chain_id = {CHAIN_ID}
watch_every_seconds = 1

[hedera.nodes]
"#,
        vault_key.expose_secret(),
        folder.join("media").display(),
        far.x,
        far.mirror,
        operator.id,
        operator.key.expose_secret(),
    );
    for (address, account) in &far.network.nodes {
        writeln!(text, "\"{address}\" = \"{account}\"").expect("text takes text");
    }
    text
}
