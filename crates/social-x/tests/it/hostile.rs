//! What X does to its clients beyond the exam, against the stand-in.

use std::collections::BTreeSet;

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Span, Time};
use hashbuzz_social::conformance::{Brand, World as _};
use hashbuzz_social::{Collect, NewPost, Page, ReadError, Refusal, WriteError};
use serde_json::json;

use crate::standin::{Manner, StandIn};

fn hello() -> NewPost {
    NewPost { text: "Hello & welcome to example.com".to_owned(), reply_to: None, media: Vec::new() }
}

async fn stage() -> (StandIn, Brand, Time) {
    let x = StandIn::start(Manner::USUAL).await;
    let brand = x.brand().await;
    let now = x.now();
    (x, brand, now)
}

async fn found(x: &StandIn, brand: &Brand, since: Time) -> Option<PostId> {
    x.network().find_post(&brand.access, &brand.id, &hello(), since, &[]).await.unwrap()
}

async fn page(x: &StandIn, brand: &Brand, post: &PostId, kind: Kind) -> Page {
    let list = x.network().list_of(post, kind).key;
    let collect = Collect { list, posted_at: x.now(), cursor: None };
    x.network().engagements(&brand.access, &collect).await.unwrap()
}

#[tokio::test]
async fn an_unknown_write_that_had_no_effect_is_proved_absent_and_one_that_had_is_found() {
    let faults = [
        (json!({"kind":"drop_before_apply","on":"create_post"}), false),
        (json!({"kind":"drop_after_apply","on":"create_post"}), true),
        (json!({"kind":"status","status":503,"on":"create_post"}), false),
        (json!({"kind":"status_after_apply","status":500,"on":"create_post"}), true),
        (json!({"kind":"html_error","on":"create_post"}), false),
    ];
    for (fault, exists) in faults {
        let (x, brand, since) = stage().await;
        x.fault(fault.clone()).await;
        let outcome = x.network().create_post(&brand.access, &hello()).await;
        assert!(matches!(outcome, Err(WriteError::Unknown(_))), "{fault}: {outcome:?}");
        assert_eq!(found(&x, &brand, since).await.is_some(), exists, "{fault}");
    }
}

#[tokio::test]
async fn a_second_attempt_is_refused_as_a_duplicate_and_the_first_is_read_back() {
    let (x, brand, since) = stage().await;
    x.lose_next_answer().await;
    let first = x.network().create_post(&brand.access, &hello()).await;
    assert!(matches!(first, Err(WriteError::Unknown(_))), "{first:?}");
    let second = x.network().create_post(&brand.access, &hello()).await;
    let duplicate = matches!(second, Err(WriteError::Refused { refusal: Refusal::Duplicate, .. }));
    assert!(duplicate, "{second:?}");
    assert!(found(&x, &brand, since).await.is_some());
}

#[tokio::test]
async fn a_timeline_that_lags_shows_the_post_later() {
    let (x, brand, since) = stage().await;
    x.change(json!({ "timeline_delay_ms": 20_000 })).await;
    x.network().create_post(&brand.access, &hello()).await.unwrap();
    assert_eq!(found(&x, &brand, since).await, None);
    x.settle().await;
    assert!(found(&x, &brand, since).await.is_some());
}

#[tokio::test]
async fn a_reply_to_a_stranger_is_refused_by_the_reply_gate() {
    let (x, brand, _) = stage().await;
    let stranger = x.brand().await;
    let target = x.network().create_post(&stranger.access, &hello()).await.unwrap();
    let reply = NewPost { text: "Nice.".to_owned(), reply_to: Some(target), media: Vec::new() };
    let refused = x.network().create_post(&brand.access, &reply).await;
    let gate =
        matches!(refused, Err(WriteError::Refused { refusal: Refusal::ReplyNotAllowed, .. }));
    assert!(gate, "{refused:?}");
}

#[tokio::test]
async fn an_empty_account_and_a_used_up_month_are_told_apart() {
    let (x, brand, _) = stage().await;
    let post = x.network().create_post(&brand.access, &hello()).await.unwrap();
    x.change(json!({ "credits": 0 })).await;
    let read = x.network().metrics(&brand.access, std::slice::from_ref(&post)).await;
    assert!(matches!(read, Err(ReadError::NoCredit { .. })), "{read:?}");
    let write = x.network().delete_post(&brand.access, &post).await;
    assert!(matches!(write, Err(WriteError::NoCredit { .. })), "{write:?}");

    x.change(json!({ "credits": null, "reads_left": 0 })).await;
    let Err(ReadError::RateLimited { until, scope }) =
        x.network().metrics(&brand.access, &[post]).await
    else {
        panic!("a cap is a limit")
    };
    assert!(scope.starts_with("usage cap"), "{scope}");
    assert!(until > x.now().plus(Span::from_secs(3_600)), "a quarter of an hour changes nothing");
}

