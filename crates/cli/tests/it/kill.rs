//! `kill -9` of the server at random moments while twenty campaigns publish.
//!
//! Posts and contract calls are counted at the stand-ins: the network counts what it was made to
//! publish, the ledger what reached consensus. A campaign that the server calls Running proves
//! nothing here; two posts at the network would.
//!
//! `HASHBUZZ_KILL_SEED` repeats a plan: the moments of the kills, when each campaign is published,
//! and which answers are lost. What the kills hit still depends on the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_domain::CampaignId;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};

use crate::api::{Answer, Api, Lost};
use crate::deployment::{Campaigner, Deployment};
use crate::far::Post;
use crate::programs::{Program, end_of};

on_both_databases!(twenty_campaigns_survive_kill_nine_while_they_publish);

const CAMPAIGNERS: usize = 5;
const CAMPAIGNS: usize = 20;
/// At least; more where the machine is so slow that too few fell where they hurt.
const KILLS: usize = 15;
const MOST_KILLS: usize = 45;
/// Of these must fall between the first post and the last, or the test shows nothing.
const KILLS_AT_WORK: usize = 8;
/// Publish requests are sent until this life of the server, counted from 0.
const LAST_PUBLISH: usize = 10;
/// 100 HBAR: twice what four campaigns cost. Money that the contract has taken counts twice until
/// our books have seen that, and a publish in that moment is refused for lack of balance.
const DEPOSIT: u64 = 10_000_000_000;
/// A post that was never sent after its intent was stored is proven absent within a minute.
const UNTIL_RUNNING: Duration = Duration::from_secs(150);
const QUIET: Duration = Duration::from_secs(3);
const CREATE: &str = "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)";

/// What is drawn from the seed.
struct Plan {
    /// How long each life of the server lasts.
    lives: Vec<Duration>,
    /// For each campaign the life in which it is published, and how long after its begin.
    publishes: Vec<(usize, Duration)>,
    x_faults: Value,
    hedera_faults: Value,
}

impl Plan {
    fn draw(seed: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let mut between = |from, to| Duration::from_millis(rng.random_range(from..=to));
        let lives = (0..MOST_KILLS).map(|_| between(20, 800)).collect();
        let waits: Vec<Duration> = (0..CAMPAIGNS).map(|_| between(0, 300)).collect();
        let publish = |wait| (rng.random_range(0..=LAST_PUBLISH), wait);
        let publishes = waits.into_iter().map(publish).collect();
        let mut post = |kind: &str| {
            let skip = rng.random_range(0..10);
            json!({ "on": "create_post", "method": "POST", "kind": kind, "skip": skip })
        };
        let x_faults = json!([
            post("drop_after_apply"),
            post("drop_after_apply"),
            post("drop_after_apply"),
            post("status_after_apply"),
            { "on": "timeline", "kind": "status", "status": 503, "times": 2 },
        ]);
        let hedera_faults = json!([
            { "on": "submit", "kind": "drop_after_apply", "times": 3, "match": "ContractCall" },
            { "on": "submit", "kind": "busy", "times": 2, "match": "ContractCall" },
            { "on": "mirror", "kind": "status_503", "times": 3, "match": "/contracts/call" },
            { "on": "mirror", "kind": "status_503", "times": 2, "match": "/contracts/results/" },
        ]);
        Self { lives, publishes, x_faults, hedera_faults }
    }
}

/// Which life the server is in, and where it answers.
#[derive(Clone)]
struct Life {
    number: usize,
    address: String,
}

/// A campaign and its owner.
struct Campaign<'a> {
    id: String,
    text: String,
    owner: &'a Campaigner,
}

/// How the publish requests fared.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    requests: usize,
    answers_lost: usize,
    /// Accepted by a request whose answer was lost, as the next one said.
    accepted_unheard: usize,
}

/// What had happened at the far ends when the server was killed.
#[derive(Clone, Copy, Debug)]
struct Kill {
    after: Duration,
    posts: usize,
    funded: usize,
}

async fn twenty_campaigns_survive_kill_nine_while_they_publish(place: TestDb) {
    let seed = seed();
    println!("HASHBUZZ_KILL_SEED={seed}");
    let began = Instant::now();
    let plan = Plan::draw(seed);
    let deployment = Deployment::lay(place.url(), CAMPAIGNERS, DEPOSIT, seed).await;
    let server = deployment.serve().await;
    let campaigns = approved(&deployment, &server.address("address")).await;
    deployment.far.break_x(plan.x_faults.clone()).await;
    deployment.far.break_hedera(plan.hedera_faults.clone()).await;

    let life = Life { number: 0, address: server.address("address") };
    let (now, seen) = watch::channel(life);
    let (kills, sent) = tokio::join!(
        kill_again_and_again(&deployment, server, &plan.lives, &now),
        publish_all(&campaigns, &plan.publishes, &seen)
    );
    let (server, kills) = kills;
    let last_kill = Instant::now();
    until_all_run(&deployment, &campaigns, &server.address("address")).await;
    let recovery = last_kill.elapsed();
    // Once more when all is done: a server that finds nothing to do must do nothing.
    server.kill_after(Duration::ZERO).await.expect("it was running");
    let server = deployment.serve().await;
    let quiet = timeout(QUIET, std::future::pending::<()>()).await;
    assert!(quiet.is_err());

    let at_work = at_work(&kills);
    for kill in &kills {
        println!("kill after {:?}: {} posts, {} funded", kill.after, kill.posts, kill.funded);
    }
    println!(
        "{} kills ({at_work} between first and last post), {sent:?}, all run {recovery:?} after \
         the last kill, {:?} in all",
        kills.len() + 1,
        began.elapsed()
    );
    count(&deployment, &campaigns, &server.address("address")).await;
    assert!(kills.len() >= KILLS);
    assert!(at_work >= KILLS_AT_WORK, "too few kills fell while campaigns published");
}

