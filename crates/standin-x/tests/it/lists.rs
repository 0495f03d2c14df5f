//! Lists: paging, caps, and what they leave out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::scene::{Answer, Person, Scene};

/// Reads a list to its end; each page's ids.
async fn pages(scene: &Scene, path: &str, token: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let page = following(scene, path, token, next.as_deref()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        pages.push(page.ids());
        next = page.next().map(str::to_owned);
        if next.is_none() {
            return pages;
        }
    }
}

async fn following(scene: &Scene, path: &str, token: &str, next: Option<&str>) -> Answer {
    let page = next.map_or(String::new(), |next| format!("&pagination_token={next}"));
    scene.get(&format!("{path}{page}"), token).await
}

async fn like_all(scene: &Scene, fans: &[Person], post: &str, kind: &str) {
    let acts: Vec<Value> =
        fans.iter().map(|fan| json!({ "user": fan.id, "kind": kind, "post": post })).collect();
    scene.control("acts", json!(acts)).await;
}

#[tokio::test]
async fn reposters_come_newest_first_and_page_by_page() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "spread this").await;
    let fans = scene.crowd("fan", 25).await;
    like_all(&scene, &fans, &id, "repost").await;
    let path = format!("/2/tweets/{id}/retweeted_by?max_results=10");
    let pages = pages(&scene, &path, &ann.token).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    let expected: Vec<String> = fans.iter().rev().map(|fan| fan.id.clone()).collect();
    assert_eq!(pages.concat(), expected);

    let posts = scene.get(&format!("/2/tweets/{id}/retweets"), &ann.token).await;
    assert_eq!(posts.ids().len(), 25);
    let text = posts.body["data"][0]["text"].as_str().unwrap();
    assert_eq!(text, "RT @ann: spread this");
}

#[tokio::test]
async fn an_empty_list_has_no_data() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "alone").await;
    for list in ["liking_users", "retweeted_by", "retweets", "quote_tweets"] {
        let answer = scene.get(&format!("/2/tweets/{id}/{list}"), &ann.token).await;
        assert_eq!(answer.body, json!({ "meta": { "result_count": 0 } }), "{list}");
    }
}

#[tokio::test]
async fn likers_are_for_the_author_only_and_at_most_a_hundred_ever() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let id = scene.publish(&ann, "like this").await;
    let fans = scene.crowd("fan", 130).await;
    like_all(&scene, &fans, &id, "like").await;
    let path = format!("/2/tweets/{id}/liking_users?max_results=40");

    let refused = scene.get(&path, &bob.token).await;
    assert_eq!(refused.status, 403);
    let kind = refused.body["type"].as_str().unwrap();
    assert!(kind.ends_with("/not-authorized-for-resource"));

    let listed = || async { pages(&scene, &path, &ann.token).await };
    let shown = listed().await;
    assert_eq!(shown.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 20]);
    like_all(&scene, &fans[..30], &id, "unlike").await;
    assert_eq!(listed().await.concat().len(), 70, "nobody moves up into a place that was left");
    let path = format!("/2/tweets/{id}?tweet.fields=public_metrics");
    let metrics = scene.get(&path, &ann.token).await.body["data"]["public_metrics"].clone();
    assert_eq!(metrics["like_count"], 100);
}

#[tokio::test]
async fn lists_leave_out_protected_and_suspended_people_that_are_counted() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "who is there").await;
    let mut fans = scene.crowd("fan", 3).await;
    let shy = json!({ "handle": "shy", "protected": true });
    fans.push(scene.person_with(shy).await);
    for kind in ["like", "repost"] {
        like_all(&scene, &fans, &id, kind).await;
    }
    scene.control("suspend", json!({ "user": "fan1" })).await;
    for list in ["liking_users", "retweeted_by"] {
        let path = format!("/2/tweets/{id}/{list}?max_results=1");
        let pages = pages(&scene, &path, &ann.token).await;
        let lengths: Vec<usize> = pages.iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 1, 0, 1], "an empty page is not the last: {list}");
    }
    let path = format!("/2/tweets/{id}?tweet.fields=public_metrics");
    let metrics = scene.get(&path, &ann.token).await.body["data"]["public_metrics"].clone();
    assert_eq!((&metrics["like_count"], &metrics["retweet_count"]), (&json!(4), &json!(4)));
}

#[tokio::test]
async fn a_growing_list_shows_rows_twice_and_a_shrinking_one_skips_none() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "busy").await;
    let fans = scene.crowd("fan", 30).await;
    let path = format!("/2/tweets/{id}/retweeted_by?max_results=10");
    like_all(&scene, &fans[..20], &id, "repost").await;

    let first = scene.get(&path, &ann.token).await;
    like_all(&scene, &fans[20..23], &id, "repost").await;
    let second = following(&scene, &path, &ann.token, first.next()).await;
    let twice: BTreeSet<_> = first.ids().into_iter().collect();
    let again = second.ids().into_iter().filter(|id| twice.contains(id)).count();
    assert_eq!(again, 3);

    let first = scene.get(&path, &ann.token).await;
    like_all(&scene, &fans[15..23], &id, "unrepost").await;
    let mut seen: BTreeSet<_> = first.ids().into_iter().collect();
    let mut next = first.next().map(str::to_owned);
    while let Some(token) = next {
        let page = following(&scene, &path, &ann.token, Some(&token)).await;
        seen.extend(page.ids());
        next = page.next().map(str::to_owned);
    }
    assert!(fans[..15].iter().all(|fan| seen.contains(&fan.id)), "whoever stayed was shown");
}

