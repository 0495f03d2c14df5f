//! Everything that stands outside of the system before it starts: two networks, people on one,
//! accounts on the other, and the escrow contract.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hashbuzz_domain::{AccountId, EvmAddress, Time};
use hashbuzz_ledger_hedera::{Network, Roles, deploy};
use hashbuzz_outbox::{Clock as _, SystemClock};
use rand_chacha::ChaCha12Rng;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::interval;

use super::children::Children;
use super::population::{Member, Population, Wallet, brand};
use super::shows::FEE_BASIS_POINTS;
use hashbuzz_simulator::books::Found;
use hashbuzz_simulator::chain::Chain;
use hashbuzz_simulator::control::{HederaControl, LedgerAccount, XApp, XControl, XUser};
use hashbuzz_simulator::web::{Refused, Web};

/// What everybody else has at the beginning: 1,000 HBAR.
const SERVICE_BALANCE: u64 = 100_000_000_000;

/// Shorter than in production: everything is on this machine.
const LIMIT_OF_A_REQUEST: Duration = Duration::from_secs(10);

/// What participants have at the beginning: one HBAR.
const POCKET_MONEY: u64 = 100_000_000;

/// What the contract lets out in any hour: 1,000 HBAR.
const CEILING: u64 = 100_000_000_000;

/// The account of the stand-in's node.
const NODE: AccountId = AccountId::new(3);

/// A wallet's account, understood.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) address: EvmAddress,
    pub(super) opened: LedgerAccount,
}

/// The world without us.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) children: Children,
    pub(super) x: XControl,
    pub(super) hedera: HederaControl,
    pub(super) network: Network,
    pub(super) app: XApp,
    pub(super) population: Population,
    /// Everybody at the social network.
    pub(super) users: BTreeMap<Member, XUser>,
    /// The campaigners' profiles there.
    pub(super) brands: Vec<XUser>,
    /// Names the contract's roles and keeps the treasury.
    pub(super) admin: Account,
    /// Agrees to campaigns.
    pub(super) reviewer: Account,
    /// The service's own account.
    pub(super) operator: Account,
    pub(super) campaigners: Vec<Account>,
    /// In the order of the population's people.
    pub(super) participants: Vec<Account>,
}

impl Ground {
    /// Starts both stand-ins and fills them with people.
    ///
    /// # Errors
    /// When a stand-in does not start or does not answer.
    pub(super) async fn lay(seed: u64, rng: &mut ChaCha12Rng) -> anyhow::Result<Self> {
        let children = Children::start(seed).await?;
        let x = XControl::new(children.x)?;
        let hedera = HederaControl::new(children.mirror)?;
        let population = Population::new(rng);
        let (app, (users, brands), (services, participants)) = tokio::try_join!(
            x.app(),
            populate(&x, &population),
            open(&hedera, children.mirror, population.people.len())
        )?;
        let [admin, reviewer, operator, first, second] = services;
        let network = Network {
            nodes: BTreeMap::from([(children.node.to_string(), NODE)]),
            mirror: format!("http://{}", children.mirror),
            request_timeout: LIMIT_OF_A_REQUEST,
        };
        Ok(Self {
            children,
            x,
            hedera,
            network,
            app,
            population,
            users,
            brands,
            admin,
            reviewer,
            operator,
            campaigners: vec![first, second],
            participants,
        })
    }

    /// Puts the escrow contract on the ledger; returns when the mirror node shows it.
    ///
    /// # Errors
    /// When the ledger refuses.
    pub(super) async fn deploy(&self) -> anyhow::Result<AccountId> {
        let roles = Roles {
            admin: self.admin.address,
            operator: self.operator.address,
            guardian: self.admin.address,
            treasury: self.admin.address,
            payout_ceiling_per_hour: CEILING,
        };
        let key = &self.admin.opened.private_key;
        let escrow = deploy(&self.network, self.admin.id, key, &roles, now()).await;
        let escrow = escrow.context("the escrow contract could not be deployed")?;
        seen(self.children.mirror, &escrow.to_string()).await?;
        Ok(escrow)
    }

    /// A campaigner puts money into the escrow and lets campaigns take it; returns when the
    /// mirror has seen it.
    ///
    /// # Errors
    /// When the ledger refuses, or the money does not arrive within five seconds.
    pub(super) async fn deposit(
        &self,
        contract: AccountId,
        campaigner: &Account,
        amount: u64,
    ) -> anyhow::Result<()> {
        let wallet = hashbuzz_ledger_hedera::Wallet::new(
            &self.network,
            campaigner.id,
            &campaigner.opened.private_key,
        )
        .await?;
        wallet.deposit_and_allow(contract, amount, amount, FEE_BASIS_POINTS, now()).await?;
        let chain = Chain::new(self.children.mirror, contract.to_string())?;
        let mut look = interval(Duration::from_millis(50));
        for _ in 0..100 {
            look.tick().await;
            if chain.free_balance(&campaigner.opened.evm_address).await? >= amount {
                return Ok(());
            }
        }
        bail!("the deposit of {} is not seen by the mirror node", campaigner.id)
    }
}