/// How many fell between the first post and the last.
fn at_work(kills: &[Kill]) -> usize {
    kills.iter().filter(|kill| (1..2 * CAMPAIGNS).contains(&kill.posts)).count()
}

fn seed() -> u64 {
    match std::env::var("HASHBUZZ_KILL_SEED") {
        Ok(seed) => seed.parse().expect("HASHBUZZ_KILL_SEED is a number"),
        Err(_) => 20,
    }
}

/// Four campaigns of each campaigner, drafted, submitted and approved.
async fn approved<'a>(deployment: &'a Deployment, address: &str) -> Vec<Campaign<'a>> {
    let api = Api::new();
    let mut campaigns = Vec::new();
    for number in 0..CAMPAIGNS {
        let owner = &deployment.campaigners[number % CAMPAIGNERS];
        let text = format!("Story number {number} of a brand that keeps talking");
        let draft = json!({
            "name": format!("Story {number}"),
            "text": text,
            "kind": "awareness",
            "budget": "10",
            "rates": { "like": "0.1", "reply": "0.2" },
            "duration_seconds": 3_600,
            "claim_window_seconds": 3_600,
        });
        let post = async |path: &str, key: &SecretString, body| {
            api.must(Method::POST, address, path, key, body).await
        };
        let created = post("/v2/campaigns", &owner.key, Some(&draft)).await;
        let id = created["id"].as_str().expect("a campaign has an id").to_owned();
        post(&format!("/v2/campaigns/{id}/submit"), &owner.key, None).await;
        post(&format!("/v2/campaigns/{id}/approve"), &deployment.reviewer, None).await;
        campaigns.push(Campaign { id, text, owner });
    }
    campaigns
}

/// Kills the server after each of `lives` and starts it again; returns the one that lives on.
async fn kill_again_and_again(
    deployment: &Deployment,
    mut server: Program,
    lives: &[Duration],
    now: &watch::Sender<Life>,
) -> (Program, Vec<Kill>) {
    let mut kills: Vec<Kill> = Vec::new();
    for (number, after) in lives.iter().copied().enumerate() {
        if kills.len() >= KILLS && at_work(&kills) >= KILLS_AT_WORK {
            break;
        }
        if let Err(why) = server.kill_after(after).await {
            panic!("{why}\n{}", end_of(&deployment.log));
        }
        // Counted while nobody is there who could act.
        let x = deployment.far.x_counters().await;
        let hedera = deployment.far.hedera_counters().await;
        let (posts, funded) = (x.posts.len(), hedera.calls(CREATE).len());
        kills.push(Kill { after, posts, funded });
        server = deployment.serve().await;
        now.send_replace(Life { number: number + 1, address: server.address("address") });
    }
    (server, kills)
}

