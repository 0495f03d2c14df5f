//! Acts are written down by the transaction that does them.

use hashbuzz_app::audit::verify;
use hashbuzz_db::{Sql as _, values};
use hashbuzz_testkit::World;
use reqwest::Method;
use serde_json::{Value, json};

use super::{event, limited};

#[tokio::test]
async fn every_act_is_in_the_audit_log_with_who_what_and_why() {
    let world = World::new().await;
    let (brand, id) = limited(&world).await;
    let operator = world.operator().await;
    let waiting = event(&operator, &id, "deferred").await;
    let why = json!({ "reason": "because" });
    operator.send_json(Method::PUT, "/v2/ops/pauses/queue/ledger", &why).await;
    operator.send_json(Method::DELETE, "/v2/ops/pauses/queue/ledger", &why).await;
    let discard = format!("/v2/ops/events/{waiting}/discard");
    operator.send_json(Method::POST, &discard, &why).await;
    let order = json!({ "filter": { "state": "discarded" }, "dry_run": false });
    operator.send_json(Method::POST, "/v2/ops/events/retry", &order).await;
    operator.post(&format!("/v2/ops/events/{waiting}/retry")).await;
    // What was refused, and what was only looked at, is no act.
    operator.post("/v2/ops/events/nobody/retry").await;
    operator.send_json(Method::POST, "/v2/ops/events/retry", &json!({})).await;

    let (status, body) = operator.get("/v2/ops/audit?limit=5").await;

    assert_eq!(status, 200, "{body}");
    let entries = body["entries"].as_array().unwrap();
    let acts: Vec<&Value> = entries.iter().rev().map(|entry| &entry["act"]).collect();
    assert_eq!(
        acts,
        ["events.pause", "events.resume", "event.discard", "events.retry", "event.retry"]
    );
    assert!(entries.iter().all(|entry| entry["actor"] == "0.0.900002"), "{body}");
    assert_eq!(entries[4]["subject"], "queue/ledger");
    assert_eq!(entries[2]["subject"], waiting.as_str());
    let detail = entries[2]["detail"].as_str().unwrap();
    assert!(detail.contains("was deferred: because"), "{detail}");
    assert_eq!(entries[1]["detail"], "1 retried, 0 left as they are");
    assert_eq!(entries[1]["subject"], r#"{"state":"discarded"}"#);

    let next = body["next"].as_i64().expect("the log began before");
    let (_, older) = operator.get(&format!("/v2/ops/audit?cursor={next}")).await;
    let older = older["entries"].as_array().unwrap().clone();
    assert!(older.iter().any(|entry| entry["act"] == "campaign.publish"), "{older:?}");
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(verify(&world.app().db).await.unwrap().broken, None);

    let sql = "UPDATE audit_entry SET detail = 'was deferred: becausf' WHERE act = 'event.discard'";
    world.app().db.exec(sql, values![]).await.unwrap();
    let broken = verify(&world.app().db).await.unwrap().broken.expect("somebody changed it");
    assert_eq!(Some(broken.sequence), entries[2]["sequence"].as_i64());
    world.finish().await;
}