#[tokio::test]
async fn a_window_that_is_really_used_up_opens_when_it_said() {
    let (x, brand, _) = stage().await;
    for _ in 0..75 {
        x.network().me(&brand.access).await.unwrap();
    }
    let Err(ReadError::RateLimited { until, .. }) = x.network().me(&brand.access).await else {
        panic!("75 requests in 15 minutes are all")
    };
    assert!(until > x.now());
    x.pass(u32::try_from(until.since(x.now()).secs()).unwrap() + 1).await;
    assert!(x.network().me(&brand.access).await.is_ok());
}

#[tokio::test]
async fn a_protected_liker_keeps_the_list_from_proving_anything() {
    let (x, brand, _) = stage().await;
    let post = x.network().create_post(&brand.access, &hello()).await.unwrap();
    for _ in 0..3 {
        let person = x.person().await;
        x.engage(&person, Kind::Like, &post, "").await;
    }
    let all = page(&x, &brand, &post, Kind::Like).await;
    assert_eq!((all.sightings.len(), all.proves_absence), (3, true));

    let shy = x.somebody(json!({ "protected": true })).await;
    let shy = shy["id"].as_str().unwrap().parse().unwrap();
    x.engage(&shy, Kind::Like, &post, "").await;
    let some = page(&x, &brand, &post, Kind::Like).await;
    assert_eq!((some.sightings.len(), some.proves_absence), (3, false));
}

#[tokio::test]
async fn a_page_that_repeats_rows_loses_nobody() {
    let (x, brand, at) = stage().await;
    let post = x.network().create_post(&brand.access, &hello()).await.unwrap();
    for _ in 0..150 {
        let person = x.person().await;
        x.engage(&person, Kind::Repost, &post, "").await;
    }
    x.fault(json!({ "kind": "duplicate_page", "on": "reposted_by" })).await;
    let mut seen = BTreeSet::new();
    let mut repeated = 0;
    let list = x.network().list_of(&post, Kind::Repost).key;
    let mut collect = Collect { list, posted_at: at, cursor: None };
    loop {
        let page = match x.network().engagements(&brand.access, &collect).await {
            Ok(page) => page,
            // The page led back to itself; the same place is asked for again.
            Err(ReadError::Unavailable(_)) => {
                repeated += 1;
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        seen.extend(page.sightings.into_iter().map(|sighting| sighting.author.id));
        collect.cursor = page.next;
        if collect.cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), repeated), (150, 1));
}

#[tokio::test]
async fn the_facts_of_a_person_arrive() {
    let (x, brand, _) = stage().await;
    let post = x.network().create_post(&brand.access, &hello()).await.unwrap();
    let person = x
        .somebody(json!({
            "followers": 12, "following": 34, "posts": 56, "default_avatar": true,
            "created_at": "2024-01-02T03:04:05Z",
        }))
        .await;
    let id = person["id"].as_str().unwrap().parse().unwrap();
    x.engage(&id, Kind::Quote, &post, "Look at this").await;
    x.settle().await;
    let author = page(&x, &brand, &post, Kind::Quote).await.sightings.remove(0).author;
    assert_eq!(author.id, id);
    assert_eq!(Some(author.handle.as_str()), person["handle"].as_str());
    assert_eq!(author.created_at.map(Time::secs), Some(1_704_164_645));
    let numbers = (author.followers, author.following, author.posts, author.default_avatar);
    assert_eq!(numbers, (Some(12), Some(34), Some(57), Some(true)), "the quote is the 57th post");
}

#[tokio::test]
async fn replies_leave_the_search_after_seven_days_and_nobody_is_called_absent() {
    let (x, brand, at) = stage().await;
    let post = x.network().create_post(&brand.access, &hello()).await.unwrap();
    let person = x.person().await;
    x.engage(&person, Kind::Reply, &post, "My answer is B").await;
    x.settle().await;
    let list = x.network().list_of(&post, Kind::Reply).key;
    let mut collect = Collect { list, posted_at: at, cursor: None };
    let young = x.network().engagements(&brand.access, &collect).await.unwrap();
    assert_eq!((young.sightings.len(), young.proves_absence), (1, true));
    x.pass(8 * 86_400).await;
    collect.cursor = None;
    let old = x.network().engagements(&brand.access, &collect).await.unwrap();
    assert_eq!((old.sightings.len(), old.proves_absence), (0, false));
}

#[tokio::test]
async fn nothing_is_ever_asked_twice_by_the_adapter_itself() {
    let (x, brand, _) = stage().await;
    for fault in ["drop_before_apply", "drop_after_apply", "html_error"] {
        x.fault(json!({ "kind": fault, "times": 1 })).await;
        let me = x.network().me(&brand.access).await;
        assert!(matches!(me, Err(ReadError::Unavailable(_))), "{fault}: {me:?}");
    }
    let counters = x.counters().await;
    let requests = counters["requests"].as_array().unwrap();
    let sent: u64 = requests.iter().map(|row| row["count"].as_u64().unwrap()).sum();
    assert_eq!(sent, 3, "{counters}");
}
