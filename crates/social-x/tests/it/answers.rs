//! Every status and every shape of an error leads to its remedy.

use hashbuzz_social::{Network as _, NewPost, ReadError, Refusal, WriteError};

use crate::far::{Far, NOW, access, post};

/// What a read and a write make of the same answer.
async fn remedies(status: u16, headers: &[(&str, &str)], body: &str) -> (ReadError, WriteError) {
    let far = Far::start().await.then(status, headers, body).then(status, headers, body);
    let x = far.x();
    let read = x.me(&access()).await.expect_err("the answer is no success");
    let new = NewPost { text: "hello".to_owned(), reply_to: None, media: Vec::new() };
    let write = x.create_post(&access(), &new).await.expect_err("the answer is no success");
    assert_eq!(far.asked().len(), 2, "nothing is asked twice after {status}");
    (read, write)
}

async fn refusal(status: u16, body: &str) -> Refusal {
    let (read, write) = remedies(status, &[], body).await;
    assert!(matches!(read, ReadError::Refused(_)), "{read}");
    match write {
        WriteError::Refused { refusal, .. } => refusal,
        other => panic!("{other}"),
    }
}

async fn until(headers: &[(&str, &str)], body: &str) -> (i64, String) {
    let (read, write) = remedies(429, headers, body).await;
    let ReadError::RateLimited { until, scope } = read else { panic!("{read}") };
    assert_eq!(write, WriteError::RateLimited { until, scope: scope.clone() });
    ((until.micros() - NOW.micros()) / 1_000_000, scope)
}

#[tokio::test]
async fn an_expired_token_asks_for_a_new_link() {
    let bodies = [
        r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
        r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#,
        "",
    ];
    for body in bodies {
        let (read, write) = remedies(401, &[], body).await;
        assert!(matches!(read, ReadError::Unauthorized(_)), "{read}");
        assert!(matches!(write, WriteError::Unauthorized(_)), "{write}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_unlinks_nobody() {
    let body = r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#;
    let (read, write) = remedies(401, &[], body).await;
    assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
    assert!(matches!(write, WriteError::Unavailable(_)), "{write}");
}

#[tokio::test]
async fn an_empty_account_asks_for_credit() {
    for host in ["api.twitter.com", "api.x.com"] {
        let body = format!(
            r#"{{"type":"https://{host}/2/problems/credits","title":"CreditsDepleted",
                "detail":"Your enrolled account does not have any credits."}}"#
        );
        let (read, write) = remedies(402, &[], &body).await;
        assert!(matches!(read, ReadError::NoCredit { .. }), "{read}");
        assert!(matches!(write, WriteError::NoCredit { .. }), "{write}");
    }
}

