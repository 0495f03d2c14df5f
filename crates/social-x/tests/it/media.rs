//! Uploads on the wire: what leaves for X, and what its answers mean.

use hashbuzz_domain::media::{Facts, Format};
use hashbuzz_domain::{Span, UploadId};
use hashbuzz_social::{Network as _, NewPost, ReadError, Refusal, UploadState, WriteError};

use crate::far::{Far, NOW, access};

fn upload(id: &str) -> UploadId {
    id.parse().unwrap()
}

fn facts(format: Format) -> Facts {
    Facts { format, bytes: 2_000_000, width: 640, height: 480, frames: 1, duration: None }
}

#[tokio::test]
async fn an_upload_is_announced_with_its_use_and_its_size() {
    let answer = r#"{"data":{"id":"77","media_key":"7_77","expires_after_secs":1295999}}"#;
    for (format, mime, category) in [
        (Format::Png, "image/png", "tweet_image"),
        (Format::WebP, "image/webp", "tweet_image"),
        (Format::Gif, "image/gif", "tweet_gif"),
        (Format::Mp4, "video/mp4", "tweet_video"),
    ] {
        let far = Far::with(200, answer).await;
        let begun = far.x().begin_upload(&access(), &facts(format)).await.unwrap();
        assert_eq!(begun.upload, upload("77"));
        assert_eq!(begun.expires_at, Some(NOW.plus(Span::from_secs(1_295_999))));
        let asked = far.asked().remove(0);
        assert_eq!(asked.uri.path(), "/2/media/upload/initialize");
        let body = format!(
            r#"{{"media_type":"{mime}","media_category":"{category}","total_bytes":2000000}}"#
        );
        assert_eq!(asked.body, body);
    }
}

#[tokio::test]
async fn a_piece_is_a_part_of_a_form_beside_its_number_and_needs_no_words_back() {
    let far = Far::with(204, "").await;
    let sent = far.x().append_upload(&access(), &upload("77"), 12, b"the bytes".to_vec()).await;
    assert_eq!(sent, Ok(()));
    let asked = far.asked().remove(0);
    assert_eq!(asked.uri.path(), "/2/media/upload/77/append");
    let kind = asked.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    assert!(asked.body.contains("name=\"segment_index\"\r\n\r\n12\r\n"), "{}", asked.body);
    assert!(asked.body.contains("name=\"media\"; filename=\"piece\"\r\n"), "{}", asked.body);
    assert!(asked.body.contains("\r\n\r\nthe bytes\r\n"), "{}", asked.body);
}

