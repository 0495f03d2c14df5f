//! What people write: remarks, and answers to a question in all the shapes that people give them.

use rand::Rng;
use rand::seq::IndexedRandom;

const OPENINGS: [&str; 8] =
    ["Honestly,", "Wow,", "Well,", "Not sure why, but", "For once", "Ha,", "Okay,", "Hm,"];
const MIDDLES: [&str; 8] = [
    "this is a neat idea",
    "I like where this is going",
    "my sister would love this",
    "that made my morning",
    "I have waited for something like it",
    "count me in",
    "the picture alone is worth it",
    "I will tell the others",
];
const ENDINGS: [&str; 8] = ["", "!", " 🙂", " 🎉", ", thanks", " 👏👏", "…", ", well done"];

/// What a farm's operator pasted into all of its accounts.
pub(super) const COPIED: &str =
    "This is the best project of the whole year, do not miss your chance to join it";

/// A remark of one's own: [`OPENINGS`], [`MIDDLES`] and [`ENDINGS`] and a number now and then, so
/// that equal texts stay rare among honest people.
pub(super) fn remark(rng: &mut impl Rng) -> String {
    let opening = pick(&OPENINGS, rng);
    let middle = pick(&MIDDLES, rng);
    let ending = pick(&ENDINGS, rng);
    let day = rng.random_range(1..=365);
    match rng.random_range(0..3) {
        0 => format!("{opening} {middle}{ending}"),
        1 => format!("{opening} {middle}{ending} (day {day} of following you)"),
        _ => format!("No. {day} here. {middle}{ending}"),
    }
}

/// An answer that names option `position` of `options`, in one of the shapes that people use.
pub(super) fn answer(options: &[String], position: usize, rng: &mut impl Rng) -> String {
    let letter = letter(position);
    let small = letter.to_ascii_lowercase();
    let text = options.get(position).map(String::as_str).unwrap_or_default();
    match rng.random_range(0..9) {
        0 => letter.to_string(),
        1 => format!("({letter})"),
        2 => format!("{small})"),
        3 => text.to_owned(),
        4 => text.to_uppercase(),
        5 => format!("🎉 {letter} 🎉"),
        6 => format!("  {text}!!! 😀"),
        7 => format!("{letter}) {text}"),
        _ => format!("{small}. {}", text.to_lowercase()),
    }
}

/// Any other option than `position`.
pub(super) fn another(options: &[String], position: usize, rng: &mut impl Rng) -> usize {
    let others: Vec<usize> = (0..options.len()).filter(|other| *other != position).collect();
    others.choose(rng).copied().unwrap_or(position)
}

fn letter(position: usize) -> char {
    u8::try_from(position).map_or('?', |position| char::from(b'A' + position))
}

fn pick(texts: &[&'static str], rng: &mut impl Rng) -> &'static str {
    texts.choose(rng).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hashbuzz_domain::quest::Quest;
    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;

    use super::*;

    fn options() -> Vec<String> {
        ["Keeps them", "Sends them back", "Burns them", "Holds a raffle"].map(String::from).into()
    }

    #[test]
    fn every_shape_of_an_answer_names_its_option() {
        let mut rng = ChaCha12Rng::seed_from_u64(1);
        let quest = Quest::new(options(), 1).unwrap();
        for _ in 0..500 {
            for position in 0..4 {
                let text = answer(&options(), position, &mut rng);
                assert_eq!(
                    quest.answer(&text).map(|letter| letter.position()),
                    Some(position),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_remark_answers_nothing_and_is_rarely_said_twice() {
        let mut rng = ChaCha12Rng::seed_from_u64(1);
        let quest = Quest::new(options(), 1).unwrap();
        let remarks: BTreeSet<String> = (0..60).map(|_| remark(&mut rng)).collect();
        assert!(remarks.len() > 50, "{} different remarks of 60", remarks.len());
        assert!(remarks.iter().all(|text| quest.answer(text).is_none()));
    }

    #[test]
    fn another_option_is_never_the_same_one() {
        let mut rng = ChaCha12Rng::seed_from_u64(1);
        assert!((0..200).all(|_| another(&options(), 2, &mut rng) != 2));
    }
}
