//! Our side of one life: a database with everybody registered in it, and a settings file. The
//! server itself is started, killed and started again by the life.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hashbuzz_app::account::{Role, issue_api_key, link_brand, link_personal, register};
use hashbuzz_app::budget::SharedBudget;
use hashbuzz_app::{App, MIGRATIONS, Parts, Vault};
use hashbuzz_db::{Db, migrate};
use hashbuzz_domain::Time;
use hashbuzz_ledger_hedera::Hedera;
use hashbuzz_media::{Limits, MediaStore};
use hashbuzz_outbox::{Clock as _, Wake, Watchdog};
use hashbuzz_social::Access;
use hashbuzz_social_x::{AppKeys, X};
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::{Fast, FastClock};
use crate::far::{Account, Far};
use crate::place::Place;
use crate::programs::Executable;

/// What Hedera calls a network on one's own machine.
const CHAIN_ID: u64 = 298;
/// The deployment's fee in ten-thousandths of a budget.
pub const FEE_BPS: u16 = 1_000;
/// What the campaigner deposits: 22 HBAR, twice what the campaign costs.
const DEPOSIT: u64 = 2_200_000_000;

/// Everything but the server.
#[derive(Debug)]
pub struct Stage {
    /// The world without us.
    pub far: Far,
    /// The settings file.
    pub config: PathBuf,
    /// The key of the campaigner.
    pub owner: SecretString,
    /// The key of the reviewer.
    pub reviewer: SecretString,
    /// The key of the operator.
    pub operator: SecretString,
}

impl Stage {
    /// Lays everything out in `folder`, for `fans` people who take part.
    ///
    /// # Errors
    /// When something does not start or does not answer as it should.
    pub async fn lay(
        program: &Executable,
        clock: FastClock,
        place: &Place,
        fans: usize,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let far = Far::start(program, clock, fans, DEPOSIT, FEE_BPS, folder).await?;
        let vault_key = Vault::new_key();
        let db = Db::open(&place.database_url).await.context("the life's database")?;
        migrate(&db, MIGRATIONS).await?;
        let app = system(&db, clock, &far, &vault_key, folder).await?;
        let owner = admit(&app, &far.campaigner, &[Role::Campaigner]).await?;
        let reviewer = admit(&app, &far.reviewer, &[Role::Reviewer]).await?;
        let operator = admit(&app, &far.admin, &[Role::Admin, Role::Operator]).await?;
        let oauth1 = far.brand.oauth1.clone();
        let access = Access::oauth1(oauth1.token, oauth1.secret);
        link_brand(&app, far.campaigner.id, access).await?;
        for (user, account) in &far.fans {
            register(&app, account.id, account.address, &[Role::Participant]).await?;
            link_personal(&app, account.id, user.id.parse()?, &user.handle).await?;
        }
        drop(app);
        db.close().await?;
        let config = folder.join("hashbuzz.toml");
        std::fs::write(&config, settings(place, &far, &vault_key, folder)?)?;
        Ok(Self { far, config, owner, reviewer, operator })
    }
}

/// The system with no engine and no API: what an operator's command works with.
async fn system(
    db: &Db,
    clock: FastClock,
    far: &Far,
    vault_key: &SecretString,
    folder: &Path,
) -> anyhow::Result<App> {
    let keys = AppKeys {
        consumer_key: far.app.consumer_key.clone(),
        consumer_secret: far.app.consumer_secret.clone(),
    };
    let network = X::new(hashbuzz_social_x::Settings {
        api_base: far.x_base.clone(),
        app: Some(keys),
        bearer: Some(far.app.bearer_token.clone()),
        request_timeout: Duration::from_secs(20),
        ..hashbuzz_social_x::Settings::new(Arc::new(move || Time::from_micros(Fast(clock).now())))
    })?;
    let ledger = Hedera::connect(hashbuzz_ledger_hedera::Settings {
        network: far.network.clone(),
        operator: far.operator.id,
        operator_key: far.operator.opened.private_key.clone(),
        contract: far.contract,
        chain_id: CHAIN_ID,
        max_fee_tinybar: 2_000_000_000,
    })
    .await?;
    Ok(App::new(Parts {
        db: db.clone(),
        clock: Arc::new(Fast(clock)),
        network: Arc::new(network),
        budget: SharedBudget::new(db.clone()),
        ledger: Arc::new(ledger),
        settings: hashbuzz_app::Settings::default(),
        media: MediaStore::in_folder(&folder.join("media"), Limits::default())?,
        vault: Vault::new(vault_key)?,
        wake: Wake::default(),
        watchdog: Watchdog::default(),
    }))
}

async fn admit(app: &App, account: &Account, roles: &[Role]) -> anyhow::Result<SecretString> {
    register(app, account.id, account.address, roles).await?;
    Ok(issue_api_key(app, account.id, "simulator").await?)
}

/// As in production, with waits as short as the campaign.
fn settings(
    place: &Place,
    far: &Far,
    vault_key: &SecretString,
    folder: &Path,
) -> anyhow::Result<String> {
    let mut text = format!(
        r#"listen = "127.0.0.1:0"
database_url = "{}"
vault_key = "{}"
{}
[campaigns]
fee_bps = {FEE_BPS}
min_duration_seconds = 1
grace_seconds = 3600
collect_after_seconds = 2
track_every_seconds = 5
sweep_every_seconds = 10
join_url = "https://join.example"

[media]
folder = "{}"

[x]
api_base = "{}"
consumer_key = "{}"
consumer_secret = "{}"
bearer = "{}"
pay_to_engage_acknowledged = true

[hedera]
mirror = "{}"
operator = "{}"
operator_key = "{}"
contract = "{}"
chain_id = {CHAIN_ID}
watch_every_seconds = 10

[hedera.nodes]
"#,
        place.database_url,
        vault_key.expose_secret(),
        place.dispatch_settings(),
        folder.join("media").display(),
        far.x_base,
        far.app.consumer_key.expose_secret(),
        far.app.consumer_secret.expose_secret(),
        far.app.bearer_token.expose_secret(),
        far.network.mirror,
        far.operator.id,
        far.operator.opened.private_key.expose_secret(),
        far.contract,
    );
    for (address, account) in &far.network.nodes {
        writeln!(text, "\"{address}\" = \"{account}\"")?;
    }
    Ok(text)
}
