//! Dead letters by group.

use hashbuzz_testkit::World;
use reqwest::Method;
use serde_json::json;

use super::stalled;

#[tokio::test]
async fn dead_letters_of_one_trouble_are_one_group_that_is_retried_together() {
    let world = World::new().await;
    let troubled = [stalled(&world).await, stalled(&world).await];
    let operator = world.operator().await;

    let (status, body) = operator.get("/v2/ops/dead-letters").await;

    assert_eq!((status, &body["more"]), (200, &json!(false)));
    let groups = body["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{body}");
    assert_eq!(
        (&groups[0]["kind"], &groups[0]["count"]),
        (&json!("CAMPAIGN_PUBLISH_CONTENT.v1"), &json!(2))
    );
    assert_eq!(groups[0]["sample"].as_array().unwrap().len(), 2);

    let path = "/v2/ops/dead-letters/retry";
    let group = groups[0]["group"].clone();
    let (_, seen) = operator.send_json(Method::POST, path, &json!({ "group": group })).await;
    assert_eq!((&seen["dry_run"], &seen["matched"]), (&json!(true), &json!(2)), "{seen}");
    for (brand, id) in &troubled {
        world.link_again(brand).await;
        assert_eq!(brand.api.command(id, "resume").await.0, 202);
    }
    let order = json!({ "group": group, "dry_run": false });
    let (status, done) = operator.send_json(Method::POST, path, &order).await;
    assert_eq!((status, &done["retried"]), (200, &json!(2)), "{done}");

    let (_, body) = operator.get("/v2/ops/dead-letters").await;
    assert_eq!(body["groups"], json!([]));
    let (status, body) = operator.send_json(Method::POST, path, &json!({ "group": "X" })).await;
    assert_eq!((status, &body["code"]), (400, &json!("request.malformed")));
    world.work_until_quiet().await;
    world.finish().await;
}
