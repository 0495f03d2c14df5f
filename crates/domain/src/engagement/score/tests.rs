//! Signals: when each fires, and that none fires on an ordinary person.

use super::*;
use crate::engagement::sample::{days_before, minute, reply, seen};
use crate::engagement::{AuthorFacts, Kind, Standing};
use crate::{Time, engagement::sample::profile};

const COPY: &str = "What a wonderful product this is";

fn log(rows: impl IntoIterator<Item = Observation>) -> Log {
    rows.into_iter().collect()
}

fn signals_of(log: &Log, id: &str, texts: Texts) -> Vec<Signal> {
    scores(log, texts)[&profile(id)].findings().iter().map(|f| f.signal).collect()
}

/// The evidence for a single like by a profile with these facts.
fn findings(change: impl Fn(&mut AuthorFacts)) -> Vec<(Signal, String)> {
    let mut row = seen("1", Kind::Like);
    change(&mut row.author);
    let log = log([row]);
    let scores = scores(&log, Texts::Free);
    let findings = scores[&profile("1")].findings();
    findings.iter().map(|f| (f.signal, f.evidence.clone())).collect()
}

fn one(signal: Signal, evidence: &str) -> Vec<(Signal, String)> {
    vec![(signal, evidence.to_owned())]
}

#[test]
fn an_ordinary_person_has_no_signal_and_unknown_facts_are_none() {
    assert_eq!(findings(|_| ()), []);
    assert_eq!(findings(|facts| *facts = AuthorFacts::default()), []);
}

#[test]
fn an_account_is_young_until_it_is_30_days_old() {
    let aged = |days| findings(|f| (f.created_at, f.posts) = (Some(days_before(days)), None));
    assert_eq!(aged(12), one(Signal::YoungAccount, "account 12 days old"));
    assert_eq!(aged(1), one(Signal::YoungAccount, "account 1 day old"));
    assert_eq!(aged(29), one(Signal::YoungAccount, "account 29 days old"));
    assert_eq!(aged(30), []);
    let to_the_second = minute(10).minus(Span::from_secs(30 * 86_400));
    assert_eq!(findings(|f| f.created_at = Some(to_the_second)), []);
    assert_eq!(aged(-1), one(Signal::YoungAccount, "account 0 days old"), "clocks differ");
}

#[test]
fn an_account_that_was_young_when_it_engaged_does_not_age_by_being_seen_late() {
    let mut row = Observation { first_seen: minute(60 * 24 * 40), ..seen("1", Kind::Like) };
    row.author.created_at = Some(days_before(12));
    assert_eq!(signals_of(&log([row]), "1", Texts::Free), [Signal::YoungAccount]);
}

#[test]
fn following_more_than_50_for_each_follower_is_a_signal() {
    let ratio = |following, followers| {
        findings(|f| (f.following, f.followers) = (Some(following), Some(followers)))
    };
    assert_eq!(ratio(5_000, 100), []);
    assert_eq!(ratio(5_001, 100), one(Signal::FollowsMany, "follows 5001, followed by 100"));
    assert_eq!(ratio(u64::MAX, u64::MAX), []);
    assert_eq!(ratio(50, 0), one(Signal::NoFollowers, "no followers"));
    assert_eq!(ratio(51, 0).len(), 2, "no follower counts as one");
}

#[test]
fn more_than_100_posts_a_day_is_a_signal() {
    let rate = |posts, days| {
        findings(|f| (f.posts, f.created_at) = (Some(posts), Some(days_before(days))))
    };
    assert_eq!(rate(4_000, 40), []);
    assert_eq!(rate(4_001, 40), one(Signal::PostsMuch, "4001 posts in 40 d"));
    let newborn = rate(101, 0).into_iter().map(|(signal, _)| signal).collect::<Vec<_>>();
    assert_eq!(newborn, [Signal::YoungAccount, Signal::PostsMuch]);
    assert_eq!(rate(100, 0).len(), 1, "the first day is a day");
}

#[test]
fn the_default_picture_is_a_signal() {
    let finding = one(Signal::DefaultPicture, "default picture");
    assert_eq!(findings(|f| f.default_avatar = Some(true)), finding);
}

#[test]
fn no_signal_alone_excludes_at_the_default_threshold() {
    assert!(Signal::ALL.iter().all(|signal| signal.weight() <= DEFAULT_THRESHOLD));
}

