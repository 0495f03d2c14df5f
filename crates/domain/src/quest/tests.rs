//! Quests: what is refused at draft, and what names an option.

use proptest::prelude::*;

use super::*;

fn quest(options: &[&str]) -> Quest {
    Quest::new(options.iter().map(|&o| o.to_owned()).collect(), 0).expect("a legal quest")
}

fn refused(options: &[&str], correct: usize) -> MalformedQuest {
    Quest::new(options.iter().map(|&o| o.to_owned()).collect(), correct).expect_err("refused")
}

fn letter(position: usize) -> Letter {
    Letter::at(position).expect("A to J")
}

#[test]
fn a_quest_has_two_to_ten_options_and_one_of_them_is_correct() {
    let options: Vec<String> = (1..=11).map(|n| format!("number {n}")).collect();
    for (count, legal) in [(0, false), (1, false), (2, true), (10, true), (11, false)] {
        let drafted = Quest::new(options[..count].to_vec(), 0);
        assert_eq!(drafted.is_ok(), legal, "{count} options");
    }
    assert_eq!(refused(&["yes", "no"], 2), MalformedQuest::NoSuchOption);
    assert_eq!(refused(&["yes", "no"], usize::MAX), MalformedQuest::NoSuchOption);
}

#[test]
fn the_last_of_ten_options_is_j() {
    let options: Vec<String> = (1..=10).map(|n| format!("number {n}")).collect();
    let quest = Quest::new(options, 9).unwrap();
    let last = quest.lettered_options().last().map(|(letter, o)| format!("{letter}) {o}"));
    assert_eq!(last.as_deref(), Some("J) number 10"));
    assert_eq!(quest.answer("j"), Some(quest.correct()));
    assert_eq!(quest.answer("K"), None);
    assert_eq!(Letter::at(10), None);
}

#[test]
fn options_that_could_be_taken_for_each_other_are_refused() {
    let (a, b) = (letter(0), letter(1));
    for (options, why) in [
        (&["Paris", " PARIS! "][..], MalformedQuest::Ambiguous(a, b)),
        (&["Straße", "STRASSE"], MalformedQuest::Ambiguous(a, b)),
        (&["C", "C++"], MalformedQuest::Ambiguous(a, b)),
        (&["b", "red"], MalformedQuest::Ambiguous(a, b)),
        (&["red", "(A)"], MalformedQuest::Ambiguous(b, a)),
        (&["b) red", "red"], MalformedQuest::Ambiguous(a, b)),
        (&["🎉", "red"], MalformedQuest::NoWords(a)),
        (&["red", "@hashbuzz https://hashbuzz.example"], MalformedQuest::NoWords(b)),
        (&["", "red"], MalformedQuest::NoWords(a)),
    ] {
        assert_eq!(refused(options, 0), why, "{options:?}");
    }
}

#[test]
fn an_option_may_be_its_own_letter_or_a_letter_that_no_option_has() {
    let quest = quest(&["A", "X", "D"]);
    assert_eq!(quest.answer("a"), Some(letter(0)));
    assert_eq!(quest.answer("x"), Some(letter(1)));
    assert_eq!(quest.answer("D"), Some(letter(2)));
}

#[test]
fn an_answer_is_a_letter_a_text_or_both() {
    let quest = quest(&["London", "Paris", "New York", "St. John’s"]);
    for (text, expected) in [
        ("B", Some(1)),
        ("b", Some(1)),
        ("b)", Some(1)),
        ("(B)", Some(1)),
        ("B.", Some(1)),
        ("[b]!", Some(1)),
        ("#B", Some(1)),
        ("Ｂ", Some(1)),
        ("Ⓑ", Some(1)),
        ("⒝", Some(1)),
        ("🅱️", Some(1)),
        ("👉 B 👈", Some(1)),
        ("@brand B", Some(1)),
        ("@brand @other.bsky.social: B!", Some(1)),
        (".@brand@mastodon.example B https://t.co/abc?x=B", Some(1)),
        ("Bhttps://t.co/abc", Some(1)),
        ("＠brand B ｈｔｔｐｓ://t.co/abc", Some(1)),
        ("paris", Some(1)),
        ("  PARIS!!! 🇫🇷", Some(1)),
        ("“Paris”", Some(1)),
        ("B) Paris", Some(1)),
        ("b: paris.", Some(1)),
        ("B Paris", Some(1)),
        ("new\n york", Some(2)),
        ("C — New York", Some(2)),
        ("st. john's", Some(3)),
        ("B) London", None),
        ("A or B", None),
        ("I say Paris", None),
        ("Paris is the capital", None),
        ("not B", None),
        ("E", None),
        ("bb", None),
        ("bparis", None),
        ("", None),
        ("🎉", None),
        ("@brand", None),
        ("A: B", None),
        ("A,B", None),
    ] {
        assert_eq!(quest.answer(text), expected.map(letter), "{text:?}");
    }
}

