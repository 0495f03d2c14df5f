//! Awareness campaigns: each kind of engagement is paid at its rate, once a profile.

use super::allocation::{Claim, allocate, sum};
use super::{Allocation, Rates, Reason, Scale};
use crate::engagement::eligibility::{Exclusion, Rules, Verdict};
use crate::engagement::score::{Score, Texts, scores};
use crate::engagement::{Log, Observation};

/// What an awareness campaign pays. Amounts are units of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What there is to give.
    pub budget: u64,
    /// What each kind is worth.
    pub rates: Rates,
    /// The most that one participant may receive.
    pub cap: Option<u64>,
    /// Lines below it are not paid.
    pub minimum_payout: u64,
}

/// Who receives what of an awareness campaign.
///
/// No line is owed more than `u64::MAX` units: no asset has more. When more is owed than the
/// budget, every line is scaled and rounded down; what rounding leaves
/// is refunded. The minimum applies to what a line would really receive.
pub fn awareness(log: &Log, rules: &Rules, terms: &Terms) -> Allocation {
    allocate(claims(log, rules, terms), terms.budget, terms.minimum_payout)
}

/// What an awareness campaign would pay if it closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projection {
    /// What all participants are owed so far, in units.
    pub owed: u128,
    /// Set when that is above the budget.
    pub scaled: Option<Scale>,
    /// The rates at that scale, rounded down; as drafted while the budget suffices.
    pub rates: Rates,
    /// Nothing is left for whoever comes next.
    pub exhausted: bool,
}

/// What `log` would come to. For statistics and triggers: only [`awareness`] decides.
pub fn project(log: &Log, rules: &Rules, terms: &Terms) -> Projection {
    let owed = sum(&claims(log, rules, terms));
    let scaled = Scale::new(owed, terms.budget);
    let rates = match scaled {
        Some(scale) => terms.rates.map(|_, rate| scale.apply(rate)),
        None => terms.rates,
    };
    Projection { owed, scaled, rates, exhausted: owed >= u128::from(terms.budget) }
}

fn claims(log: &Log, rules: &Rules, terms: &Terms) -> Vec<Claim> {
    let scores = scores(log, Texts::Free);
    log.profiles()
        .map(|rows| {
            let profile = &rows[0].profile;
            claim(rows, rules, terms, &scores[profile])
        })
        .collect()
}

fn claim(rows: &[Observation], rules: &Rules, terms: &Terms, score: &Score) -> Claim {
    let mut owed = 0_u64;
    let mut reasons = Vec::new();
    for of_kind in rows.chunk_by(|a, b| a.kind == b.kind) {
        let kind = of_kind[0].kind;
        let reason = match terms.rates.of(kind) {
            0 => Reason::NotOffered { kind },
            rate => match count(of_kind, rules, score) {
                Ok(Counted { times, last_sighting }) => {
                    owed = owed.saturating_add(rate);
                    Reason::Earned { kind, times, rate, last_sighting }
                }
                Err(why) => Reason::NotCounted { kind, why },
            },
        };
        reasons.push(reason);
    }
    Claim { profile: rows[0].profile.clone(), owed, reasons }.capped(terms.cap)
}

struct Counted {
    times: usize,
    last_sighting: bool,
}

/// How many engagements among the rows of one `kind` count; if none does, why the one did not
/// that was closest to it.
fn count(rows: &[Observation], rules: &Rules, score: &Score) -> Result<Counted, Exclusion> {
    let mut counted = Counted { times: 0, last_sighting: true };
    let mut why = None;
    for engagement in rows.chunk_by(Observation::is_same_engagement) {
        let mut counts = false;
        for row in engagement {
            match rules.judge(row, score) {
                Verdict::Counts => (counts, counted.last_sighting) = (true, false),
                Verdict::LastSighting => counts = true,
                Verdict::Excluded(exclusion) => why = why.max(Some(exclusion)),
            }
        }
        counted.times += usize::from(counts);
    }
    match why {
        Some(why) if counted.times == 0 => Err(why),
        _ => Ok(counted),
    }
}
