//! Our side: the server, started in this process exactly as `serve` starts it, and the people who
//! register with it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use hashbuzz_app::account::{Role, issue_api_key, link_brand, link_personal, register};
use hashbuzz_app::{App, Vault};
use hashbuzz_domain::AccountId;
use hashbuzz_social::Access;

use super::DemoArgs;
use super::ground::{Account, Ground};
use super::population::{Member, Wallet};
use super::shows::{CLAIM_WINDOW, FEE_BASIS_POINTS, LENGTH};
use crate::dispatch::{Dispatch, Redis};
use crate::serve::Running;
use crate::settings::{Campaigns, Hedera, Media, Retention, Settings, Workers, X, XCaps, XPrices};
use hashbuzz_simulator::api::Api;
use hashbuzz_simulator::web::Web;

/// What Hedera calls a network on one's own machine.
const CHAIN_ID: u64 = 298;

/// The system, running, with a key for each role.
pub(super) struct Deployment {
    running: Running,
    /// Where the API answers.
    pub(super) url: String,
    pub(super) campaigners: Vec<Api>,
    pub(super) reviewer: Api,
    pub(super) admin: Api,
}

impl Deployment {
    /// Takes over a started server: registers campaigners, reviewer and admin.
    ///
    /// # Errors
    /// When an account cannot be registered; a database that holds an earlier demo is one reason.
    pub(super) async fn new(running: Running, ground: &Ground) -> anyhow::Result<Self> {
        let url = format!("http://{}", running.address);
        let web = Web::new(url.clone())?;
        let app = &running.app;
        let admin = [Role::Admin, Role::Operator];
        let admin = admit(app, &web, &ground.admin, &admin, "demo admin").await?;
        let roles = [Role::Reviewer];
        let reviewer = admit(app, &web, &ground.reviewer, &roles, "demo reviewer").await?;
        let mut campaigners = Vec::new();
        for (account, brand) in ground.campaigners.iter().zip(&ground.brands) {
            let roles = [Role::Campaigner];
            campaigners.push(admit(app, &web, account, &roles, "demo campaigner").await?);
            let (token, secret) = (brand.oauth1.token.clone(), brand.oauth1.secret.clone());
            let linked = link_brand(app, account.id, Access::oauth1(token, secret)).await;
            linked.with_context(|| format!("@{} cannot be linked", brand.handle))?;
        }
        Ok(Self { running, url, campaigners, reviewer, admin })
    }

    /// Registers all participants and links the wallets of those who come with one.
    ///
    /// # Errors
    /// As [`Deployment::link`].
    pub(super) async fn admit_people(&self, ground: &Ground) -> anyhow::Result<()> {
        for account in &ground.participants {
            let roles = [Role::Participant];
            register(&self.running.app, account.id, account.address, &roles).await?;
        }
        for person in ground.people(Wallet::FromTheStart) {
            self.link(ground, person).await?;
        }
        Ok(())
    }

    /// Links the profile of a person (by position) to their wallet.
    ///
    /// # Errors
    /// A profile or account that is taken: the database holds an earlier demo.
    pub(super) async fn link(&self, ground: &Ground, person: usize) -> anyhow::Result<()> {
        let user = &ground.users[&Member::Person(person)];
        let account = ground.participants[person].id;
        let linked =
            link_personal(&self.running.app, account, user.id.parse()?, &user.handle).await;
        linked.with_context(|| {
            format!(
                "@{} cannot be linked to {account}; a demo wants an empty database",
                user.handle
            )
        })
    }

    /// Stops the server and returns when nothing of it runs any more.
    ///
    /// # Errors
    /// What ended the API or the workers before.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await
    }
}

/// The settings of a deployment at these far ends, with times as short as the campaigns.
///
/// # Errors
/// A folder that holds an earlier demo.
pub(super) fn settings(
    args: &DemoArgs,
    folder: &Path,
    ground: &Ground,
    contract: AccountId,
) -> anyhow::Result<Settings> {
    let file = folder.join("hashbuzz.db");
    if args.database_url.is_none() && file.exists() {
        bail!("{} holds an earlier demo: choose another folder", folder.display());
    }
    let database_url = args.database_url.clone();
    let length = u32::try_from(LENGTH.as_secs())?;
    let claim_window = u32::try_from(CLAIM_WINDOW.as_secs())?;
    Ok(Settings {
        listen: args.listen,
        database_url: database_url.unwrap_or_else(|| format!("sqlite:{}", file.display())),
        database_connections: hashbuzz_db::DEFAULT_CONNECTIONS,
        dispatch: Dispatch::Embedded,
        redis: Redis::default(),
        workers: Workers::default(),
        vault_key: Vault::new_key(),
        vault_old_keys: Vec::new(),
        campaigns: Campaigns {
            fee_bps: FEE_BASIS_POINTS,
            min_duration_seconds: length,
            max_claim_window_seconds: claim_window,
            grace_seconds: 5,
            collect_after_seconds: 0,
            track_every_seconds: 2,
            sweep_every_seconds: 6,
            join_url: "https://join.example".to_owned(),
            ..Campaigns::default()
        },
        media: Media { folder: folder.join("media"), ..Media::default() },
        retention: Retention::default(),
        x: X {
            api_base: format!("http://{}", ground.children.x),
            consumer_key: Some(ground.app.consumer_key.clone()),
            consumer_secret: Some(ground.app.consumer_secret.clone()),
            bearer: Some(ground.app.bearer_token.clone()),
            client_id: None,
            client_secret: None,
            redirect_uri: None,
            consent_page: format!("http://{}/i/oauth2/authorize", ground.children.x),
            prices: XPrices::default(),
            caps: XCaps::default(),
            // A stand-in: nobody's rules are broken.
            pay_to_engage_acknowledged: true,
        },
        hedera: Hedera {
            network: None,
            nodes: nodes(ground),
            mirror: Some(ground.network.mirror.clone()),
            operator: ground.operator.id.to_string(),
            operator_key: ground.operator.opened.private_key.clone(),
            contract: Some(contract.to_string()),
            chain_id: Some(CHAIN_ID),
            low_balance: "20".to_owned(),
            max_fee: "20".to_owned(),
            watch_every_seconds: 1,
        },
    })
}

fn nodes(ground: &Ground) -> BTreeMap<String, String> {
    let nodes = ground.network.nodes.iter();
    nodes.map(|(address, account)| (address.clone(), account.to_string())).collect()
}

async fn admit(
    app: &App,
    web: &Web,
    account: &Account,
    roles: &[Role],
    label: &str,
) -> anyhow::Result<Api> {
    register(app, account.id, account.address, roles).await?;
    let key = issue_api_key(app, account.id, label).await?;
    Ok(Api::new(web.clone(), key))
}
