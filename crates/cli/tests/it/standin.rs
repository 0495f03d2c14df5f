//! The stand-in for X as a program: what it says, how long it stays, and what it keeps.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::far::client;
use crate::programs::{Program, run, said, text};

async fn ask(base: &str, path: &str, token: &str) -> Value {
    let asked = client().get(format!("{base}{path}")).bearer_auth(token).send().await;
    asked.expect("it answers").json().await.expect("in JSON")
}

#[tokio::test]
async fn the_one_line_that_it_says_is_enough_to_use_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["standin", "x", "--json", "--limits", "load", "--users", "2"];
    let x = Program::start(&arguments, &folder.path().join("x.log")).await.expect("it starts");
    let base = x.address("base_url");
    assert_eq!(x.ready["limits"], "load");
    assert_eq!(x.ready["control_url"], format!("{base}/_standin"));
    for key in ["consumer_key", "consumer_secret", "client_id", "client_secret", "bearer_token"] {
        assert!(x.ready["app"][key].is_string(), "{key}");
    }
    let users = x.ready["users"].as_array().expect("users");
    assert_eq!(users.len(), 2);
    for user in users {
        let token = user["oauth2"]["access_token"].as_str().expect("a token");
        let me = ask(&base, "/2/users/me", token).await;
        assert_eq!(
            me["data"],
            json!({ "id": user["id"], "name": user["name"], "username": user["handle"] })
        );
        assert!(user["oauth2"]["refresh_token"].is_string());
        assert!(user["oauth1"]["token"].is_string() && user["oauth1"]["secret"].is_string());
    }
    x.end().await;
}

#[tokio::test]
async fn killed_and_started_again_it_goes_on_from_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (state, log) = (folder.path().join("x.json"), folder.path().join("x.log"));
    let arguments = ["standin", "x", "--json", "--state", text(&state)];
    let first = Program::start(&arguments, &log).await.expect("it starts");
    let users = first.ready["users"].clone();
    first.kill_after(Duration::ZERO).await.expect("it was running");
    let second = Program::start(&arguments, &log).await.expect("it starts again");
    assert_eq!(second.ready["users"], users);
    second.end().await;

    std::fs::write(&state, "nonsense").expect("the file can be written");
    let refused = run(&arguments).await;
    assert!(!refused.status.success());
    assert!(said(&refused).contains("x.json cannot be read"), "{}", said(&refused));
}

#[tokio::test]
async fn it_ends_with_a_pipe_and_not_with_an_empty_input() {
    let mut held = Command::new(env!("CARGO_BIN_EXE_hashbuzz"))
        .args(["standin", "x", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    drop(held.stdin.take());
    assert!(held.wait().await.expect("it is our child").success());

    let mut alone = Command::new(env!("CARGO_BIN_EXE_hashbuzz"))
        .args(["standin", "x"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let output = alone.stdout.take().expect("it was piped");
    let line = BufReader::new(output).lines().next_line().await.expect("it can be read");
    let line = line.expect("it says something");
    let base = line.split_whitespace().find(|word| word.starts_with("http")).expect("an address");
    let base = base.trim_end_matches(',');
    for _ in 0..3 {
        assert_eq!(ask(base, "/2/users/me", "").await["title"], "Unauthorized");
    }
    assert!(alone.try_wait().expect("it is our child").is_none(), "it stays");
}
