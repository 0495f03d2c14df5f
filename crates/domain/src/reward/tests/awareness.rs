//! Awareness: rates, caps, scaling, minimum, explanations.

use super::*;
use crate::engagement::eligibility::Rules;
use crate::engagement::sample::{days_before, minute, post, reply, rules, seen};
use crate::engagement::{AuthorFacts, Kind, Standing};

const HBAR: u64 = 100_000_000;

fn terms(budget: u64) -> Terms {
    let rates = Rates { like: 10, repost: 25, quote: 0, reply: 40 };
    Terms { budget, rates, cap: None, minimum_payout: 0 }
}

fn pay(rows: impl IntoIterator<Item = Observation>, terms: &Terms) -> Allocation {
    awareness(&log(rows), &rules(), terms)
}

#[test]
fn each_kind_is_paid_once_a_profile() {
    let replies = ["one", "two", "three"].map(|text| reply("1", text));
    let on_post_2 = Observation { post: post("post-2"), ..seen("1", Kind::Like) };
    let rows = replies.into_iter().chain([seen("1", Kind::Like), on_post_2]);
    let allocation = pay(rows, &terms(1_000));
    assert_eq!(amounts(&allocation), [("1", 50)]);
    assert_eq!(allocation.refund, 950);
}

#[test]
fn a_kind_with_a_rate_of_zero_is_not_paid() {
    let allocation = pay([seen("1", Kind::Quote)], &terms(1_000));
    assert_eq!(amounts(&allocation), [("1", 0)]);
    assert_eq!(allocation.lines[0].reasons, [Reason::NotOffered { kind: Kind::Quote }]);
}

#[test]
fn without_participants_the_whole_budget_goes_back() {
    let allocation = pay([], &terms(1_000));
    assert_eq!((allocation.total, allocation.refund, allocation.lines.len()), (0, 1_000, 0));
    let brand_only = pay([seen("brand", Kind::Reply)], &terms(1_000));
    assert_eq!((brand_only.total, brand_only.refund), (0, 1_000));
}

#[test]
fn who_is_not_eligible_does_not_lower_what_others_receive() {
    let late = Observation { network_time: Some(minute(101)), ..seen("2", Kind::Like) };
    let gone = Observation { standing: Standing::Withdrawn, ..seen("3", Kind::Like) };
    let mut bot = seen("4", Kind::Like);
    bot.author.followers = Some(0);
    let rows = [seen("1", Kind::Like), late, gone, bot, seen("brand", Kind::Like)];
    let allocation = pay(rows, &terms(10));
    assert_eq!(amounts(&allocation), [("1", 10), ("2", 0), ("3", 0), ("4", 0), ("brand", 0)]);
    assert_eq!(allocation.scaled, None);
}

#[test]
fn more_owed_than_there_is_scales_every_line_and_refunds_what_rounding_leaves() {
    let rows = [("1", Kind::Like), ("2", Kind::Repost), ("3", Kind::Reply)];
    let allocation = pay(rows.map(|(id, kind)| seen(id, kind)), &terms(50));
    assert_eq!(allocation.scaled, Some(Scale { budget: 50, sum: 75 }));
    assert_eq!(amounts(&allocation), [("1", 6), ("2", 16), ("3", 26)]);
    assert_eq!((allocation.total, allocation.refund), (48, 2));
}

#[test]
fn a_budget_that_just_suffices_is_not_scaled() {
    let rows = [seen("1", Kind::Like), seen("2", Kind::Reply)];
    let allocation = pay(rows, &terms(50));
    assert_eq!((allocation.scaled, allocation.total, allocation.refund), (None, 50, 0));
}

#[test]
fn the_cap_applies_before_scaling_and_the_minimum_after() {
    let rows = [seen("1", Kind::Like), seen("1", Kind::Reply), seen("2", Kind::Like)];
    let capped = Terms { cap: Some(30), minimum_payout: 5, ..terms(20) };
    let allocation = pay(rows, &capped);
    assert_eq!(allocation.scaled, Some(Scale { budget: 20, sum: 40 }));
    assert_eq!(amounts(&allocation), [("1", 15), ("2", 5)]);
    let allocation = pay([seen("2", Kind::Like), seen("3", Kind::Reply)], &capped);
    assert_eq!(amounts(&allocation), [("2", 5), ("3", 15)]);
    let stricter = Terms { minimum_payout: 6, ..capped };
    let allocation = pay([seen("2", Kind::Like), seen("3", Kind::Reply)], &stricter);
    assert_eq!(amounts(&allocation), [("2", 0), ("3", 15)]);
    assert_eq!(allocation.refund, 5);
}

#[test]
fn a_cap_that_changes_nothing_is_no_reason() {
    let allocation = pay([seen("1", Kind::Like)], &Terms { cap: Some(10), ..terms(1_000) });
    assert_eq!(allocation.lines[0].reasons.len(), 1);
    let allocation = pay([seen("1", Kind::Like)], &Terms { cap: Some(9), ..terms(1_000) });
    assert_eq!(allocation.lines[0].reasons[1..], [Reason::Capped { cap: 9 }]);
}

#[test]
fn copied_replies_are_suspect() {
    let rows = ["1", "2", "3"].map(|id| reply(id, "I love this brand more than anything"));
    let strict = Rules { threshold: 24, ..rules() };
    assert_eq!(awareness(&log(rows.clone()), &strict, &terms(1_000)).total, 0);
    assert_eq!(awareness(&log(rows), &rules(), &terms(1_000)).total, 120);
}

