//! Lines: what each profile receives and why.

use std::fmt::Write as _;

use crate::engagement::Kind;
use crate::engagement::eligibility::Exclusion;
use crate::quest::Letter;
use crate::{Amount, Asset, ProfileId};

/// What a budget becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// One a profile that was seen, in the order of the ids' bytes.
    pub lines: Vec<Line>,
    /// The sum of all lines, in units.
    pub total: u64,
    /// What there was to give, in units.
    pub budget: u64,
    /// Set when more was owed than there is.
    pub scaled: Option<Scale>,
    /// What goes back to the campaigner: budget − total.
    pub refund: u64,
}

/// What one profile receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the commitment: 0, 1, 2, … over the lines that are paid. A line of 0 explains
    /// and is not committed, so it has none.
    pub index: Option<u32>,
    /// Whose.
    pub profile: ProfileId,
    /// In units.
    pub amount: u64,
    /// How it came to be, in the order in which it was decided.
    pub reasons: Vec<Reason>,
}

/// More was owed than there is: every line becomes ⌊owed × budget ÷ sum⌋.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scale {
    /// What there is, in units.
    pub budget: u64,
    /// What all lines were owed, in units.
    pub sum: u128,
}

impl Scale {
    /// The scale for a `sum` owed of a `budget`; none when the budget suffices.
    pub fn new(sum: u128, budget: u64) -> Option<Self> {
        (sum > u128::from(budget)).then_some(Self { budget, sum })
    }

    /// `units` at this scale, rounded down.
    pub fn apply(self, units: u64) -> u64 {
        let scaled = u128::from(units) * u128::from(self.budget) / self.sum;
        u64::try_from(scaled).expect("the budget is below the sum, so this is below `units`")
    }
}

/// One step of how a line's amount was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A kind is paid, once whatever `times`.
    Earned {
        /// Which.
        kind: Kind,
        /// How often the profile did it.
        times: usize,
        /// Units for it.
        rate: u64,
        /// The network cannot prove that any of it still stands.
        last_sighting: bool,
    },
    /// A kind is not paid to this profile.
    NotCounted {
        /// Which.
        kind: Kind,
        /// Why.
        why: Exclusion,
    },
    /// The campaign pays nobody for it.
    NotOffered {
        /// Which.
        kind: Kind,
    },
    /// The answer is correct.
    Won {
        /// The option named.
        answer: Letter,
        /// An equal share of the budget, in units.
        share: u64,
        /// The network cannot prove that the answer still stands.
        last_sighting: bool,
    },
    /// The answer is not correct.
    Wrong {
        /// The option named.
        answer: Letter,
    },
    /// Different options were named, which disqualifies, also when some answers were deleted.
    SeveralAnswers {
        /// Which, in order.
        answers: Vec<Letter>,
    },
    /// Replies, but none that names exactly one option.
    NoAnswer,
    /// An answer does not count.
    AnswerNotCounted {
        /// Why.
        why: Exclusion,
    },
    /// More than one participant may receive.
    Capped {
        /// The cap, in units.
        cap: u64,
    },
    /// More was owed to all than there is.
    Scaled {
        /// What this line was owed, in units.
        owed: u64,
        /// The scale of all lines.
        scale: Scale,
    },
    /// Too little to be worth a transfer; refunded.
    BelowMinimum {
        /// What it would have been, in units.
        amount: u64,
        /// The deployment's minimum, in units.
        minimum: u64,
    },
}

