//! The stand-in as the exam's far end: another program at the end of a socket, whose people and
//! faults are scripted through its control routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, ProfileId, Time};
use hashbuzz_social::conformance::{Act, Brand, World};
use hashbuzz_social::{Access, Network};
use hashbuzz_social_x::{AppKeys, Settings, Vocabulary, X};
use hashbuzz_standin_x::{Clock, Config, Running, start};
use rustls::crypto::ring;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::far::NOW;

/// How profiles are linked and which names X uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) oauth1: bool,
    pub(crate) vocabulary: Vocabulary,
    /// Whether public lists are read with the app's own token.
    pub(crate) bearer: bool,
}

impl Manner {
    pub(crate) const USUAL: Self =
        Self { oauth1: false, vocabulary: Vocabulary::Tweet, bearer: false };
    pub(crate) const NEW: Self = Self { oauth1: true, vocabulary: Vocabulary::Post, bearer: false };
    pub(crate) const APP: Self =
        Self { oauth1: false, vocabulary: Vocabulary::Tweet, bearer: true };
}

pub(crate) struct StandIn {
    x: X,
    control: reqwest::Client,
    manner: Manner,
    clock: Arc<AtomicI64>,
    names: AtomicU32,
    running: Running,
}

impl StandIn {
    pub(crate) async fn start(manner: Manner) -> Self {
        let clock = Arc::new(AtomicI64::new(NOW.micros()));
        let config = Config::new(Clock::Manual(Arc::clone(&clock)));
        let running = start(config).await.expect("a free port");
        // Another test of this binary may have been first.
        let _installed = ring::default_provider().install_default();
        let control = reqwest::Client::builder().build().expect("a client");
        let ours = Arc::clone(&clock);
        let mut settings =
            Settings::new(Arc::new(move || Time::from_micros(ours.load(Ordering::SeqCst))));
        settings.api_base = running.url();
        settings.vocabulary = manner.vocabulary;
        let app = ask(control.get(format!("{}/_standin/app", running.url()))).await;
        let secret = |key: &str| SecretString::from(app[key].as_str().expect("a key"));
        settings.app = Some(AppKeys {
            consumer_key: secret("consumer_key"),
            consumer_secret: secret("consumer_secret"),
        });
        settings.bearer = manner.bearer.then(|| secret("bearer_token"));
        let x = X::new(settings).expect("settings that work");
        let names = AtomicU32::new(0);
        let standin = Self { x, control, manner, clock, names, running };
        if manner.vocabulary == Vocabulary::Post {
            standin.change(json!({ "vocabulary": "post" })).await;
        }
        standin
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_standin/{path}", self.running.url());
        ask(self.control.post(url).json(&body)).await
    }

    /// Changes the stand-in's settings.
    pub(crate) async fn change(&self, settings: Value) {
        let url = format!("{}/_standin/settings", self.running.url());
        ask(self.control.patch(url).json(&settings)).await;
    }

    /// Scripts a fault.
    pub(crate) async fn fault(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    pub(crate) async fn counters(&self) -> Value {
        ask(self.control.get(format!("{}/_standin/counters?acts=true", self.running.url()))).await
    }

    /// Somebody with properties of their own; the handle is made here.
    pub(crate) async fn somebody(&self, mut properties: Value) -> Value {
        let number = self.names.fetch_add(1, Ordering::SeqCst);
        properties["handle"] = json!(format!("user_{number}"));
        properties["token_lifetime_secs"] = json!(0);
        self.post("users", json!([properties])).await["users"][0].take()
    }

    async fn act(&self, who: &str, kind: &str, post: &PostId, text: &str) -> Value {
        let mut act = json!({ "user": who, "kind": kind, "post": post.as_str() });
        if !text.is_empty() {
            act["text"] = json!(text);
        }
        let row = self.post("acts", json!([act])).await["acts"][0].take();
        assert!(row.get("refused").is_none(), "{kind}: {row}");
        row
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.expect("the stand-in answers");
    let status = response.status();
    let body = response.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[async_trait]
impl World for StandIn {
    fn network(&self) -> &dyn Network {
        &self.x
    }

    fn now(&self) -> Time {
        Time::from_micros(self.clock.load(Ordering::SeqCst))
    }

    async fn settle(&self) {
        self.pass(31).await;
    }

    async fn pass(&self, secs: u32) {
        self.clock.fetch_add(i64::from(secs) * 1_000_000, Ordering::SeqCst);
    }

    async fn brand(&self) -> Brand {
        let user = self.somebody(json!({})).await;
        let (oauth1, oauth2) = (&user["oauth1"], &user["oauth2"]);
        let access = if self.manner.oauth1 {
            Access::oauth1(text(&oauth1["token"]), text(&oauth1["secret"]))
        } else {
            Access::oauth2(text(&oauth2["access_token"]))
        };
        let id: ProfileId = text(&user["id"]).parse().expect("an id");
        let access = access.of(id.clone());
        Brand { id, handle: text(&user["handle"]).to_owned(), access }
    }

    async fn person(&self) -> ProfileId {
        text(&self.somebody(json!({})).await["id"]).parse().expect("an id")
    }

    async fn engage(&self, who: &ProfileId, kind: Kind, post: &PostId, said: &str) -> Act {
        let speaks = matches!(kind, Kind::Quote | Kind::Reply);
        let said = if speaks { said } else { "" };
        let row = self.act(who.as_str(), kind.as_str(), post, said).await;
        let object = speaks.then(|| text(&row["id"]).parse().expect("an id"));
        Act { author: who.clone(), object }
    }

    async fn withdraw(&self, kind: Kind, post: &PostId, act: &Act) {
        let (how, what) = match kind {
            Kind::Like => ("unlike", post),
            Kind::Repost => ("unrepost", post),
            Kind::Quote | Kind::Reply => ("delete", act.object.as_ref().expect("it has an id")),
        };
        self.act(act.author.as_str(), how, what, "").await;
    }

    async fn revoke(&self, brand: &Brand) {
        self.post("revoke", json!({ "user": brand.id.as_str() })).await;
    }

    async fn lose_next_answer(&self) {
        self.fault(json!({ "kind": "drop_after_apply", "on": "/2/tweets" })).await;
    }

    async fn lose_next_answer_of_an_upload(&self) {
        let path = "/2/media/upload/";
        self.fault(json!({ "kind": "drop_after_apply", "on": path })).await;
    }

    async fn spoil_next_medium(&self) {
        self.fault(json!({ "kind": "media_fails" })).await;
    }

    async fn limit_next(&self) {
        self.fault(json!({ "kind": "status", "status": 429, "retry_after_secs": 60 })).await;
    }

    fn ever_listed(&self, kind: Kind) -> Option<usize> {
        (kind == Kind::Like).then_some(100)
    }
}