#[test]
fn indexes_count_the_paid_lines_in_the_order_of_ids_bytes() {
    let rows = [seen("10", Kind::Like), seen("9", Kind::Quote), seen("Z", Kind::Like)];
    let allocation = pay(rows.into_iter().chain([seen("a", Kind::Like)]), &terms(1_000));
    let indexes: Vec<_> =
        allocation.lines.iter().map(|line| (line.profile.as_str(), line.index)).collect();
    assert_eq!(indexes, [("10", Some(0)), ("9", None), ("Z", Some(1)), ("a", Some(2))]);
}

#[test]
fn the_largest_amounts_do_not_overflow() {
    let most = u64::MAX;
    let rates = Rates { like: most, repost: most, quote: most, reply: most };
    let terms = Terms { budget: most, rates, cap: None, minimum_payout: 0 };
    let rows = ["1", "2", "3"].into_iter().flat_map(|id| Kind::ALL.map(|kind| seen(id, kind)));
    let allocation = pay(rows, &terms);
    assert_eq!(amounts(&allocation), ["1", "2", "3"].map(|id| (id, most / 3)));
    assert_eq!(allocation.refund, 0, "2^64 - 1 is a multiple of three");
}

/// 100 HBAR for 40 people who do everything: each action was worth 1e8 times too much in a system
/// that scaled twice.
#[test]
fn the_default_rate_spends_the_budget_on_whom_was_expected() {
    assert_eq!(default_rate(100 * HBAR, 40, 4), 62_500_000);
    assert_eq!(default_rate(100, 3, 1), 33);
    assert_eq!(default_rate(3, 4, 1), 0);
    assert_eq!(default_rate(u64::MAX, u32::MAX, u32::MAX), 1);
    assert_eq!((default_rate(100, 0, 4), default_rate(100, 4, 0)), (0, 0));
    let rates = Rates::equal(62_500_000, &Kind::ALL);
    let terms = Terms { budget: 100 * HBAR, rates, cap: None, minimum_payout: 0 };
    let rows = (0..40).flat_map(|i| {
        Kind::ALL.map(|kind| {
            let at = Some(minute(2 * i));
            Observation { network_time: at, ..seen(&format!("{i}"), kind) }
        })
    });
    let allocation = pay(rows, &terms);
    assert_eq!((allocation.total, allocation.refund), (100 * HBAR, 0));
}

#[test]
fn a_projection_says_what_the_rates_come_to() {
    let project = |rows: Vec<Observation>, budget| project(&log(rows), &rules(), &terms(budget));
    let enough = project(vec![seen("1", Kind::Like)], 11);
    assert_eq!((enough.owed, enough.scaled, enough.exhausted), (10, None, false));
    assert_eq!(enough.rates, terms(11).rates);
    let just = project(vec![seen("1", Kind::Like)], 10);
    assert_eq!((just.scaled, just.exhausted), (None, true));
    let over = project(vec![seen("1", Kind::Reply), seen("2", Kind::Reply)], 60);
    assert_eq!((over.owed, over.exhausted), (80, true));
    assert_eq!(over.rates, Rates { like: 7, repost: 18, quote: 0, reply: 30 });
}

#[test]
fn every_line_says_why() {
    let rates = Rates { like: HBAR / 10, repost: HBAR / 4, quote: 0, reply: HBAR / 2 };
    let terms = Terms { budget: HBAR, rates, cap: Some(HBAR * 7 / 10), minimum_payout: HBAR / 10 };
    let young = AuthorFacts {
        created_at: Some(days_before(12)),
        followers: Some(0),
        ..seen("1", Kind::Like).author
    };
    let late = |row| Observation { network_time: Some(minute(300)), ..row };
    let last_sighting = |row| Observation { standing: Standing::LastSighting, ..row };
    let rows = [
        seen("1001", Kind::Repost),
        late(reply("1001", "am I late?")),
        reply("1002", "lovely"),
        reply("1002", "really lovely"),
        seen("1002", Kind::Repost),
        last_sighting(seen("1003", Kind::Like)),
        Observation { author: young, ..reply("1004", "gm") },
        Observation { standing: Standing::Withdrawn, ..seen("1005", Kind::Repost) },
        seen("1006", Kind::Quote),
        seen("brand", Kind::Reply),
    ];
    let allocation = pay(rows, &terms);
    assert_eq!((allocation.total, allocation.refund), (90_476_189, 9_523_811));
    insta::assert_snapshot!(explained(&allocation), @r"
    1001 0.23809523 HBAR: repost ×1 at 0.25;
      reply not counted: after the close;
      0.25 owed, scaled by 1 ÷ 1.05
    1002 0.66666666 HBAR: repost ×1 at 0.25;
      reply ×2 at 0.5;
      at most 0.7 a participant;
      0.7 owed, scaled by 1 ÷ 1.05
    1003 0 HBAR: like ×1 at 0.1
        (last sighting: whether it still stands cannot be proved);
      0.1 owed, scaled by 1 ÷ 1.05;
      0.09523809 is below the minimum payout of 0.1 and is refunded
    1004 0 HBAR: reply not counted:
        score 100, allowed 50: account 12 days old, follows 200, followed by 0, no followers
    1005 0 HBAR: repost not counted: withdrawn
    1006 0 HBAR: quote is not paid in this campaign
    brand 0 HBAR: reply not counted: by the brand itself
    ");
}