#[tokio::test]
async fn what_cannot_be_sent_never_leaves() {
    let far = Far::start().await;
    for (id, piece) in [("../me", 0), ("77", 1_000)] {
        let refused = far.x().append_upload(&access(), &upload(id), piece, vec![1]).await;
        assert!(matches!(refused, Err(WriteError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(far.asked().len(), 0);
}

#[tokio::test]
async fn the_states_of_an_upload_are_told_apart() {
    let says = |info: &str| {
        format!(r#"{{"data":{{"id":"77","expires_after_secs":86400,"processing_info":{info}}}}}"#)
    };
    let waits = |secs| UploadState::Processing(Span::from_secs(secs));
    for (info, expected) in [
        (r#"{"state":"pending","check_after_secs":7}"#, waits(7)),
        (r#"{"state":"in_progress","check_after_secs":99999}"#, waits(300)),
        (r#"{"state":"in_progress"}"#, waits(5)),
        (r#"{"state":"succeeded","progress_percent":100}"#, UploadState::Ready),
        (
            r#"{"state":"failed","error":{"code":3,"name":"InvalidMedia","message":"Bad codec"}}"#,
            UploadState::Failed("Bad codec".to_owned()),
        ),
    ] {
        let far = Far::with(200, &says(info)).await.then(200, &[], &says(info));
        let (x, access) = (far.x(), access());
        let finished = x.finish_upload(&access, &upload("77")).await.unwrap();
        let seen = x.upload_state(&access, &upload("77")).await.unwrap();
        assert_eq!(finished.state, expected);
        assert_eq!(finished.expires_at, Some(NOW.plus(Span::from_secs(86_400))));
        assert_eq!(seen, Some(finished));
        let asked = far.asked();
        assert_eq!(asked[0].uri.path(), "/2/media/upload/77/finalize");
        assert_eq!(asked[1].parameter("command").as_deref(), Some("STATUS"));
        assert_eq!(asked[1].parameter("media_id").as_deref(), Some("77"));
    }
}

#[tokio::test]
async fn without_a_state_a_finished_upload_is_ready_and_any_other_is_unclear() {
    let answer = r#"{"data":{"id":"77","size":5}}"#;
    let far = Far::with(200, answer).await.then(200, &[], answer);
    let (x, access) = (far.x(), access());
    let finished = x.finish_upload(&access, &upload("77")).await.unwrap();
    assert_eq!((finished.state, finished.expires_at), (UploadState::Ready, None));
    assert_eq!(x.upload_state(&access, &upload("77")).await, Ok(None));
}

#[tokio::test]
async fn an_upload_that_is_gone_is_named_as_such() {
    let gone =
        r#"{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}"#;
    let invalid = r#"{"errors":[{"message":"Invalid mediaId."}],"title":"Invalid Request",
        "type":"https://api.twitter.com/2/problems/invalid-request"}"#;
    for (status, body, expected) in [(404, gone, Refusal::Gone), (400, invalid, Refusal::Media)] {
        let far = Far::with(status, body).await.then(status, &[], body).then(status, &[], body);
        let (x, access) = (far.x(), access());
        let appended = x.append_upload(&access, &upload("77"), 0, vec![1]).await;
        let finished = x.finish_upload(&access, &upload("77")).await.map(drop);
        for refused in [appended, finished] {
            let named = matches!(
                refused, Err(WriteError::Refused { refusal, .. }) if refusal == expected
            );
            assert!(named, "{refused:?}");
        }
        let seen = x.upload_state(&access, &upload("77")).await;
        assert!(matches!(seen, Err(ReadError::Gone(_) | ReadError::Refused(_))), "{seen:?}");
    }
}

#[tokio::test]
async fn a_description_names_the_upload() {
    let far = Far::with(200, r#"{"data":{"id":"77"}}"#).await;
    far.x().describe_upload(&access(), &upload("77"), "A \"cat\"").await.unwrap();
    let asked = far.asked().remove(0);
    assert_eq!(asked.uri.path(), "/2/media/metadata");
    assert_eq!(asked.body, r#"{"id":"77","metadata":{"alt_text":{"text":"A \"cat\""}}}"#);
}

#[tokio::test]
async fn a_post_names_what_it_shows() {
    let far = Far::with(201, r#"{"data":{"id":"1900000000000000001"}}"#).await;
    let media = vec![upload("77"), upload("78")];
    let new = NewPost { text: "hello".to_owned(), reply_to: None, media };
    far.x().create_post(&access(), &new).await.unwrap();
    assert_eq!(far.asked()[0].body, r#"{"text":"hello","media":{"media_ids":["77","78"]}}"#);
}

#[tokio::test]
async fn what_x_does_not_take_is_said_beforehand() {
    let far = Far::start().await;
    let rules = far.x().media_rules();
    let video = |width, height, millis| Facts {
        width,
        height,
        duration: Some(Span::from_millis(millis)),
        ..facts(Format::Mp4)
    };
    let picture = facts(Format::Jpeg);
    let gif = facts(Format::Gif);
    for media in [vec![], vec![picture; 4], vec![gif], vec![video(720, 1_280, 140_000)]] {
        assert_eq!(rules.check(&media), Ok(()), "{media:?}");
    }
    for media in [
        vec![picture; 5],
        vec![gif; 2],
        vec![picture, gif],
        vec![Facts { bytes: 6_000_000, ..picture }],
        vec![Facts { frames: 351, ..gif }],
        vec![Facts { width: 1_281, ..gif }],
        vec![video(1_920, 1_080, 9_000)],
        vec![video(960, 300, 9_000)],
        vec![video(640, 480, 140_001)],
        vec![video(640, 480, 499)],
    ] {
        assert!(rules.check(&media).is_err(), "{media:?}");
    }
}
