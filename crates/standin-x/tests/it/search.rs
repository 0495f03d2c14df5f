//! Recent search: operators, and its two edges in time.

use serde_json::json;

use crate::media::{mp4, png, upload};
use crate::scene::{Answer, Scene};

async fn search(scene: &Scene, query: &str, more: &str, token: &str) -> Answer {
    let mut address = reqwest::Url::parse(&scene.running.url()).unwrap();
    address.set_path("/2/tweets/search/recent");
    address.query_pairs_mut().append_pair("query", query);
    let path = format!("{}?{}{more}", address.path(), address.query().unwrap());
    scene.get(&path, token).await
}

#[tokio::test]
async fn operators_find_what_they_name() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let cat = scene.person("cat").await;
    let root = scene.publish(&ann, "The campaign #hashbuzz starts").await;
    let reply = scene.act(&bob, "reply", &root, "Count me in").await;
    let nested = scene.act(&cat, "reply", &reply, "me too, see https://example.com").await;
    let quote = scene.act(&bob, "quote", &root, "read this @cat").await;
    let repost = scene.act(&cat, "repost", &root, "").await;
    let aside = scene.act(&cat, "post", "", "count sheep").await;
    scene.pass(30);
    for (query, expected) in [
        (format!("conversation_id:{root}"), vec![&nested, &reply, &root]),
        (format!("conversation_id:{root} is:reply"), vec![&nested, &reply]),
        (format!("conversation_id:{root} -from:ann -from:cat"), vec![&reply]),
        (format!("in_reply_to_tweet_id:{root}"), vec![&reply]),
        (format!("quotes_of_tweet_id:{root}"), vec![&quote]),
        (format!("retweets_of_tweet_id:{root}"), vec![&repost]),
        ("from:bob".into(), vec![&quote, &reply]),
        ("from:@BOB is:quote".into(), vec![&quote]),
        ("to:bob".into(), vec![&nested]),
        ("count".into(), vec![&aside, &reply]),
        ("\"count me\"".into(), vec![&reply]),
        ("#HashBuzz -is:retweet".into(), vec![&root]),
        ("@cat".into(), vec![&quote]),
        ("me has:links".into(), vec![&nested]),
        ("campaign".into(), vec![&root]),
        ("count OR campaign".into(), vec![&aside, &reply, &root]),
        ("(count OR campaign) from:cat".into(), vec![&aside]),
        ("count from:cat OR campaign".into(), vec![&aside, &root]),
        (
            format!("in_reply_to_tweet_id:{root} OR in_reply_to_tweet_id:{reply}"),
            vec![&nested, &reply],
        ),
        ("\"OR\" OR \"too, see\"".into(), vec![&nested]),
        ("nothing".into(), vec![]),
    ] {
        let answer = search(&scene, &query, "", &ann.token).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(answer.ids(), expected, "{query}");
    }
}

#[tokio::test]
async fn operators_know_media_and_counts() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "media_processing_ms": 0 })).await;
    let picture = upload(&scene, &ann, ("image/png", "tweet_image"), &png(64)).await;
    let film = upload(&scene, &ann, ("video/mp4", "tweet_video"), &mp4(64)).await;
    let mut ids = Vec::new();
    for media in [picture, film] {
        let body = json!({ "text": "look", "media": { "media_ids": [media] } });
        let answer = scene.post("/2/tweets", &ann.token, body).await;
        ids.push(answer.body["data"]["id"].as_str().unwrap().to_owned());
    }
    let plain = scene.publish(&ann, "look here").await;
    for fan in scene.crowd("fan", 2).await {
        scene.act(&fan, "like", &plain, "").await;
        scene.act(&fan, "repost", &ids[1], "").await;
        scene.act(&fan, "reply", &ids[0], "seen").await;
    }
    scene.pass(30);
    for (query, expected) in [
        ("look has:media", vec![&ids[1], &ids[0]]),
        ("look has:images", vec![&ids[0]]),
        ("look has:videos", vec![&ids[1]]),
        ("look -has:media", vec![&plain]),
        ("look min_likes:2", vec![&plain]),
        ("look min_likes:3", vec![]),
        ("look min_reposts:1", vec![&ids[1]]),
        ("look (min_replies:2 OR min_likes:1)", vec![&plain, &ids[0]]),
    ] {
        let answer = search(&scene, query, "", &ann.token).await;
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(answer.ids(), expected, "{query}");
    }
    assert_eq!(search(&scene, "look min_likes:many", "", &ann.token).await.status, 400);
    assert_eq!(search(&scene, "min_likes:1", "", &ann.token).await.status, 400);
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let long = "x".repeat(513);
    for query in [
        "",
        "is:reply",
        "-cat",
        "a OR",
        "OR a",
        "a OR is:reply",
        "(a b",
        "a b)",
        "()",
        "-(a b)",
        "\"a",
        "a -",
        "colour:red",
        "is:blue",
        "conversation_id:abc",
        long.as_str(),
    ] {
        assert_eq!(search(&scene, query, "", &ann.token).await.status, 400, "{query}");
    }
    let nothing = scene.get("/2/tweets/search/recent", &ann.token).await;
    assert_eq!(nothing.status, 400);
    for more in [
        "&max_results=9",
        "&max_results=101",
        "&end_time=2026-03-01T11:59:51Z",
        "&start_time=2026-02-22T11:59:59Z",
        "&start_time=yesterday",
        "&since_id=1",
    ] {
        assert_eq!(search(&scene, "x", more, &ann.token).await.status, 400, "{more}");
    }
}