/// Publishes every campaign when its time has come, all side by side.
async fn publish_all(
    campaigns: &[Campaign<'_>],
    publishes: &[(usize, Duration)],
    seen: &watch::Receiver<Life>,
) -> Sent {
    let api = Api::new();
    let one = async |(campaign, (life, wait)): (&Campaign<'_>, &(usize, Duration))| {
        let mut seen = seen.clone();
        let reached = seen.wait_for(|now| now.number >= *life).await;
        drop(reached.expect("the server is started again"));
        let waited = timeout(*wait, std::future::pending::<()>()).await;
        assert!(waited.is_err());
        publish(&api, campaign, &mut seen).await
    };
    let all = futures::future::join_all(campaigns.iter().zip(publishes).map(one)).await;
    all.into_iter().fold(Sent::default(), |sum, sent| Sent {
        requests: sum.requests + sent.requests,
        answers_lost: sum.answers_lost + sent.answers_lost,
        accepted_unheard: sum.accepted_unheard + sent.accepted_unheard,
    })
}

/// Sends until there is an answer that accepts it.
async fn publish(api: &Api, campaign: &Campaign<'_>, seen: &mut watch::Receiver<Life>) -> Sent {
    let path = format!("/v2/campaigns/{}/publish", campaign.id);
    let mut sent = Sent::default();
    let mut pause = interval(Duration::from_millis(50));
    while sent.requests < 1_000 {
        pause.tick().await;
        let address = seen.borrow_and_update().address.clone();
        sent.requests += 1;
        match api.ask(Method::POST, &address, &path, &campaign.owner.key, None).await {
            Ok(Answer { status: 202, .. }) => return sent,
            Ok(answer) if answer.code() == "campaign.already_publishing" => {
                assert!(sent.answers_lost > 0, "nobody had asked before: {answer:?}");
                sent.accepted_unheard += 1;
                return sent;
            }
            // The ledger's script, not ours.
            Ok(answer) if answer.code() == "upstream.unavailable" => {}
            Ok(answer) => panic!("{path}: {answer:?}"),
            Err(Lost) => {
                sent.answers_lost += 1;
                // The last life is never killed, so a lost answer is followed by another life.
                let next = timeout(Duration::from_secs(30), seen.changed()).await;
                next.expect("the server is started again").expect("somebody starts it");
            }
        }
    }
    panic!("{path} is never accepted")
}

async fn look(deployment: &Deployment, campaign: &Campaign<'_>, address: &str) -> Value {
    let path = format!("/v2/campaigns/{}", campaign.id);
    let asked = Api::new().ask(Method::GET, address, &path, &campaign.owner.key, None).await;
    match asked {
        Ok(Answer { status: 200, body }) => body,
        other => panic!("{path}: {other:?}\n{}", end_of(&deployment.log)),
    }
}

/// Returns when every campaign is Running. Nothing may stall: every fault heals by itself.
async fn until_all_run(deployment: &Deployment, campaigns: &[Campaign<'_>], address: &str) {
    let until = Instant::now() + UNTIL_RUNNING;
    let mut looks = interval(Duration::from_millis(500));
    loop {
        looks.tick().await;
        let mut missing = Vec::new();
        for campaign in campaigns {
            let view = look(deployment, campaign, address).await;
            let told = format!("{} {}: {}", campaign.id, view["state"], view["steps"]);
            match view["state"].as_str() {
                Some("Running") => {}
                Some("Publishing") => missing.push(told),
                _ => panic!("{told}\n{}\n{}", view["stalled"], end_of(&deployment.log)),
            }
        }
        if missing.is_empty() {
            return;
        }
        assert!(
            Instant::now() < until,
            "not Running:\n{}\n{}",
            missing.join("\n"),
            end_of(&deployment.log)
        );
    }
}

/// Counts at the far ends, and compares with what the API says.
async fn count(deployment: &Deployment, campaigns: &[Campaign<'_>], address: &str) {
    let x = deployment.far.x_counters().await;
    let hedera = deployment.far.hedera_counters().await;
    let calls = hedera.calls(CREATE);
    println!(
        "{} posts, {} duplicate groups; {} createCampaign calls, {} refused as duplicates before \
         consensus; faults: {} struck at the ledger, {} lines left; network: {}",
        x.posts.len(),
        x.duplicate_posts.len(),
        calls.len(),
        hedera.duplicates_refused,
        hedera.faults_fired,
        deployment.far.faults_left().await,
        x.requests
    );
    assert_eq!(x.duplicate_posts, Vec::<Value>::new());
    assert_eq!(x.posts.len(), 2 * CAMPAIGNS, "{:?}", x.posts);
    for campaign in campaigns {
        let view = look(deployment, campaign, address).await;
        posted_once(campaign, &view, &x.posts);
    }

    assert!(calls.iter().all(|call| call.result == "SUCCESS"), "{calls:?}");
    assert_eq!(calls.len(), CAMPAIGNS, "{calls:?}");
    let funded: BTreeSet<String> =
        calls.iter().filter_map(|call| call.first_argument.clone()).collect();
    let expected: BTreeSet<String> = campaigns.iter().map(|campaign| key(&campaign.id)).collect();
    assert_eq!(funded, expected);
}

/// The first post stands alone, the second replies to it, both are the owner's, and the API names
/// exactly these.
fn posted_once(campaign: &Campaign<'_>, view: &Value, posts: &[Post]) {
    let first: Vec<&Post> = posts.iter().filter(|post| post.text == campaign.text).collect();
    let [first] = first[..] else { panic!("{} was posted as {first:?}", campaign.id) };
    assert_eq!(first.reply_to, None);
    let replies = posts.iter().filter(|post| post.reply_to.as_ref() == Some(&first.id));
    let replies: Vec<&Post> = replies.collect();
    let [second] = replies[..] else { panic!("{} is continued as {replies:?}", campaign.id) };
    for post in [first, second] {
        assert_eq!(post.author, campaign.owner.profile);
        assert!(!post.deleted);
    }
    let named = |step: &str, post: &Post| (step.to_owned(), post.id.clone());
    let ours: BTreeMap<String, String> = [named("post_1", first), named("post_2", second)].into();
    let told = view["posts"].as_array().expect("a list of posts").iter();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told: BTreeMap<String, String> =
        told.map(|post| (word(&post["step"]), word(&post["id"]))).collect();
    assert_eq!(told, ours);
}

/// The campaign's key in the contract.
fn key(id: &str) -> String {
    hex::encode(id.parse::<CampaignId>().expect("a campaign's id").contract_key())
}