#[test]
fn the_score_is_the_sum_of_weights_and_at_most_100() {
    let all = Signal::ALL.map(|signal| Finding { signal, evidence: String::new() });
    assert_eq!(Score { findings: all.to_vec() }.points(), 100);
    assert_eq!(Score { findings: all[3..5].to_vec() }.points(), 45);
}

/// `count` people who like in minute 10, numbered from 100.
fn crowd(count: usize, at: Option<Time>) -> Vec<Observation> {
    let like = |i| Observation { network_time: at, ..seen(&format!("{i}"), Kind::Like) };
    (100..100 + count).map(like).collect()
}

#[test]
fn ten_in_the_same_minute_are_a_burst_when_they_are_a_tenth_of_all() {
    let in_burst = |size, others: usize| {
        let later = (0..others).map(|i| Observation {
            network_time: Some(minute(20 + i64::try_from(i).unwrap())),
            ..seen(&format!("later-{i}"), Kind::Like)
        });
        let log = log(crowd(size, Some(minute(10))).into_iter().chain(later));
        signals_of(&log, "100", Texts::Free).contains(&Signal::Burst)
    };
    assert!(!in_burst(9, 0));
    assert!(in_burst(10, 0));
    assert!(in_burst(10, 90));
    assert!(!in_burst(10, 91));
}

#[test]
fn what_one_collection_found_is_no_burst() {
    let log = log(crowd(50, None));
    assert!(!signals_of(&log, "100", Texts::Free).contains(&Signal::Burst));
}

#[test]
fn three_with_the_same_long_text_are_copies_whatever_the_case_and_links() {
    let rows = |n: usize| {
        let texts = [
            COPY,
            "@brand what a WONDERFUL product this is! 🎉",
            "What a wonderful product this is https://t.co/x",
        ];
        let copies = texts.into_iter().enumerate().take(n);
        log(copies.map(|(i, text)| reply(&format!("{i}"), text)))
    };
    assert_eq!(signals_of(&rows(2), "0", Texts::Free), []);
    assert_eq!(signals_of(&rows(3), "0", Texts::Free), [Signal::CopiedText]);
    assert_eq!(signals_of(&rows(3), "0", Texts::Asked), [], "a quest asks for equal texts");
}

#[test]
fn saying_great_is_no_copy() {
    let log = log((0..40).map(|i| reply(&format!("{i}"), "Great!")));
    assert!(!signals_of(&log, "7", Texts::Free).contains(&Signal::CopiedText));
}

#[test]
fn one_person_who_repeats_a_text_copies_nobody() {
    let again =
        |i| Observation { object: Some(format!("r{i}").parse().unwrap()), ..reply("1", COPY) };
    assert_eq!(signals_of(&log((0..9).map(again)), "1", Texts::Free), []);
}

#[test]
fn five_created_on_one_day_are_a_cohort_when_they_are_one_in_fifty() {
    let in_cohort = |size: usize, others: usize| {
        let rows = (0..size + others).map(|i| {
            let mut row = seen(&format!("{i}"), Kind::Like);
            let day = if i < size { 0 } else { i64::try_from(i).unwrap() };
            row.author.created_at = Some(days_before(500 + day));
            row
        });
        signals_of(&log(rows), "0", Texts::Free).contains(&Signal::CreatedTogether)
    };
    assert!(!in_cohort(4, 0));
    assert!(in_cohort(5, 245));
    assert!(!in_cohort(5, 246));
}

#[test]
fn withdrawn_engagement_raises_nobody_elses_score_and_does_not_lower_ones_own() {
    let mut rows = crowd(10, Some(minute(10)));
    for row in &mut rows[1..] {
        row.standing = Standing::Withdrawn;
    }
    let nine_left = log(rows.clone());
    assert!(!signals_of(&nine_left, "100", Texts::Free).contains(&Signal::Burst));
    rows[0].standing = Standing::Withdrawn;
    for row in &mut rows[1..] {
        row.standing = Standing::Stands;
    }
    let first_left = log(rows);
    assert!(signals_of(&first_left, "100", Texts::Free).contains(&Signal::Burst));
}

#[test]
fn a_signal_that_fired_once_has_fired() {
    let mut early = seen("1", Kind::Like);
    early.author.followers = Some(0);
    early.author.following = Some(10);
    let bought = Observation { first_seen: minute(90), ..seen("1", Kind::Like) };
    assert_eq!(signals_of(&log([bought, early]), "1", Texts::Free), [Signal::NoFollowers]);
}