#[tokio::test]
async fn what_is_younger_than_30_seconds_or_older_than_7_days_is_not_found() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "find me").await;
    let found = || async { search(&scene, "from:ann", "", &ann.token).await.ids().len() };
    scene.pass(29);
    assert_eq!(found().await, 0);
    scene.pass(1);
    assert_eq!(found().await, 1);
    scene.pass(7 * 24 * 3600 - 30);
    assert_eq!(found().await, 1);
    scene.pass(1);
    assert_eq!(found().await, 0);
    let late = search(&scene, "from:ann", &format!("&since_id={id}"), &ann.token).await;
    assert_eq!(late.status, 400, "nor can one start behind the edge");
    let lookup = scene.get(&format!("/2/tweets?ids={id}"), &ann.token).await;
    assert_eq!(lookup.ids(), [id], "looking it up still works");
}

#[tokio::test]
async fn posts_are_counted_by_the_minute_the_hour_and_the_day() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    for n in 0..3 {
        scene.publish(&ann, &format!("count {n}")).await;
        scene.pass(1800);
    }
    let bearer = scene.app("bearer_token");
    let count = |more: &'static str| {
        let path = format!("/2/tweets/counts/recent?query=count{more}");
        let scene = &scene;
        async move { scene.get(&path, bearer).await.body }
    };
    let by_hour = count("&start_time=2026-03-01T11:30:00Z").await;
    let row = |start: &str, end: &str, count: u64| {
        let at = |time: &str| format!("2026-03-01T{time}:00.000Z");
        json!({ "start": at(start), "end": at(end), "tweet_count": count })
    };
    let rows = by_hour["data"].as_array().unwrap();
    assert_eq!(rows[..2], [row("11:30", "12:00", 0), row("12:00", "13:00", 2)]);
    assert_eq!((rows.len(), &rows[2]["tweet_count"]), (3, &json!(1)));
    assert_eq!(by_hour["meta"], json!({ "total_tweet_count": 3 }));
    assert_eq!(count("&granularity=day").await["data"].as_array().unwrap().len(), 8);
    let by_minute = count("&granularity=minute&start_time=2026-03-01T13:20:00Z").await;
    assert_eq!(by_minute["data"].as_array().unwrap().len(), 10);
    for wrong in ["&granularity=week", "&max_results=10", "%20OR"] {
        let path = format!("/2/tweets/counts/recent?query=count{wrong}");
        assert_eq!(scene.get(&path, bearer).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn results_come_in_pages_and_can_be_cut_by_time() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let root = scene.publish(&ann, "talk to me").await;
    let fans = scene.crowd("fan", 25).await;
    for (n, fan) in fans.iter().enumerate() {
        scene.act(fan, "reply", &root, &format!("answer {n}")).await;
        scene.pass(60);
    }
    let query = format!("in_reply_to_tweet_id:{root}");
    let mut seen = Vec::new();
    let mut more = "&max_results=10".to_owned();
    loop {
        let page = search(&scene, &query, &more, &ann.token).await;
        seen.extend(page.ids());
        let Some(next) = page.next() else { break };
        more = format!("&max_results=10&next_token={next}");
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|newer, older| newer > older));

    let more = "&max_results=100&start_time=2026-03-01T12:10:00Z&end_time=2026-03-01T12:12:00Z";
    let page = search(&scene, &query, more, &ann.token).await;
    assert_eq!(page.ids().len(), 2);
    assert_eq!(page.body["meta"]["result_count"], json!(2));
}
