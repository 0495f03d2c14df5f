//! A deployment on PostgreSQL and BullMQ, spread over processes, and campaigns that live their whole
//! lives in it. What became of them is counted at the far ends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hashbuzz_db::testing::POSTGRES;
use hashbuzz_outbox::{Clock as _, SystemClock};
use hashbuzz_simulator::api::{Api, Campaign};
use hashbuzz_simulator::books::{Audit, posts_of};
use hashbuzz_simulator::chain::selector;
use hashbuzz_simulator::clock::FastClock;
use hashbuzz_simulator::control::XAct;
use hashbuzz_simulator::life::DEEDS;
use hashbuzz_simulator::place::{Dispatch, Place, Store};
use hashbuzz_simulator::programs::{Environment, Executable};
use hashbuzz_simulator::stage::Stage;
use hashbuzz_simulator::web::Web;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, interval};

use crate::far::client;
use crate::programs::{Program, end_of, run, said, text};

/// How long anything may take that should come about.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So often, until the mirror node shows the end.
const LOOKS_AT_THE_BOOKS: usize = 100;
/// Posts of a whole life: the two of the campaign, the announcement, the last one.
const POSTS: usize = 4;
/// Calls of a whole life, each once.
const CALLS: [&str; 5] = [
    "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)",
    "close(bytes32,bytes32,uint128)",
    "payBatch(bytes32,uint32,bytes32[])",
    "refund(bytes32)",
    "finalise(bytes32)",
];

/// Everything but the processes of the program.
pub(crate) struct Spread {
    stage: Stage,
    place: Place,
    config: PathBuf,
    log: PathBuf,
    engaged: Vec<String>,
    // Last, so that it is removed after the processes that write into it have ended.
    _folder: TempDir,
}

impl Spread {
    /// Lays everything out; `redis` are the lines under `[redis]`.
    pub(crate) async fn lay(redis: &str) -> Self {
        // Whoever comes second finds a provider installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let server = std::env::var(POSTGRES).expect("`cargo xtask test` starts PostgreSQL");
        let store = Store::Postgres(server);
        let place = Place::make(&store, &Dispatch::Embedded, 0, folder.path());
        let place = place.await.expect("a database can be made");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_hashbuzz"));
        let program = Executable::new(program, Environment::new());
        // As fast as the machine's: the program under test knows no other.
        let clock = FastClock::new(SystemClock.now(), 1);
        let stage = Stage::lay(&program, clock, &place, DEEDS.len(), folder.path());
        let stage = stage.await.expect("the stage can be laid");
        let written = std::fs::read_to_string(&stage.config).expect("settings were written");
        let quick = written
            .replace("collect_after_seconds = 2", "collect_after_seconds = 0")
            .replace("track_every_seconds = 5", "track_every_seconds = 1")
            .replace("sweep_every_seconds = 10", "sweep_every_seconds = 2")
            .replace("watch_every_seconds = 10", "watch_every_seconds = 1");
        let config = folder.path().join("bullmq.toml");
        let settings = format!("dispatch = \"bullmq\"\n{quick}\n[redis]\n{redis}\n");
        std::fs::write(&config, settings).expect("the settings can be written");
        let log = folder.path().join("program.log");
        Self { stage, place, config, log, engaged: Vec::new(), _folder: folder }
    }

    /// Starts a process of the program.
    pub(crate) async fn start(&self, line: &str) -> Program {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--config", text(&self.config)]);
        let started = Program::start(&words, &self.log).await;
        started.unwrap_or_else(|why| panic!("it does not start: {why}"))
    }

    /// What the doctor says, and whether all is well.
    pub(crate) async fn doctor(&self) -> (bool, String) {
        let output = run(&["doctor", "--config", text(&self.config)]).await;
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &said(&output);
        (output.status.success(), told)
    }

    /// What all processes have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Publishes so many campaigns, each of 2 HBAR, and returns when that was accepted.
    pub(crate) async fn publish(&self, server: &Program, count: usize, seconds: u32) {
        let (owner, reviewer) = (self.api(server, &self.stage.owner), &self.stage.reviewer);
        let reviewer = self.api(server, reviewer);
        for number in 0..count {
            let draft = json!({
                "name": format!("Story {number}"), "text": format!("Story {number}, told once."),
                "kind": "awareness", "asset": "HBAR", "budget": "2",
                "rates": { "like": "0.1", "repost": "0.2", "quote": "0.3", "reply": "0.4" },
                "duration_seconds": seconds, "claim_window_seconds": 2,
            });
            let id = owner.draft(&draft).await.expect("a draft").id;
            owner.command(&id, "submit").await.expect("submitted");
            reviewer.command(&id, "approve").await.expect("approved");
            owner.command(&id, "publish").await.expect("published");
        }
    }

