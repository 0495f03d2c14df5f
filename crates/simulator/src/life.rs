//! One life: a campaign from its draft to its end, while the server dies where it is told to.
//!
//! Whoever plays here behaves like a careful program of a campaigner: an answer that was lost is
//! asked for again, and what is already the case is taken for an answer.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hashbuzz_media::samples;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};

use crate::api::{Api, Campaign};
use crate::books::Audit;
use crate::clock::FastClock;
use crate::control::XAct;
use crate::judge::{Seen as Facts, Verdict, judge};
use crate::place::{Dispatch, Place, Store};
use crate::programs::Executable;
use crate::server::{Seen, Server};
use crate::stage::Stage;
use crate::web::{Refused, Web};

/// How long nothing may change. Of the fast clock this is ten times the longest wait that the system
/// ever chooses.
const STILL: Duration = Duration::from_secs(45);
/// How long a life may take on a machine that does much else, however much changes in it.
const LONGEST: Duration = Duration::from_secs(300);
/// How long the last questions may take.
const LAST_WORDS: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So often, until the mirror node shows the end.
const LOOKS_AT_THE_BOOKS: usize = 40;

/// What each fan does with the first post, and what that is worth in tinybars.
pub const DEEDS: [([&str; 2], u64); 3] = [
    (["like", "repost"], 30_000_000),
    (["like", "reply"], 50_000_000),
    (["repost", "quote"], 50_000_000),
];

/// What all lives have in common.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The armed program, with the fast clock in its environment.
    pub program: Executable,
    /// That clock.
    pub clock: FastClock,
    /// Which databases.
    pub store: Store,
    /// How events reach workers.
    pub dispatch: Dispatch,
}

/// What came of a life.
#[derive(Debug)]
pub struct Lived {
    /// How many of the deaths came about.
    pub deaths: usize,
    /// What was found in the end.
    pub verdict: Verdict,
}

/// Lives one life in `folder`; the server dies at each of `deaths`, one after the other.
///
/// # Errors
/// When the far ends do not start or do not answer: then nothing was learnt.
pub async fn live(
    setting: &Setting,
    lane: usize,
    deaths: &[String],
    folder: &Path,
) -> anyhow::Result<Lived> {
    let Setting { program, clock, store, dispatch } = setting;
    let place = Place::make(store, dispatch, lane, folder).await?;
    let stage = Stage::lay(program, *clock, &place, DEEDS.len(), folder).await?;
    let server = Server { program, config: &stage.config, folder, deaths };
    let (now, seen) = watch::channel(Seen::default());
    let web = Web::new(String::new())?;
    let mut play = Play { stage: &stage, web, seen, id: None, accepted: false, engaged: false };
    let acted = server.around(&now, timeout(LONGEST, play.act())).await;
    let ended = acted.and_then(|acted| acted.context("time is up")?);
    let deaths = now.borrow().deaths;
    let why = ended.err().map(|error| format!("{error:#}"));
    let verdict = verdict(setting, &stage, &play, why, folder).await?;
    place.remove().await?;
    Ok(Lived { deaths, verdict })
}

/// Starts the server once more, without any point to die at, and asks what there is to know.
async fn verdict(
    setting: &Setting,
    stage: &Stage,
    play: &Play<'_>,
    why: Option<String>,
    folder: &Path,
) -> anyhow::Result<Verdict> {
    let server = Server { program: &setting.program, config: &stage.config, folder, deaths: &[] };
    let arguments: [&OsStr; 3] = ["doctor".as_ref(), "--config".as_ref(), stage.config.as_ref()];
    let doctor = setting.program.run(&arguments).await?;
    let doctor =
        (!doctor.status.success()).then(|| String::from_utf8_lossy(&doctor.stdout).into_owned());
    let (now, seen) = watch::channel(Seen::default());
    let (web, id) = (play.web.clone(), play.id.clone());
    let last = Play { stage, web, seen, id, accepted: play.accepted, engaged: true };
    let told = server.around(&now, timeout(LAST_WORDS, last.told())).await;
    let told = told.and_then(|told| told.context("the API does not answer")?);
    let (campaigns, dead, open) = match told {
        Ok(told) => told,
        Err(error) => return Ok(Verdict::stuck(format!("{error:#}"))),
    };
    let mut looks = interval(Duration::from_millis(25));
    let mut look = 0;
    loop {
        looks.tick().await;
        let (found, received) = stage.far.look().await?;
        let audit = Audit::of(&found, &campaigns);
        look += 1;
        if audit.problems.is_empty() || look == LOOKS_AT_THE_BOOKS {
            let (accepted, why) = (play.accepted, why.clone());
            let facts =
                Facts { accepted, why, found, received, campaigns, audit, dead, open, doctor };
            return Ok(judge(&facts));
        }
    }
}

struct Play<'a> {
    stage: &'a Stage,
    web: Web,
    seen: watch::Receiver<Seen>,
    /// The campaign, once somebody said its id.
    id: Option<String>,
    /// Whether the server has accepted to publish it.
    accepted: bool,
    engaged: bool,
}

