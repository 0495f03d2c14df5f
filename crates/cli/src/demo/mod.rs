//! `hashbuzz demo`: three campaigns live their whole life on real parts, in about a minute.
//!
//! Both far ends run as programs of their own, our server runs as it would in production with
//! shorter times, and everything that campaigners and reviewers do goes through the API with their
//! keys. People, bots and lost answers come from one seed. At the end the books are read at the
//! far ends and compared with ours.
//!
//! From top to bottom: [`run`] reads as the story goes. [`ground`] is the world without us,
//! [`deployment`] is us, [`shows`] are the campaigns, [`follow`] watches them and plays the crowd
//! that [`population`] and [`engagement`] made up; what is counted, and how, is in the simulator.

mod children;
mod deployment;
mod engagement;
mod follow;
mod ground;
mod mishaps;
mod population;
mod report;
mod shows;
mod story;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hashbuzz_domain::AccountId;
use rand::SeedableRng as _;
use rand_chacha::ChaCha12Rng;
use tempfile::TempDir;
use tokio::time::{Instant, interval, timeout, timeout_at};

use self::deployment::Deployment;
use self::follow::{Play, STEPS, follow};
use self::ground::Ground;
use self::population::Wallet;
use self::report::Summary;
use self::story::Story;
use crate::loops::asked_to_end;
use crate::serve::ServeArgs;
use hashbuzz_simulator::api::{Api, Campaign};
use hashbuzz_simulator::books::{Audit, Found, hbar};
use hashbuzz_simulator::chain::Chain;
use hashbuzz_simulator::web::Refused;

/// What `--once` may take.
const LIMIT: Duration = Duration::from_secs(85);

/// How long the far ends may take to show their books.
const READING: Duration = Duration::from_secs(4);

/// How long the server may take to end what it has in hand.
const STOPPING: Duration = Duration::from_secs(5);

/// So often, a tenth of a second apart: the mirror node may lag behind.
const LOOKS_AT_THE_BOOKS: u32 = 20;

/// Streams of the generator, so that one part's draws do not shift another's.
mod stream {
    pub(super) const POPULATION: u64 = 0;
    pub(super) const MISHAPS: u64 = 1;
    /// And one more for each further campaign.
    pub(super) const CAMPAIGNS: u64 = 16;
}

/// Runs three campaigns from draft to close on stand-ins for the networks, and shows the books.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Exit when all campaigns are closed: 0 if the books balance and nothing happened twice.
    #[arg(long)]
    once: bool,
    /// Print one JSON summary on standard output; the story goes to standard error.
    #[arg(long)]
    json: bool,
    /// Decides people, engagement and mishaps.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Keep the database here; a temporary folder otherwise.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Use this empty PostgreSQL database instead of an SQLite file.
    #[arg(long)]
    database_url: Option<String>,
    /// Where the API listens; a free port unless told.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Tells the whole story.
///
/// # Errors
/// When something does not start or does not answer. A story that ends badly (unbalanced books,
/// something twice, a campaign that is not closed) is no error but exit code 1.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let mut story = Story::begin(args.json);
    // Dropped last, after everything that writes into it.
    let folder = Folder::open(args.data_dir.as_deref())?;
    let ending = tokio::select! {
        ending = tell(&args, folder.path(), &mut story) => ending?,
        stopped = asked_to_end() => {
            stopped?;
            story.say("demo", "stopped");
            return Ok(ExitCode::from(130));
        }
    };
    if !args.once {
        serve(&ending.deployment, &story).await?;
    }
    let Ending { deployment, mut ground, well } = ending;
    if let Ok(stopped) = timeout(STOPPING, deployment.stop()).await {
        stopped?;
    }
    ground.children.stop().await;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is still there when the story has been told.
struct Ending {
    deployment: Deployment,
    ground: Ground,
    /// Whether the books balance, nothing happened twice and everything is closed.
    well: bool,
}

