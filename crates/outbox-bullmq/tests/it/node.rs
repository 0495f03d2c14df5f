//! Queues as every other BullMQ program sees them: a real Node client, from npm.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbuzz_outbox::{Broker, Publication, Queue};
use hashbuzz_outbox_bullmq::BullMq;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use crate::redis::Server;
use crate::rig::{events, publication, receive};

/// Where the client is in the repository.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node");
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "client.mjs"];

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Job {
    queue: String,
    name: String,
    id: String,
    state: String,
    delay: u64,
    data: Value,
}

/// The client's folder under the target folder, installed once for each state of its files.
async fn installed() -> PathBuf {
    let mut hash = Sha256::new();
    for file in FILES {
        hash.update(fs::read(Path::new(SOURCE).join(file)).expect("committed"));
    }
    let digest: String = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bullmq-client-{digest}"));
    fs::create_dir_all(&folder).expect("a folder");
    // Tests run side by side, in processes of their own: one installs, the others wait for it.
    let lock = File::create(folder.join("lock")).expect("a lock");
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
    let lock = lock.await.expect("no panic").expect("locked");
    let done = folder.join("installed");
    if !done.exists() {
        for file in FILES {
            fs::copy(Path::new(SOURCE).join(file), folder.join(file)).expect("copied");
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        let output = npm.output().await.expect("npm can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(&done, "").expect("written");
    }
    drop(lock);
    folder
}

/// What the client says.
async fn client(server: &Server, args: &[&str]) -> Value {
    let folder = installed().await;
    let mut node = Command::new("node");
    node.arg("client.mjs").args(args).current_dir(folder).kill_on_drop(true);
    node.env("REDIS_URL", server.url()).env("PREFIX", "hashbuzz");
    let output = tokio::time::timeout(Duration::from_secs(60), node.output());
    let output = output.await.expect("in time").expect("node can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn list(server: &Server) -> Vec<Job> {
    let args = ["list", "social", "ledger", "closing", "housekeeping"];
    let mut jobs: Vec<Job> =
        serde_json::from_value(client(server, &args).await).expect("a list of jobs");
    jobs.sort_by(|one, other| one.id.cmp(&other.id));
    jobs
}

fn of(event: &str, kind: &str, queue: Queue) -> Publication {
    Publication { kind: kind.into(), queue, ..publication(event) }
}

#[tokio::test]
async fn a_node_client_lists_our_jobs_with_names_states_and_delays() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings().queues(&[Queue::Ledger]));
    let minutes = Duration::from_secs(240);
    let publications = [
        of("e1", "CAMPAIGN_PUBLISH_CONTENT.v1", Queue::Social),
        of("e2", "CAMPAIGN_PAY_BATCH.v1", Queue::Ledger),
        Publication {
            attempt: 2,
            number: 5,
            delay: minutes,
            ..of("e3", "CAMPAIGN_CLOSE_OPERATION.v1", Queue::Closing)
        },
        Publication {
            delay: Duration::from_millis(90_500),
            ..of("e4", "CAMPAIGN_CLEAN_UP.v1", Queue::Housekeeping)
        },
    ];
    broker.publish(&publications).await.expect("published");
    let taken = receive(&broker, 1).await;
    assert_eq!(events(&taken), ["e2"]);

    let seen = list(&server).await;

    let job = |queue: &str, name: &str, id: &str, state: &str, delay: u64| Job {
        queue: queue.into(),
        name: name.into(),
        id: id.into(),
        state: state.into(),
        delay,
        data: json!({ "event": &id[..2], "kind": format!("{name}.v1") }),
    };
    assert_eq!(
        seen,
        [
            job("social", "CAMPAIGN_PUBLISH_CONTENT", "e1-0-1", "waiting", 0),
            job("ledger", "CAMPAIGN_PAY_BATCH", "e2-0-1", "active", 0),
            job("closing", "CAMPAIGN_CLOSE_OPERATION", "e3-2-5", "delayed", 240_000),
            job("housekeeping", "CAMPAIGN_CLEAN_UP", "e4-0-1", "delayed", 90_500),
        ]
    );
    broker.settle(&taken).await.expect("settled");
    let left = list(&server).await;
    assert_eq!(left.len(), 3, "a finished job is gone: {left:?}");
    broker.close().await;
}

#[tokio::test]
async fn a_job_that_a_node_client_adds_by_hand_does_no_harm() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let data = r#"{"event":"no-such-event","kind":"NO_SUCH_KIND.v1"}"#;
    client(&server, &["add", "social", "NO_SUCH_KIND", data]).await;
    client(&server, &["add", "social", "GREETING", r#""hello""#]).await;
    broker.publish(&[publication("e1")]).await.expect("published");

    let deliveries = receive(&broker, 3).await;

    assert_eq!(events(&deliveries), ["e1", "no-such-event"]);
    broker.settle(&deliveries).await.expect("settled");
    assert_eq!(list(&server).await, []);
    broker.publish(&[publication("e2")]).await.expect("published");
    assert_eq!(events(&receive(&broker, 1).await), ["e2"]);
    broker.close().await;
}

#[tokio::test]
async fn a_node_worker_can_take_one_of_our_jobs() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let ours = of("e1", "CAMPAIGN_CLEAN_UP.v1", Queue::Housekeeping);
    broker.publish(&[ours]).await.expect("published");

    let job = client(&server, &["consume", "housekeeping"]).await;

    assert_eq!(
        job,
        json!({
            "name": "CAMPAIGN_CLEAN_UP",
            "id": "e1-0-1",
            "data": { "event": "e1", "kind": "CAMPAIGN_CLEAN_UP.v1" },
        })
    );
    assert_eq!(list(&server).await, [], "and it is removed, as we asked for");
    assert_eq!(broker.receive(1).await.unwrap_or_default(), []);
    broker.close().await;
}
