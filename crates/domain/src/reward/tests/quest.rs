//! Quests: who wins, who does not, and how the budget is shared.

use super::*;
use crate::engagement::sample::{minute, post, reply, rules, seen};
use crate::engagement::{Kind, Standing};
use crate::quest::Quest;

/// B is correct.
fn capital() -> Quest {
    Quest::new(["London", "Paris", "Rome"].map(str::to_owned).to_vec(), 1).unwrap()
}

fn play(rows: impl IntoIterator<Item = Observation>, budget: u64) -> Allocation {
    quest(&log(rows), &rules(), &capital(), &Prize { budget, cap: None, minimum_payout: 0 })
}

fn at(minutes: i64, row: Observation) -> Observation {
    Observation { network_time: Some(minute(minutes)), ..row }
}

fn withdrawn(row: Observation) -> Observation {
    Observation { standing: Standing::Withdrawn, ..row }
}

#[test]
fn winners_share_equally_and_the_remainder_goes_back() {
    let rows = [reply("1", "B"), reply("2", "paris!"), reply("3", "(b)"), reply("4", "Rome")];
    let allocation = play(rows, 100);
    assert_eq!(amounts(&allocation), [("1", 33), ("2", 33), ("3", 33), ("4", 0)]);
    assert_eq!((allocation.total, allocation.refund, allocation.scaled), (99, 1, None));
}

#[test]
fn without_winners_the_whole_budget_goes_back() {
    assert_eq!(play([], 100).refund, 100);
    assert_eq!(play([reply("1", "A"), reply("2", "no idea")], 100).refund, 100);
}

#[test]
fn the_same_option_again_changes_nothing() {
    let rows = [reply("1", "B"), reply("1", "Paris"), reply("1", "b) paris"), reply("2", "B")];
    assert_eq!(amounts(&play(rows, 100)), [("1", 50), ("2", 50)]);
}

#[test]
fn two_different_options_disqualify() {
    let allocation = play([reply("1", "A"), reply("1", "B"), reply("2", "B")], 100);
    assert_eq!(amounts(&allocation), [("1", 0), ("2", 100)]);
}

#[test]
fn a_reply_that_names_no_option_is_just_a_reply() {
    assert_eq!(amounts(&play([reply("1", "nice quest"), reply("1", "B")], 100)), [("1", 100)]);
}

#[test]
fn a_quote_is_an_answer_and_a_like_is_none() {
    let quote = Observation { kind: Kind::Quote, ..reply("1", "B") };
    assert_eq!(amounts(&play([quote, seen("2", Kind::Like)], 100)), [("1", 100)]);
}

#[test]
fn early_late_and_misplaced_answers_neither_win_nor_disqualify() {
    let elsewhere = |row| Observation { post: post("post-3"), ..row };
    for misplaced in [at(-1, reply("1", "A")), at(101, reply("1", "A")), elsewhere(reply("1", "A"))]
    {
        assert_eq!(amounts(&play([misplaced, reply("1", "B")], 100)), [("1", 100)]);
    }
    assert_eq!(
        amounts(&play([at(-1, reply("1", "B")), at(101, reply("2", "B"))], 100)),
        [("1", 0), ("2", 0)]
    );
}

#[test]
fn deleting_an_answer_never_helps() {
    assert_eq!(amounts(&play([withdrawn(reply("1", "B"))], 100)), [("1", 0)]);
    assert_eq!(amounts(&play([withdrawn(reply("1", "A")), reply("1", "B")], 100)), [("1", 0)]);
    assert_eq!(
        amounts(&play([withdrawn(reply("1", "B")), reply("1", "Paris")], 100)),
        [("1", 100)]
    );
}

#[test]
fn an_edited_answer_is_two_answers() {
    let first = reply("1", "A");
    let edited = Observation { text: Some("B".to_owned()), ..first.clone() };
    assert_eq!(amounts(&play([first, edited], 100)), [("1", 0)]);
}

#[test]
fn equal_answers_are_no_sign_of_a_machine() {
    let long = ["The answer is surely London", "The answer is surely Paris"].map(str::to_owned);
    let quest_of_sentences = Quest::new(long.to_vec(), 1).unwrap();
    let rows = (0..5).map(|i| at(10 * i, reply(&format!("{i}"), &long[1])));
    let prize = Prize { budget: 100, cap: None, minimum_payout: 0 };
    let strict = crate::engagement::eligibility::Rules { threshold: 0, ..rules() };
    let allocation = quest(&log(rows), &strict, &quest_of_sentences, &prize);
    assert_eq!(allocation.total, 100);
}

#[test]
fn shares_below_the_minimum_are_refunded() {
    let rows = [reply("1", "B"), reply("2", "B"), reply("3", "B")];
    let prize = Prize { budget: 100, cap: None, minimum_payout: 34 };
    let allocation = quest(&log(rows), &rules(), &capital(), &prize);
    assert_eq!((allocation.total, allocation.refund), (0, 100));
    assert!(allocation.lines.iter().all(|line| line.index.is_none()));
}

#[test]
fn a_winner_receives_no_more_than_the_cap() {
    let prize = Prize { budget: 100, cap: Some(30), minimum_payout: 0 };
    let allocation = quest(&log([reply("1", "B")]), &rules(), &capital(), &prize);
    assert_eq!((allocation.total, allocation.refund), (30, 70));
}

#[test]
fn more_winners_than_units_receive_nothing() {
    let rows = [reply("1", "B"), reply("2", "B"), reply("3", "B")];
    assert_eq!(play(rows, 2).refund, 2);
}

#[test]
fn an_answer_that_stands_needs_no_last_sighting() {
    let last = |row| Observation { standing: Standing::LastSighting, ..row };
    for rows in
        [[reply("1", "B"), last(reply("1", "Paris"))], [last(reply("1", "B")), reply("1", "Paris")]]
    {
        let reasons = &play(rows, 100).lines[0].reasons;
        assert!(matches!(reasons[..], [Reason::Won { last_sighting: false, .. }]), "{reasons:?}");
    }
}

#[test]
fn every_line_says_why() {
    let mut bot = reply("6", "B");
    (bot.author.followers, bot.author.following) = (Some(0), Some(900));
    let rows = [
        reply("1", "B"),
        reply("2", "A"),
        reply("3", "A"),
        reply("3", "C"),
        reply("4", "what a question"),
        at(200, reply("5", "B")),
        bot,
        withdrawn(reply("7", "B")),
        Observation { standing: Standing::LastSighting, ..reply("8", "B") },
    ];
    insta::assert_snapshot!(explained(&play(rows, 5)), @r"
    1 0.00000002 HBAR: B is correct: a share of 0.00000002
    2 0 HBAR: A is not correct
    3 0 HBAR: different answers (A, C) disqualify
    4 0 HBAR: no reply names exactly one option
    5 0 HBAR: answer not counted: after the close
    6 0 HBAR: answer not counted:
        score 85, allowed 50: follows 900, followed by 0, no followers
    7 0 HBAR: answer not counted: withdrawn
    8 0.00000002 HBAR: B is correct: a share of 0.00000002
        (last sighting: whether it still stands cannot be proved)
    ");
}
