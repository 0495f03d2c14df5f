//! What may be published.

use hashbuzz_standin_x::Config;
use serde_json::{Value, json};

use crate::scene::Scene;

#[tokio::test]
async fn a_post_is_answered_with_201_and_an_id_that_knows_its_time() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let answer = scene.post("/2/tweets", &ann.token, json!({ "text": " hello \n" })).await;
    assert_eq!(answer.status, 201);
    let data = &answer.body["data"];
    let id = data["id"].as_str().unwrap();
    assert_eq!(data["text"], "hello");
    assert_eq!(data["edit_history_tweet_ids"], json!([id]));
    let millis = (id.parse::<i64>().unwrap() >> 22) + 1_288_834_974_657;
    assert_eq!(millis, scene.seconds() * 1000);
}

#[tokio::test]
async fn a_body_that_the_specification_does_not_describe_is_refused() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    for (body, message) in [
        (json!({ "text": "x", "idempotency_key": "1" }), "$.idempotency_key: is not defined"),
        (json!({ "text": 5 }), "$.text: number found, string expected"),
        (json!({ "text": "" }), "$.text: is missing"),
        (json!({}), "$.text: is missing"),
        (json!({ "text": "x", "reply": {} }), "$.reply.in_reply_to_tweet_id: is missing"),
        (json!({ "text": "x", "reply": { "in_reply_to_tweet_id": "abc" } }), "regex pattern"),
        (json!({ "text": "x", "reply": { "to": "1" } }), "$.reply.to: is not defined"),
        (json!({ "text": "x", "reply_settings": "nobody" }), "enumeration"),
        (json!({ "text": "x", "media": { "media_ids": ["1"] } }), "Your media IDs are invalid."),
    ] {
        let answer = scene.post("/2/tweets", &ann.token, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        let given = answer.body["errors"][0]["message"].as_str().unwrap();
        assert!(given.contains(message), "{body}: {given}");
        assert!(answer.body["type"].as_str().unwrap().ends_with("/invalid-request"));
    }
    assert_eq!(scene.counters().await["posts"], json!([]));
}

#[tokio::test]
async fn a_text_may_weigh_280_and_no_more() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let link = format!("https://example.com/{}", "p".repeat(400));
    let heaviest = [
        "a".repeat(280),
        "é".repeat(280),
        "日".repeat(140),
        "👨‍👩‍👧‍👦".repeat(140),
        format!("{} {link}", "b".repeat(256)),
    ];
    for text in heaviest {
        scene.publish(&ann, &text).await;
        let answer =
            scene.post("/2/tweets", &ann.token, json!({ "text": format!("{text}x") })).await;
        // What is glued to the end of a link becomes part of the link.
        let expected = if text.ends_with('p') { 201 } else { 403 };
        assert_eq!(answer.status, expected, "{text}");
    }
    let answer = scene.post("/2/tweets", &ann.token, json!({ "text": "$HBAR and $BTC" })).await;
    assert!(answer.detail().contains("maximum of one cashtag"));
}

#[tokio::test]
async fn links_are_replaced_and_three_characters_escaped() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "a < b & c: https://hashbuzz.example/x?a=1&b=2 > d").await;
    let answer = scene.get(&format!("/2/tweets/{id}?tweet.fields=entities"), &ann.token).await;
    let data = &answer.body["data"];
    let text = data["text"].as_str().unwrap();
    assert!(text.starts_with("a &lt; b &amp; c: https://t.co/"), "{text}");
    let link = &data["entities"]["urls"][0];
    assert_eq!(link["expanded_url"], "https://hashbuzz.example/x?a=1&b=2");
    assert!(text.ends_with(&format!("{} &gt; d", link["url"].as_str().unwrap())), "{text}");
}

