//! Watching campaigns through the API, and playing the crowd at the right moments.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use rand_chacha::ChaCha12Rng;

use super::deployment::Deployment;
use super::engagement::{Act, Deed, Target, plan};
use super::ground::{Ground, now};
use super::population::{Member, Wallet};
use super::shows::{LENGTH, Show};
use super::story::Story;
use hashbuzz_simulator::api::{Api, Campaign, Entry};
use hashbuzz_simulator::control::{XAct, XPost, XUser};

/// Between two looks at a campaign.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The states on the way, in order.
const WAY: [&str; 6] = ["Publishing", "Running", "Closing", "Settling", "Claimable", "Closed"];

/// Steps of the progress bar that a campaign takes.
pub(super) const STEPS: u64 = 5;

/// A campaign on its way.
#[derive(Debug)]
pub(super) struct Play {
    show: Show,
    owner: Api,
    /// As last seen.
    pub(super) view: Campaign,
    /// The last line of the timeline that was told.
    cursor: Option<String>,
    /// What will happen; taken when it is under way.
    acts: Option<Vec<Act>>,
    /// Replies that their authors delete: when (microseconds), who, where.
    deletions: Vec<(i64, Member, String)>,
    /// Its claim window was seen.
    claimed: bool,
}

impl Play {
    /// A campaign that was just published, with everything that will happen to it.
    pub(super) fn new(
        show: Show,
        owner: Api,
        view: Campaign,
        ground: &Ground,
        rng: &mut ChaCha12Rng,
    ) -> Self {
        let acts = show.asks.as_ref().map(|asks| plan(&ground.population, asks, LENGTH, rng));
        let (cursor, deletions) = (None, Vec::new());
        Self { show, owner, view, cursor, acts, deletions, claimed: false }
    }

    fn is_over(&self) -> bool {
        matches!(self.view.state.as_str(), "Closed" | "Cancelled" | "RolledBack")
    }

    fn is_stuck(&self) -> bool {
        self.view.state == "Stalled"
    }

    /// What it waits for, in words.
    pub(super) fn waits_for(&self) -> String {
        let Campaign { name, state, stalled, steps, .. } = &self.view;
        let open: Vec<String> = steps
            .iter()
            .filter(|step| !matches!(step.state.as_str(), "done" | "planned"))
            .map(|step| format!("{} is {} ({})", step.step, step.state, step.detail))
            .collect();
        let why = if stalled.is_null() { String::new() } else { format!(" {stalled}") };
        format!("{name} is {state}{why}; {}", open.join(", "))
    }

    fn steps_done(&self) -> u64 {
        let at = WAY.iter().position(|state| *state == self.view.state).unwrap_or_default();
        u64::try_from(at).unwrap_or_default()
    }
}

/// Follows all campaigns until each is over or stuck. Tells what happens.
///
/// # Errors
/// When the API or a stand-in does not answer as it should.
pub(super) async fn follow(
    plays: &mut [Play],
    ground: &Ground,
    deployment: &Deployment,
    story: &Story,
) -> anyhow::Result<()> {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let late = ground.people(Wallet::DuringTheClaimWindow);
    // Half of them when the first campaign lets people claim, the rest at the second.
    let mut late: Vec<&[usize]> = late.chunks(late.len().div_ceil(2).max(1)).collect();
    loop {
        looks.tick().await;
        for play in plays.iter_mut() {
            look(play, story).await?;
            let running = play.view.state == "Running";
            if running && let Some(acts) = play.acts.take() {
                begin(play, &acts, ground, story).await?;
            }
            delete_replies(play, ground).await?;
            let claimable = play.view.state == "Claimable" && play.show.asks.is_some();
            if claimable && !play.claimed {
                play.claimed = true;
                if let Some(people) = late.pop() {
                    link(people, deployment, ground, story).await?;
                }
            }
        }
        let done = plays.iter().map(Play::steps_done).sum();
        let states: Vec<&str> = plays.iter().map(|play| play.view.state.as_str()).collect();
        story.progress(done, &states.join(", "));
        if plays.iter().all(|play| play.is_over() || play.is_stuck()) {
            return Ok(());
        }
    }
}

/// Reads the campaign and tells its news.
async fn look(play: &mut Play, story: &Story) -> anyhow::Result<()> {
    // The state first: news of a state that was seen are then never missing at the end.
    play.view = play.owner.campaign(&play.view.id).await?;
    loop {
        let news = play.owner.news(&play.view.id, play.cursor.as_deref()).await?;
        play.cursor = news.next.or(play.cursor.take());
        if news.entries.is_empty() {
            return Ok(());
        }
        for entry in &news.entries {
            story.say(play.show.name, &told(entry));
        }
    }
}

/// A line of the timeline in words.
fn told(entry: &Entry) -> String {
    let Some(step) = &entry.step else { return entry.message.clone() };
    let step = step.replace('_', " ");
    let mark = match entry.kind.as_str() {
        "unknown" => "?! ",
        "failed" => "!! ",
        _ => "",
    };
    match entry.message.is_empty() {
        true => format!("{mark}{step}: {}", entry.kind),
        false => format!("{mark}{step}: {}", entry.message),
    }
}