async fn tell(args: &DemoArgs, folder: &Path, story: &mut Story) -> anyhow::Result<Ending> {
    let time = Time { until: args.once.then(|| Instant::from_std(story.began()) + LIMIT) };
    let mut rng = stream_of(args.seed, stream::POPULATION);
    let ground = time.bound("both stand-ins", Ground::lay(args.seed, &mut rng)).await?;
    story.say("stand-ins", &format!("a network at {}, a ledger", ground.children.x));
    let contract = time.bound("the escrow contract", ground.deploy()).await?;
    story.say("escrow", &format!("deployed as {contract}"));

    let shows = shows::all();
    let server = time.bound("the server", start(args, folder, &ground, contract));
    let deposits = time.bound("the deposits", deposit(&ground, contract, &shows, story));
    let (deployment, ()) = tokio::try_join!(server, deposits)?;
    story.say("server", &format!("answers at {}", deployment.url));

    break_things(&ground, args.seed).await?;
    story.expect(STEPS * u64::try_from(shows.len())?);
    let seen = &*story;
    let campaigns = async {
        let publish = publish(&shows, &deployment, &ground, args.seed, seen);
        let mut plays = time.bound("the publication of all campaigns", publish).await?;
        let followed = follow(&mut plays, &ground, &deployment, seen);
        match time.until {
            None => followed.await?,
            // When time is up, the plays are as last seen, and say what they wait for.
            Some(until) => timeout_at(until, followed).await.unwrap_or(Ok(()))?,
        }
        Ok(plays)
    };
    // People register while the first posts are already public.
    let people = time.bound("the people", admit(&ground, &deployment, seen));
    let (plays, ()) = tokio::try_join!(campaigns, people)?;
    story.expect_no_more();
    let well = finish(args, &plays, &ground, contract, story).await?;
    Ok(Ending { deployment, ground, well })
}

/// The time that is left.
#[derive(Clone, Copy, Debug)]
struct Time {
    until: Option<Instant>,
}

impl Time {
    /// Does `work`, unless time runs out: then the error says what was waited for.
    async fn bound<T>(
        self,
        what: &str,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        match self.until {
            None => work.await,
            Some(until) => timeout_at(until, work)
                .await
                .with_context(|| format!("time is up, still waiting for {what}"))?,
        }
    }
}

