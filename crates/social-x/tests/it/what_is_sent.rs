//! What leaves for X: addresses, bodies, signatures; and what never does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Access, Cursor, Network as _, NewPost, ReadError, WriteError};
use hashbuzz_social_x::{AppKeys, SettingsError, Vocabulary, X};
use hmac::{Hmac, Mac as _};
use secrecy::SecretString;
use sha1::Sha1;

use crate::far::{Asked, Far, NOW, access, collect, post, settings};

const EMPTY: &str = r#"{"meta":{"result_count":0}}"#;
const CREATED: &str = r#"{"data":{"id":"1900000000000000001","text":"hello",
    "edit_history_tweet_ids":["1900000000000000001"]}}"#;

fn oauth1() -> Access {
    Access::oauth1("user-token", "user-secret")
}

fn app() -> AppKeys {
    AppKeys {
        consumer_key: SecretString::from("consumer-key"),
        consumer_secret: SecretString::from("consumer-secret"),
    }
}

/// RFC 5849's percent encoding.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Computes the signature of what was asked as RFC 5849 says, from the request alone.
fn expected_signature(asked: &Asked, base: &str) -> (String, String) {
    let header = asked.headers["authorization"].to_str().unwrap();
    let fields: Vec<(String, String)> = header
        .strip_prefix("OAuth ")
        .unwrap()
        .split(',')
        .map(|field| {
            let (key, value) = field.trim().split_once('=').unwrap();
            (key.to_owned(), value.trim_matches('"').to_owned())
        })
        .collect();
    let sent = fields.iter().find(|(key, _)| key == "oauth_signature").unwrap().1.clone();
    let mut pairs: Vec<(String, String)> = fields
        .into_iter()
        .filter(|(key, _)| key != "oauth_signature")
        .chain(asked.query().into_iter().map(|(k, v)| (encoded(&k), encoded(&v))))
        .collect();
    pairs.sort();
    let parameters: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let address = format!("{base}{}", asked.uri.path());
    let text = format!("{}&{}&{}", asked.method, encoded(&address), encoded(&parameters.join("&")));
    let mut mac = Hmac::<Sha1>::new_from_slice(b"consumer-secret&user-secret").unwrap();
    mac.update(text.as_bytes());
    (sent, encoded(&STANDARD.encode(mac.finalize().into_bytes())))
}

#[tokio::test]
async fn a_reply_is_one_json_body_with_its_target() {
    let far = Far::with(201, CREATED).await;
    let new = NewPost {
        text: "\"hello\" & more".to_owned(),
        reply_to: Some(post("17")),
        media: Vec::new(),
    };
    let id = far.x().create_post(&access(), &new).await.unwrap();
    assert_eq!(id, post("1900000000000000001"));

    let asked = far.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.uri.path()), ("POST", "/2/tweets"));
    assert_eq!(asked.headers["authorization"], "Bearer brand-token");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert!(asked.headers["user-agent"].to_str().unwrap().starts_with("HashBuzz/"));
    let body = r#"{"text":"\"hello\" & more","reply":{"in_reply_to_tweet_id":"17"}}"#;
    assert_eq!(asked.body, body);
}

