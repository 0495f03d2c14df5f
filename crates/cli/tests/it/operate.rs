//! What an operator types: `events`, `dead-letters`, `effects`, against a server.

use std::process::Output;

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, Sql as _, values};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::deployment::Deployment;
use crate::programs::{Program, run_unread, run_with, said, text};

/// A server, and somebody who types.
struct Terminal {
    place: TestDb,
    deployment: Deployment,
    server: Program,
}

impl Terminal {
    async fn new(place: TestDb) -> Self {
        let deployment = Deployment::lay(place.url(), 1, 1_000_000_000, 1).await;
        let server = deployment.serve().await;
        Self { place, deployment, server }
    }

    async fn types(&self, line: &str) -> Output {
        let api = format!("http://{}", self.server.address("address"));
        let key = self.deployment.operator.expose_secret();
        let words: Vec<&str> = line.split(' ').collect();
        run_with(&words, &[("HASHBUZZ_API", &api), ("HASHBUZZ_API_KEY", key)]).await
    }

    /// The answer to a line that has to work, as a program reads it.
    async fn json(&self, line: &str) -> Value {
        let output = self.types(&format!("{line} --json")).await;
        assert!(output.status.success(), "{line}: {}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The answer to a line that has to work, as a person reads it.
    async fn reads(&self, line: &str) -> String {
        let output = self.types(line).await;
        assert!(output.status.success(), "{line}: {}", said(&output));
        printed(&output)
    }

    /// The code and the words of a line that has to be refused.
    async fn refused(&self, line: &str) -> (i32, String) {
        let output = self.types(line).await;
        assert!(output.stdout.is_empty(), "{line}: {}", printed(&output));
        (output.status.code().expect("it ended"), said(&output))
    }

    /// Three events that gave up, two of them for one reason.
    async fn dead(&self) {
        let db = Db::open(self.place.url()).await.expect("the database opens");
        for (id, error) in [
            ("dead-1", "X answered 503 for 12"),
            ("dead-2", "X answered 503 for 7"),
            ("dead-3", "refused\u{1b}[2J"),
        ] {
            let tx = db.begin().await.expect("begun");
            tx.exec(
                "INSERT INTO event (id, kind, queue, lane, payload, due_at, rank, state, attempt, \
                 last_error, created_at) VALUES ($1, 'BOOKS_CHECK.v1', 'housekeeping', \
                 'housekeeping/', '{}', 1, 1, 'dead', 20, $2, 1)",
                values![id, error],
            )
            .await
            .expect("a row can be laid out");
            tx.commit().await.expect("committed");
        }
        db.close().await.expect("the database closes");
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_retries_discards_and_pauses_from_the_command_line() {
    let terminal = Terminal::new(TestDb::sqlite()).await;
    terminal.dead().await;

    looks(&terminal).await;
    retries(&terminal).await;
    discards_and_pauses(&terminal).await;
    effects(&terminal).await;
}

async fn looks(terminal: &Terminal) {
    let answer = terminal.json("events list --state dead").await;
    let ids: Vec<&str> = answer["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|event| event["id"].as_str())
        .collect();
    assert_eq!(ids, ["dead-3", "dead-2", "dead-1"]);
    let table = terminal.reads("events list --state dead --older-than 1d --error refused").await;
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.starts_with("ID") && table.contains("dead-3"), "{table}");
    assert!(!table.contains('\u{1b}'), "a terminal would obey that");
    let page = terminal.reads("events list --state dead --limit 1").await;
    assert!(page.ends_with("more: --cursor dead-3\n"), "{page}");

    let clean_up = terminal.json("events list --kind HOUSEKEEPING_CLEAN_UP.v1 --state deferred");
    let clean_up = clean_up.await["events"][0]["id"].as_str().expect("it comes again").to_owned();
    let why = terminal.reads(&format!("events why {clean_up}")).await;
    assert!(why.starts_with("scheduled for 20"), "{why}");
    let why = terminal.json("events why dead-1").await;
    assert_eq!(why["code"], "dead");
    let shown = terminal.reads("events show dead-1").await;
    assert!(shown.contains("X answered 503 for 12") && shown.contains("why"), "{shown}");
    let (code, words) = terminal.refused("events show nobody").await;
    assert_eq!(code, 4, "{words}");

    let groups = terminal.json("dead-letters list").await;
    assert_eq!(groups["groups"][0]["count"], 2, "{groups}");
    let table = terminal.reads("dead-letters list").await;
    assert_eq!(table.lines().count(), 3, "{table}");
}

async fn retries(terminal: &Terminal) {
    let groups = terminal.json("dead-letters list").await;
    let group = groups["groups"][0]["group"].as_str().expect("its name").to_owned();
    let dry = terminal.json(&format!("dead-letters retry {group}")).await;
    assert_eq!((&dry["dry_run"], &dry["matched"]), (&json!(true), &json!(2)));
    let words = terminal.reads("events retry-matching --kind BOOKS_CHECK.v1").await;
    assert!(words.starts_with("3 events match; nothing was changed"), "{words}");
    let left = terminal.json("events list --state dead").await;
    assert_eq!(left["events"].as_array().expect("a list").len(), 3);

    let done = terminal.json(&format!("dead-letters retry {group} --yes --limit 1")).await;
    assert_eq!((&done["retried"], &done["skipped"]), (&json!(1), &json!(0)));
    let words = terminal.reads("events retry-matching --error 503 --yes").await;
    assert_eq!(words, "of 1 events, 1 run now, and 0 stay as they are\n");
    let words = terminal.reads("events retry dead-3").await;
    assert_eq!(words, "BOOKS_CHECK.v1 dead-3 runs now\n");
    let left = terminal.json("events list --state dead").await;
    assert_eq!(left["events"], json!([]));
}

async fn discards_and_pauses(terminal: &Terminal) {
    let words = terminal.reads("events pause queue closing --reason moving").await;
    assert_eq!(words, "the queue closing is paused\n");
    assert!(terminal.reads("events pauses").await.contains("moving"));
    assert_eq!(terminal.json("events pauses").await[0]["name"], "closing");
    assert_eq!(terminal.reads("events resume queue closing").await, "the queue closing goes on\n");
    let (code, _) = terminal.refused("events resume queue closing").await;
    assert_eq!(code, 4);
    let (code, words) = terminal.refused("events pause kind NOTHING --reason moving").await;
    assert_eq!(code, 1);
    assert!(words.contains("known are") && words.contains("request.malformed"), "{words}");

    let clean_up = terminal.json("events list --kind HOUSEKEEPING_CLEAN_UP.v1 --state deferred");
    let clean_up = clean_up.await["events"][0]["id"].as_str().expect("it comes again").to_owned();
    let line = format!("events discard {clean_up} --reason tried");
    assert_eq!(terminal.reads(&line).await, format!("{clean_up} was set aside\n"));
    assert_eq!(terminal.reads(&format!("events why {clean_up}")).await.matches("tried").count(), 1);
}

async fn effects(terminal: &Terminal) {
    assert_eq!(terminal.json("effects list --state any").await["effects"], json!([]));
    let (code, words) = terminal.refused("effects decide nobody --not-done --reason looked").await;
    assert_eq!(code, 1);
    assert!(words.contains("effect.decided"), "{words}");
    for line in [
        "effects decide nobody --reason looked",
        "effects decide nobody --not-done --remote-id 7 --reason looked",
        "events discard nobody",
        "events pause campaign x --reason y",
        "events list --older-than soon",
    ] {
        assert_eq!(terminal.refused(line).await.0, 2, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_comes_from_a_file_or_the_environment_and_errors_say_what_to_do() {
    let terminal = Terminal::new(TestDb::sqlite()).await;
    let api = format!("http://{}", terminal.server.address("address"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{}\n", terminal.deployment.operator.expose_secret()))
        .expect("the key can be written");
    let line = ["events", "pauses", "--api", &api];

    let with_file = [&line[..], &["--api-key-file", text(&file)]].concat();
    let output = run_with(&with_file, &[]).await;
    assert!(output.status.success(), "{}", said(&output));

    let reviewer = terminal.deployment.reviewer.expose_secret();
    let gone = folder.path().join("gone");
    let nobody = ["events", "pauses", "--api", "http://127.0.0.1:1"];
    let nonsense = ["events", "pauses", "--api", "localhost"];
    let no_file = [&line[..], &["--api-key-file", text(&gone)]].concat();
    for (line, variables, code, words) in [
        (&line[..], vec![], 2, "HASHBUZZ_API_KEY"),
        (&line[..], vec![("HASHBUZZ_API_KEY", " ")], 2, "HASHBUZZ_API_KEY"),
        (&line[..], vec![("HASHBUZZ_API_KEY", "hb_wrong")], 1, "auth.required"),
        (&line[..], vec![("HASHBUZZ_API_KEY", reviewer)], 1, "operator"),
        (&no_file[..], vec![], 2, "gone"),
        (&nobody[..], vec![("HASHBUZZ_API_KEY", "hb_x")], 3, "hashbuzz serve"),
        (&nonsense[..], vec![("HASHBUZZ_API_KEY", "hb_x")], 2, "http://127.0.0.1:8080"),
    ] {
        let output = run_with(line, &variables).await;
        assert_eq!(output.status.code(), Some(code), "{line:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{line:?}: {}", said(&output));
        for (_, key) in variables.iter().filter(|(_, key)| key.starts_with("hb_")) {
            assert!(!said(&output).contains(key), "the key was shown: {}", said(&output));
        }
    }
}

#[tokio::test]
async fn a_command_that_nobody_reads_to_its_end_says_nothing_about_it() {
    let ended = run_unread(&["vault-key"]).await;
    assert_eq!(said(&ended), "");
    assert!(!ended.status.success(), "{ended:?}");
}
