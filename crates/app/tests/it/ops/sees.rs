//! Searching, one event, who works.

use hashbuzz_testkit::{HBAR, World, awareness};

use super::{event, limited};

#[tokio::test]
async fn an_operator_learns_why_an_event_waits_and_what_each_turn_said() {
    let world = World::new().await;
    let (_brand, id) = limited(&world).await;
    let operator = world.operator().await;
    let event = event(&operator, &id, "deferred").await;

    let (status, body) = operator.get(&format!("/v2/ops/events/{event}")).await;

    assert_eq!(status, 200);
    assert_eq!(body["kind"], "CAMPAIGN_PUBLISH_CONTENT.v1");
    assert_eq!(
        (&body["campaign"], &body["payload"]["campaign"]),
        (&id.clone().into(), &id.clone().into())
    );
    assert_eq!((&body["queue"], &body["failures"]), (&"social".into(), &0.into()));
    assert_eq!(body["why"]["code"], "later", "{body}");
    let sentence = body["why"]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("due at 20") && sentence.contains("limit"), "{sentence}");
    assert_eq!(body["why"]["until"], body["due_at"]);
    let attempts = body["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["outcome"], "later");
    assert!(attempts[0]["worker"].is_string(), "{body}");

    world.work_until(&id, "Running").await;
    let (_, body) = operator.get(&format!("/v2/ops/events/{event}")).await;
    assert_eq!((&body["state"], &body["why"]["code"]), (&"done".into(), &"finished".into()));
    assert_eq!(body["attempts"].as_array().unwrap().last().unwrap()["outcome"], "done");
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn events_are_found_by_their_properties_page_by_page() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let operator = world.operator().await;

    let (mut path, mut kinds) = (format!("/v2/ops/events?campaign={id}&limit=2"), Vec::new());
    loop {
        let (status, body) = operator.get(&path).await;
        assert_eq!(status, 200, "{body}");
        let page = body["events"].as_array().unwrap().clone();
        assert!(page.len() <= 2);
        kinds.extend(page.iter().map(|event| event["kind"].as_str().unwrap().to_owned()));
        let Some(next) = body["next"].as_str() else { break };
        path = format!("/v2/ops/events?campaign={id}&limit=2&cursor={next}");
    }

    // Oldest last: what published it, and what is scheduled because it runs.
    assert_eq!(kinds.last().unwrap(), "CAMPAIGN_PUBLISH_CONTENT.v1", "{kinds:?}");
    assert!(kinds.contains(&"CAMPAIGN_CLOSE_OPERATION.v1".to_owned()), "{kinds:?}");
    let path =
        format!("/v2/ops/events?kind=CAMPAIGN_CLOSE_OPERATION.v1&account={}", brand.account());
    let (_, body) = operator.get(&path).await;
    assert_eq!(body["events"].as_array().unwrap().len(), 1, "{body}");
    let (_, body) = operator.get("/v2/ops/events?queue=ledger&younger_than_seconds=0").await;
    assert_eq!(body["events"].as_array().unwrap().len(), 0, "{body}");
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_with_what_would() {
    let world = World::new().await;
    let operator = world.operator().await;
    for (path, names) in [
        ("/v2/ops/events?kid=X", "kid"),
        ("/v2/ops/events?limit=0", "limit"),
        ("/v2/ops/events?limit=201", "limit"),
        ("/v2/ops/events?state=gone", "deferred"),
        ("/v2/ops/events?kind=", "characters"),
        ("/v2/ops/events?older_than_seconds=-1", "older_than_seconds"),
        ("/v2/ops/effects?state=gone", "needs_person"),
        ("/v2/ops/audit?cursor=x", "cursor"),
    ] {
        let (status, body) = operator.get(path).await;
        assert_eq!((status, &body["code"]), (400, &"request.malformed".into()), "{path}: {body}");
        assert!(body["detail"].as_str().unwrap().contains(names), "{path}: {body}");
    }
    let (status, body) = operator.get("/v2/ops/events/nobody").await;
    assert_eq!((status, &body["code"]), (404, &"not_found".into()));
    world.finish().await;
}

#[tokio::test]
async fn only_operators_look_and_act() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    for path in [
        "/v2/ops/events",
        "/v2/ops/events/an-id",
        "/v2/ops/dead-letters",
        "/v2/ops/pauses",
        "/v2/ops/effects",
        "/v2/ops/instances",
        "/v2/ops/audit",
    ] {
        let (status, body) = brand.api.get(path).await;
        assert_eq!((status, &body["code"]), (403, &"auth.role".into()), "{path}");
        assert_eq!(world.stranger().get(path).await.0, 401, "{path}");
    }
    let reason = serde_json::json!({ "reason": "because" });
    let (post, put, delete) =
        (reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE);
    for (method, path, body) in [
        (&post, "/v2/ops/events/an-id/retry", &reason),
        (&post, "/v2/ops/events/an-id/discard", &reason),
        (&post, "/v2/ops/events/retry", &serde_json::json!({})),
        (&post, "/v2/ops/dead-letters/retry", &serde_json::json!({ "group": "a" })),
        (&put, "/v2/ops/pauses/queue/social", &reason),
        (&delete, "/v2/ops/pauses/queue/social", &reason),
    ] {
        let (status, answer) = brand.api.send_json(method.clone(), path, body).await;
        assert_eq!((status, &answer["code"]), (403, &"auth.role".into()), "{path}: {answer}");
    }
    world.finish().await;
}

#[tokio::test]
async fn processes_that_work_are_listed_with_what_they_serve() {
    let world = World::new().await;

    let (status, body) = world.operator().await.get("/v2/ops/instances").await;

    assert_eq!(status, 200);
    let all = body.as_array().unwrap();
    assert_eq!(all.len(), 1, "{body}");
    assert_eq!((&all[0]["alive"], &all[0]["leases"]), (&true.into(), &0.into()));
    let kinds = all[0]["kinds"].as_array().unwrap();
    assert!(kinds.contains(&"CAMPAIGN_PAY_BATCH.v1".into()), "{body}");
    assert!(all[0]["queues"].as_array().unwrap().contains(&"ledger".into()), "{body}");
    world.finish().await;
}
