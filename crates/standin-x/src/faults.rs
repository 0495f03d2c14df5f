//! What goes wrong on purpose.
//!
//! Scripted faults strike the next requests that fit, as often as they were told to; then there is
//! a seeded random mode for long runs. The faults that matter most are those that strike after the
//! request took effect: the client sees an outage, and the post exists.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// The request has no effect and the line is cut.
    DropBeforeApply,
    /// The request takes effect and the line is cut instead of the answer.
    DropAfterApply,
    /// The request takes effect, and the line is cut in the middle of the answer's body.
    HalfBody,
    /// The request has no effect and is answered with a status.
    Status,
    /// The request takes effect and is answered with a status all the same.
    StatusAfterApply,
    /// The request waits, then takes effect.
    #[serde(alias = "delay_ms")]
    Delay,
    /// The request takes effect, then the answer waits.
    DelayAfterApply,
    /// A page of HTML with status 503 from somewhere in front of the API.
    HtmlError,
    /// A further page of a list shows the rows of the page before it once more.
    DuplicatePage,
    /// The token of a further page is no longer understood.
    ExpiredToken,
    /// A list leaves out about a quarter of its rows, which counts still have.
    MissingRows,
    /// The media that are complete now turn out to be unusable when they were worked on.
    MediaFails,
    /// The media that are complete now are worked on for as long as the delay says.
    MediaSlow,
    /// A post with media is refused as if they were unknown.
    MediaInvalid,
}

/// Endpoints that answer with pages.
const LISTS: [&str; 6] =
    ["search_recent", "liking_users", "reposted_by", "reposts", "quotes", "timeline"];

impl FaultKind {
    /// Whether it can strike this request at all.
    fn concerns(self, target: Target<'_>) -> bool {
        match self {
            Self::DuplicatePage | Self::ExpiredToken => target.continues,
            Self::MissingRows => LISTS.contains(&target.endpoint),
            Self::MediaFails | Self::MediaSlow => {
                matches!(target.endpoint, "media_finalize" | "media_upload")
            }
            Self::MediaInvalid => target.endpoint == "create_post",
            _ => true,
        }
    }
}

/// A window that a scripted 429 says is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UsedUp {
    /// The 15 minutes.
    #[default]
    Window,
    /// The person's 24 hours, where the endpoint has them.
    UserDay,
    /// The app's.
    AppDay,
}

/// A scripted fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Part of the path, or the endpoint's name; absent: every request.
    #[serde(default)]
    pub(crate) on: Option<String>,
    /// HTTP method; absent: any.
    #[serde(default)]
    pub(crate) method: Option<String>,
    pub(crate) kind: FaultKind,
    /// How many requests that fit pass unharmed first.
    #[serde(default)]
    pub(crate) skip: u32,
    /// How many requests it strikes.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// The answer's status; 503 unless told.
    #[serde(default = "unavailable", alias = "code")]
    pub(crate) status: u16,
    /// With status 429: which window is used up.
    #[serde(default)]
    pub(crate) used_up: UsedUp,
    /// With status 429: in how many seconds that window opens again.
    #[serde(default)]
    pub(crate) retry_after_secs: Option<i64>,
    /// How long a delay is.
    #[serde(default)]
    pub(crate) delay_ms: i64,
}

const fn once() -> u32 {
    1
}

const fn unavailable() -> u16 {
    503
}

/// Faults that come by chance.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chance {
    /// Decides when they come, together with the order of requests.
    pub(crate) seed: u64,
    /// Part of the path, or the endpoint's name; absent: every request.
    #[serde(default)]
    pub(crate) on: Option<String>,
    /// From 0 to 1 for each kind.
    pub(crate) probability: BTreeMap<FaultKind, f64>,
    /// How long a random delay is.
    #[serde(default)]
    pub(crate) delay_ms: i64,
}

/// What a request looks like to a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Whether it asks for a further page.
    pub(crate) continues: bool,
}

/// All faults that are set.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Faults {
    script: Vec<Fault>,
    chance: Option<Chance>,
    rng: ChaCha12Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { script: Vec::new(), chance: None, rng: ChaCha12Rng::seed_from_u64(seed) }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.script.push(fault);
    }

    /// Starts the random mode anew; false when a probability is no probability.
    pub(crate) fn set_chance(&mut self, chance: Chance) -> bool {
        let valid = chance.probability.values().all(|share| (0.0..=1.0).contains(share));
        if valid {
            self.rng = ChaCha12Rng::seed_from_u64(chance.seed);
            self.chance = Some(chance);
        }
        valid
    }

    pub(crate) fn clear(&mut self) {
        self.script.clear();
        self.chance = None;
    }

    /// Scripted faults that still wait for a request.
    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.script
    }

    /// The fault that strikes this request, if any. Scripted ones come first, in their order.
    pub(crate) fn strike(&mut self, target: Target<'_>) -> Option<Fault> {
        let at = self.script.iter_mut().position(|fault| fault.takes(target));
        let Some(at) = at else { return self.by_chance(target) };
        let struck = self.script[at].clone();
        if struck.times == 0 {
            self.script.remove(at);
        }
        Some(struck)
    }

    fn by_chance(&mut self, target: Target<'_>) -> Option<Fault> {
        let chance = self.chance.as_ref()?;
        if !fits(chance.on.as_deref(), target) {
            return None;
        }
        // Each kind draws every time, so that one kind's luck does not shift another's.
        let mut struck = None;
        for (kind, share) in &chance.probability {
            let hit = self.rng.random_bool(*share);
            if hit && kind.concerns(target) && struck.is_none() {
                struck = Some(Fault::plain(*kind, chance.delay_ms));
            }
        }
        struck
    }
}

impl Fault {
    fn plain(kind: FaultKind, delay_ms: i64) -> Self {
        Self {
            on: None,
            method: None,
            kind,
            skip: 0,
            times: 0,
            status: unavailable(),
            used_up: UsedUp::default(),
            retry_after_secs: None,
            delay_ms,
        }
    }

    /// Whether it strikes this request; counts down.
    fn takes(&mut self, target: Target<'_>) -> bool {
        let method = self.method.as_deref();
        let fits = self.times > 0
            && fits(self.on.as_deref(), target)
            && method.is_none_or(|method| method.eq_ignore_ascii_case(target.method))
            && self.kind.concerns(target);
        if fits && self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if fits {
            self.times -= 1;
        }
        fits
    }
}

fn fits(on: Option<&str>, target: Target<'_>) -> bool {
    on.is_none_or(|on| on == target.endpoint || target.path.contains(on))
}