/// Where the database is kept.
enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn open(kept: Option<&Path>) -> anyhow::Result<Self> {
        let Some(kept) = kept else {
            let folder = tempfile::Builder::new().prefix("hashbuzz-demo-").tempdir()?;
            return Ok(Self::Temporary(folder));
        };
        std::fs::create_dir_all(kept)
            .with_context(|| format!("{} cannot be made", kept.display()))?;
        Ok(Self::Kept(kept.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

fn stream_of(seed: u64, stream: u64) -> ChaCha12Rng {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

async fn start(
    args: &DemoArgs,
    folder: &Path,
    ground: &Ground,
    contract: AccountId,
) -> anyhow::Result<Deployment> {
    let settings = deployment::settings(args, folder, ground, contract)?;
    let running = crate::serve::start(ServeArgs::default(), settings)
        .await
        .context("the server does not start")?;
    Deployment::new(running, ground).await
}

/// Each campaigner deposits exactly what their campaigns cost, so that what they have in the end is
/// what came back.
async fn deposit(
    ground: &Ground,
    contract: AccountId,
    shows: &[shows::Show],
    story: &Story,
) -> anyhow::Result<()> {
    let deposit = async |(owner, campaigner): (usize, &ground::Account)| {
        let own = shows.iter().filter(|show| show.owner == owner);
        let amount = own.map(shows::Show::cost).sum();
        ground.deposit(contract, campaigner, amount).await?;
        let (id, amount) = (campaigner.id, hbar(amount));
        story.say("campaigner", &format!("{id} deposits {amount} HBAR into the escrow"));
        anyhow::Ok(())
    };
    let all = ground.campaigners.iter().enumerate().map(deposit);
    futures::future::try_join_all(all).await?;
    Ok(())
}

async fn break_things(ground: &Ground, seed: u64) -> anyhow::Result<()> {
    let mut rng = stream_of(seed, stream::MISHAPS);
    ground.x.break_down(&mishaps::of_the_network(&mut rng).into()).await?;
    ground.hedera.break_down(&mishaps::of_the_ledger(&mut rng).into()).await
}

async fn admit(ground: &Ground, deployment: &Deployment, story: &Story) -> anyhow::Result<()> {
    deployment.admit_people(ground).await?;
    let linked = ground.people(Wallet::FromTheStart).len();
    let all = ground.participants.len();
    story.say("people", &format!("{all} have registered, {linked} with a wallet"));
    Ok(())
}

/// Draft, submit, approve, publish: as a campaigner and a reviewer do it.
async fn publish(
    shows: &[shows::Show],
    deployment: &Deployment,
    ground: &Ground,
    seed: u64,
    story: &Story,
) -> anyhow::Result<Vec<Play>> {
    let mut plays = Vec::new();
    for (stream, show) in (stream::CAMPAIGNS..).zip(shows) {
        let owner = &deployment.campaigners[show.owner];
        let mut media = Vec::new();
        if let Some(alt) = show.picture {
            media.push(owner.medium(shows::Show::drawn(), alt).await?);
        }
        let campaign = owner.draft(&show.draft(&media)).await?;
        owner.command(&campaign.id, "submit").await?;
        deployment.reviewer.command(&campaign.id, "approve").await?;
        publish_one(owner, &campaign.id).await?;
        let told = format!("drafted, approved, publishing ({}, {})", campaign.kind, campaign.id);
        story.say(show.name, &told);
        let mut rng = stream_of(seed, stream);
        plays.push(Play::new(show.clone(), owner.clone(), campaign, ground, &mut rng));
    }
    Ok(plays)
}

/// Publishes; asks again while the API says that the ledger is unavailable, which is one of the
/// mishaps.
async fn publish_one(owner: &Api, id: &str) -> anyhow::Result<()> {
    let mut pause = interval(Duration::from_millis(100));
    for _ in 0..30 {
        pause.tick().await;
        let Err(error) = owner.command(id, "publish").await else { return Ok(()) };
        match error.downcast_ref::<Refused>() {
            Some(refused) if refused.code() == "upstream.unavailable" => {}
            _ => return Err(error),
        }
    }
    bail!("the ledger stays unavailable, {id} cannot be published")
}

/// Reads the books, prints them, and says whether all went well.
async fn finish(
    args: &DemoArgs,
    plays: &[Play],
    ground: &Ground,
    contract: AccountId,
    story: &Story,
) -> anyhow::Result<bool> {
    let open: Vec<&Play> = plays.iter().filter(|play| play.view.state != "Closed").collect();
    // Said before the far ends are asked: they may be what is waited for.
    for play in &open {
        story.line(&format!("WRONG: {}", play.waits_for()));
    }
    let campaigns: Vec<Campaign> = plays.iter().map(|play| play.view.clone()).collect();
    let books = timeout(READING, read_books(ground, contract, &campaigns)).await;
    let (found, audit) = books.context("the far ends do not show their books")??;
    let summary = Summary::new(&campaigns, &found, &audit, story.elapsed());
    summary.tell(story);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    }
    tell_mishaps(ground, &found, story).await?;
    let mut wrong = [audit.problems, audit.duplicates].concat();
    if open.is_empty() && found.received_late == 0 {
        wrong.push("nobody who linked a wallet in the claim window was paid".to_owned());
    }
    for problem in &wrong {
        story.line(&format!("WRONG: {problem}"));
    }
    Ok(open.is_empty() && wrong.is_empty())
}

/// What went wrong on purpose, and who was paid late.
async fn tell_mishaps(ground: &Ground, found: &Found, story: &Story) -> anyhow::Result<()> {
    let network = ground.x.faults_left().await?;
    let ledger = ground.hedera.faults_left().await?;
    story.line(&format!(
        "Mishaps on purpose that never came: {network} at the network, {ledger} at the ledger. \
         Copies of a transaction that the ledger refused harmlessly: {}.",
        found.hedera.duplicates_refused
    ));
    let late = ground.people(Wallet::DuringTheClaimWindow).len();
    let received = hbar(found.received_late);
    story.line(&format!("The {late} who linked a wallet late received {received} HBAR."));
    Ok(())
}

/// The books at the far ends. The mirror node lags, so they are read again while they do not
/// agree.
async fn read_books(
    ground: &Ground,
    contract: AccountId,
    campaigns: &[Campaign],
) -> anyhow::Result<(Found, Audit)> {
    let chain = Chain::new(ground.children.mirror, contract.to_string())?;
    let mut looks = interval(Duration::from_millis(100));
    let mut look = 0;
    loop {
        looks.tick().await;
        let found = ground.look(&chain).await?;
        let audit = Audit::of(&found, campaigns);
        look += 1;
        if audit.problems.is_empty() || look == LOOKS_AT_THE_BOOKS {
            return Ok((found, audit));
        }
    }
}

/// Goes on serving until somebody presses Ctrl-C.
async fn serve(deployment: &Deployment, story: &Story) -> anyhow::Result<()> {
    story.line("");
    story.line(&format!("The API goes on answering at {} (Ctrl-C ends it).", deployment.url));
    let keys = [
        ("campaigner", &deployment.campaigners[0]),
        ("campaigner", &deployment.campaigners[1]),
        ("reviewer", &deployment.reviewer),
        ("operator", &deployment.admin),
    ];
    for (role, api) in keys {
        story.line(&format!("  key, {role:<10} {}", api.key()));
    }
    story.line(&format!(
        "  curl -H 'Authorization: Bearer {}' {}/v2/campaigns",
        deployment.reviewer.key(),
        deployment.url
    ));
    asked_to_end().await?;
    Ok(())
}
