//! Who does what, and when: the arrival model, and the adversaries among the crowd.
//!
//! The plan of a campaign is made before it runs, from a generator alone. Times are those of the
//! model divided by a factor: the day of the model becomes the campaign's twenty seconds, so that
//! one second of the demo is 72 minutes of a real campaign. The model is the *paid crowd* of
//! [`Delays::PAID_CROWD`]: a third of everybody within a quarter of an hour, half within 44
//! minutes, and a few after the close, who are too late. Its clock starts when the campaign runs,
//! because a paid crowd waits for the post that says what is paid.
//!
//! How many reactions a post gets follows the measured power law, with a floor, since half of all
//! posts get none and a demo of that is short. The daily rhythm is left out: the shares were
//! measured over all hours of the day and contain it.

mod answers;
mod chance;
mod farms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;

pub(super) use chance::LogNormal;
use chance::{Delays, Habits, Sizes};

use super::population::{Member, Population};

/// What the model's times are about.
const MODEL_DAY: Duration = Duration::from_secs(86_400);

/// Reactions per reaction of an account of ordinary reach: a brand that pays is read by many.
const REACH: u64 = 60;
/// Fewest and most reactions of people to a campaign, whatever the power law says.
const REACTIONS: std::ops::RangeInclusive<u64> = 320..=900;

/// Of a hundred likes, reposts and replies, how many are taken back before the close.
const TAKEN_BACK: u32 = 6;

/// What somebody does with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Like,
    Unlike,
    Repost,
    Unrepost,
    Quote,
    Reply,
    /// Deletes one's own reply; the newest where there are several.
    DeleteReply,
}

/// Which of the campaign's posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    PostOne,
    PostTwo,
}

/// One act of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Act {
    /// Since the campaign began to run, in the demo's time.
    pub(super) at: Duration,
    pub(super) who: Member,
    pub(super) deed: Deed,
    pub(super) target: Target,
    /// Of a reply or quote.
    pub(super) text: String,
}

/// What a campaign asks people to do.
#[derive(Clone, Debug)]
pub(super) enum Asks {
    /// To spread it.
    Attention,
    /// To answer.
    Answer {
        options: Vec<String>,
        /// Position of the correct option, from 0. Most people get it right.
        correct: usize,
    },
}

/// Everything that happens to a campaign of this length, in the order of time.
pub(super) fn plan(
    population: &Population,
    asks: &Asks,
    length: Duration,
    rng: &mut impl Rng,
) -> Vec<Act> {
    let mut acts = people(population, asks, length, rng);
    farms::join_in(&mut acts, population, asks, length, rng);
    let regrets: Vec<Act> = acts.iter().filter_map(|act| regret(act, length, rng)).collect();
    acts.extend(regrets);
    acts.sort_by_key(|act| act.at);
    acts
}

fn people(population: &Population, asks: &Asks, length: Duration, rng: &mut impl Rng) -> Vec<Act> {
    let reactions = (Sizes::MEASURED.sample(rng).saturating_mul(REACH))
        .clamp(*REACTIONS.start(), *REACTIONS.end());
    let count = u32::try_from(population.people.len()).unwrap_or(u32::MAX);
    let habits = Habits::of(count);
    let mix = Mix::of(asks);
    let mut voices = Voices { asks, opinions: BTreeMap::new() };
    let mut done = BTreeSet::new();
    let mut acts = Vec::new();
    for _ in 0..reactions {
        let who = Member::Person(habits.sample(rng));
        let deed = mix.sample(rng);
        let target = if rng.random_ratio(1, 10) { Target::PostTwo } else { Target::PostOne };
        let delay = Delays::PAID_CROWD.sample(rng);
        let text = voices.text(who, deed, rng);
        // Nobody comes back three hours after the close, and a second like is none.
        let over = delay > MODEL_DAY + MODEL_DAY / 8;
        let again = matches!(deed, Deed::Like | Deed::Repost) && !done.insert((who, deed, target));
        if !over && !again {
            acts.push(Act { at: compressed(delay, length), who, deed, target, text });
        }
    }
    acts
}

/// The model's day is the campaign's length.
fn compressed(delay: Duration, length: Duration) -> Duration {
    let nanos = delay.as_nanos() * length.as_nanos() / MODEL_DAY.as_nanos();
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Some people think better of it while the campaign runs.
fn regret(act: &Act, length: Duration, rng: &mut impl Rng) -> Option<Act> {
    let deed = match act.deed {
        Deed::Like => Deed::Unlike,
        Deed::Repost => Deed::Unrepost,
        Deed::Reply => Deed::DeleteReply,
        Deed::Quote | Deed::Unlike | Deed::Unrepost | Deed::DeleteReply => return None,
    };
    // Not in the last tenth, where "before the close" would be a race.
    let last = length * 9 / 10;
    let thinks_again = rng.random_ratio(TAKEN_BACK, 100);
    let at = rng.random_range(act.at..=act.at.max(last));
    let human = matches!(act.who, Member::Person(_));
    (human && thinks_again && act.at < last).then(|| Act { at, deed, text: String::new(), ..*act })
}

/// How often people do what: liking is cheaper than reposting, reposting than writing. Who was
/// asked a question answers it.
struct Mix(WeightedIndex<u32>);

impl Mix {
    const DEEDS: [Deed; 4] = [Deed::Like, Deed::Repost, Deed::Reply, Deed::Quote];

    fn of(asks: &Asks) -> Self {
        let weights = match asks {
            Asks::Attention => [50, 26, 16, 8],
            Asks::Answer { .. } => [24, 10, 60, 6],
        };
        Self(WeightedIndex::new(weights).expect("constants above zero"))
    }

    fn sample(&self, rng: &mut impl Rng) -> Deed {
        Self::DEEDS[self.0.sample(rng)]
    }
}

/// What people have said so far, so that they usually stay with it.
struct Voices<'a> {
    asks: &'a Asks,
    opinions: BTreeMap<Member, usize>,
}

impl Voices<'_> {
    fn text(&mut self, who: Member, deed: Deed, rng: &mut impl Rng) -> String {
        if !matches!(deed, Deed::Reply | Deed::Quote) {
            return String::new();
        }
        let Asks::Answer { options, correct } = self.asks else { return answers::remark(rng) };
        if rng.random_ratio(8, 100) {
            return answers::remark(rng);
        }
        let position = match self.opinions.get(&who) {
            // Two different answers by one person: it disqualifies them.
            Some(opinion) if rng.random_ratio(1, 10) => answers::another(options, *opinion, rng),
            Some(opinion) => *opinion,
            None if rng.random_ratio(65, 100) => *correct,
            None => answers::another(options, *correct, rng),
        };
        self.opinions.entry(who).or_insert(position);
        answers::answer(options, position, rng)
    }
}
