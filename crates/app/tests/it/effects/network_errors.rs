//! Every way in which the network can fail us, and what a campaign does next: at its first post, at
//! its second, and when its engagement is collected for the last time. Whatever happens, in the end it
//! is closed, each post was made once, and whoever took part is paid.

use hashbuzz_testkit::{Campaigner, HBAR, Participant, World, awareness};
use serde_json::{Value, json};

/// What the network does.
enum Trouble {
    /// A fault of the stand-in; `on` is set to the place.
    Fault(Value),
    /// It wants to be paid.
    NoCredit,
    /// The month's allowance of reads is used up.
    UsageCap,
    /// The account is suspended.
    Suspended,
    /// The brand takes our right away.
    Revoked,
    /// The brand has posted the same text by hand.
    SamePost,
}

/// What the campaign does next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// It goes on by itself, within so many seconds.
    GoesOn(i64),
    /// It waits so many seconds at least, says so with these words, and goes on by itself.
    Waits(i64, &'static str),
    /// It waits and says so with these words, until somebody has applied the remedy.
    WaitsForSomebody(&'static str),
    /// It is Approved again, with these words; nothing is public.
    Approved(&'static str),
    /// It is Stalled, with these words, until the remedy was applied and it is resumed.
    Stalled(&'static str),
    /// It goes on without this post, and shows these words.
    Without(&'static str),
    /// It cannot happen here.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Post1,
    Post2,
    Collection,
}

struct Stage {
    world: World,
    brand: Campaigner,
    people: Vec<Participant>,
    place: Place,
    id: String,
}

impl Stage {
    /// A campaign just before the place where it will be troubled.
    async fn set(place: Place) -> Self {
        let world = World::new().await;
        let brand = world.campaigner(110 * HBAR).await;
        let people = world.participants(1).await;
        let id = world.approved(&brand, &awareness("100", "2", "5")).await;
        let stage = Self { world, brand, people, place, id };
        if place == Place::Collection {
            stage.publish().await;
            stage.world.work_until(&stage.id, "Running").await;
            stage.engage().await;
        }
        stage
    }

    async fn publish(&self) {
        let (status, body) = self.brand.api.command(&self.id, "publish").await;
        assert_eq!(status, 202, "{body}");
    }

    async fn engage(&self) {
        let posts = self.world.posts(&self.id).await;
        self.world.reply(&self.people, &posts[0]).await;
    }

    async fn trouble(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Fault(fault) => {
                let mut fault = fault.clone();
                let (on, skip) = match self.place {
                    Place::Post1 => ("create_post", 0),
                    Place::Post2 => ("create_post", 1),
                    Place::Collection => ("search_recent", 0),
                };
                fault["on"] = json!(on);
                fault["skip"] = json!(skip);
                self.world.break_x(fault).await;
            }
            Trouble::NoCredit => self.world.set_x(json!({ "credits": 0 })).await,
            Trouble::UsageCap => self.world.set_x(json!({ "reads_left": 0 })).await,
            Trouble::Suspended => self.world.suspend(&self.brand, true).await,
            Trouble::Revoked => self.world.revoke(&self.brand).await,
            Trouble::SamePost => {
                self.world.says(&self.brand.handle, "A new flavour is here").await;
                self.world.expect_duplicates(1);
            }
        }
    }

    /// What a person does about it.
    async fn remedy(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Fault(_) => {}
            Trouble::NoCredit => self.world.set_x(json!({ "credits": null })).await,
            Trouble::UsageCap => self.world.set_x(json!({ "reads_left": null })).await,
            Trouble::Suspended => self.world.suspend(&self.brand, false).await,
            Trouble::Revoked => self.world.link_again(&self.brand).await,
            Trouble::SamePost => self.world.pass(hashbuzz_domain::Span::from_secs(86_401)),
        }
    }

    async fn state(&self) -> String {
        let view = self.brand.api.campaign(&self.id).await;
        view["state"].as_str().expect("a state").to_owned()
    }

    /// Works on until the campaign is past its place, or cannot pass it.
    async fn work(&self) {
        let here = match self.place {
            Place::Post1 | Place::Post2 => ["Publishing", "Publishing"],
            Place::Collection => ["Running", "Closing"],
        };
        if self.place != Place::Collection {
            self.publish().await;
        }
        while here.contains(&self.state().await.as_str()) && !self.waits_for_long().await {
            self.world.one_round().await;
        }
    }

    /// Whether its event waits for longer than retries ever do.
    async fn waits_for_long(&self) -> bool {
        self.why().await.is_some()
    }

    /// Why its event waits, if it does, for what the network said.
    async fn why(&self) -> Option<String> {
        let operator = self.world.operator().await;
        let path = format!("/v2/ops/events?campaign={}&state=deferred", self.id);
        let (_, body) = operator.get(&path).await;
        let events = body["events"].as_array().expect("a list");
        let words = events.iter().filter_map(|event| event["waits_for"].as_str());
        let waits =
            |why: &&str| ["limit", "credit", "cap", "window"].iter().any(|word| why.contains(word));
        words.filter(|why| waits(why)).map(str::to_owned).next()
    }

    /// What the campaign said when it could not go on.
    async fn reason(&self) -> String {
        self.brand.api.campaign(&self.id).await.to_string()
    }

    /// To the end, as if nothing had been.
    async fn ends_well(self, without: bool) {
        if self.place != Place::Collection {
            self.world.work_until(&self.id, "Running").await;
            self.engage().await;
        }
        self.world.work_until_quiet().await;
        assert_eq!(self.state().await, "Closed");
        assert_eq!(self.world.received(&self.people[0]).await, 5 * HBAR);
        let posts = self.world.counted().await.posts.len();
        assert_eq!(posts, if without { 3 } else { 4 });
        self.world.finish().await;
    }
}

/// Troubles a campaign at one place, and looks at what it does next.
async fn troubled(place: Place, trouble: Trouble, next: Next) {
    if matches!(next, Next::Nothing) {
        return;
    }
    let stage = Stage::set(place).await;
    stage.trouble(&trouble).await;
    let end = if place == Place::Collection { 3_600 } else { 0 };
    let before = stage.world.elapsed();
    stage.work().await;
    let (took, state) = (stage.world.elapsed() - before - end, stage.state().await);
    let mut without = false;
    match next {
        Next::Nothing => {}
        Next::GoesOn(within) => {
            assert!(!["Stalled", "Approved"].contains(&state.as_str()), "{}", stage.reason().await);
            assert!(took <= within, "it took {took} s");
        }
        Next::Waits(at_least, words) => {
            let why = stage.why().await.expect("it waits");
            assert!(why.contains(words), "{why}");
            while stage.why().await.is_some() {
                stage.world.one_round().await;
            }
            let took = stage.world.elapsed() - before - end;
            assert!(took >= at_least, "it waited {took} s only");
        }
        Next::WaitsForSomebody(words) => {
            let why = stage.why().await.expect("it waits");
            assert!(why.contains(words), "{why}");
            for _ in 0..3 {
                stage.world.one_round().await;
            }
            assert!(stage.why().await.is_some(), "nobody has done anything about it");
            stage.remedy(&trouble).await;
        }
        Next::Approved(words) => {
            assert_eq!(state, "Approved", "{}", stage.reason().await);
            assert!(stage.reason().await.contains(words), "{}", stage.reason().await);
            assert_eq!(stage.world.counted().await.public(), 0);
            stage.remedy(&trouble).await;
            stage.publish().await;
        }
        Next::Stalled(words) => {
            assert_eq!(state, "Stalled", "{}", stage.reason().await);
            assert!(stage.reason().await.contains(words), "{}", stage.reason().await);
            stage.world.expect_dead_letter(match place {
                Place::Post1 => "CAMPAIGN_PUBLISH_CONTENT",
                Place::Post2 => "CAMPAIGN_PUBLISH_SECOND_CONTENT",
                Place::Collection => "CAMPAIGN_COLLECT_ENGAGEMENT",
            });
            stage.remedy(&trouble).await;
            let (status, body) = stage.brand.api.command(&stage.id, "resume").await;
            assert_eq!(status, 202, "{body}");
        }
        Next::Without(words) => {
            assert_eq!(state, "Running", "{}", stage.reason().await);
            assert!(stage.reason().await.contains(words), "{}", stage.reason().await);
            without = true;
        }
    }
    stage.ends_well(without).await;
}

macro_rules! troubles {
    ($($name:ident: $trouble:expr => $post_1:expr, $post_2:expr, $collection:expr;)*) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "each uses some of them")]
                use super::{Next::*, Place, Trouble::*, troubled};
                use serde_json::json;

                #[tokio::test]
                async fn at_the_first_post() {
                    let _ = json!(null);
                    troubled(Place::Post1, $trouble, $post_1).await;
                }

                #[tokio::test]
                async fn at_the_second_post() {
                    troubled(Place::Post2, $trouble, $post_2).await;
                }

                #[tokio::test]
                async fn at_the_last_collection() {
                    troubled(Place::Collection, $trouble, $collection).await;
                }
            }
        )*
    };
}