#[test]
fn answers_are_read_in_any_script() {
    for (options, text) in [
        (["red", "Straße"], "STRASSE"),
        (["red", "Ὀδυσσεύς"], "ΟΔΥΣΣΕΎΣ".to_lowercase().replace('ο', "ὀ").as_str()),
        (["red", "Москва"], "МОСКВА!"),
        (["red", "القاهرة"], "@brand القاهرة؟"),
        (["red", "ירושלים"], "\u{200f}ירושלים."),
        (["red", "दिल्ली"], "«दिल्ली» 🙏🏽"),
        (["red", "தமிழ்"], "தமிழ்!"),
        (["red", "กรุงเทพฯ"], "กรุงเทพฯ 😀"),
        (["red", "東京"], "「東京」です".strip_suffix("です").unwrap()),
        (["red", "東京"], "@brand東京。"),
        (["red", "カタカナ"], "ｶﾀｶﾅ"),
        (["red", "서울"], "\u{1109}\u{1165}\u{110b}\u{116e}\u{11af}"),
        (["red", "Hà Nội"], "ha\u{300} no\u{302}\u{323}i"),
        (["red", "Zürich"], "ZU\u{308}RICH"),
        (["red", "fi"], "ﬁ"),
        (["red", "42"], "４２."),
        (["red", "42"], "4\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}"),
    ] {
        assert_eq!(quest(&options).answer(text), Some(letter(1)), "{text:?} for {options:?}");
    }
}

#[test]
fn a_letter_of_another_alphabet_is_not_guessed() {
    let quest = quest(&["red", "green", "blue"]);
    assert_eq!(quest.answer("В"), None, "Cyrillic ve: the look of B, the third of its alphabet");
    assert_eq!(quest.answer("Β"), None, "Greek beta");
}

#[test]
fn marks_that_belong_to_a_letter_stay() {
    assert_ne!(plain_text("कि"), plain_text("क"));
    assert_eq!(plain_text("(தமிழ்)"), "தமிழ்", "the last mark is no letter");
    assert_eq!(plain_text("!!! e\u{301}"), "é");
    assert_eq!(plain_text("🙂\u{301} x"), "x");
}

#[test]
fn only_what_stands_alone_is_a_mention() {
    assert_eq!(plain_text("info@example.org"), "info@example.org");
    assert_eq!(plain_text("red @ night"), "red @ night");
    assert_eq!(plain_text("(@brand) red @other"), "red");
}

#[test]
fn the_correct_option_is_not_in_the_debug_text() {
    let first = Quest::new(vec!["red".into(), "green".into()], 0).unwrap();
    let second = Quest::new(vec!["red".into(), "green".into()], 1).unwrap();
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

/// Quests with odd options: letters, brackets, any printable characters.
fn any_quest() -> impl Strategy<Value = Quest> {
    let option = "\\PC{3,8}|[a-j][) ]{1,2}[k-p]{1,3}|[k-z]{1,3}";
    prop::collection::vec(option, 2..=10)
        .prop_filter_map("ambiguous", |options| Quest::new(options, 0).ok())
}

proptest! {
    #[test]
    fn every_option_of_a_drafted_quest_names_itself(quest in any_quest()) {
        for (letter, option) in quest.lettered_options() {
            prop_assert_eq!(quest.answer(option), Some(letter), "{:?}", option);
            prop_assert_eq!(quest.answer(&letter.to_string()), Some(letter));
            let both = quest.answer(&format!("@brand {letter}) {option} 🎉"));
            prop_assert!(both.is_none_or(|both| both == letter), "{:?} is {:?}", option, both);
        }
    }

    #[test]
    fn any_text_can_be_read(text in "\\PC{0,40}") {
        let _ = quest(&["red", "green"]).answer(&text);
        prop_assert!(!plain_text(&text).contains("  "));
    }
}