impl Ground {
    /// People by when they link a wallet, by position.
    pub(super) fn people(&self, wallet: Wallet) -> Vec<usize> {
        let people = self.population.people.iter().enumerate();
        people.filter(|(_, person)| person.wallet == wallet).map(|(at, _)| at).collect()
    }
}

impl Ground {
    /// What the far ends know now.
    ///
    /// # Errors
    /// When one does not answer.
    pub(super) async fn look(&self, chain: &Chain) -> anyhow::Result<Found> {
        let (log, escrow, fees, x, hedera) = tokio::try_join!(
            chain.escrow_log(),
            chain.escrow_balance(),
            chain.fees(),
            self.x.counters(false),
            self.hedera.counters()
        )?;
        let mut free = 0;
        for campaigner in &self.campaigners {
            free += chain.free_balance(&campaigner.opened.evm_address).await?;
        }
        let balances = chain.balances().await?;
        let (mut received, mut late, mut unlinked) = (0, 0, 0);
        for (person, account) in self.population.people.iter().zip(&self.participants) {
            let opened = &account.opened;
            let balance = balances.get(&opened.account).context("an account has a balance")?;
            // Nobody spends here, so whatever they have more than before was received.
            let gained = balance.saturating_sub(opened.balance_tinybar);
            received += gained;
            match person.wallet {
                Wallet::FromTheStart => {}
                Wallet::DuringTheClaimWindow => late += gained,
                Wallet::Never => unlinked += gained,
            }
        }
        Ok(Found {
            log,
            escrow,
            free,
            fees,
            received,
            received_late: late,
            received_unlinked: unlinked,
            x,
            hedera,
            operator: self.operator.opened.account.clone(),
        })
    }
}

/// The machine's time.
pub(super) fn now() -> Time {
    Time::from_micros(SystemClock.now())
}

async fn populate(
    x: &XControl,
    population: &Population,
) -> anyhow::Result<(BTreeMap<Member, XUser>, Vec<XUser>)> {
    // Search shows young posts late on the real network; campaigns here are shorter than that.
    x.set(&json!({ "search_delay_secs": 0 })).await?;
    let brands = [brand("summerbrand", "Summer Brand"), brand("quizmakers", "Quiz Makers")];
    let members: Vec<Member> = population.members().collect();
    let mut profiles: Vec<_> = brands.iter().collect();
    profiles.extend(members.iter().map(|member| population.profile(*member)));
    let mut users = x.open(&profiles, now().micros()).await?;
    let others = users.split_off(brands.len());
    Ok((members.into_iter().zip(others).collect(), users))
}

async fn open(
    hedera: &HederaControl,
    mirror: SocketAddr,
    people: usize,
) -> anyhow::Result<([Account; 5], Vec<Account>)> {
    let services = hedera.open(5, SERVICE_BALANCE).await?;
    let services: Vec<Account> = services.into_iter().map(understood).collect::<Result<_, _>>()?;
    let services = services.try_into().ok().context("five accounts were asked for")?;
    let participants = hedera.open(people, POCKET_MONEY).await?;
    let participants: Vec<Account> =
        participants.into_iter().map(understood).collect::<Result<_, _>>()?;
    if let Some(last) = participants.last() {
        seen(mirror, &last.opened.account).await?;
    }
    Ok((services, participants))
}

/// Returns when the mirror node, which is a little behind, knows `account`.
async fn seen(mirror: SocketAddr, account: &str) -> anyhow::Result<()> {
    let web = Web::new(format!("http://{mirror}/api/v1/accounts"))?;
    let path = format!("/{account}?transactions=false");
    let mut looks = interval(Duration::from_millis(25));
    for _ in 0..200 {
        looks.tick().await;
        let Err(error) = web.get::<Value>(&path).await else { return Ok(()) };
        let refused = error.downcast_ref::<Refused>();
        if refused.is_none_or(|refused| refused.status != StatusCode::NOT_FOUND) {
            return Err(error);
        }
    }
    bail!("the mirror node does not show {account} within five seconds")
}

fn understood(opened: LedgerAccount) -> anyhow::Result<Account> {
    Ok(Account { id: opened.account.parse()?, address: opened.evm_address.parse()?, opened })
}
