//! Which fields are there, under which names.

use serde_json::{Value, json};

use crate::scene::Scene;

#[tokio::test]
async fn only_the_default_fields_come_unasked() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "plain").await;
    let post = scene.get(&format!("/2/tweets/{id}"), &ann.token).await.body;
    let expected = json!({ "id": id, "text": "plain", "edit_history_tweet_ids": [id] });
    assert_eq!(post, json!({ "data": expected }));
    let posts = scene.get(&format!("/2/tweets?ids={id}"), &ann.token).await.body;
    assert_eq!(posts, json!({ "data": [expected] }));
    let me = scene.get("/2/users/me", &ann.token).await.body;
    assert_eq!(me, json!({ "data": { "id": ann.id, "name": "ann", "username": "ann" } }));
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    for path in [
        "/2/users/me?user.fields=age",
        "/2/tweets?ids=1&tweet.fields=likes",
        "/2/tweets?ids=1&expansions=author",
        "/2/tweets?ids=1&fields=id",
        "/2/tweets?ids=1&media.fields=colour",
        "/2/tweets?ids=1&poll.fields=colour",
        "/2/tweets?ids=1&expansions=most_recent_tweet_id",
        "/2/users/me?expansions=author_id",
        "/2/tweets/1/quote_tweets?exclude=likes",
        "/2/tweets/search/recent?query=x&sort_order=size",
        "/2/tweets/search/recent?query=x&start_time=2026-03-01T11:00:00Z&end_time=2026-03-01T10:00:00Z",
        "/2/tweets?ids=",
        "/2/tweets",
        "/2/tweets?ids=x",
    ] {
        assert_eq!(scene.get(path, &ann.token).await.status, 400, "{path}");
    }
    let ids = |count: usize| vec!["1"; count].join(",");
    let many = scene.get(&format!("/2/tweets?ids={}", ids(101)), &ann.token).await;
    assert_eq!(many.status, 400);
    let most = scene.get(&format!("/2/tweets?ids={}", ids(100)), &ann.token).await;
    assert_eq!(most.status, 200);
}

#[tokio::test]
async fn counts_follow_what_people_do_and_undo() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "count me").await;
    let crowd = scene.crowd("fan", 6).await;
    for fan in &crowd {
        scene.act(fan, "like", &id, "").await;
        scene.act(fan, "like", &id, "").await;
    }
    for fan in &crowd[..4] {
        scene.act(fan, "repost", &id, "").await;
    }
    let quote = scene.act(&crowd[0], "quote", &id, "so good").await;
    scene.act(&crowd[1], "quote", &id, "so bad").await;
    let reply = scene.act(&crowd[0], "reply", &id, "yes").await;
    scene.act(&crowd[1], "reply", &reply, "no").await;
    let metrics = || async {
        let path = format!("/2/tweets?ids={id}&tweet.fields=public_metrics");
        let body = scene.get(&path, &ann.token).await.body;
        let metrics = &body["data"][0]["public_metrics"];
        ["like_count", "retweet_count", "quote_count", "reply_count"]
            .map(|name| metrics[name].as_u64().unwrap())
    };
    assert_eq!(metrics().await, [6, 4, 2, 1]);
    scene.act(&crowd[0], "unlike", &id, "").await;
    scene.act(&crowd[0], "unrepost", &id, "").await;
    scene.act(&crowd[0], "delete", &quote, "").await;
    scene.act(&crowd[0], "delete", &reply, "").await;
    assert_eq!(metrics().await, [5, 3, 1, 0]);

    scene.set(json!({ "enterprise": true })).await;
    let own = scene
        .post(
            &format!("/2/users/{}/likes", crowd[0].id),
            &crowd[0].token,
            json!({ "tweet_id": id }),
        )
        .await;
    assert_eq!(own.body, json!({ "data": { "liked": true } }));
    let path = format!("/2/users/{}/retweets", crowd[0].id);
    let own = scene.post(&path, &crowd[0].token, json!({ "tweet_id": id })).await;
    assert_eq!(own.body["data"]["retweeted"], true);
    assert_eq!(metrics().await, [6, 4, 1, 0]);
    let foreign = scene.post(&path, &crowd[1].token, json!({ "tweet_id": id })).await;
    assert_eq!(foreign.status, 400, "nobody acts for somebody else");
    scene.delete(&format!("{path}/{id}"), &crowd[0].token).await;
    scene.delete(&format!("/2/users/{}/likes/{id}", crowd[0].id), &crowd[0].token).await;
    assert_eq!(metrics().await, [5, 3, 1, 0]);
}

#[tokio::test]
async fn authors_come_along_when_asked_for() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let bob = json!({
        "handle": "bob", "name": "Bob B", "created_at": "2020-05-01T00:00:00Z", "followers": 12,
        "following": 7, "posts": 40, "default_avatar": true, "bio": "plumber",
    });
    let bob = scene.person_with(bob).await;
    let id = scene.publish(&ann, "ask me").await;
    let quote = scene.act(&bob, "quote", &id, "asking").await;
    let path = format!(
        "/2/tweets?ids={quote}&expansions=author_id,referenced_tweets.id&tweet.fields=created_at,\
         conversation_id&user.fields=created_at,public_metrics,profile_image_url,description"
    );
    let body = scene.get(&path, &ann.token).await.body;
    let post = &body["data"][0];
    assert_eq!(post["author_id"], bob.id.as_str());
    assert_eq!(post["created_at"], "2026-03-01T12:00:00.000Z");
    assert_eq!(post["referenced_tweets"], json!([{ "type": "quoted", "id": id }]));
    assert_eq!(body["includes"]["tweets"][0]["id"], id.as_str());
    let user = &body["includes"]["users"][0];
    assert_eq!(user["created_at"], "2020-05-01T00:00:00.000Z");
    assert_eq!(user["description"], "plumber");
    assert_eq!(user["public_metrics"]["followers_count"], 12);
    assert_eq!(user["public_metrics"]["tweet_count"], 41);
    assert!(user["profile_image_url"].as_str().unwrap().contains("default_profile_images"));
}