#[tokio::test]
async fn page_tokens_belong_to_one_list_and_may_expire() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let (id, other) = (scene.publish(&ann, "one").await, scene.publish(&ann, "two").await);
    let fans = scene.crowd("fan", 3).await;
    for post in [&id, &other] {
        like_all(&scene, &fans, post, "repost").await;
    }
    let path = |post: &str| format!("/2/tweets/{post}/retweeted_by?max_results=1");
    let first = scene.get(&path(&id), &ann.token).await;
    for (post, token) in [(&other, first.next().unwrap()), (&id, "made-up"), (&id, "")] {
        let answer = following(&scene, &path(post), &ann.token, Some(token)).await;
        assert_eq!(answer.status, 400, "{token}");
    }
    let other_list = format!("/2/tweets/{id}/retweets?max_results=1");
    assert_eq!(following(&scene, &other_list, &ann.token, first.next()).await.status, 400);
    scene.set(json!({ "page_token_lifetime_secs": 60 })).await;
    scene.pass(59);
    assert_eq!(following(&scene, &path(&id), &ann.token, first.next()).await.status, 200);
    scene.pass(1);
    assert_eq!(following(&scene, &path(&id), &ann.token, first.next()).await.status, 400);
}

#[tokio::test]
async fn quotes_know_no_times_and_no_small_pages() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "quote me").await;
    let fans = scene.crowd("fan", 12).await;
    for (n, fan) in fans.iter().enumerate() {
        scene.act(fan, "quote", &id, &format!("quote {n}")).await;
    }
    let path = format!("/2/tweets/{id}/quote_tweets");
    let pages = pages(&scene, &format!("{path}?max_results=10"), &ann.token).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 2]);
    for wrong in ["end_time=2026-03-01T00:00:00Z", "max_results=9", "max_results=101"] {
        let answer = scene.get(&format!("{path}?{wrong}"), &ann.token).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let text = scene.get(&path, &ann.token).await.body["data"][0]["text"].clone();
    assert!(text.as_str().unwrap().starts_with("quote 11 https://t.co/"));
}

#[tokio::test]
async fn a_timeline_can_be_cut_by_ids_and_times() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(scene.publish(&ann, &format!("post {n}")).await);
        scene.pass(60);
    }
    let get = |query: String| {
        let path = format!("/2/users/{}/tweets?{query}", ann.id);
        let token = ann.token.clone();
        let scene = &scene;
        async move { scene.get(&path, &token).await }
    };
    let newest: Vec<String> = ids.iter().rev().take(10).cloned().collect();
    let answer = get(String::new()).await;
    assert_eq!(answer.ids(), newest);
    assert_eq!(answer.body["meta"]["newest_id"], ids[11].as_str());
    assert_eq!(answer.body["meta"]["oldest_id"], ids[2].as_str());
    assert_eq!(
        get(format!("since_id={}", ids[9])).await.ids(),
        [&ids[11], &ids[10]].map(String::clone)
    );
    assert_eq!(get(format!("until_id={}", ids[1])).await.ids(), [ids[0].clone()]);
    let start = "start_time=2026-03-01T12:10:00Z".to_owned();
    assert_eq!(get(start).await.ids(), [&ids[11], &ids[10]].map(String::clone));
    assert_eq!(get("max_results=4".into()).await.status, 400);
    assert_eq!(get("max_results=5".into()).await.ids().len(), 5);

    scene.set(json!({ "timeline_delay_ms": 5000 })).await;
    let late = scene.publish(&ann, "late").await;
    assert!(!get(String::new()).await.ids().contains(&late), "reading back may be too early");
    scene.pass(5);
    assert_eq!(get(String::new()).await.ids()[0], late);
}

#[tokio::test]
async fn an_act_with_a_time_happens_when_the_clock_passes_it() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let id = scene.publish(&ann, "wait for it").await;
    let at = |minute| format!("2026-03-01T12:{minute:02}:00Z");
    let acts = json!([
        { "at": at(20), "user": "bob", "kind": "unrepost", "post": id },
        { "at": at(10), "user": "bob", "kind": "repost", "post": id },
        { "at": at(30), "user": "bob", "kind": "reply", "post": "5", "text": "to nothing" },
        { "user": "bob", "kind": "reply", "post": id, "text": "at once" },
    ]);
    let rows = scene.control("acts", acts).await;
    assert_eq!(rows["acts"][1]["waits_until"], "2026-03-01T12:10:00.000Z");
    assert!(rows["acts"][3]["id"].is_string());
    let reposters =
        || async { scene.get(&format!("/2/tweets/{id}/retweeted_by"), &ann.token).await.ids() };
    scene.control("clock", json!({ "advance_ms": 599_999 })).await;
    assert!(reposters().await.is_empty());
    scene.control("clock", json!({ "advance_ms": 1 })).await;
    assert_eq!(reposters().await, [bob.id]);
    scene.control("clock", json!({ "advance_ms": 600_000 })).await;
    assert!(reposters().await.is_empty());
    scene.control("clock", json!({ "advance_ms": 600_000 })).await;
    let counters = scene.counters().await;
    assert_eq!((&counters["acts_refused"], &counters["acts_waiting"]), (&json!(1), &json!(0)));
}
