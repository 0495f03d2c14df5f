//! What people do: drafts, commands, likes and replies, and what goes wrong.

use hashbuzz_domain::Span;
use serde_json::{Value, json};

use crate::{Campaigner, Participant, World};

/// A draft that pays `like` and `reply` HBAR, for an hour, with ten minutes to claim.
pub fn awareness(budget: &str, like: &str, reply: &str) -> Value {
    json!({
        "name": "Summer", "text": "A new flavour is here", "kind": "awareness", "budget": budget,
        "rates": { "like": like, "reply": reply },
        "duration_seconds": 3_600, "claim_window_seconds": 600,
    })
}

/// A draft that asks which of three is right; the second one is.
pub fn quest(budget: &str) -> Value {
    json!({
        "name": "Which one", "text": "Which flavour is new?", "kind": "quest", "budget": budget,
        "options": ["Lemon", "Mango", "Cherry"], "correct": 1,
        "duration_seconds": 3_600, "claim_window_seconds": 600,
    })
}

impl World {
    /// Hands a picture or video in, described by one word; its id.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn medium(&self, by: &Campaigner, bytes: Vec<u8>, alt: &str) -> String {
        let (status, body) = by.api.send_bytes(&format!("/v2/media?alt={alt}"), bytes).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("a medium has an id").to_owned()
    }

    /// Drafts; the campaign's id.
    ///
    /// # Panics
    /// When the draft is refused.
    pub async fn draft(&self, by: &Campaigner, body: &Value) -> String {
        let (status, body) = by.api.send_json(reqwest::Method::POST, "/v2/campaigns", body).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("a campaign has an id").to_owned()
    }

    /// Drafts, submits, and the reviewer agrees.
    ///
    /// # Panics
    /// When anything of it is refused.
    pub async fn approved(&self, by: &Campaigner, body: &Value) -> String {
        let id = self.draft(by, body).await;
        let (status, body) = by.api.command(&id, "submit").await;
        assert_eq!(status, 200, "{body}");
        let (status, body) = self.reviewer().command(&id, "approve").await;
        assert_eq!(status, 200, "{body}");
        id
    }

    /// Drafts, submits, has it approved, publishes.
    ///
    /// # Panics
    /// When anything of it is refused.
    pub async fn published(&self, by: &Campaigner, body: &Value) -> String {
        let id = self.approved(by, body).await;
        let (status, body) = by.api.command(&id, "publish").await;
        assert_eq!(status, 202, "{body}");
        id
    }

    /// A campaign that runs.
    ///
    /// # Panics
    /// When it does not get so far.
    pub async fn running(&self, by: &Campaigner, body: &Value) -> String {
        let id = self.published(by, body).await;
        self.work_until(&id, "Running").await;
        id
    }

    /// The ids of the campaign's posts, first post first.
    pub async fn posts(&self, campaign: &str) -> Vec<String> {
        let view = self.reviewer().campaign(campaign).await;
        let posts = view["posts"].as_array().into_iter().flatten();
        posts.filter_map(|post| post["id"].as_str().map(str::to_owned)).collect()
    }

    /// They all like the post, a minute apart.
    pub async fn like(&self, people: &[Participant], post: &str) {
        self.act(people, "like", post, |_| String::new()).await;
    }

    /// They take their likes back.
    pub async fn unlike(&self, people: &[Participant], post: &str) {
        self.act(people, "unlike", post, |_| String::new()).await;
    }

    /// They reply in words of their own, a minute apart.
    pub async fn reply(&self, people: &[Participant], post: &str) {
        self.act(people, "reply", post, |n| format!("Here is what number {n} thinks of it")).await;
    }

    /// Somebody posts by hand, in the network's own app.
    ///
    /// # Panics
    /// When the network refuses.
    pub async fn says(&self, handle: &str, text: &str) {
        let act = json!([{ "user": handle, "kind": "post", "text": text }]);
        let answer: Value = self.x.post("/_standin/acts", &act).await;
        assert!(answer["acts"][0]["refused"].is_null(), "{answer}");
    }

    /// They reply with `text`.
    pub async fn answer(&self, people: &[Participant], post: &str, text: &str) {
        self.act(people, "reply", post, |_| text.to_owned()).await;
    }

    async fn act(
        &self,
        people: &[Participant],
        kind: &str,
        post: &str,
        text: impl Fn(usize) -> String,
    ) {
        for (n, person) in people.iter().enumerate() {
            let act = json!([{
                "user": person.profile, "kind": kind, "post": post, "text": text(n),
            }]);
            let answer: Value = self.x.post("/_standin/acts", &act).await;
            assert!(answer["acts"][0]["refused"].is_null(), "{answer}");
            self.clock.advance(Span::from_secs(60));
        }
    }

    /// Writes into X's script of faults.
    pub async fn break_x(&self, fault: Value) {
        self.x.post::<Value>("/_standin/faults", &fault).await;
    }

    /// Changes X's settings.
    pub async fn set_x(&self, settings: Value) {
        self.x.ask(reqwest::Method::PATCH, "/_standin/settings", Some(&settings)).await;
    }

    /// X suspends the brand's account, or opens it again.
    pub async fn suspend(&self, brand: &Campaigner, suspended: bool) {
        let whom = json!({ "user": brand.handle, "suspended": suspended });
        self.x.post::<Value>("/_standin/suspend", &whom).await;
    }

    /// Writes into Hedera's script of faults.
    pub async fn break_hedera(&self, fault: Value) {
        self.hedera.post::<Value>("/_standin/faults", &fault).await;
    }
}
