//! What holds for every log. The generator makes few profiles, posts and objects, so that rows
//! collide: the same engagement sighted twice, withdrawn in one row and standing in another, with
//! other facts each time.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::CampaignId;
use crate::engagement::eligibility::Rules;
use crate::engagement::sample::{days_before, minute, post, profile, rules, seen};
use crate::engagement::{AuthorFacts, Kind, Standing};
use crate::quest::Quest;
use crate::reward::merkle::{Scope, profile_digest, verify};

const PROFILES: [&str; 7] = ["1", "2", "3", "40", "5", "a", "brand"];
const TEXTS: [&str; 7] =
    ["A", "b", "(B)", "Paris", "@brand B", "so true", "a long text that somebody copied"];

fn standing() -> impl Strategy<Value = Standing> {
    select(vec![Standing::Stands, Standing::Stands, Standing::LastSighting, Standing::Withdrawn])
}

fn observation() -> impl Strategy<Value = Observation> {
    let what =
        (select(&PROFILES[..]), select(&Kind::ALL[..]), select(&["post-1", "post-2", "x"][..]));
    let when = (prop::option::of(-10..115_i64), -5..140_i64);
    let says = (0..3_usize, prop::option::of(select(&TEXTS[..])));
    let author = (
        prop::option::of(0..60_i64),
        prop::option::of(0..3_u64),
        prop::option::of(0..9_000_u64),
        any::<Option<bool>>(),
    );
    (what, when, says, author, standing()).prop_map(|(what, when, says, author, standing)| {
        let (id, kind, on) = what;
        let (created, followers, posts, default_avatar) = author;
        let has_object = matches!(kind, Kind::Reply | Kind::Quote);
        Observation {
            post: post(on),
            object: has_object.then(|| post(&format!("object-{}", says.0))),
            network_time: when.0.map(minute),
            first_seen: minute(when.1),
            text: says.1.filter(|_| has_object).map(str::to_owned),
            author: AuthorFacts {
                created_at: created.map(days_before),
                followers,
                following: followers.map(|followers| followers * 40 + 45),
                posts,
                default_avatar,
            },
            standing,
            ..seen(id, kind)
        }
    })
}

fn observations() -> impl Strategy<Value = Vec<Observation>> {
    vec(observation(), 0..24)
}

fn some_rules() -> impl Strategy<Value = Rules> {
    (0..=100_u8, vec(select(&PROFILES[..]), 0..3)).prop_map(|(threshold, exceptions)| Rules {
        threshold,
        exceptions: exceptions.into_iter().map(profile).collect(),
        ..rules()
    })
}

fn unit() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..500_u64, 1 => any::<u64>()]
}

fn terms() -> impl Strategy<Value = Terms> {
    let rates = (unit(), unit(), unit(), unit()).prop_map(|(like, repost, quote, reply)| Rates {
        like,
        repost,
        quote,
        reply,
    });
    let minimum = prop_oneof![Just(0), 0..300_u64];
    (unit(), rates, prop::option::of(unit()), minimum).prop_map(
        |(budget, rates, cap, minimum_payout)| Terms { budget, rates, cap, minimum_payout },
    )
}

fn capital() -> Quest {
    Quest::new(["London", "Paris"].map(str::to_owned).to_vec(), 1).unwrap()
}

/// The awareness and the quest allocation of one log.
fn both(rows: &[Observation], rules: &Rules, terms: &Terms) -> [Allocation; 2] {
    let log = log(rows.iter().cloned());
    let prize =
        Prize { budget: terms.budget, cap: terms.cap, minimum_payout: terms.minimum_payout };
    [awareness(&log, rules, terms), quest(&log, rules, &capital(), &prize)]
}

fn amount_of(allocation: &Allocation, id: &crate::ProfileId) -> u64 {
    allocation.lines.iter().find(|line| line.profile == *id).map_or(0, |line| line.amount)
}

/// What the awareness lines without scores, cap and minimum should be: the rules once more, in
/// other words and without the log's order.
fn owed_by_the_book(rows: &[Observation], rates: &Rates, id: &str) -> u64 {
    let withdrawn: Vec<_> = rows.iter().filter(|r| r.standing == Standing::Withdrawn).collect();
    let counts = |row: &&Observation| {
        let in_time = match row.network_time {
            Some(time) => time >= minute(0) && time <= minute(100),
            None => row.first_seen >= minute(0) && row.first_seen <= minute(130),
        };
        in_time
            && row.post.as_str() != "x"
            && !withdrawn.iter().any(|gone| gone.is_same_engagement(row))
    };
    let by_profile = rows.iter().filter(|row| row.profile.as_str() == id && id != "brand");
    let kinds: BTreeSet<Kind> = by_profile.filter(counts).map(|row| row.kind).collect();
    kinds.into_iter().fold(0, |sum: u64, kind| sum.saturating_add(rates.of(kind)))
}