#[tokio::test]
async fn kinds_of_403_are_told_apart() {
    let of = |detail: &str| {
        format!(r#"{{"detail":"{detail}","title":"Forbidden","type":"about:blank","status":403}}"#)
    };
    let cases = [
        (of("You are not allowed to create a Tweet with duplicate content."), Refusal::Duplicate),
        (
            r#"{"errors":[{"code":187,"message":"Status is a duplicate."}]}"#.to_owned(),
            Refusal::Duplicate,
        ),
        (
            of("Reply to this conversation is not allowed because you have not been mentioned or \
                otherwise engaged by the author of the post you are replying to."),
            Refusal::ReplyNotAllowed,
        ),
        (
            of("You can only reply to or quote posts where you are mentioned or are the author."),
            Refusal::ReplyNotAllowed,
        ),
        (
            of("You attempted to reply to a Tweet that is deleted or not visible to you."),
            Refusal::ReplyNotAllowed,
        ),
        (
            r#"{"type":"https://api.twitter.com/2/problems/user-suspended","title":"Forbidden"}"#
                .to_owned(),
            Refusal::Suspended,
        ),
        (
            r#"{"errors":[{"code":64,"message":"Your account is suspended."}]}"#.to_owned(),
            Refusal::Suspended,
        ),
        (of("A post may have a maximum of one cashtag."), Refusal::Invalid),
        (of("The Tweet contains an invalid URL."), Refusal::Invalid),
        (of("You are not permitted to perform this action."), Refusal::NotPermitted),
        (
            r#"{"reason":"client-not-enrolled","title":"Client Forbidden",
                "type":"https://api.twitter.com/2/problems/client-forbidden"}"#
                .to_owned(),
            Refusal::NotPermitted,
        ),
        (
            r#"{"type":"https://api.x.com/2/problems/oauth1-permissions","title":"Forbidden"}"#
                .to_owned(),
            Refusal::NotPermitted,
        ),
        ("<html>Forbidden</html>".to_owned(), Refusal::NotPermitted),
    ];
    for (body, expected) in cases {
        assert_eq!(refusal(403, &body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn a_malformed_request_is_refused_for_good() {
    let media = r#"{"errors":[{"parameters":{"media.media_ids":["1"]},
        "message":"Your media IDs are invalid."}],"title":"Invalid Request",
        "detail":"One or more parameters to your request was invalid.",
        "type":"https://api.twitter.com/2/problems/invalid-request"}"#;
    assert_eq!(refusal(400, media).await, Refusal::Media);
    assert_eq!(refusal(400, "").await, Refusal::Invalid);
    assert_eq!(refusal(413, "too large").await, Refusal::Invalid);
    assert_eq!(refusal(405, "").await, Refusal::NotPermitted);
}

#[tokio::test]
async fn the_words_of_the_network_are_kept_and_bounded() {
    let body = format!(r#"{{"title":"Forbidden","detail":"{}"}}"#, "x".repeat(5_000));
    let (read, _) = remedies(403, &[], &body).await;
    assert!(read.to_string().contains("Forbidden: xxx"));
    assert!(read.to_string().len() < 400);
}

#[tokio::test]
async fn what_is_gone_is_gone_only_by_x_s_own_word() {
    let body = r#"{"title":"Not Found Error","detail":"Could not find tweet with id: [1].",
        "type":"https://api.x.com/2/problems/resource-not-found","resource_type":"tweet"}"#;
    let (read, write) = remedies(404, &[], body).await;
    assert!(matches!(read, ReadError::Gone(_)), "{read}");
    assert!(matches!(write, WriteError::Refused { .. }), "{write}");

    let (read, write) = remedies(404, &[], "<html>404 page not found</html>").await;
    assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
    assert!(matches!(write, WriteError::Unavailable(_)), "{write}");
}

#[tokio::test]
async fn after_an_error_of_the_server_a_write_is_unknown() {
    let bodies = [
        (500, r#"{"title":"Internal Server Error","status":500,"type":"about:blank"}"#),
        (502, "<html><body>Bad Gateway</body></html>"),
        (503, "Service Unavailable"),
        (504, ""),
        (408, ""),
        (302, ""),
    ];
    for (status, body) in bodies {
        let (read, write) = remedies(status, &[], body).await;
        assert!(matches!(read, ReadError::Unavailable(_)), "{status}: {read}");
        assert!(matches!(write, WriteError::Unknown(_)), "{status}: {write}");
    }
}

#[tokio::test]
async fn a_success_in_another_shape_is_no_success() {
    for body in ["", "{}", "[]", "<html>welcome</html>", r#"{"data":{}}"#] {
        let (read, write) = remedies(200, &[], body).await;
        assert!(matches!(read, ReadError::Unavailable(_)), "{body}: {read}");
        assert!(matches!(write, WriteError::Unknown(_)), "{body}: {write}");
    }
}

#[tokio::test]
async fn a_window_that_is_used_up_is_waited_for() {
    let reset = (NOW.secs() + 321).to_string();
    let headers = [
        ("x-rate-limit-limit", "75"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", reset.as_str()),
    ];
    for body in [
        r#"{"title":"Too Many Requests","type":"about:blank","status":429}"#,
        r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
        "",
    ] {
        let (secs, scope) = until(&headers, body).await;
        assert_eq!((secs, scope.contains("15-minute")), (321, true), "{scope}");
    }
}

#[tokio::test]
async fn of_several_limits_the_one_that_blocks_counts() {
    let (window, day) = ((NOW.secs() + 300).to_string(), (NOW.secs() + 40_000).to_string());
    let headers = [
        ("x-rate-limit-remaining", "39999"),
        ("x-rate-limit-reset", window.as_str()),
        ("x-user-limit-24hour-remaining", "0"),
        ("x-user-limit-24hour-reset", day.as_str()),
        ("x-app-limit-24hour-remaining", "12"),
        ("x-app-limit-24hour-reset", window.as_str()),
    ];
    let (secs, scope) = until(&headers, "{}").await;
    assert_eq!((secs, scope.contains("24-hour limit of this profile")), (40_000, true), "{scope}");

    let both = [
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", window.as_str()),
        ("x-app-limit-24hour-remaining", "0"),
        ("x-app-limit-24hour-reset", day.as_str()),
    ];
    let (secs, scope) = until(&both, "{}").await;
    assert_eq!((secs, scope.contains("24-hour limit of the app")), (40_000, true), "{scope}");
}

#[tokio::test]
async fn a_usage_cap_is_waited_for_until_the_next_day_whatever_the_window_says() {
    let soon = (NOW.secs() + 60).to_string();
    let headers = [("x-rate-limit-remaining", "39999"), ("x-rate-limit-reset", soon.as_str())];
    let body = r#"{"title":"UsageCapExceeded","period":"Monthly","scope":"Product",
        "detail":"Usage cap exceeded: Monthly product cap",
        "type":"https://api.twitter.com/2/problems/usage-capped"}"#;
    let (secs, scope) = until(&headers, body).await;
    assert_eq!((secs, scope.as_str()), (12 * 3_600, "usage cap Monthly Product"));
}

#[tokio::test]
async fn without_a_usable_date_the_wait_is_our_own_and_never_in_the_past() {
    let past = (NOW.secs() - 5).to_string();
    let far = "99999999999";
    let zero = ("x-rate-limit-remaining", "0");
    assert_eq!(until(&[], "").await.0, 900);
    assert_eq!(until(&[("retry-after", "7")], "").await.0, 7);
    assert_eq!(until(&[zero, ("x-rate-limit-reset", past.as_str())], "").await.0, 2);
    assert_eq!(until(&[zero, ("x-rate-limit-reset", far)], "").await.0, 25 * 3_600);
    assert_eq!(until(&[zero, ("x-rate-limit-reset", "soon")], "").await.0, 900);
}

#[tokio::test]
async fn deleting_what_is_gone_is_a_success() {
    let gone =
        r#"{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}"#;
    let listed = format!(r#"{{"errors":[{gone}]}}"#);
    for (status, body) in [(200, r#"{"data":{"deleted":true}}"#), (404, gone), (200, &listed)] {
        let far = Far::with(status, body).await;
        assert_eq!(far.x().delete_post(&access(), &post("7")).await, Ok(()), "{body}");
    }
    for (status, body) in [(200, r#"{"data":{"deleted":false}}"#), (500, ""), (200, "ok")] {
        let far = Far::with(status, body).await;
        let outcome = far.x().delete_post(&access(), &post("7")).await;
        assert!(matches!(outcome, Err(WriteError::Unknown(_))), "{status} {body}: {outcome:?}");
    }
    let far = Far::with(404, "<html>nothing here</html>").await;
    let outcome = far.x().delete_post(&access(), &post("7")).await;
    assert!(matches!(outcome, Err(WriteError::Unavailable(_))), "{outcome:?}");
}