#[tokio::test]
async fn what_is_referred_to_comes_along_unless_it_is_gone_or_hidden() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let shy = scene.person_with(json!({ "handle": "shy", "protected": true })).await;
    let (open, gone) = (scene.publish(&ann, "open").await, scene.publish(&ann, "gone").await);
    let hidden = scene.act(&shy, "post", "", "hidden").await;
    let mut quotes = Vec::new();
    for target in [&open, &gone, &hidden] {
        quotes.push(scene.act(&ann, "quote", target, "look").await);
    }
    scene.delete(&format!("/2/tweets/{gone}"), &ann.token).await;
    let expansions = "expansions=referenced_tweets.id,referenced_tweets.id.author_id";
    let path = format!("/2/tweets?ids={},5&{expansions}", quotes.join(","));
    let body = scene.get(&path, &ann.token).await.body;
    assert_eq!(body["data"].as_array().unwrap().len(), 3);
    let ids = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&body["includes"]["tweets"]), std::slice::from_ref(&open));
    assert_eq!(ids(&body["includes"]["users"]), std::slice::from_ref(&ann.id));
    let errors = body["errors"].as_array().unwrap().iter();
    let named: Vec<_> = errors.map(|error| (&error["parameter"], &error["value"])).collect();
    let referred = json!("referenced_tweets.id");
    let expected = [(&referred, &json!(gone)), (&referred, &json!(hidden))];
    assert_eq!(named[..2], expected);
    assert_eq!(named[2], (&json!("ids"), &json!("5")));
}

#[tokio::test]
async fn the_latest_post_of_a_person_comes_along_when_asked_for() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let path = "/2/users/me?expansions=most_recent_tweet_id";
    assert!(scene.get(path, &ann.token).await.body.get("includes").is_none());
    scene.publish(&ann, "first").await;
    let latest = scene.publish(&ann, "latest").await;
    let body = scene.get(path, &ann.token).await.body;
    assert_eq!(body["data"]["most_recent_tweet_id"], latest.as_str());
    assert_eq!(body["includes"]["tweets"][0]["text"], "latest");
    let path = "/2/users/by?usernames=ann&expansions=most_recent_tweet_id";
    let body = scene.get(path, &ann.token).await.body;
    assert_eq!(body["includes"]["tweets"][0]["id"], latest.as_str());
}

#[tokio::test]
async fn both_vocabularies_are_understood_and_one_is_spoken() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "names").await;
    let reply = scene.act(&ann, "reply", &id, "more names").await;
    let ask = |fields: &str| scene_path(&reply, fields);
    let old = ask("tweet.fields=public_metrics,referenced_tweets");
    let new = ask("post.fields=public_metrics,referenced_posts");
    let spoken = |body: &Value| {
        let metrics = &body["data"][0]["public_metrics"];
        (
            metrics.get("retweet_count").is_some(),
            metrics.get("repost_count").is_some(),
            body["data"][0].get("referenced_tweets").is_some(),
            body["data"][0].get("referenced_posts").is_some(),
        )
    };
    for path in [&old, &new] {
        let answer = scene.get(path, &ann.token).await;
        assert_eq!(spoken(&answer.body), (true, false, true, false));
        assert_eq!(answer.headers["api-version"], "2.166");
    }
    scene.set(json!({ "vocabulary": "post" })).await;
    for path in [&old, &new] {
        let answer = scene.get(path, &ann.token).await;
        assert_eq!(spoken(&answer.body), (false, true, false, true));
        assert!(answer.body["data"][0].get("edit_history_post_ids").is_some());
    }
    let me = scene.get("/2/users/me?user.fields=public_metrics", &ann.token).await.body;
    assert_eq!(me["data"]["public_metrics"]["post_count"], 2);
    let problem = scene.get("/2/tweets?ids=x", &ann.token).await.body;
    assert!(problem["type"].as_str().unwrap().starts_with("https://api.x.com/"));
}

fn scene_path(id: &str, fields: &str) -> String {
    format!("/2/tweets?ids={id}&{fields}")
}

#[tokio::test]
async fn what_cannot_be_had_is_named_beside_what_can() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let shy = json!({ "handle": "shy", "protected": true, "token_lifetime_secs": 0 });
    let shy = scene.person_with(shy).await;
    let (open, gone) = (scene.publish(&ann, "open").await, scene.publish(&ann, "gone").await);
    let hidden = scene.publish(&shy, "hidden").await;
    scene.delete(&format!("/2/tweets/{gone}"), &ann.token).await;
    let path = format!("/2/tweets?ids={open},{gone},{hidden}");
    let answer = scene.get(&path, &ann.token).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.ids(), std::slice::from_ref(&open));
    let titles: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["value"].as_str().unwrap(), error["title"].as_str().unwrap()))
        .collect();
    assert_eq!(
        titles,
        [(gone.as_str(), "Not Found Error"), (hidden.as_str(), "Authorization Error")]
    );
    assert_eq!(scene.get(&path, &shy.token).await.ids(), [open, hidden], "but to oneself");

    let users = scene.get(&format!("/2/users?ids={},999", ann.id), &ann.token).await;
    assert_eq!(users.ids(), [ann.id]);
    assert_eq!(users.body["errors"][0]["resource_type"], "user");
}
