//! Which implementation stands behind which port.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hashbuzz_app::{App, Parts, Vault};
use hashbuzz_db::Db;
use hashbuzz_domain::Time;
use hashbuzz_ledger_hedera::Hedera;
use hashbuzz_outbox::{Clock, Wake, Watchdog};
use hashbuzz_social::Network as _;
use hashbuzz_social_x::{AppKeys, X};

use crate::clock;
use crate::settings::{Settings, account_id, tinybars};

/// The system as these settings describe it. The database is open and migrated by the caller.
pub(crate) async fn app(settings: &Settings, db: Db) -> anyhow::Result<App> {
    let clock = clock::of_the_server();
    let network = network(settings, Arc::clone(&clock))?;
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
        ledger: Arc::new(ledger(settings).await?),
        settings: decided,
        vault: Vault::new(&settings.vault_key).context("vault_key")?,
        wake: Wake::default(),
        watchdog: Watchdog::default(),
    }))
}

fn network(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<X> {
    let given = &settings.x;
    let app = given.consumer_key.clone().zip(given.consumer_secret.clone());
    let told = hashbuzz_social_x::Settings {
        api_base: given.api_base.clone(),
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
        chain_id: given.chain_id,
        max_fee_tinybar: tinybars("hedera.max_fee", &given.max_fee)?,
    };
    Hedera::connect(told).await.context("hedera")
}