// Error => at post 1, at post 2, at the last collection.
troubles! {
    invalid_400: Fault(json!({ "kind": "status", "status": 400 }))
        => Approved("Bad Request"), Without("Bad Request"), GoesOn(300);
    unauthorized_401_once: Fault(json!({ "kind": "status", "status": 401 }))
        => GoesOn(60), GoesOn(60), GoesOn(300);
    unauthorized_401_revoked: Revoked
        => Stalled("linked again"), Nothing, Stalled("linked again");
    credits_402: NoCredit
        => WaitsForSomebody("credit"), Nothing, WaitsForSomebody("credit");
    duplicate_403: SamePost
        => Approved("duplicate content"), Nothing, Nothing;
    not_permitted_403: Fault(json!({ "kind": "status", "status": 403 }))
        => Approved("Forbidden"), Without("Forbidden"), GoesOn(300);
    suspended_403: Suspended
        => Approved("suspended"), Nothing, Nothing;
    not_found_404: Fault(json!({ "kind": "status", "status": 404 }))
        => Approved("Not Found"), Without("Not Found"), GoesOn(300);
    window_429: Fault(json!({ "kind": "status", "status": 429, "retry_after_secs": 400 }))
        => Waits(400, "15-minute window"), Waits(400, "15-minute window"),
           Waits(400, "15-minute window");
    profile_day_429:
        Fault(json!({ "kind": "status", "status": 429, "used_up": "user_day", "retry_after_secs": 7_200 }))
        => Waits(7_200, "24-hour limit of this profile"),
           Waits(7_200, "24-hour limit of this profile"), Nothing;
    app_day_429:
        Fault(json!({ "kind": "status", "status": 429, "used_up": "app_day", "retry_after_secs": 7_200 }))
        => Waits(7_200, "24-hour limit of the app"), Waits(7_200, "24-hour limit of the app"),
           Nothing;
    usage_cap_429: UsageCap
        => Nothing, Nothing, WaitsForSomebody("usage cap");
    server_error_500: Fault(json!({ "kind": "status", "status": 500 }))
        => GoesOn(120), GoesOn(120), GoesOn(300);
    server_error_503_after_the_effect: Fault(json!({ "kind": "status_after_apply", "status": 503 }))
        => GoesOn(60), GoesOn(60), GoesOn(300);
    gateway_page_503: Fault(json!({ "kind": "html_error" }))
        => GoesOn(120), GoesOn(120), GoesOn(300);
    reset_before_the_effect: Fault(json!({ "kind": "drop_before_apply" }))
        => GoesOn(120), GoesOn(120), GoesOn(300);
    reset_after_the_effect: Fault(json!({ "kind": "drop_after_apply" }))
        => GoesOn(60), GoesOn(60), GoesOn(300);
    half_an_answer: Fault(json!({ "kind": "half_body" }))
        => GoesOn(60), GoesOn(60), GoesOn(300);
    time_out: Fault(json!({ "kind": "delay_after_apply", "delay_ms": 3_600_000 }))
        => GoesOn(60), Nothing, Nothing;
}