    /// Goes on until every campaign is as `wanted`; people engage with every post meanwhile.
    pub(crate) async fn until(
        &mut self,
        server: &Program,
        what: &str,
        wanted: impl Fn(&Campaign) -> bool,
    ) {
        let until = Instant::now() + PATIENCE;
        let mut looks = interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            self.engage().await;
            let campaigns = self.campaigns(server).await;
            if campaigns.iter().all(&wanted) {
                return;
            }
            let told = || {
                let steps = campaigns.iter().map(|c| format!("{} {:?}", c.state, c.steps));
                let steps: Vec<String> = steps.collect();
                format!("{what}: {}\n{}", steps.join("\n"), end_of(&self.log))
            };
            assert!(campaigns.iter().all(|campaign| campaign.state != "Stalled"), "{}", told());
            assert!(Instant::now() < until, "{}", told());
        }
    }

    /// How many posts there are at the network.
    pub(crate) async fn posts(&self) -> usize {
        self.stage.far.x.counters(false).await.expect("the network counts").posts.len()
    }

    async fn engage(&mut self) {
        let far = &self.stage.far;
        let posts = far.x.counters(false).await.expect("the network counts").posts;
        for post in posts.iter().filter(|post| post.reply_to.is_none()) {
            if self.engaged.contains(&post.id) {
                continue;
            }
            let at = far.now().micros();
            let acts = far.fans.iter().zip(DEEDS).flat_map(|((fan, _), (kinds, _))| {
                kinds.map(|kind| XAct {
                    at,
                    user: fan.id.clone(),
                    kind,
                    post: post.id.clone(),
                    text: if matches!(kind, "reply" | "quote") { "Well said" } else { "" }
                        .to_owned(),
                })
            });
            far.x.act(&acts.collect::<Vec<_>>()).await.expect("people act");
            self.engaged.push(post.id.clone());
        }
    }

    fn api(&self, server: &Program, key: &SecretString) -> Api {
        let web = Web::new(format!("http://{}", server.address("address")));
        Api::new(web.expect("a client can be built"), key.clone())
    }

    async fn campaigns(&self, server: &Program) -> Vec<Campaign> {
        let listed = self.api(server, &self.stage.owner).get("/v2/campaigns").await;
        let mut listed = listed.expect("the API answers");
        serde_json::from_value(listed["campaigns"].take()).expect("campaigns")
    }

    /// What an operator is told at `path`.
    pub(crate) async fn ops(&self, server: &Program, path: &str) -> Value {
        let told = self.api(server, &self.stage.operator).get(&format!("/v2/ops/{path}")).await;
        told.expect("the API answers")
    }

    /// Everything that was due was done once, and every tinybar is where it should be.
    pub(crate) async fn is_done_once(&self, server: &Program) {
        let campaigns = self.campaigns(server).await;
        let count = campaigns.len();
        let mut looks = interval(LOOK_EVERY);
        for look in 1..=LOOKS_AT_THE_BOOKS {
            looks.tick().await;
            let (found, received) = self.stage.far.look().await.expect("the far ends answer");
            let audit = Audit::of(&found, &campaigns);
            if !audit.problems.is_empty() && look < LOOKS_AT_THE_BOOKS {
                continue;
            }
            assert_eq!(audit.duplicates, Vec::<String>::new());
            assert_eq!(audit.problems, Vec::<String>::new());
            assert!(audit.books.balanced);
            assert_eq!(found.x.posts.len(), POSTS * count);
            assert!(campaigns.iter().all(|campaign| posts_of(&found.x, campaign) == POSTS));
            let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
            for call in &found.hedera.contract_calls {
                *calls.entry(call.selector.as_deref().unwrap_or("none")).or_default() += 1;
            }
            for function in CALLS {
                assert_eq!(calls.get(&*selector(function)), Some(&count), "{function}");
            }
            let times = u64::try_from(count).expect("a few");
            assert_eq!(received, DEEDS.map(|(_, due)| due * times));
            break;
        }
        for path in ["dead-letters", "effects"] {
            let told = self.ops(server, path).await;
            let rows = told
                .as_array()
                .or_else(|| told.as_object()?.values().find_map(|value| value.as_array()));
            assert_eq!(rows.map(Vec::len), Some(0), "{path}: {told}");
        }
        let (well, told) = self.doctor().await;
        assert!(well, "{told}");
    }

    /// Removes what is not in the folder.
    pub(crate) async fn remove(self) {
        self.place.remove().await.expect("the database can be dropped");
    }
}

/// What a server says of itself.
pub(crate) async fn readyz(server: &Program) -> (u16, Value) {
    let url = format!("http://{}/readyz", server.address("address"));
    let answer = client().get(url).send().await.expect("the server answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("a document"))
}

/// Waits until a server says that it is in this state, and returns what it said.
pub(crate) async fn until_it_says(server: &Program, state: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let (status, told) = readyz(server).await;
        assert_eq!(status, 200, "{told}");
        if told["status"] == state {
            return told;
        }
        assert!(Instant::now() < until, "it says {told}");
    }
}