impl Reason {
    /// The reason in words, amounts as decimals of `asset`.
    pub fn words(&self, asset: Asset) -> String {
        let decimal = |units| Amount::new(units, asset).to_decimal();
        let seen = |last_sighting| match last_sighting {
            true => " (last sighting: whether it still stands cannot be proved)",
            false => "",
        };
        match self {
            Self::Earned { kind, times, rate, last_sighting } => {
                format!("{kind} ×{times} at {}{}", decimal(*rate), seen(*last_sighting))
            }
            Self::NotCounted { kind, why } => format!("{kind} not counted: {why}"),
            Self::NotOffered { kind } => format!("{kind} is not paid in this campaign"),
            Self::Won { answer, share, last_sighting } => {
                let seen = seen(*last_sighting);
                format!("{answer} is correct: a share of {}{seen}", decimal(*share))
            }
            Self::Wrong { answer } => format!("{answer} is not correct"),
            Self::SeveralAnswers { answers } => {
                let answers: Vec<_> = answers.iter().map(Letter::to_string).collect();
                format!("different answers ({}) disqualify", answers.join(", "))
            }
            Self::NoAnswer => "no reply names exactly one option".to_owned(),
            Self::AnswerNotCounted { why } => format!("answer not counted: {why}"),
            Self::Capped { cap } => format!("at most {} a participant", decimal(*cap)),
            Self::Scaled { owed, scale } => {
                let sum = whole_decimal(scale.sum, asset);
                let budget = decimal(scale.budget);
                format!("{} owed, scaled by {budget} ÷ {sum}", decimal(*owed))
            }
            Self::BelowMinimum { amount, minimum } => {
                let (amount, minimum) = (decimal(*amount), decimal(*minimum));
                format!("{amount} is below the minimum payout of {minimum} and is refunded")
            }
        }
    }
}

/// As [`Amount::to_decimal`], for a sum that may be above what an amount can be.
fn whole_decimal(units: u128, asset: Asset) -> String {
    match u64::try_from(units) {
        Ok(units) => Amount::new(units, asset).to_decimal(),
        Err(_) => format!("{units} of the smallest units"),
    }
}

impl Line {
    /// The line in words, amounts as decimals of `asset`.
    pub fn explain(&self, asset: Asset) -> String {
        let mut words = format!("{}", Amount::new(self.amount, asset));
        for (i, reason) in self.reasons.iter().enumerate() {
            let separator = if i == 0 { ": " } else { "; " };
            write!(words, "{separator}{}", reason.words(asset)).expect("a String takes any text");
        }
        words
    }
}

/// What a profile is owed before the budget is looked at.
pub(super) struct Claim {
    pub(super) profile: ProfileId,
    pub(super) owed: u64,
    pub(super) reasons: Vec<Reason>,
}

impl Claim {
    /// No more than `cap`, if there is one.
    pub(super) fn capped(mut self, cap: Option<u64>) -> Self {
        if let Some(cap) = cap.filter(|cap| self.owed > *cap) {
            self.reasons.push(Reason::Capped { cap });
            self.owed = cap;
        }
        self
    }
}

/// Lines for `claims`, which come in the order of their profiles' bytes.
pub(super) fn allocate(claims: Vec<Claim>, budget: u64, minimum: u64) -> Allocation {
    let scaled = Scale::new(sum(&claims), budget);
    let mut lines = Vec::with_capacity(claims.len());
    let (mut total, mut paid) = (0_u64, 0_u32);
    for Claim { profile, owed, mut reasons } in claims {
        let mut amount = owed;
        if let Some(scale) = scaled.filter(|_| owed > 0) {
            amount = scale.apply(owed);
            reasons.push(Reason::Scaled { owed, scale });
        }
        if amount < minimum && owed > 0 {
            reasons.push(Reason::BelowMinimum { amount, minimum });
            amount = 0;
        }
        let index = (amount > 0).then_some(paid);
        if index.is_some() {
            paid = paid.checked_add(1).expect("a log of 2³² profiles fits no memory");
        }
        total = total.checked_add(amount).expect("scaled lines are within the budget");
        lines.push(Line { index, profile, amount, reasons });
    }
    let refund = budget.checked_sub(total).expect("scaled lines are within the budget");
    Allocation { lines, total, budget, scaled, refund }
}

/// What all claims are owed, in units.
pub(super) fn sum(claims: &[Claim]) -> u128 {
    claims.iter().map(|claim| u128::from(claim.owed)).sum()
}
