//! Reading back whether a post was published.

use hashbuzz_domain::{PostId, ProfileId, Span};
use hashbuzz_social::{Network as _, NewPost, ReadError};

use crate::far::{Far, NOW, access, post};

fn me() -> ProfileId {
    "42".parse().unwrap()
}

fn wanted(text: &str, reply_to: Option<&str>) -> NewPost {
    NewPost { text: text.to_owned(), reply_to: reply_to.map(post), media: Vec::new() }
}

/// A row of the timeline, made `ago` seconds before now.
fn row(id: &str, text: &str, ago: u32, more: &str) -> String {
    let at = 12 * 3_600 - ago;
    let (h, m, s) = (at / 3_600, at / 60 % 60, at % 60);
    format!(
        r#"{{"id":"{id}","text":"{text}","author_id":"42",
            "created_at":"2026-09-01T{h:02}:{m:02}:{s:02}.000Z"{more}}}"#
    )
}

fn timeline(rows: &[String], next: Option<&str>) -> String {
    let next = next.map(|token| format!(r#","next_token":"{token}""#)).unwrap_or_default();
    let count = rows.len();
    format!(r#"{{"data":[{}],"meta":{{"result_count":{count}{next}}}}}"#, rows.join(","))
}

async fn find(far: &Far, new: &NewPost, taken: &[PostId]) -> Result<Option<PostId>, ReadError> {
    let since = NOW.minus(Span::from_secs(600));
    far.x().find_post(&access(), &me(), new, since, taken).await
}

#[tokio::test]
async fn the_oldest_match_of_all_pages_that_is_not_taken_is_found() {
    let pages = [
        timeline(&[row("905", "hello", 10, ""), row("904", "other", 20, "")], Some("t1")),
        timeline(&[row("903", "hello", 30, ""), row("902", "hello", 40, "")], None),
    ];
    for (taken, expected) in [
        (vec![], Some(post("902"))),
        (vec![post("902")], Some(post("903"))),
        (vec![post("902"), post("903"), post("905")], None),
    ] {
        let far = Far::with(200, &pages[0]).await.then(200, &[], &pages[1]);
        assert_eq!(find(&far, &wanted("hello", None), &taken).await, Ok(expected));
        let asked = far.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].uri.path(), "/2/users/42/tweets");
        assert_eq!(asked[0].parameter("start_time").as_deref(), Some("2026-09-01T11:49:00Z"));
        assert_eq!(asked[1].parameter("start_time"), asked[0].parameter("start_time"));
        assert_eq!(asked[1].parameter("pagination_token").as_deref(), Some("t1"));
    }
}

#[tokio::test]
async fn a_post_made_before_the_intent_is_not_it_but_clocks_may_differ_by_a_minute() {
    for (ago, expected) in [(600, true), (640, true), (700, false)] {
        let far = Far::with(200, &timeline(&[row("902", "hello", ago, "")], None)).await;
        let found = find(&far, &wanted("hello", None), &[]).await.unwrap();
        assert_eq!(found.is_some(), expected, "{ago} s ago");
    }
}

#[tokio::test]
async fn text_as_x_rewrites_it_is_recognised() {
    let entities = r#","entities":{"urls":[
        {"start":12,"end":35,"url":"https://t.co/abc123",
         "expanded_url":"https://hashbuzz.social/c/1?a=1&b=2"},
        {"start":36,"end":59,"url":"https://t.co/pic",
         "expanded_url":"https://x.com/u/status/1/photo/1",
         "media_key":"3_1"}]}"#;
    let text = "Win &lt;10&gt; &amp; caf\u{e9}: https://t.co/abc123 https://t.co/pic";
    let far = Far::with(200, &timeline(&[row("902", text, 5, entities)], None)).await;
    let sent = "Win <10> & cafe\u{301}:\n\nhttps://hashbuzz.social/c/1?a=1&b=2 ";
    let showing = NewPost { media: vec!["1".parse().unwrap()], ..wanted(sent, None) };
    assert_eq!(find(&far, &showing, &[]).await, Ok(Some(post("902"))));
}

#[tokio::test]
async fn the_same_text_with_and_without_media_is_two_posts() {
    let link = r#","entities":{"urls":[{"url":"https://t.co/pic","media_key":"3_1"}]}"#;
    let attached = r#","attachments":{"media_keys":["16_1"]}"#;
    let rows = [
        row("905", "hello https://t.co/pic", 1, link),
        row("904", "hello", 2, ""),
        row("903", "hello", 3, attached),
    ];
    let bare = wanted("hello", None);
    let showing = NewPost { media: vec!["1".parse().unwrap()], ..bare.clone() };
    for (new, taken, expected) in [
        (&showing, vec![], Some("903")),
        (&showing, vec![post("903")], Some("905")),
        (&bare, vec![], Some("904")),
        (&bare, vec![post("904")], None),
    ] {
        let far = Far::with(200, &timeline(&rows, None)).await;
        assert_eq!(find(&far, new, &taken).await, Ok(expected.map(post)));
    }
}

#[tokio::test]
async fn the_same_text_under_another_post_is_another_post() {
    let reply = |id: &str, key: &str| format!(r#","{key}":[{{"type":"replied_to","id":"{id}"}}]"#);
    for key in ["referenced_tweets", "referenced_posts"] {
        let rows = [
            row("905", "@brand hello", 1, &reply("17", key)),
            row("904", "hello", 2, &reply("16", key)),
            row("903", "hello", 3, ""),
        ];
        for (target, expected) in [
            (Some("17"), Some("905")),
            (Some("16"), Some("904")),
            (None, Some("903")),
            (Some("9"), None),
        ] {
            let far = Far::with(200, &timeline(&rows, None)).await;
            let found = find(&far, &wanted("hello", target), &[]).await;
            assert_eq!(found, Ok(expected.map(post)), "{key} {target:?}");
        }
    }
}

#[tokio::test]
async fn only_an_empty_timeline_proves_that_nothing_was_published() {
    let nothing = r#"{"meta":{"result_count":0}}"#;
    let far = Far::with(200, nothing).await;
    assert_eq!(find(&far, &wanted("hello", None), &[]).await, Ok(None));
    let failing = [
        (200, "{}"),
        (200, "<html></html>"),
        (500, ""),
        (401, ""),
        (429, ""),
        (
            200,
            r#"{"data":[],"meta":{"result_count":0},"errors":[{"type":"x/resource-unavailable"}]}"#,
        ),
    ];
    for (status, body) in failing {
        let far = Far::with(status, body).await;
        let found = find(&far, &wanted("hello", None), &[]).await;
        assert!(found.is_err(), "{status} {body}: {found:?}");
    }
}

#[tokio::test]
async fn an_endless_timeline_is_no_proof_either() {
    let mut far = Far::start().await;
    for page in 0..40 {
        let token = format!("t{page}");
        far = far.then(200, &[], &timeline(&[row("905", "other", 10, "")], Some(&token)));
    }
    let found = find(&far, &wanted("hello", None), &[]).await;
    assert!(matches!(found, Err(ReadError::Unavailable(_))), "{found:?}");
    assert_eq!(far.asked().len(), 32);
}
