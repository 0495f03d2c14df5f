//! Somebody else's campaign is not there.

use hashbuzz_testkit::{World, awareness};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_foreign_campaign_and_one_that_does_not_exist_look_alike_to_every_operation() {
    let world = World::new().await;
    let owner = world.campaigner(0).await;
    let other = world.campaigner(0).await;
    let foreign = world.draft(&owner, &awareness("100", "2", "5")).await;
    let unknown = "01900000-0000-7000-8000-000000000000";

    for id in [foreign.as_str(), unknown, "1", "..%2f"] {
        let path = format!("/v2/campaigns/{id}");
        let api = &other.api;
        let reason = json!({ "reason": "because" });
        let mut answers = vec![
            api.get(&path).await,
            api.get(&format!("{path}/timeline")).await,
            api.get(&format!("{path}/statistics")).await,
            api.send_json(Method::PUT, &path, &awareness("1", "1", "1")).await,
            api.send_json(Method::POST, &format!("{path}/reject"), &reason).await,
        ];
        for command in ["submit", "approve", "cancel", "publish", "close", "resume", "roll-back"] {
            answers.push(api.command(id, command).await);
        }
        for (status, body) in answers {
            assert_eq!((status, &body["code"]), (404, &"not_found".into()), "{id}: {body}");
        }
    }
    assert_eq!(owner.api.campaign(&foreign).await["state"], "Draft");
    let (_, list) = other.api.get("/v2/campaigns").await;
    assert_eq!(list["campaigns"], json!([]));
    world.finish().await;
}

#[tokio::test]
async fn an_owner_cannot_do_what_is_a_reviewers_and_a_reviewer_not_what_is_an_owners() {
    let world = World::new().await;
    let owner = world.campaigner(0).await;
    let id = world.draft(&owner, &awareness("100", "2", "5")).await;
    let path = format!("/v2/campaigns/{id}");

    for command in ["submit", "cancel", "publish", "close", "resume", "roll-back"] {
        let (status, body) = world.reviewer().command(&id, command).await;
        assert_eq!(status, 404, "{command}: {body}");
    }
    let edit = awareness("1", "1", "1");
    assert_eq!(world.reviewer().send_json(Method::PUT, &path, &edit).await.0, 404);
    assert_eq!(owner.api.command(&id, "approve").await.0, 403);
    world.finish().await;
}
