//! The counting rules, by example.

use super::*;

#[test]
fn latin_weighs_one_and_everything_far_away_weighs_two() {
    for (text, weight) in [
        ("hello", 5),
        ("", 0),
        ("Ünïcødé", 7),
        ("Привет", 6),
        ("日本語", 6),
        ("한국", 4),
        ("“quoted” – dash", 15),
        ("a…b", 4),
    ] {
        assert_eq!(weighted_length(text), weight, "{text}");
    }
}

#[test]
fn an_emoji_weighs_two_however_it_is_composed() {
    for text in ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇨🇭", "❤️", "1️⃣", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
    {
        assert_eq!(weighted_length(text), 2, "{text}");
    }
    assert_eq!(weighted_length("a😀😀b"), 6);
}

#[test]
fn every_link_weighs_23() {
    let long = format!("https://example.com/{}", "x".repeat(300));
    for text in [long.as_str(), "http://a.io", "example.com", "(example.org)", "hedera.com."] {
        let around =
            text.chars().filter(|c| "()".contains(*c)).count() + usize::from(text.ends_with('.'));
        let around = u32::try_from(around).unwrap();
        assert_eq!(weighted_length(text), 23 + around, "{text}");
    }
    assert_eq!(weighted_length("see https://example.com/a, or b.com"), 4 + 23 + 1 + 4 + 23);
}

#[test]
fn what_only_looks_like_a_link_is_counted_letter_by_letter() {
    for text in ["e.g.this", "3.14", "http://localhost", "a..com", "hello.World"] {
        assert_eq!(weighted_length(text), u32::try_from(text.len()).unwrap(), "{text}");
    }
}

#[test]
fn a_text_is_composed_and_trimmed_before_it_is_counted() {
    assert_eq!(normal_form("  cafe\u{301}\n"), "café");
    assert_eq!(weighted_length(&normal_form("cafe\u{301}")), 4);
}

#[test]
fn marks_stand_alone_and_follow_their_rules() {
    let words = |marks: Vec<Mark>| marks.into_iter().map(|mark| mark.word).collect::<Vec<_>>();
    assert_eq!(words(mentions("@ann hi @bob_1, mail x@y.z")), ["ann", "bob_1"]);
    assert_eq!(words(hashtags("#one #2 #drei3 a#b")), ["one", "drei3"]);
    assert_eq!(words(cashtags("$HBAR costs $5, not $TOOLONGX")), ["HBAR"]);
    assert_eq!(mentions("é @ann")[0], Mark { start: 2, end: 6, word: "ann".into() });
}
