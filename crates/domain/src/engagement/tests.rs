//! Logs and eligibility.

use super::eligibility::{Exclusion, Verdict};
use super::sample::{minute, post, profile, rules, seen};
use super::score::{Score, Texts, scores};
use super::*;

fn judged(observation: Observation) -> Verdict {
    rules().judge(&observation, &Score::default())
}

#[test]
fn each_kind_has_one_stable_name() {
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert!("Like".parse::<Kind>().is_err());
    assert_eq!(
        "share".parse::<Kind>().unwrap_err().to_string(),
        "`share` is not a kind of engagement (like, repost, quote, reply)"
    );
}

#[test]
fn what_the_network_times_counts_from_post_1_to_the_close_inclusive() {
    let at = |minutes| {
        judged(Observation { network_time: Some(minute(minutes)), ..seen("1", Kind::Like) })
    };
    assert_eq!(at(-1), Verdict::Excluded(Exclusion::Early));
    assert_eq!(at(0), Verdict::Counts);
    assert_eq!(at(100), Verdict::Counts);
    assert_eq!(at(101), Verdict::Excluded(Exclusion::Late), "grace is not for timed engagement");
}

#[test]
fn what_the_network_times_counts_however_late_it_is_collected() {
    let found_late = Observation { first_seen: minute(100_000), ..seen("1", Kind::Reply) };
    assert_eq!(judged(found_late), Verdict::Counts);
}

#[test]
fn what_has_no_time_counts_when_first_seen_by_the_end_of_grace() {
    let at = |minutes| {
        let untimed = Observation { network_time: None, ..seen("1", Kind::Like) };
        judged(Observation { first_seen: minute(minutes), ..untimed })
    };
    assert_eq!(at(130), Verdict::Counts);
    assert_eq!(at(131), Verdict::Excluded(Exclusion::Late));
}

#[test]
fn the_brand_and_other_posts_do_not_count() {
    assert_eq!(judged(seen("brand", Kind::Reply)), Verdict::Excluded(Exclusion::Brand));
    let elsewhere = Observation { post: post("post-3"), ..seen("1", Kind::Like) };
    assert_eq!(judged(elsewhere), Verdict::Excluded(Exclusion::OtherPost));
    let on_post_2 = Observation { post: post("post-2"), ..seen("1", Kind::Like) };
    assert_eq!(judged(on_post_2), Verdict::Counts);
}

#[test]
fn only_a_proved_withdrawal_excludes() {
    let standing = |standing| judged(Observation { standing, ..seen("1", Kind::Like) });
    assert_eq!(standing(Standing::Stands), Verdict::Counts);
    assert_eq!(standing(Standing::LastSighting), Verdict::LastSighting);
    assert_eq!(standing(Standing::Withdrawn), Verdict::Excluded(Exclusion::Withdrawn));
}

#[test]
fn a_score_excludes_above_the_threshold_and_not_at_it() {
    let author = AuthorFacts {
        followers: Some(0),
        default_avatar: Some(true),
        ..seen("1", Kind::Like).author
    };
    let row = Observation { author, ..seen("1", Kind::Like) };
    let log: Log = [row.clone()].into_iter().collect();
    let score = &scores(&log, Texts::Free)[&row.profile];
    let mut rules = rules();
    assert_eq!(score.points(), 45 + 50, "no followers, default picture, follows 200");
    rules.threshold = 95;
    assert_eq!(rules.judge(&row, score), Verdict::Counts);
    rules.threshold = 94;
    let Verdict::Excluded(why) = rules.judge(&row, score) else { panic!("it is suspect") };
    assert_eq!(
        why.to_string(),
        "score 95, allowed 94: follows 200, followed by 0, no followers, default picture"
    );
    rules.exceptions.insert(profile("1"));
    assert_eq!(rules.judge(&row, score), Verdict::Counts);
}

#[test]
fn a_log_is_the_same_whatever_the_order_and_number_of_its_rows() {
    let rows = [seen("2", Kind::Like), seen("1", Kind::Reply), seen("1", Kind::Like)];
    let forward: Log = rows.iter().cloned().collect();
    let repeated: Log = rows.iter().rev().chain(&rows).cloned().collect();
    assert_eq!(forward, repeated);
    assert_eq!(forward.rows().len(), 3);
    let profiles: Vec<_> = forward.profiles().map(|rows| rows[0].profile.as_str()).collect();
    assert_eq!(profiles, ["1", "2"]);
}

#[test]
fn one_proof_of_withdrawal_withdraws_every_sighting_of_that_engagement() {
    let like = seen("1", Kind::Like);
    let again = Observation { first_seen: minute(50), ..like.clone() };
    let gone = Observation { standing: Standing::Withdrawn, ..like.clone() };
    let log: Log = [like, gone, again, seen("1", Kind::Repost)].into_iter().collect();
    let standing: Vec<_> = log.rows().iter().map(|row| (row.kind, row.standing)).collect();
    assert_eq!(
        standing,
        [
            (Kind::Like, Standing::Withdrawn),
            (Kind::Like, Standing::Withdrawn),
            (Kind::Repost, Standing::Stands),
        ]
    );
}

#[test]
fn a_changed_handle_is_the_same_profile() {
    let like = seen("1", Kind::Like);
    let renamed = Observation { handle: "somebody_else".to_owned(), ..like.clone() };
    let log: Log = [like, renamed].into_iter().collect();
    assert_eq!(log.profiles().count(), 1);
}
