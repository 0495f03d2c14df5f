//! What goes wrong on purpose, as its client sees it.

use hashbuzz_standin_x::{Clock, Config, start};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Person, Scene};

async fn try_to_publish(scene: &Scene, person: &Person, text: &str) -> Result<u16, reqwest::Error> {
    let body = Some(json!({ "text": text }));
    let answer = scene.ask(Method::POST, "/2/tweets", &person.token, body).await?;
    Ok(answer.status)
}

fn published(counters: &Value) -> usize {
    counters["posts"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_dropped_answer_is_a_broken_connection_and_the_post_exists() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.control("faults", json!({ "on": "/2/tweets", "kind": "drop_after_apply" })).await;
    let error = try_to_publish(&scene, &ann, "unheard").await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");

    let counters = scene.counters().await;
    assert_eq!(published(&counters), 1);
    assert!(
        counters["requests"]
            .as_array()
            .unwrap()
            .contains(&json!({ "route": "create_post", "status": "dropped", "count": 1 }))
    );
    let again = try_to_publish(&scene, &ann, "unheard").await.unwrap();
    assert_eq!(again, 403, "it strikes once, and the text is a duplicate now");
}

#[tokio::test]
async fn a_dropped_request_is_a_broken_connection_and_nothing_else() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let fault = json!({ "on": "create_post", "kind": "drop_before_apply", "times": 2 });
    scene.control("faults", fault).await;
    for _ in 0..2 {
        assert!(try_to_publish(&scene, &ann, "lost").await.is_err());
    }
    assert_eq!(published(&scene.counters().await), 0);
    assert_eq!(try_to_publish(&scene, &ann, "lost").await.unwrap(), 201);
}

#[tokio::test]
async fn a_cut_line_is_reset_without_a_single_byte() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.control("faults", json!({ "kind": "drop_after_apply" })).await;
    let mut line = TcpStream::connect(scene.running.address).await.unwrap();
    let request = format!(
        "GET /2/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        ann.token
    );
    line.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let error = line.read_to_end(&mut received).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(received.is_empty());
}

#[tokio::test]
async fn a_status_may_come_instead_of_the_effect_or_in_spite_of_it() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene
        .control(
            "faults",
            json!([
                { "method": "POST", "kind": "status", "status": 500 },
                { "method": "POST", "kind": "status_after_apply", "status": 503 },
                { "method": "POST", "kind": "html_error" },
                { "method": "POST", "kind": "status", "status": 402 },
            ]),
        )
        .await;
    let mut seen = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        seen.push(try_to_publish(&scene, &ann, text).await.unwrap());
    }
    assert_eq!(seen, [500, 503, 503, 402, 201]);
    let counters = scene.counters().await;
    let texts: Vec<_> = counters["posts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| post["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["b", "e"]);
}

#[tokio::test]
async fn a_page_of_html_comes_from_somewhere_else() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.control("faults", json!({ "kind": "html_error" })).await;
    let answer = scene.get("/2/users/me", &ann.token).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.as_str().unwrap().contains("<html>"));
    assert!(!answer.headers.contains_key("x-rate-limit-remaining"));
}

#[tokio::test]
async fn a_scripted_429_says_when_to_come_back() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let fault = json!({ "on": "me", "kind": "status", "status": 429, "retry_after_secs": 42 });
    scene.control("faults", fault).await;
    let answer = scene.get("/2/users/me", &ann.token).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("x-rate-limit-remaining"), 0);
    assert_eq!(answer.header("x-rate-limit-reset"), scene.seconds() + 42);
}

#[tokio::test]
async fn a_scripted_429_may_mean_the_day_and_not_the_window() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    for day in ["user", "app"] {
        let fault = json!({
            "on": "create_post", "kind": "status", "status": 429,
            "used_up": format!("{day}_day"), "retry_after_secs": 5000,
        });
        scene.control("faults", fault).await;
        let answer = scene.post("/2/tweets", &ann.token, json!({ "text": day })).await;
        assert_eq!(answer.status, 429);
        assert!(answer.header("x-rate-limit-remaining") > 90, "this one looks open");
        let header = |what: &str| answer.header(&format!("x-{day}-limit-24hour-{what}"));
        assert_eq!((header("remaining"), header("reset")), (0, scene.seconds() + 5000));
    }
}

#[tokio::test]
async fn a_delay_follows_the_stand_ins_clock() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let fault = json!({ "on": "create_post", "kind": "delay_after_apply", "delay_ms": 60_000 });
    scene.control("faults", fault).await;
    let body = Some(json!({ "text": "slow" }));
    let ask = scene.ask(Method::POST, "/2/tweets", &ann.token, body);
    let meanwhile = async {
        while published(&scene.counters().await) == 0 {
            tokio::task::yield_now().await;
        }
        scene.pass(60);
    };
    let (answer, ()) = tokio::join!(ask, meanwhile);
    assert_eq!(answer.unwrap().status, 201);
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_undo_what_it_asked_for() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let fault = json!({ "on": "create_post", "kind": "delay_ms", "delay_ms": 60_000 });
    scene.control("faults", fault).await;
    let body = json!({ "text": "too late" }).to_string();
    let request = format!(
        "POST /2/tweets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ann.token,
        body.len()
    );
    let mut line = TcpStream::connect(scene.running.address).await.unwrap();
    line.write_all(request.as_bytes()).await.unwrap();
    // The fault is taken when the request has been read.
    let faults = format!("{}/_standin/faults", scene.running.url());
    loop {
        let waiting = scene.client.get(&faults).send().await.unwrap();
        if waiting.json::<Value>().await.unwrap()["waiting"] == json!([]) {
            break;
        }
    }
    drop(line);
    assert_eq!(published(&scene.counters().await), 0);
    scene.pass(60);
    while published(&scene.counters().await) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_repeated_page_shows_the_rows_before_it_and_loses_none() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "again and again").await;
    for fan in scene.crowd("fan", 25).await {
        scene.act(&fan, "repost", &id, "").await;
    }
    scene.control("faults", json!({ "on": "retweeted_by", "kind": "duplicate_page" })).await;
    let path = format!("/2/tweets/{id}/retweeted_by?max_results=10");
    let mut pages = vec![scene.get(&path, &ann.token).await];
    while let Some(next) = pages.last().unwrap().next() {
        let path = format!("{path}&pagination_token={next}");
        pages.push(scene.get(&path, &ann.token).await);
    }
    assert_eq!(pages.iter().map(|page| page.ids().len()).collect::<Vec<_>>(), [10, 10, 10, 5]);
    assert_eq!(pages[0].ids(), pages[1].ids());
    let all: std::collections::BTreeSet<_> = pages.iter().flat_map(|page| page.ids()).collect();
    assert_eq!(all.len(), 25);
}