/// The crowd arrives: everything that is planned gets its time.
async fn begin(
    play: &mut Play,
    acts: &[Act],
    ground: &Ground,
    story: &Story,
) -> anyhow::Result<()> {
    let begins = play.view.starts_at.as_deref().context("a running campaign has begun")?;
    let begins = begins.parse::<jiff::Timestamp>()?.as_microsecond();
    let mut scheduled = Vec::with_capacity(acts.len());
    for act in acts {
        let Some(post) = post_of(&play.view, act.target) else { continue };
        let at = begins + i64::try_from(act.at.as_micros()).unwrap_or(i64::MAX / 2);
        match kind(act.deed) {
            Some(kind) => scheduled.push(XAct {
                at,
                user: user(ground, act.who)?.id.clone(),
                kind,
                post: post.to_owned(),
                text: act.text.clone(),
            }),
            // Which reply it deletes is known when the reply is there.
            None => play.deletions.push((at, act.who, post.to_owned())),
        }
    }
    ground.x.act(&scheduled).await?;
    let (people, bots) = heads(acts);
    let undone = acts.iter().filter(|act| is_undoing(act.deed)).count();
    story.say(
        play.show.name,
        &format!(
            "{people} people and {bots} bots begin to react: {} acts in {} s, {undone} taken back \
             (1 s here is 72 min of the model)",
            acts.len(),
            LENGTH.as_secs()
        ),
    );
    Ok(())
}

fn heads(acts: &[Act]) -> (usize, usize) {
    let all: std::collections::BTreeSet<Member> = acts.iter().map(|act| act.who).collect();
    let people = all.iter().filter(|who| matches!(who, Member::Person(_))).count();
    (people, all.len() - people)
}

const fn is_undoing(deed: Deed) -> bool {
    matches!(deed, Deed::Unlike | Deed::Unrepost | Deed::DeleteReply)
}

/// The network's word for an act that can be scheduled.
const fn kind(deed: Deed) -> Option<&'static str> {
    match deed {
        Deed::Like => Some("like"),
        Deed::Unlike => Some("unlike"),
        Deed::Repost => Some("repost"),
        Deed::Unrepost => Some("unrepost"),
        Deed::Quote => Some("quote"),
        Deed::Reply => Some("reply"),
        Deed::DeleteReply => None,
    }
}

fn post_of(view: &Campaign, target: Target) -> Option<&str> {
    let step = match target {
        Target::PostOne => "post_1",
        Target::PostTwo => "post_2",
    };
    view.posts.iter().find(|post| post.step == step).map(|post| post.id.as_str())
}

fn user(ground: &Ground, who: Member) -> anyhow::Result<&XUser> {
    ground.users.get(&who).context("everybody of the town is at the network")
}

/// People delete replies whose time has come.
async fn delete_replies(play: &mut Play, ground: &Ground) -> anyhow::Result<()> {
    let at = now().micros();
    let due = |(when, ..): &mut (i64, Member, String)| *when <= at;
    let due: Vec<(i64, Member, String)> = play.deletions.extract_if(.., due).collect();
    if due.is_empty() {
        return Ok(());
    }
    let posts = ground.x.counters(true).await?.posts;
    let mut replies: BTreeMap<(&str, &str), Vec<&XPost>> = BTreeMap::new();
    for post in posts.iter().filter(|post| !post.deleted) {
        let Some(target) = &post.reply_to else { continue };
        replies.entry((&post.author, target)).or_default().push(post);
    }
    let mut acts = Vec::new();
    for (_, who, post) in &due {
        let user = &user(ground, *who)?.id;
        let reply = replies.get_mut(&(user.as_str(), post.as_str())).and_then(Vec::pop);
        if let Some(reply) = reply {
            let (kind, post, text) = ("delete", reply.id.clone(), String::new());
            acts.push(XAct { at, user: user.clone(), kind, post, text });
        }
    }
    ground.x.act(&acts).await
}

/// People who hear of the claim window link their wallets.
async fn link(
    people: &[usize],
    deployment: &Deployment,
    ground: &Ground,
    story: &Story,
) -> anyhow::Result<()> {
    for person in people {
        deployment.link(ground, *person).await?;
    }
    let count = people.len();
    story.say("people", &format!("{count} link a wallet now, in the claim window"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, step: Option<&str>, message: &str) -> String {
        let step = step.map(str::to_owned);
        told(&Entry { kind: kind.to_owned(), step, message: message.to_owned() })
    }

    #[test]
    fn a_line_names_its_step_and_marks_what_is_not_well() {
        assert_eq!(entry("done", Some("post_1"), "public"), "post 1: public");
        assert_eq!(entry("unknown", Some("fund"), "lost"), "?! fund: lost");
        assert_eq!(entry("failed", Some("pay"), "refused"), "!! pay: refused");
        assert_eq!(entry("started", Some("fund"), ""), "fund: started");
        assert_eq!(entry("state", None, "Running → Closing"), "Running → Closing");
    }
}
