//! The far ends of one life: both stand-ins, their people and accounts, and the escrow contract.
//!
//! Every life has its own, so that whatever is counted there was done in this life.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hashbuzz_domain::{AccountId, EvmAddress, Time};
use hashbuzz_ledger_hedera::{Network, Roles, Wallet, deploy};
use hashbuzz_outbox::{Clock as _, SystemClock};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::interval;

use crate::books::Found;
use crate::chain::Chain;
use crate::clock::FastClock;
use crate::control::{HederaControl, LedgerAccount, Profile, XApp, XControl, XUser};
use crate::programs::{Executable, Program};
use crate::web::{Refused, Web};

/// What services and the campaigner have at the beginning: 1,000 HBAR.
const SERVICE_BALANCE: u64 = 100_000_000_000;
/// What participants have at the beginning: one HBAR.
const POCKET_MONEY: u64 = 100_000_000;
/// What the contract lets out in any hour: 1,000 HBAR.
const CEILING: u64 = 100_000_000_000;
/// The account of the stand-in's node.
const NODE: AccountId = AccountId::new(3);
/// Admin, reviewer, operator and campaigner.
const SERVICES: usize = 4;
const DAY: Duration = Duration::from_secs(86_400);

/// An account on the ledger.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its address in the contract.
    pub address: EvmAddress,
    /// As the ledger gave it out.
    pub opened: LedgerAccount,
}

/// The world without us.
#[derive(Debug)]
pub struct Far {
    _x: Program,
    _hedera: Program,
    clock: FastClock,
    mirror: SocketAddr,
    /// Where the social network answers.
    pub x_base: String,
    /// The social network, from behind.
    pub x: XControl,
    /// The ledger, from behind.
    pub hedera: HederaControl,
    /// The ledger as the adapter knows it.
    pub network: Network,
    /// The app's keys at the social network.
    pub app: XApp,
    /// Who publishes.
    pub brand: XUser,
    /// Who takes part: a profile each, and the account that is paid.
    pub fans: Vec<(XUser, Account)>,
    /// Names the contract's roles; our operator, too.
    pub admin: Account,
    /// Agrees to campaigns.
    pub reviewer: Account,
    /// The service's own account.
    pub operator: Account,
    /// Whose campaign it is.
    pub campaigner: Account,
    /// The escrow.
    pub contract: AccountId,
}

impl Far {
    /// Starts both, fills them with people, and puts the escrow on the ledger with a deposit of
    /// `deposit` tinybars by the campaigner, fees of `fee_bps` ten-thousandths allowed.
    ///
    /// # Errors
    /// When a stand-in does not start or does not answer as it should.
    pub async fn start(
        program: &Executable,
        clock: FastClock,
        fans: usize,
        deposit: u64,
        fee_bps: u16,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        // Accepting a repeated text is the less comfortable network: it lets us double a post.
        let x_arguments = ["standin", "x", "--json", "--users", "0", "--accept-duplicates"];
        let (x_log, hedera_log) = (folder.join("x.log"), folder.join("hedera.log"));
        let (x_program, hedera_program) = tokio::try_join!(
            program.stay(&x_arguments, &x_log),
            program.stay(&["standin", "hedera", "--json"], &hedera_log)
        )?;
        let x_address: SocketAddr = x_program.address("address")?;
        let mirror: SocketAddr = hedera_program.address("mirror")?;
        let node: SocketAddr = hedera_program.address("node")?;
        let (x, hedera) = (XControl::new(x_address)?, HederaControl::new(mirror)?);
        let network = Network {
            nodes: BTreeMap::from([(node.to_string(), NODE)]),
            mirror: format!("http://{mirror}"),
            request_timeout: Duration::from_secs(10),
        };
        x.set(&json!({ "search_delay_secs": 0 })).await?;
        let now = clock.at(SystemClock.now());
        let profiles: Vec<Profile> = (0..=fans).map(profile).collect();
        let profiles: Vec<&Profile> = profiles.iter().collect();
        let (app, mut users, services, accounts) = tokio::try_join!(
            x.app(),
            x.open(&profiles, now),
            hedera.open(SERVICES, SERVICE_BALANCE),
            hedera.open(fans, POCKET_MONEY)
        )?;
        let services: Vec<Account> =
            services.into_iter().map(understood).collect::<Result<_, _>>()?;
        let services: [Account; SERVICES] =
            services.try_into().ok().context("as many accounts as were asked for")?;
        let [admin, reviewer, operator, campaigner] = services;
        let accounts: Vec<Account> =
            accounts.into_iter().map(understood).collect::<Result<_, _>>()?;
        let brand = users.remove(0);
        let mut far = Self {
            _x: x_program,
            _hedera: hedera_program,
            clock,
            mirror,
            x_base: format!("http://{x_address}"),
            x,
            hedera,
            network,
            app,
            brand,
            fans: users.into_iter().zip(accounts).collect(),
            admin,
            reviewer,
            operator,
            campaigner,
            contract: NODE,
        };
        // They were opened side by side: either list may have the newest account.
        let last_fan = far.fans.last().map(|(_, account)| account);
        for last in [Some(&far.campaigner), last_fan].into_iter().flatten() {
            far.until_shown(&format!("accounts/{}?transactions=false", last.id)).await?;
        }
        far.contract = far.deploy().await?;
        far.deposit(deposit, fee_bps).await?;
        Ok(far)
    }