#[tokio::test]
async fn a_post_that_answers_nothing_says_nothing_of_a_reply() {
    let far = Far::with(201, CREATED).await;
    let new = NewPost { text: "hello".to_owned(), reply_to: None, media: Vec::new() };
    far.x().create_post(&access(), &new).await.unwrap();
    assert_eq!(far.asked()[0].body, r#"{"text":"hello"}"#);
}

#[tokio::test]
async fn oauth_1_signs_method_address_and_query() {
    let far = Far::with(200, EMPTY).await.then(201, &[], CREATED);
    let mut settings = settings(&far.address);
    settings.app = Some(app());
    let x = X::new(settings).unwrap();
    let cursor = Some(Cursor("100.b26v89c19zqg8o3f+/= x".to_owned()));
    x.engagements(&oauth1(), &collect(Kind::Repost, cursor)).await.unwrap();
    let new = NewPost { text: "not signed".to_owned(), reply_to: None, media: Vec::new() };
    x.create_post(&oauth1(), &new).await.unwrap();

    for asked in far.asked() {
        let header = asked.headers["authorization"].to_str().unwrap();
        assert!(header.contains(&format!("oauth_timestamp=\"{}\"", NOW.secs())), "{header}");
        assert!(header.contains("oauth_token=\"user-token\""), "{header}");
        let (sent, expected) = expected_signature(&asked, &far.address);
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn without_app_keys_an_oauth_1_profile_is_refused_before_anything_is_sent() {
    let far = Far::start().await;
    let error = far.x().me(&oauth1()).await.unwrap_err();
    assert!(matches!(error, ReadError::Refused(_)), "{error}");
    assert_eq!(far.asked().len(), 0);
}

#[tokio::test]
async fn the_app_reads_what_is_public_and_the_profile_the_rest() {
    let far = Far::with(200, EMPTY)
        .await
        .then(200, &[], EMPTY)
        .then(200, &[], EMPTY)
        .then(200, &[], EMPTY)
        .then(500, &[], "");
    let mut settings = settings(&far.address);
    settings.bearer = Some(SecretString::from("app-token"));
    let x = X::new(settings).unwrap();
    for kind in [Kind::Repost, Kind::Quote, Kind::Reply, Kind::Like] {
        x.engagements(&access(), &collect(kind, None)).await.unwrap();
    }
    let tokens: Vec<_> = far
        .asked()
        .iter()
        .map(|asked| asked.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    let (app, brand) = ("Bearer app-token", "Bearer brand-token");
    assert_eq!(tokens, [app, app, app, brand, app], "the last one asks for the count of likes");
}

#[tokio::test]
async fn both_vocabularies_are_spoken() {
    for (vocabulary, fields, references) in [
        (Vocabulary::Tweet, "tweet.fields", "referenced_tweets"),
        (Vocabulary::Post, "post.fields", "referenced_posts"),
    ] {
        let far = Far::with(200, EMPTY).await;
        let mut settings = settings(&far.address);
        settings.vocabulary = vocabulary;
        X::new(settings)
            .unwrap()
            .engagements(&access(), &collect(Kind::Reply, None))
            .await
            .unwrap();
        let asked = far.asked().remove(0);
        assert_eq!(asked.uri.path(), "/2/tweets/search/recent");
        assert_eq!(asked.parameter("query").as_deref(), Some("in_reply_to_tweet_id:1"));
        assert_eq!(asked.parameter("max_results").as_deref(), Some("100"));
        assert!(asked.parameter(fields).is_some());
        let all = format!("{:?}", asked.query());
        assert!(all.contains(references) && all.contains("author_id"), "{all}");
        assert_eq!(asked.query().iter().filter(|(k, _)| k.ends_with("t.fields")).count(), 1);
    }
}

#[tokio::test]
async fn an_id_of_another_network_never_leaves() {
    let far = Far::start().await;
    for id in ["at://did:plc:x/app.bsky.feed.post/3k", "../users/me", "12345678901234567890"] {
        let alien = post(id);
        let read = far.x().metrics(&access(), std::slice::from_ref(&alien)).await.unwrap_err();
        assert!(matches!(read, ReadError::Refused(_)), "{read}");
        let write = far.x().delete_post(&access(), &alien).await.unwrap_err();
        assert!(matches!(write, WriteError::Refused { .. }), "{write}");
        let new = NewPost { text: "hello".to_owned(), reply_to: Some(alien), media: Vec::new() };
        let write = far.x().create_post(&access(), &new).await.unwrap_err();
        assert!(matches!(write, WriteError::Refused { .. }), "{write}");
    }
    assert_eq!(far.asked().len(), 0);
}

#[tokio::test]
async fn secrets_and_texts_show_nowhere() {
    let far = Far::with(500, "").await;
    let mut settings = settings(&far.address);
    settings.bearer = Some(SecretString::from("app-token"));
    settings.app = Some(app());
    let mut shown = format!("{settings:?}");
    let x = X::new(settings).unwrap();
    shown.push_str(&format!("{x:?} {:?} {:?}", access(), oauth1()));
    let new = NewPost { text: "the secret text".to_owned(), reply_to: None, media: Vec::new() };
    shown.push_str(&format!("{:?}", x.create_post(&access(), &new).await));
    let broken = Access::oauth2("line\nbreak-token");
    shown.push_str(&format!("{:?}", x.me(&broken).await));
    for secret in ["app-token", "brand-token", "consumer-", "user-token", "user-secret", "text"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(!shown.contains("break-token"), "{shown}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_the_start() {
    for address in ["", "api.x.com", "ftp://api.x.com", "https://user:pw@api.x.com", "https://a?b"]
    {
        let refused = X::new(settings(address));
        assert!(matches!(refused, Err(SettingsError::Address(_))), "{address}");
    }
    for secs in [0, 60] {
        let mut settings = settings("https://api.x.com");
        settings.request_timeout = std::time::Duration::from_secs(secs);
        assert!(matches!(X::new(settings), Err(SettingsError::TimeLimit(_))));
    }
    assert!(X::new(settings("https://api.x.com/")).is_ok());
}

#[test]
fn what_the_port_asks_without_the_network() {
    let x = X::new(settings("https://api.x.com")).unwrap();
    assert_eq!(x.name(), "x");
    assert_eq!(x.post_url(&post("17")), "https://x.com/i/web/status/17");
    assert_eq!(x.pay_policy().kinds, Kind::ALL);
    assert!(x.pay_policy().forbidden_by.unwrap().contains("Pay to engage"));
    assert!(x.measure("https://example.com").length == 23);
}
