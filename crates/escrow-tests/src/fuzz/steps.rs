//! What may happen next.
//!
//! A step names its people and campaigns by number and its amounts as a part of what there is at
//! that moment, so that a random step is mostly a sensible one and every sequence stays meaningful
//! when steps are taken out of it (which is how a failure is shrunk to its shortest form).

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::hts::Mode;

/// An amount relative to what is available.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// So many 256ths.
    Of(u8),
    /// All of it.
    All,
    /// One more than there is.
    TooMuch,
}

impl Part {
    /// The amount, given what there is.
    pub fn of(self, available: u128) -> u128 {
        match self {
            Self::Of(part) => available / 256 * u128::from(part),
            Self::All => available,
            Self::TooMuch => available + 1,
        }
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// Whoever is meant to.
    Right,
    /// The cast's n-th member.
    Any(u8),
}

/// What is wrong with a claim, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Another amount than was committed.
    Amount,
    /// The proof of another line.
    Proof,
    /// Signed by somebody without the role.
    Signer,
    /// Made by somebody other than the line was bound to.
    Thief,
}

/// What happens to a token.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// An account is associated or not, frozen or not, and so on.
    Account {
        /// Participants, then sponsors.
        account: u8,
        /// Which of the things that it can be.
        kind: u8,
    },
    /// Its fees.
    Fees {
        /// Of what is sent.
        cut_bps: u16,
        /// A unit of the other token, from whoever sends.
        charges: bool,
    },
    /// Nobody can send it, or everybody again.
    Paused(bool),
    /// How it lies.
    Mode(Mode),
}

/// One step.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the arguments of the contract's functions")]
pub enum Step {
    Pass {
        seconds: u32,
    },
    NativeTransfer {
        asset: u8,
        amount: u32,
    },
    Deposit {
        asset: u8,
        sponsor: u8,
        part: Part,
        allow: Option<(Part, u16)>,
    },
    Allow {
        asset: u8,
        sponsor: u8,
        part: Part,
        max_fee_bps: u16,
    },
    Withdraw {
        by: By,
        asset: u8,
        sponsor: u8,
        part: Part,
    },
    Create {
        by: By,
        slot: u8,
        asset: u8,
        sponsor: u8,
        budget: Part,
        fee_bps: u16,
        terms: (u32, u32),
    },
    TopUp {
        by: By,
        slot: u8,
        budget: Part,
        fee_bps: u16,
    },
    Cancel {
        by: By,
        slot: u8,
    },
    Recover {
        by: By,
        slot: u8,
    },
    Close {
        by: By,
        slot: u8,
        total: Part,
        shares: Vec<u8>,
        short: bool,
    },
    Pay {
        by: By,
        slot: u8,
        skew: u8,
        lines: Vec<(u8, u8, bool)>,
    },
    Claim {
        slot: u8,
        line: u8,
        account: u8,
        flaw: Flaw,
    },
    Refund {
        by: By,
        slot: u8,
    },
    Finalise {
        by: By,
        slot: u8,
    },
    WithdrawCredit {
        asset: u8,
        account: u8,
    },
    Shutter {
        open: bool,
    },
    WithdrawFees {
        by: By,
        asset: u8,
        part: Part,
    },
    Sweep {
        by: By,
        asset: u8,
        part: Part,
    },
    SetCeiling {
        by: By,
        asset: u8,
        units: u8,
    },
    List {
        by: By,
        token: u8,
    },
    Unlist {
        by: By,
        token: u8,
    },
    Change {
        token: u8,
        what: Change,
    },
    Pause {
        by: By,
    },
    Unpause {
        by: By,
    },
}

/// Sequences of `length` steps.
pub(super) fn sequences(length: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), length)
}

/// How every life begins: with money in it.
pub(super) fn opening() -> Vec<Step> {
    let allow = Some((Part::All, 2_000));
    let deposit =
        |n: u8| Step::Deposit { asset: n / 3, sponsor: n % 3, part: Part::Of(128), allow };
    (0..9).map(deposit).collect()
}

/// HBAR, the first token, the second.
fn asset() -> impl Strategy<Value = u8> {
    0_u8..3
}

fn token() -> impl Strategy<Value = u8> {
    1_u8..3
}

fn change() -> impl Strategy<Value = Change> {
    let modes = vec![
        Mode::SaysYes,
        Mode::SaysNo,
        Mode::MovesTwice,
        Mode::Reverts,
        Mode::RevertsWithYes,
        Mode::Burns,
        Mode::Boasts,
    ];
    let cut = prop_oneof![2 => Just(0_u16), 1 => 1_u16..2_000];
    prop_oneof![
        12 => (any::<u8>(), 0_u8..8).prop_map(|(account, kind)| Change::Account { account, kind }),
        3 => (cut, proptest::bool::weighted(0.2))
            .prop_map(|(cut_bps, charges)| Change::Fees { cut_bps, charges }),
        1 => proptest::bool::weighted(0.3).prop_map(Change::Paused),
        2 => proptest::sample::select(modes).prop_map(Change::Mode),
        6 => Just(Change::Mode(Mode::Honest)),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => any::<u8>().prop_map(Part::Of),
        2 => Just(Part::All),
        1 => Just(Part::TooMuch),
    ]
}