    /// The time of this life.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_micros(self.clock.at(SystemClock.now()))
    }

    /// The ledger as whoever checks books reads it.
    ///
    /// # Errors
    /// When no client can be built.
    pub fn chain(&self) -> anyhow::Result<Chain> {
        Chain::new(self.mirror, self.contract.to_string())
    }

    async fn deploy(&self) -> anyhow::Result<AccountId> {
        let roles = Roles {
            admin: self.admin.address,
            operator: self.operator.address,
            guardian: self.admin.address,
            treasury: self.admin.address,
            payout_ceiling_per_hour: CEILING,
        };
        let key = &self.admin.opened.private_key;
        let contract = deploy(&self.network, self.admin.id, key, &roles, self.now()).await;
        let contract = contract.context("the escrow contract cannot be deployed")?;
        self.until_shown(&format!("contracts/{contract}")).await?;
        Ok(contract)
    }

    async fn deposit(&self, amount: u64, fee_bps: u16) -> anyhow::Result<()> {
        let Account { id, opened, .. } = &self.campaigner;
        let wallet = Wallet::new(&self.network, *id, &opened.private_key).await?;
        wallet.deposit_and_allow(self.contract, amount, amount, fee_bps, self.now()).await?;
        let chain = self.chain()?;
        let mut looks = interval(Duration::from_millis(5));
        for _ in 0..1_000 {
            looks.tick().await;
            if chain.free_balance(&opened.evm_address).await? >= amount {
                return Ok(());
            }
        }
        bail!("the mirror node does not show the deposit within five seconds")
    }

    /// Returns when the mirror node, which is a little behind, shows what is at `path`.
    async fn until_shown(&self, path: &str) -> anyhow::Result<()> {
        let web = Web::new(format!("http://{}/api/v1/", self.mirror))?;
        let mut looks = interval(Duration::from_millis(5));
        for _ in 0..1_000 {
            looks.tick().await;
            let Err(error) = web.get::<Value>(path).await else { return Ok(()) };
            let refused = error.downcast_ref::<Refused>();
            if refused.is_none_or(|refused| refused.status != StatusCode::NOT_FOUND) {
                return Err(error);
            }
        }
        bail!("the mirror node does not show {path} within five seconds")
    }

    /// What the far ends know now, and what each fan has received, in tinybars.
    ///
    /// # Errors
    /// When one does not answer.
    pub async fn look(&self) -> anyhow::Result<(Found, Vec<u64>)> {
        let chain = self.chain()?;
        let sponsor = &self.campaigner.opened.evm_address;
        let (log, escrow, fees, free, balances, x, hedera) = tokio::try_join!(
            chain.escrow_log(),
            chain.escrow_balance(),
            chain.fees(),
            chain.free_balance(sponsor),
            chain.balances(),
            self.x.counters(false),
            self.hedera.counters()
        )?;
        let mut received = Vec::new();
        for (_, account) in &self.fans {
            let opened = &account.opened;
            let balance = balances.get(&opened.account).context("an account has a balance")?;
            // Nobody spends here, so whatever they have more than before was received.
            received.push(balance.saturating_sub(opened.balance_tinybar));
        }
        let found = Found {
            log,
            escrow,
            free,
            fees,
            received: received.iter().sum(),
            received_late: 0,
            received_unlinked: 0,
            x,
            hedera,
            operator: self.operator.opened.account.clone(),
        };
        Ok((found, received))
    }
}

/// Somebody of whom no score thinks ill: ages differ by much more than a day.
fn profile(number: usize) -> Profile {
    let step = u32::try_from(number).unwrap_or(u32::MAX);
    Profile {
        handle: if number == 0 { "brand".to_owned() } else { format!("fan_{number}") },
        name: if number == 0 { "Brand".to_owned() } else { format!("Fan {number}") },
        age: DAY * 1_000 + DAY * 37 * step,
        followers: 500,
        following: 300,
        posts: 700,
        default_avatar: false,
        protected: false,
    }
}

fn understood(opened: LedgerAccount) -> anyhow::Result<Account> {
    Ok(Account { id: opened.account.parse()?, address: opened.evm_address.parse()?, opened })
}