impl Play<'_> {
    /// Draft, submit, approve, publish; then people engage, and it is watched to its end.
    async fn act(&mut self) -> anyhow::Result<()> {
        let (owner, reviewer) = (self.stage.owner.clone(), self.stage.reviewer.clone());
        let id = self.draft(&owner).await?;
        self.id = Some(id.clone());
        self.command(&owner, &id, "submit", "Draft").await?;
        self.command(&reviewer, &id, "approve", "InReview").await?;
        self.command(&owner, &id, "publish", "Approved").await?;
        self.accepted = true;
        let mut looks = interval(LOOK_EVERY);
        let (mut last, mut changed) = (String::new(), Instant::now());
        loop {
            looks.tick().await;
            self.engage().await?;
            let view = self.ask(&owner, async |api| api.campaign(&id).await).await?;
            let shown = format!("{view:?}");
            if shown != last {
                (last, changed) = (shown, Instant::now());
            }
            ensure!(changed.elapsed() < STILL, "nothing has changed for {STILL:?}");
            match view.state.as_str() {
                "Closed" if self.is_quiet(&id).await? => break,
                "Stalled" | "Cancelled" | "RolledBack" => {
                    bail!("it is {}: {}", view.state, view.stalled)
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks until there is an answer; the server may be dead for a while.
    async fn ask<T>(
        &self,
        key: &SecretString,
        act: impl AsyncFn(Api) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut seen = self.seen.clone();
        let mut pause = interval(LOOK_EVERY);
        loop {
            pause.tick().await;
            let address = seen.wait_for(|seen| seen.address.is_some()).await?.address.clone();
            let address = address.context("waited for")?;
            let api = Api::new(self.web.at(format!("http://{address}")), key.clone());
            match act(api).await {
                Err(error) if error.downcast_ref::<Refused>().is_none() => {}
                Err(error) if is_trouble(&error) => {}
                answered => return answered,
            }
        }
    }

    /// A draft has no key by which a repetition could be told, so whoever lost the answer looks.
    async fn draft(&self, owner: &SecretString) -> anyhow::Result<String> {
        self.ask(owner, async |api| {
            let listed = api.get("/v2/campaigns").await?;
            if let Some(id) = listed["campaigns"][0]["id"].as_str() {
                return Ok(id.to_owned());
            }
            let gif = api.medium(samples::gif(64, 64, 4), "stripes").await?;
            let draft = json!({
                "name": "Crash", "text": "A story that is told once, whatever happens.",
                "kind": "awareness", "asset": "HBAR", "budget": "10", "media": [gif],
                "rates": { "like": "0.1", "repost": "0.2", "quote": "0.3", "reply": "0.4" },
                "duration_seconds": 20, "claim_window_seconds": 10,
            });
            Ok(api.draft(&draft).await?.id)
        })
        .await
    }

    /// Gives a command until the campaign is no longer in the state `before`.
    async fn command(
        &self,
        key: &SecretString,
        id: &str,
        command: &str,
        before: &str,
    ) -> anyhow::Result<()> {
        self.ask(key, async |api| {
            if api.campaign(id).await?.state != before {
                return Ok(());
            }
            api.command(id, command).await
        })
        .await
    }

    /// People engage as soon as there is a post to engage with.
    async fn engage(&mut self) -> anyhow::Result<()> {
        let far = &self.stage.far;
        if self.engaged {
            return Ok(());
        }
        let posts = far.x.counters(false).await?.posts;
        let Some(post) = posts.iter().find(|post| post.reply_to.is_none()) else { return Ok(()) };
        let at = far.now().micros();
        let acts = far.fans.iter().zip(DEEDS).flat_map(|((fan, _), (kinds, _))| {
            kinds.map(|kind| XAct {
                at,
                user: fan.id.clone(),
                kind,
                post: post.id.clone(),
                text: if matches!(kind, "reply" | "quote") { "Well said" } else { "" }.to_owned(),
            })
        });
        far.x.act(&acts.collect::<Vec<_>>()).await?;
        self.engaged = true;
        Ok(())
    }

    /// Whether no event of the campaign waits or is worked on.
    async fn is_quiet(&self, id: &str) -> anyhow::Result<bool> {
        let operator = self.stage.operator.clone();
        let path = format!("/v2/ops/events?campaign={id}&limit=100");
        let events = self.ask(&operator, async |api| api.get(&path).await).await?;
        let lives = |event: &Value| {
            let state = event["state"].as_str().unwrap_or_default();
            matches!(state, "ready" | "deferred" | "paused" | "leased")
        };
        Ok(!rows(&events).iter().any(lives))
    }

    /// What the API says in the end: campaigns, dead letters, effects that are not decided.
    async fn told(&self) -> anyhow::Result<(Vec<Campaign>, Vec<Value>, Vec<Value>)> {
        let (owner, operator) = (self.stage.owner.clone(), self.stage.operator.clone());
        let listed = self.ask(&owner, async |api| api.get("/v2/campaigns").await).await?;
        let campaigns = serde_json::from_value(listed["campaigns"].clone())?;
        let ops = async |path: &'static str| {
            let answered = self.ask(&operator, async |api| api.get(path).await).await?;
            anyhow::Ok(rows(&answered).to_vec())
        };
        Ok((campaigns, ops("/v2/ops/dead-letters").await?, ops("/v2/ops/effects").await?))
    }
}

/// The rows of a list, whether it comes alone or with a cursor beside it.
fn rows(answered: &Value) -> &[Value] {
    let list = match answered {
        Value::Object(fields) => fields.values().find(|field| field.is_array()),
        other => Some(other),
    };
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Another system's trouble, which passes.
fn is_trouble(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.status.is_server_error())
}
