//! Windows that fill and open again, and the other two reasons for which nothing is answered.

use hashbuzz_standin_x::Limits;
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn a_window_counts_down_refuses_and_opens_again() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    scene.pass(7);
    let reset = scene.seconds() + 900;
    for used in 1..=75 {
        let answer = scene.get("/2/users/me", &ann.token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-rate-limit-limit"), 75);
        assert_eq!(answer.header("x-rate-limit-remaining"), 75 - used);
        assert_eq!(answer.header("x-rate-limit-reset"), reset);
    }
    scene.pass(899);
    let refused = scene.get("/2/users/me", &ann.token).await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.body,
        json!({
            "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank",
            "status": 429,
        })
    );
    assert_eq!(refused.header("x-rate-limit-remaining"), 0);
    assert_eq!(refused.header("x-rate-limit-reset"), reset);
    assert_eq!(scene.get("/2/users/me", &bob.token).await.status, 200, "each has their own");
    assert_eq!(scene.get("/2/tweets?ids=1", &ann.token).await.status, 200, "each endpoint too");
    scene.pass(1);
    let open = scene.get("/2/users/me", &ann.token).await;
    assert_eq!((open.status, open.header("x-rate-limit-remaining")), (200, 74));
}

#[tokio::test]
async fn refused_parameters_use_up_the_window_too() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "quote me").await;
    let path = format!("/2/tweets/{id}/quote_tweets?end_time=2026-03-01T00:00:00Z");
    for left in (0..75).rev() {
        let answer = scene.get(&path, &ann.token).await;
        assert_eq!((answer.status, answer.header("x-rate-limit-remaining")), (400, left));
    }
    let path = format!("/2/tweets/{id}/quote_tweets");
    assert_eq!(scene.get(&path, &ann.token).await.status, 429);
    let bearer = scene.app("bearer_token");
    let app = scene.get(&path, bearer).await;
    assert_eq!(app.status, 200, "the app has a window of its own");
}

#[tokio::test]
async fn publishing_has_a_day_beside_its_window() {
    let limits = Limits::documented().with("app_posts_per_day", 5).with("user_posts_per_day", 3);
    let scene = Scene::with_limits(limits).await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let publish = |token: String| {
        let body = json!({ "text": format!("post {}", scene.turn()) });
        let scene = &scene;
        async move { scene.post("/2/tweets", &token, body).await }
    };
    for left in (0..3).rev() {
        let answer = publish(ann.token.clone()).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("x-user-limit-24hour-remaining"), left);
        assert_eq!(answer.header("x-app-limit-24hour-remaining"), left + 2);
        assert_eq!(answer.header("x-rate-limit-limit"), 100);
    }
    let refused = publish(ann.token.clone()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-rate-limit-remaining"), 97, "this one looks open");
    assert_eq!(refused.header("x-user-limit-24hour-remaining"), 0);
    for _ in 0..2 {
        assert_eq!(publish(bob.token.clone()).await.status, 201);
    }
    let refused = publish(bob.token.clone()).await;
    assert_eq!(refused.status, 429, "the app's day is over for everybody");
    assert_eq!(refused.header("x-app-limit-24hour-remaining"), 0);
    scene.pass(24 * 3600);
    assert_eq!(publish(bob.token.clone()).await.status, 201);
    assert_eq!(scene.counters().await["posts"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn the_profile_for_load_has_windows_but_no_days_and_each_has_a_name() {
    let scene = Scene::with_limits(Limits::load()).await;
    let ann = scene.person("ann").await;
    for n in 0..100 {
        scene.publish(&ann, &format!("post {n}")).await;
    }
    let refused = scene.post("/2/tweets", &ann.token, json!({ "text": "101" })).await;
    assert_eq!(refused.status, 429, "the window is the documented one");
    assert!(refused.header("x-user-limit-24hour-remaining") > 1_000_000);
    assert_eq!(scene.counters().await["limits"], "load");
    assert_eq!(scene.settings().await["limits"], "load");

    let scene = Scene::new().await;
    assert_eq!(scene.counters().await["limits"], "documented");
    let settings = scene.settings().await;
    scene.set(settings).await;
    let address = format!("{}/_standin/settings", scene.running.url());
    let change = scene.client.patch(address).json(&json!({ "limits": "load" }));
    assert_eq!(change.send().await.unwrap().status(), 400, "it is not changed under way");
}

#[tokio::test]
async fn a_used_up_window_may_be_answered_in_the_older_form() {
    let scene = Scene::with_limits(Limits::documented().with("me", 1)).await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "old_rate_limit_answer": true })).await;
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
    let refused = scene.get("/2/users/me", &ann.token).await;
    let expected = json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] });
    assert_eq!((refused.status, &refused.body), (429, &expected));
}

#[tokio::test]
async fn limits_can_be_scaled_and_taken_away() {
    let scene = Scene::with_limits(Limits::percent(1)).await;
    let ann = scene.person("ann").await;
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 429);

    let scene = Scene::with_limits(Limits::none()).await;
    let ann = scene.person("ann").await;
    for _ in 0..80 {
        assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
    }
}

#[tokio::test]
async fn an_empty_account_answers_402_and_a_reached_cap_429() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "credits": 15_000 })).await;
    let refused = scene.post("/2/tweets", &ann.token, json!({ "text": "" })).await;
    assert_eq!(refused.status, 400, "a refusal costs nothing");
    scene.publish(&ann, "the last one").await;
    let refused = scene.post("/2/tweets", &ann.token, json!({ "text": "x" })).await;
    assert_eq!((refused.status, &refused.body["title"]), (402, &json!("CreditsDepleted")));
    let account = scene.app("account_id");
    assert!(refused.detail().contains(&format!("[{account}] does not have any credits")));

    scene.set(json!({ "credits": null, "reads_left": 2 })).await;
    let path = format!("/2/users/{}/tweets", ann.id);
    assert_eq!(scene.get(&path, &ann.token).await.status, 200);
    assert_eq!(scene.get(&path, &ann.token).await.status, 200);
    let refused = scene.get(&path, &ann.token).await;
    assert_eq!((refused.status, &refused.body["title"]), (429, &json!("UsageCapExceeded")));
    assert_eq!(refused.body["period"], "Monthly");
    assert!(refused.header("x-rate-limit-remaining") > 800, "waiting would not help");
    scene.publish(&ann, "writing still works").await;
}