#[tokio::test]
async fn the_same_text_twice_is_refused_while_the_first_is_there_and_young() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let first = scene.publish(&ann, "Buy \u{e9}clairs").await;
    let again = || scene.post("/2/tweets", &ann.token, json!({ "text": "Buy e\u{301}clairs  " }));
    let answer = again().await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body,
        json!({
            "detail": "You are not allowed to create a Tweet with duplicate content.",
            "title": "Forbidden", "type": "about:blank", "status": 403,
        })
    );
    scene.publish(&bob, "Buy \u{e9}clairs").await;
    scene.pass(24 * 3600);
    assert_eq!(again().await.status, 403);
    scene.pass(1);
    assert_eq!(again().await.status, 201, "the first is no longer recent");

    let counters = scene.counters().await;
    assert_eq!(counters["duplicates_refused"], 2);
    let groups = counters["duplicate_posts"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "and the books know that it is public twice");
    assert_eq!(groups[0]["ids"][0], first.as_str());
    assert_eq!(groups[0]["ids"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn without_the_refusal_a_duplicate_is_published_and_counted() {
    let scene = Scene::with(|config| Config { refuse_duplicates: false, ..config }).await;
    let ann = scene.person("ann").await;
    let first = scene.publish(&ann, "twice").await;
    scene.delete(&format!("/2/tweets/{first}"), &ann.token).await;
    scene.publish(&ann, "twice").await;
    scene.publish(&ann, "once").await;
    let counters = scene.counters().await;
    let groups = counters["duplicate_posts"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "deleting one does not undo that it was public twice");
    assert_eq!(groups[0]["text"], "twice");
}

#[tokio::test]
async fn one_may_answer_oneself_and_whoever_spoke_to_one() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let own = scene.publish(&ann, "first post").await;
    let reply = |target: &str| {
        let text = format!("answer {}", scene.turn());
        json!({ "text": text, "reply": { "in_reply_to_tweet_id": target } })
    };
    let answer = scene.post("/2/tweets", &ann.token, reply(&own)).await;
    assert_eq!(answer.status, 201);
    assert!(answer.body["data"]["text"].as_str().unwrap().starts_with("answer"));

    let strange = scene.act(&bob, "post", "", "something else").await;
    let answer = scene.post("/2/tweets", &ann.token, reply(&strange)).await;
    assert_eq!(answer.status, 403);
    assert!(answer.detail().starts_with("Reply to this conversation is not allowed"));

    let named = scene.act(&bob, "post", "", "what do you think, @Ann?").await;
    let quoted = scene.act(&bob, "quote", &own, "look at this").await;
    for target in [named, quoted] {
        let answer = scene.post("/2/tweets", &ann.token, reply(&target)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let text = answer.body["data"]["text"].as_str().unwrap();
        assert!(text.starts_with("@bob "), "{text}");
    }
    let answer = scene.post("/2/tweets", &ann.token, reply("12345")).await;
    assert_eq!(answer.status, 403);
    let body = json!({ "text": "mine", "quote_tweet_id": own });
    let answer = scene.post("/2/tweets", &ann.token, body).await;
    assert!(answer.detail().starts_with("Quoting this post is not allowed"));
}

#[tokio::test]
async fn only_its_author_deletes_a_post_and_then_it_is_gone() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let id = scene.publish(&ann, "short-lived").await;
    scene.act(&bob, "repost", &id, "").await;
    let path = format!("/2/tweets/{id}");
    assert_eq!(scene.delete(&path, &bob.token).await.status, 403);
    let answer = scene.delete(&path, &ann.token).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "data": { "deleted": true } })));
    assert_eq!(scene.delete(&path, &ann.token).await.status, 404);

    let answer = scene.get(&path, &ann.token).await;
    assert_eq!((answer.status, &answer.body["data"]), (200, &Value::Null));
    assert!(answer.body["errors"][0]["type"].as_str().unwrap().ends_with("/resource-not-found"));
    let timeline = scene.get(&format!("/2/users/{}/tweets", bob.id), &bob.token).await;
    assert_eq!(timeline.body, json!({ "meta": { "result_count": 0 } }), "reposts go with it");
    assert_eq!(scene.counters().await["posts"][0]["deleted"], true);
}
