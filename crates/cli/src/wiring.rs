//! Which implementation stands behind which port.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hashbuzz_app::budget::SharedBudget;
use hashbuzz_app::{App, MIGRATIONS, Parts, Vault};
use hashbuzz_budget_redis::RedisBudget;
use hashbuzz_db::{Db, migrate};
use hashbuzz_domain::Time;
use hashbuzz_ledger_hedera::Hedera;
use hashbuzz_outbox::{Broker, Clock, Wake, Watchdog};
use hashbuzz_outbox_bullmq::BullMq;
use hashbuzz_social::{Budget, Network as _};
use hashbuzz_social_x::{AppKeys, X};

use crate::agreement;
use crate::clock;
use crate::dispatch;
use crate::settings::{Settings, account_id, tinybars};

/// The database, open and with this program's schema.
///
/// # Errors
/// One that cannot be reached, is newer, or was changed by hand; a clock far from the database's.
pub(crate) async fn database(settings: &Settings) -> anyhow::Result<Db> {
    let opened = Db::open_with(&settings.database_url, settings.database_connections).await;
    let db = opened.context("database_url")?;
    agreement::needed(&db).await?;
    let applied = migrate(&db, MIGRATIONS).await?;
    if !applied.is_empty() {
        tracing::info!(?applied, "the database was brought to this program's schema");
    }
    Ok(db)
}

/// The broker, which has to wait as long as the clock of this process says.
pub(crate) fn hurried(broker: Option<Arc<BullMq>>) -> Option<Arc<dyn Broker>> {
    broker.map(|broker| clock::hurried(broker))
}

/// The system as these settings describe it. The database is open and migrated by the caller.
pub(crate) async fn app(settings: &Settings, db: Db) -> anyhow::Result<App> {
    let clock = clock::of_the_server();
    let budget = budget(settings, db.clone())?;
    let network = network(settings, Arc::clone(&clock), Arc::new(budget.clone()))?;
    let mut decided = settings.for_app()?;
    let policy = network.pay_policy();
    match policy.forbidden_by {
        Some(rule) if !settings.x.pay_to_engage_acknowledged => {
            tracing::warn!(rule, "no engagement is paid: set x.pay_to_engage_acknowledged");
        }
        _ => decided.bounds.payable = policy.kinds.to_vec(),
    }
    Ok(App::new(Parts {
        db,
        clock,
        network: Arc::new(network),
        budget,
        ledger: Arc::new(ledger(settings).await?),
        settings: decided,
        media: settings.media.store().context("media.folder")?,
        vault: vault(settings)?,
        wake: Wake::default(),
        watchdog: Watchdog::default(),
    }))
}

/// What is kept of the network's limits: windows in Redis where there is one.
fn budget(settings: &Settings, db: Db) -> anyhow::Result<SharedBudget> {
    let budget = SharedBudget::new(db);
    let Some(redis) = dispatch::redis(settings)? else { return Ok(budget) };
    let client = redis.client().context("redis")?;
    let windows = RedisBudget::new(client, redis.place(), redis.prefix_name())?;
    Ok(budget.with_windows_in(Arc::new(windows)))
}

/// What seals accesses.
///
/// # Errors
/// A key that is none.
pub(crate) fn vault(settings: &Settings) -> anyhow::Result<Vault> {
    let vault = Vault::new(&settings.vault_key).context("vault_key")?;
    vault.with_old(&settings.vault_old_keys).context("vault_old_keys")
}

fn network(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    budget: Arc<dyn Budget>,
) -> anyhow::Result<X> {
    let given = &settings.x;
    let app = given.consumer_key.clone().zip(given.consumer_secret.clone());
    let (prices, caps) = given.money()?;
    let told = hashbuzz_social_x::Settings {
        api_base: given.api_base.clone(),
        client: given.client_keys()?,
        budget,
        prices,
        caps,
        app: app.map(|(consumer_key, consumer_secret)| AppKeys { consumer_key, consumer_secret }),
        bearer: given.bearer.clone(),
        request_timeout: Duration::from_secs(20),
        ..hashbuzz_social_x::Settings::new(Arc::new(move || Time::from_micros(clock.now())))
    };
    X::new(told).context("x")
}

/// The ledger that the settings name.
///
/// # Errors
/// Settings that cannot be right; a ledger that does not answer or does not know the contract.
pub(crate) async fn ledger(settings: &Settings) -> anyhow::Result<Hedera> {
    let given = &settings.hedera;
    let contract = given
        .contract
        .as_deref()
        .context("hedera.contract is missing: `hashbuzz escrow deploy` makes one")?;
    let told = hashbuzz_ledger_hedera::Settings {
        network: given.network()?,
        operator: account_id("hedera.operator", &given.operator)?,
        operator_key: given.operator_key.clone(),
        contract: account_id("hedera.contract", contract)?,
        chain_id: given.chain()?,
        max_fee_tinybar: tinybars("hedera.max_fee", &given.max_fee)?,
    };
    Hedera::connect(told).await.context("hedera")
}