proptest! {
    #[test]
    fn paid_and_refunded_make_the_budget(
        rows in observations(), rules in some_rules(), terms in terms()
    ) {
        for allocation in both(&rows, &rules, &terms) {
            let paid: u64 = allocation.lines.iter().map(|line| line.amount).sum();
            prop_assert_eq!(allocation.total, paid);
            prop_assert_eq!(allocation.total.checked_add(allocation.refund), Some(terms.budget));
            let minimum = terms.minimum_payout;
            prop_assert!(allocation.lines.iter().all(|l| l.amount == 0 || l.amount >= minimum));
        }
    }

    #[test]
    fn neither_order_nor_repetition_of_rows_changes_anything(
        (rows, shuffled) in observations().prop_flat_map(|rows| {
            let repeated: Vec<_> = rows.iter().chain(rows.iter().step_by(2)).cloned().collect();
            (Just(rows), Just(repeated).prop_shuffle())
        }),
        rules in some_rules(),
        terms in terms(),
    ) {
        prop_assert_eq!(both(&rows, &rules, &terms), both(&shuffled, &rules, &terms));
    }

    #[test]
    fn a_withdrawal_never_raises_what_its_profile_receives(
        rows in observations(), other in observation(), pick in any::<prop::sample::Index>(),
        rules in some_rules(), terms in terms()
    ) {
        let sighted = if rows.is_empty() { other.clone() } else { pick.get(&rows).clone() };
        for added in [sighted, other] {
            let gone = Observation { standing: Standing::Withdrawn, ..added };
            let id = gone.profile.clone();
            let with: Vec<_> = rows.iter().cloned().chain([gone]).collect();
            let (before, after) = (both(&rows, &rules, &terms), both(&with, &rules, &terms));
            for (before, after) in before.iter().zip(&after) {
                prop_assert!(amount_of(after, &id) <= amount_of(before, &id));
            }
        }
    }

    #[test]
    fn a_stranger_who_withdraws_everything_changes_nobody_elses_line(
        rows in observations(), strange in vec(observation(), 1..12),
        rules in some_rules(), terms in terms()
    ) {
        let gone = strange.into_iter().map(|row| Observation {
            profile: profile("stranger"), standing: Standing::Withdrawn, ..row
        });
        let with: Vec<_> = rows.iter().cloned().chain(gone).collect();
        for (before, after) in both(&rows, &rules, &terms).iter().zip(both(&with, &rules, &terms)) {
            let others: Vec<_> =
                after.lines.into_iter().filter(|l| l.profile.as_str() != "stranger").collect();
            prop_assert_eq!(&before.lines, &others);
        }
    }

    #[test]
    fn scaling_raises_no_line_and_a_larger_budget_lowers_none(
        rows in observations(), rules in some_rules(), terms in terms(), more in any::<u64>()
    ) {
        let larger = Terms { budget: terms.budget.saturating_add(more), ..terms };
        let (scaled, richer) = (both(&rows, &rules, &terms), both(&rows, &rules, &larger));
        for (scaled, richer) in scaled.iter().zip(&richer) {
            for (line, richer) in scaled.lines.iter().zip(&richer.lines) {
                prop_assert!(line.amount <= richer.amount);
            }
        }
        for line in &scaled[0].lines {
            let owed = owed_by_the_book(&rows, &terms.rates, line.profile.as_str());
            prop_assert!(line.amount <= owed);
        }
    }

    #[test]
    fn without_scores_the_lines_are_what_the_book_says(
        rows in observations(), terms in terms()
    ) {
        let rules = Rules { threshold: 100, ..rules() };
        let terms = Terms { cap: None, minimum_payout: 0, ..terms };
        let allocation = awareness(&log(rows.iter().cloned()), &rules, &terms);
        let owed = |id: &str| u128::from(owed_by_the_book(&rows, &terms.rates, id));
        let ids: BTreeSet<_> = rows.iter().map(|row| row.profile.as_str()).collect();
        let sum: u128 = ids.iter().map(|id| owed(id)).sum();
        let budget = u128::from(terms.budget);
        prop_assert_eq!(allocation.lines.len(), ids.len());
        for line in &allocation.lines {
            let owed = owed(line.profile.as_str());
            let expected = if sum > budget { owed * budget / sum } else { owed };
            prop_assert_eq!(u128::from(line.amount), expected);
        }
    }

    #[test]
    fn a_projection_and_the_allocation_agree(
        rows in observations(), rules in some_rules(), terms in terms()
    ) {
        let log = log(rows);
        let projection = project(&log, &rules, &terms);
        prop_assert_eq!(projection.scaled, awareness(&log, &rules, &terms).scaled);
        let owed_more_than_there_is = projection.owed > u128::from(terms.budget);
        prop_assert_eq!(projection.scaled.is_some(), owed_more_than_there_is);
        prop_assert!(Kind::ALL.iter().all(|k| projection.rates.of(*k) <= terms.rates.of(*k)));
    }

    #[test]
    fn every_paid_line_can_be_proved_and_no_other_amount(
        rows in observations(), rules in some_rules(), terms in terms(), salt in any::<[u8; 32]>()
    ) {
        let contract = crate::EvmAddress([7; 20]);
        let scope = Scope { chain: 296, contract, campaign: CampaignId::from_bytes([9; 16]) };
        for allocation in both(&rows, &rules, &terms) {
            let tree = scope.tree(&allocation, &salt);
            let root = tree.root();
            let paid: Vec<_> = allocation.lines.iter().filter(|line| line.amount > 0).collect();
            for (position, line) in paid.iter().enumerate() {
                let index = line.index.expect("paid lines have an index");
                prop_assert_eq!(usize::try_from(index), Ok(position));
                let proof = tree.proof(position).expect("paid lines are leaves");
                let digest = profile_digest(&salt, &line.profile);
                let leaf = |amount| scope.leaf(index, &digest, amount);
                prop_assert!(verify(&root, leaf(line.amount), &proof));
                prop_assert!(!verify(&root, leaf(line.amount - 1), &proof));
            }
            prop_assert_eq!(tree.proof(paid.len()), None);
        }
    }
}