fn small_part() -> impl Strategy<Value = Part> {
    prop_oneof![19 => (0_u8..64).prop_map(Part::Of), 1 => Just(Part::TooMuch)]
}

fn fee_cap() -> impl Strategy<Value = u16> {
    prop_oneof![1 => 0_u16..1_200, 3 => 1_200_u16..3_000]
}

fn most() -> impl Strategy<Value = Part> {
    prop_oneof![3 => (128_u8..=255).prop_map(Part::Of), 2 => Just(Part::All), 1 => part()]
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![15 => Just(By::Right), 1 => any::<u8>().prop_map(By::Any)]
}

fn slot() -> impl Strategy<Value = u8> {
    any::<u8>()
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        12 => Just(Flaw::None),
        1 => Just(Flaw::Amount),
        1 => Just(Flaw::Proof),
        1 => Just(Flaw::Signer),
        2 => Just(Flaw::Thief),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => money(),
        40 => life(),
        45 => payouts(),
        12 => (1_u32..4_000).prop_map(|seconds| Step::Pass { seconds }),
        1 => (1_u32..4_000_000).prop_map(|seconds| Step::Pass { seconds }),
        3 => (asset(), 1_u32..1_000_000)
            .prop_map(|(asset, amount)| Step::NativeTransfer { asset, amount }),
        10 => powers(),
        16 => (token(), change()).prop_map(|(token, what)| Step::Change { token, what }),
    ]
}

fn money() -> impl Strategy<Value = Step> {
    let allow = proptest::option::weighted(0.8, (most(), fee_cap()));
    prop_oneof![
        4 => (asset(), 0_u8..3, part(), allow)
            .prop_map(|(asset, sponsor, part, allow)| Step::Deposit { asset, sponsor, part, allow }),
        3 => (asset(), 0_u8..3, most(), fee_cap()).prop_map(
            |(asset, sponsor, part, max_fee_bps)| Step::Allow { asset, sponsor, part, max_fee_bps }
        ),
        1 => (by(), asset(), 0_u8..3, small_part())
            .prop_map(|(by, asset, sponsor, part)| Step::Withdraw { by, asset, sponsor, part }),
        7 => (asset(), any::<u8>())
            .prop_map(|(asset, account)| Step::WithdrawCredit { asset, account }),
    ]
}

fn life() -> impl Strategy<Value = Step> {
    // Now and then longer than the contract allows, or no time at all.
    let window = prop_oneof![40 => 0_u32..6_000, 1 => Just(61 * 86_400)];
    let run = prop_oneof![40 => 1_u32..12_000, 1 => Just(0), 1 => Just(181 * 86_400)];
    let create = (by(), slot(), asset(), 0_u8..3, part(), 0_u16..1_200, (window, run));
    let shares = vec(1_u8..=255, 0..7);
    let close = (by(), slot(), part(), shares, proptest::bool::weighted(0.2));
    prop_oneof![
        9 => create.prop_map(|(by, slot, asset, sponsor, budget, fee_bps, terms)| Step::Create {
            by, slot, asset, sponsor, budget, fee_bps, terms,
        }),
        2 => (by(), slot(), small_part(), 0_u16..1_200)
            .prop_map(|(by, slot, budget, fee_bps)| Step::TopUp { by, slot, budget, fee_bps }),
        1 => (by(), slot()).prop_map(|(by, slot)| Step::Cancel { by, slot }),
        2 => (by(), slot()).prop_map(|(by, slot)| Step::Recover { by, slot }),
        6 => close.prop_map(|(by, slot, total, shares, short)| Step::Close {
            by, slot, total, shares, short,
        }),
        2 => (by(), slot()).prop_map(|(by, slot)| Step::Refund { by, slot }),
        1 => (by(), slot()).prop_map(|(by, slot)| Step::Finalise { by, slot }),
    ]
}

fn payouts() -> impl Strategy<Value = Step> {
    let skew = prop_oneof![12 => Just(0_u8), 1 => 1_u8..3];
    let lines = vec((any::<u8>(), 0_u8..8, proptest::bool::weighted(0.03)), 0..4);
    prop_oneof![
        2 => (by(), slot(), skew, lines)
            .prop_map(|(by, slot, skew, lines)| Step::Pay { by, slot, skew, lines }),
        2 => (slot(), any::<u8>(), 0_u8..8, flaw())
            .prop_map(|(slot, line, account, flaw)| Step::Claim { slot, line, account, flaw }),
    ]
}

fn powers() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (by(), asset(), part())
            .prop_map(|(by, asset, part)| Step::WithdrawFees { by, asset, part }),
        3 => (by(), asset(), part()).prop_map(|(by, asset, part)| Step::Sweep { by, asset, part }),
        2 => (by(), asset(), any::<u8>())
            .prop_map(|(by, asset, units)| Step::SetCeiling { by, asset, units }),
        2 => (by(), token()).prop_map(|(by, token)| Step::List { by, token }),
        1 => (by(), token()).prop_map(|(by, token)| Step::Unlist { by, token }),
        1 => by().prop_map(|by| Step::Pause { by }),
        6 => by().prop_map(|by| Step::Unpause { by }),
        3 => any::<bool>().prop_map(|open| Step::Shutter { open }),
    ]
}
