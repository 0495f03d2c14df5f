//! Lists: pages, what their ends prove, people's facts, counts.

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{Span, Time};
use hashbuzz_social::{Author, Cursor, Network as _, Page, ReadError};

use crate::far::{Far, NOW, access, collect, post};

const PERSON: &str = r#"{"id":"42","name":"Ada","username":"ada",
    "created_at":"2020-02-03T04:05:06.000Z",
    "profile_image_url":"https://abs.twimg.com/sticky/default_profile_images/default_normal.png",
    "public_metrics":{"followers_count":7,"following_count":9,"tweet_count":11,"listed_count":0}}"#;

fn people(ids: std::ops::Range<u32>, meta: &str) -> String {
    let rows: Vec<String> =
        ids.map(|id| format!(r#"{{"id":"{id}","name":"n","username":"u{id}"}}"#)).collect();
    format!(r#"{{"data":[{}],"meta":{meta}}}"#, rows.join(","))
}

fn counts(likes: u32) -> String {
    format!(
        r#"{{"data":[{{"id":"1","text":"t","public_metrics":{{"like_count":{likes},
            "reply_count":0,"quote_count":0,"retweet_count":0}}}}]}}"#
    )
}

async fn walk(far: &Far, kind: Kind) -> Vec<Page> {
    let x = far.x();
    let mut pages: Vec<Page> = Vec::new();
    loop {
        let cursor = pages.last().and_then(|page| page.next.clone());
        let page = x.engagements(&access(), &collect(kind, cursor)).await.unwrap();
        let ended = page.next.is_none();
        pages.push(page);
        if ended {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_person_s_facts_are_read_in_both_vocabularies() {
    for words in [PERSON.to_owned(), PERSON.replace("tweet_count", "post_count")] {
        let body = format!(r#"{{"data":[{words}],"meta":{{"result_count":1}}}}"#);
        let far = Far::with(200, &body).await;
        let page = walk(&far, Kind::Repost).await.remove(0);
        assert_eq!(
            page.sightings[0].author,
            Author {
                id: "42".parse().unwrap(),
                handle: "ada".to_owned(),
                created_at: Some(Time::from_micros(1_580_702_706_000_000)),
                followers: Some(7),
                following: Some(9),
                posts: Some(11),
                default_avatar: Some(true),
            }
        );
        let sighting = &page.sightings[0];
        assert_eq!((&sighting.object, sighting.at, &sighting.text), (&None, None, &None));
    }
}

#[tokio::test]
async fn a_list_is_walked_by_x_s_tokens_to_its_empty_last_page() {
    let far = Far::with(200, &people(0..100, r#"{"result_count":100,"next_token":"t1"}"#))
        .await
        .then(200, &[], &people(100..150, r#"{"result_count":50,"next_token":"t2"}"#))
        .then(200, &[], r#"{"meta":{"result_count":0,"previous_token":"p"}}"#);
    let pages = walk(&far, Kind::Repost).await;
    let rows: Vec<usize> = pages.iter().map(|page| page.sightings.len()).collect();
    assert_eq!(rows, [100, 50, 0]);
    let proofs: Vec<bool> = pages.iter().map(|page| page.proves_absence).collect();
    assert_eq!(proofs, [false, false, true]);
    let tokens: Vec<_> = far.asked().iter().map(|a| a.parameter("pagination_token")).collect();
    assert_eq!(tokens, [None, Some("t1".to_owned()), Some("t2".to_owned())]);
}

#[tokio::test]
async fn a_page_that_leads_back_to_itself_is_an_error() {
    let body = people(0..3, r#"{"result_count":3,"next_token":"same"}"#);
    let far = Far::with(200, &body).await.then(200, &[], &body);
    let x = far.x();
    let first = x.engagements(&access(), &collect(Kind::Repost, None)).await.unwrap();
    let second = x.engagements(&access(), &collect(Kind::Repost, first.next)).await;
    assert!(matches!(second, Err(ReadError::Unavailable(_))), "{second:?}");
}

#[tokio::test]
async fn a_gap_on_an_early_page_takes_the_proof_from_the_last() {
    let gap = r#""errors":[{"type":"https://api.x.com/2/problems/not-authorized-for-resource",
        "title":"Authorization Error","detail":"no","resource_type":"tweet"}]"#;
    let first = people(0..2, r#"{"result_count":2,"next_token":"t1"}"#);
    let first = format!("{},{gap}}}", first.trim_end_matches('}').to_owned() + "}");
    let last = people(2..3, r#"{"result_count":1}"#);
    let far = Far::with(200, &first).await.then(200, &[], &last);
    let pages = walk(&far, Kind::Repost).await;
    assert_eq!(pages.len(), 2);
    assert!(!pages[1].proves_absence);
}

#[tokio::test]
async fn likers_prove_absence_only_when_everybody_who_is_counted_was_shown() {
    let three = people(0..3, r#"{"result_count":3}"#);
    for (counted, proof) in [(counts(3), true), (counts(4), false), (String::new(), false)] {
        let far = Far::with(200, &three).await.then(200, &[], &counted);
        let page = walk(&far, Kind::Like).await.remove(0);
        assert_eq!((page.sightings.len(), page.proves_absence), (3, proof), "{counted}");
    }
}

#[tokio::test]
async fn a_hundred_likers_prove_nothing_even_over_two_pages() {
    let hundred = people(0..100, r#"{"result_count":100}"#);
    let far = Far::with(200, &hundred).await;
    assert!(!walk(&far, Kind::Like).await[0].proves_absence);
    assert_eq!(far.asked().len(), 1, "the count would change nothing and costs money");

    let far = Far::with(200, &people(0..60, r#"{"result_count":60,"next_token":"t"}"#)).await.then(
        200,
        &[],
        &people(60..100, r#"{"result_count":40}"#),
    );
    assert!(!walk(&far, Kind::Like).await[1].proves_absence);
}

#[tokio::test]
async fn nobody_yet_is_an_answer_and_json_without_rows_is_none() {
    let far = Far::with(200, r#"{"meta":{"result_count":0}}"#).await;
    let page = walk(&far, Kind::Quote).await.remove(0);
    assert_eq!((page.sightings.len(), page.proves_absence), (0, true));
    for body in ["{}", r#"{"status":"ok"}"#, r#"{"meta":{"result_count":5}}"#, r#"{"data":{}}"#] {
        let far = Far::with(200, body).await;
        let page = far.x().engagements(&access(), &collect(Kind::Quote, None)).await;
        assert!(matches!(page, Err(ReadError::Unavailable(_))), "{body}: {page:?}");
    }
}

#[tokio::test]
async fn a_success_with_only_errors_is_no_empty_list() {
    let of = |kind: &str| {
        format!(
            r#"{{"errors":[{{"type":"https://api.twitter.com/2/problems/{kind}","title":"t",
                "detail":"d","resource_type":"tweet","resource_id":"1"}}]}}"#
        )
    };
    let ask = async |kind: &str| {
        let far = Far::with(200, &of(kind)).await;
        far.x().engagements(&access(), &collect(Kind::Like, None)).await.unwrap_err()
    };
    assert!(matches!(ask("resource-not-found").await, ReadError::Gone(_)));
    assert!(matches!(ask("not-authorized-for-resource").await, ReadError::Refused(_)));
    assert!(matches!(ask("resource-unavailable").await, ReadError::Unavailable(_)));
}

#[tokio::test]
async fn replies_carry_author_time_and_whole_text_and_only_direct_ones_count() {
    let body = format!(
        r#"{{"data":[
            {{"id":"901","text":"B &amp; …","note_tweet":{{"text":"B &amp; that is why"}},
              "author_id":"42","created_at":"2026-09-01T11:00:00.000Z",
              "referenced_tweets":[{{"type":"replied_to","id":"1"}}]}},
            {{"id":"902","text":"to somebody else","author_id":"42",
              "created_at":"2026-09-01T11:00:01.000Z",
              "referenced_posts":[{{"type":"replied_to","id":"901"}}]}},
            {{"id":"903","text":"suspended since","author_id":"43",
              "created_at":"2026-09-01T11:00:02.000Z"}}],
          "includes":{{"users":[{PERSON}]}},
          "errors":[{{"type":"https://api.x.com/2/problems/resource-not-found","title":"Not Found",
              "detail":"no user 43","resource_type":"user","resource_id":"43"}}],
          "meta":{{"result_count":3,"newest_id":"903","oldest_id":"901"}}}}"#
    );
    let far = Far::with(200, &body).await;
    let page = walk(&far, Kind::Reply).await.remove(0);
    let seen: Vec<_> = page
        .sightings
        .iter()
        .map(|s| (s.object.clone().unwrap(), s.author.handle.as_str(), s.text.clone().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (post("901"), "ada", "B & that is why".to_owned()),
            (post("903"), "", "suspended since".to_owned()),
        ]
    );
    assert_eq!(page.sightings[0].at, Some(Time::from_micros(NOW.micros() - 3_600_000_000)));
    assert!(page.proves_absence, "a missing person hides no row");
}

#[tokio::test]
async fn replies_prove_absence_only_of_a_post_younger_than_the_window() {
    for (days, proof) in [(0, true), (6, true), (7, false), (30, false)] {
        let far = Far::with(200, r#"{"meta":{"result_count":0}}"#).await;
        let mut collect = collect(Kind::Reply, None);
        collect.posted_at = NOW.minus(Span::from_secs(days * 86_400));
        let page = far.x().engagements(&access(), &collect).await.unwrap();
        assert_eq!(page.proves_absence, proof, "{days} days");
    }
}

#[tokio::test]
async fn a_foreign_cursor_is_refused_before_anything_is_sent() {
    let far = Far::start().await;
    for kind in Kind::ALL {
        let cursor = Some(Cursor("nonsense".to_owned()));
        let page = far.x().engagements(&access(), &collect(kind, cursor)).await;
        assert!(matches!(page, Err(ReadError::Refused(_))), "{page:?}");
    }
    assert_eq!(far.asked().len(), 0);
}

#[tokio::test]
async fn counts_are_read_in_both_vocabularies_and_the_deleted_are_absent() {
    let body = r#"{"data":[
        {"id":"1","text":"a","public_metrics":{"retweet_count":1,"reply_count":2,"like_count":3,
            "quote_count":4,"bookmark_count":0,"impression_count":9}},
        {"id":"2","text":"b","public_metrics":{"repost_count":5,"reply_count":6,"like_count":7,
            "quote_count":8}}],
        "errors":[{"type":"https://api.twitter.com/2/problems/resource-not-found",
            "title":"Not Found Error","detail":"Could not find tweet [3].","value":"3"}]}"#;
    let far = Far::with(200, body).await;
    let asked = [post("1"), post("2"), post("3"), post("1")];
    let metrics = far.x().metrics(&access(), &asked).await.unwrap();
    let rows: Vec<_> = metrics
        .iter()
        .map(|m| (m.post.as_str(), m.reposts, m.replies, m.likes, m.quotes))
        .collect();
    assert_eq!(rows, [("1", 1, 2, 3, 4), ("2", 5, 6, 7, 8)]);
    assert_eq!(far.asked()[0].parameter("ids").as_deref(), Some("1,2,3"));
}

#[tokio::test]
async fn more_than_a_hundred_posts_are_asked_for_in_hundreds() {
    let gone = r#"{"errors":[{"type":"https://api.x.com/2/problems/resource-not-found"}]}"#;
    let far = Far::with(200, gone).await.then(200, &[], gone).then(200, &[], gone);
    let posts: Vec<_> = (1_000..1_250).map(|id| post(&id.to_string())).collect();
    assert_eq!(far.x().metrics(&access(), &posts).await, Ok(Vec::new()));
    let sizes: Vec<usize> = far
        .asked()
        .iter()
        .map(|asked| asked.parameter("ids").unwrap().split(',').count())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(far.x().metrics(&access(), &[]).await, Ok(Vec::new()));
    assert_eq!(far.asked().len(), 3, "nothing is asked about nothing");
}

#[tokio::test]
async fn a_post_left_out_for_another_reason_does_not_look_deleted() {
    let body = r#"{"errors":[{"type":"https://api.x.com/2/problems/resource-unavailable",
        "title":"Resource Unavailable","detail":"try later"}]}"#;
    let far = Far::with(200, body).await;
    let metrics = far.x().metrics(&access(), &[post("1")]).await;
    assert!(matches!(metrics, Err(ReadError::Unavailable(_))), "{metrics:?}");
}
