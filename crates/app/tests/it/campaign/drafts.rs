//! What is wrong with a draft is said field by field.

use hashbuzz_testkit::{World, awareness, quest};
use reqwest::Method;
use serde_json::{Value, json};

fn with(field: &str, value: Value) -> Value {
    let mut body = awareness("100", "2", "5");
    body[field] = value;
    body
}

#[tokio::test]
async fn a_wrong_field_is_named_with_a_code() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let mut no_answer = quest("100");
    no_answer.as_object_mut().unwrap().remove("correct");
    let cases = [
        (with("budget", json!("ten")), "budget", "malformed"),
        (with("budget", json!("-5")), "budget", "malformed"),
        (with("budget", json!("1e3")), "budget", "malformed"),
        (with("budget", json!("")), "budget", "malformed"),
        (with("budget", json!("1.123456789")), "budget", "malformed"),
        (with("budget", json!("999999999999999999999")), "budget", "malformed"),
        (with("budget", json!("0")), "budget", "zero"),
        (with("rates", json!({ "like": "0.000000001" })), "rates", "malformed"),
        (with("asset", json!("DOGE")), "asset", "unknown"),
        (with("name", json!("ab")), "name", "length"),
        (with("text", json!("  ")), "text", "empty"),
        (with("text", json!("x".repeat(281))), "text", "length"),
        (with("duration_seconds", json!(60)), "duration_seconds", "range"),
        (with("claim_window_seconds", json!(9_999_999)), "claim_window_seconds", "range"),
        (with("participant_cap", json!("0")), "participant_cap", "zero"),
        (with("expected_participants", json!(10)), "rates", "missing"),
        (with("options", json!(["a", "b"])), "options", "not_here"),
        (no_answer, "correct", "missing"),
    ];
    for (body, field, code) in cases {
        let (status, answer) = brand.api.send_json(Method::POST, "/v2/campaigns", &body).await;
        assert_eq!(status, 422, "{field}: {answer}");
        assert_eq!(answer["code"], "draft.invalid");
        let errors = answer["errors"].as_array().unwrap();
        let named = errors.iter().any(|error| error["field"] == field && error["code"] == code);
        assert!(named, "{field} {code}: {answer}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_as_such() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let mut missing = awareness("100", "2", "5");
    missing.as_object_mut().unwrap().remove("budget");
    for body in [
        with("bugdet", json!("100")),
        with("budget", json!(100)),
        with("duration_seconds", json!(-1)),
        with("rates", json!({ "likes": "1" })),
        missing,
        json!([]),
    ] {
        let (status, answer) = brand.api.send_json(Method::POST, "/v2/campaigns", &body).await;
        assert_eq!((status, &answer["code"]), (400, &"request.malformed".into()), "{answer}");
    }
    world.finish().await;
}

#[tokio::test]
async fn amounts_are_shown_as_they_were_given_and_the_fee_is_a_tenth() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;

    let id = world.draft(&brand, &awareness("12.34567891", "0.5", "0")).await;

    let view = brand.api.campaign(&id).await;
    assert_eq!(view["budget"], "12.34567891");
    assert_eq!(view["fee"], "1.23456789");
    assert_eq!(view["rates"]["like"], "0.5");
    world.finish().await;
}

#[tokio::test]
async fn the_right_answer_of_a_quest_is_shown_to_its_owner_and_reviewers() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;

    let id = world.draft(&brand, &quest("100")).await;

    assert_eq!(brand.api.campaign(&id).await["correct"], 1);
    assert_eq!(world.reviewer().campaign(&id).await["correct"], 1);
    assert_eq!(world.operator().await.campaign(&id).await.get("correct"), None);
    world.finish().await;
}
