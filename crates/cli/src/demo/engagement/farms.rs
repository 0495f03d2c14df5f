//! The adversaries: three farms that want the money without the people.
//!
//! They follow the budget, so each account does all that might be paid. How well the system tells
//! them from people is for the demo to show, not for this file to arrange: the third farm buys
//! accounts with a past, and rules about accounts do not find it.

use std::time::Duration;

use rand::Rng;

use super::super::population::{Farm, Member, Population};
use super::{Act, Asks, Deed, MODEL_DAY, Target, answers, compressed};

/// Adds what the farms do to what people do.
pub(super) fn join_in(
    acts: &mut Vec<Act>,
    population: &Population,
    asks: &Asks,
    length: Duration,
    rng: &mut impl Rng,
) {
    for (position, bot) in population.bots.iter().enumerate() {
        let who = Member::Bot(position);
        let delay = delay(bot.farm, rng);
        let deeds: &[Deed] = match (asks, bot.farm) {
            (Asks::Attention, Farm::Copy) => &[Deed::Reply],
            (Asks::Attention, Farm::Burst | Farm::Drip) => &[Deed::Like, Deed::Repost, Deed::Reply],
            (Asks::Answer { .. }, _) => &[Deed::Reply],
        };
        for (step, deed) in (0_u32..).zip(deeds) {
            // A script pauses a little between its clicks.
            let at = compressed(delay + Duration::from_secs(7) * step, length);
            let text = if *deed == Deed::Reply { text(asks, rng) } else { String::new() };
            acts.push(Act { at, who, deed: *deed, target: Target::PostOne, text });
        }
    }
}

fn delay(farm: Farm, rng: &mut impl Rng) -> Duration {
    let until = match farm {
        Farm::Burst if rng.random_ratio(4, 5) => Duration::from_secs(180),
        Farm::Burst => Duration::from_secs(3_600),
        Farm::Drip | Farm::Copy => MODEL_DAY * 95 / 100,
    };
    rng.random_range(Duration::ZERO..until)
}

/// The farm's operator has looked the answer up.
fn text(asks: &Asks, rng: &mut impl Rng) -> String {
    match asks {
        Asks::Attention => answers::COPIED.to_owned(),
        Asks::Answer { options, correct } => answers::answer(options, *correct, rng),
    }
}