#[tokio::test]
async fn half_a_body_is_a_status_and_a_broken_line() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.control("faults", json!({ "on": "create_post", "kind": "half_body" })).await;
    let body = json!({ "text": "half heard" });
    let mut line = TcpStream::connect(scene.running.address).await.unwrap();
    let request = format!(
        "POST /2/tweets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ann.token,
        body.to_string().len()
    );
    line.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let _reset = line.read_to_end(&mut received).await;
    let received = String::from_utf8(received).unwrap();
    assert!(received.starts_with("HTTP/1.1 201 "), "{received}");
    let (head, part) = received.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(part.len(), length.parse::<usize>().unwrap() / 2);
    assert_eq!(published(&scene.counters().await), 1, "and the post exists");
}

#[tokio::test]
async fn a_list_may_lag_behind_its_count_and_leave_rows_out() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "count and list").await;
    scene.set(json!({ "list_delay_ms": 60_000 })).await;
    for fan in scene.crowd("fan", 40).await {
        scene.act(&fan, "repost", &id, "").await;
        scene.act(&fan, "like", &id, "").await;
    }
    let path = format!("/2/tweets/{id}?tweet.fields=public_metrics");
    let metrics = scene.get(&path, &ann.token).await.body["data"]["public_metrics"].clone();
    assert_eq!((&metrics["retweet_count"], &metrics["like_count"]), (&json!(40), &json!(40)));
    let lists = ["retweeted_by", "retweets", "liking_users"];
    let lengths = || async {
        let mut lengths = Vec::new();
        for list in lists {
            let path = format!("/2/tweets/{id}/{list}?max_results=100");
            lengths.push(scene.get(&path, &ann.token).await.ids().len());
        }
        lengths
    };
    assert_eq!(lengths().await, [0, 0, 0]);
    scene.pass(60);
    assert_eq!(lengths().await, [40, 40, 40]);
    scene.control("faults", json!({ "kind": "missing_rows", "times": 3 })).await;
    let short = lengths().await;
    assert!(short.iter().all(|length| (20..40).contains(length)), "{short:?}");
    assert_eq!(lengths().await, [40, 40, 40], "they were only left out");
}

#[tokio::test]
async fn the_token_of_a_page_may_expire_on_command() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "three pages").await;
    for fan in scene.crowd("fan", 3).await {
        scene.act(&fan, "repost", &id, "").await;
    }
    let path = format!("/2/tweets/{id}/retweeted_by?max_results=1");
    scene.control("faults", json!({ "kind": "expired_token" })).await;
    let first = scene.get(&path, &ann.token).await;
    let path = format!("{path}&pagination_token={}", first.next().unwrap());
    let statuses = [scene.get(&path, &ann.token).await, scene.get(&path, &ann.token).await];
    assert_eq!(statuses.map(|answer| answer.status), [400, 200]);
}

#[tokio::test]
async fn faults_can_skip_and_be_cleared() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let fault = json!({ "on": "me", "kind": "status", "status": 503, "skip": 1, "times": 5 });
    scene.control("faults", fault).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(scene.get("/2/users/me", &ann.token).await.status);
    }
    assert_eq!(seen, [200, 503, 503]);
    let address = format!("{}/_standin/faults", scene.running.url());
    scene.client.delete(address).send().await.unwrap();
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let run = |seed: u64| async move {
        let scene = Scene::new().await;
        let ann = scene.person("ann").await;
        let probability = json!({ "status": 0.3, "drop_after_apply": 0.2, "html_error": 0.0 });
        let chance = json!({ "seed": seed, "on": "posts_by_ids", "probability": probability });
        let address = format!("{}/_standin/faults/random", scene.running.url());
        scene.client.put(address).json(&chance).send().await.unwrap();
        let mut seen = Vec::new();
        for _ in 0..60 {
            let answer = scene.ask(Method::GET, "/2/tweets?ids=1", &ann.token, None).await;
            seen.push(answer.map_or(0, |answer| answer.status));
        }
        seen
    };
    let (first, second, other) = tokio::join!(run(1), run(1), run(2));
    assert_eq!(first, second);
    assert_ne!(first, other);
    for outcome in [0, 200, 503] {
        assert!(first.contains(&outcome), "{first:?}");
    }
}

#[tokio::test]
async fn a_stopped_stand_in_lets_go_of_its_address() {
    let clock = Clock::manual(0);
    let running = start(Config::new(clock.clone())).await.unwrap();
    let address = running.address;
    running.shutdown().await;
    let again = start(Config { listen: address, ..Config::new(clock) }).await.unwrap();
    assert_eq!(again.address, address);
}
