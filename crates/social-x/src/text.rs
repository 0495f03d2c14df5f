//! How long a text is by X's own rule, configuration version 3.
//!
//! In NFC; every link counts 23 however long it is, every emoji sequence 2, a character of the
//! ranges below 1 and any other 2; 280 are allowed. Not judged here: the characters that X refuses
//! anywhere (U+FFFE, U+FEFF, U+FFFF) and the longer limit of paying accounts.
//! <X docs, counting characters; twitter-text configuration 3; August 2026>

use hashbuzz_social::Measure;
use unicode_normalization::UnicodeNormalization as _;

use crate::{emoji, links};

const LIMIT: u32 = 280;
const LINK: u32 = 23;
const HEAVY: u32 = 2;
/// First and last character of each range whose characters count 1.
const LIGHT: [(u32, u32); 4] = [(0, 4_351), (8_192, 8_205), (8_208, 8_223), (8_242, 8_247)];

/// The length of `text`; zero if there is nothing to see in it.
pub(crate) fn measure(text: &str) -> Measure {
    let text: String = text.nfc().collect();
    let mut length = 0_u32;
    let mut at = 0;
    if !text.trim().is_empty() {
        for link in links::find(&text) {
            length = length.saturating_add(plain(&text[at..link.start])).saturating_add(LINK);
            at = link.end;
        }
        length = length.saturating_add(plain(&text[at..]));
    }
    Measure { length, limit: LIMIT }
}

/// The length of a text without links.
fn plain(mut text: &str) -> u32 {
    let mut length = 0_u32;
    while let Some(first) = text.chars().next() {
        let (bytes, weight) = match emoji::leading(text) {
            Some(bytes) => (bytes, HEAVY),
            None => (first.len_utf8(), weight(first)),
        };
        length = length.saturating_add(weight);
        text = &text[bytes..];
    }
    length
}

fn weight(c: char) -> u32 {
    let code = u32::from(c);
    if LIGHT.iter().any(|(from, to)| (*from..=*to).contains(&code)) { 1 } else { HEAVY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_x_says() {
        let cases = [
            ("", 0),
            (" \n\t", 0),
            ("hello", 5),
            (" hello ", 7),
            ("é", 1),
            ("cafe\u{301}", 4),
            ("中文", 4),
            ("안녕", 4),
            ("ก", 1),
            ("“quoted” – so…", 15),
            ("😀", 2),
            ("👨‍👩‍👧‍👦", 2),
            ("👍🏽 ok", 5),
            ("🇺🇳", 2),
            ("1️⃣", 2),
            ("©", 1),
            ("😀\u{301}", 3),
            ("https://example.com", 23),
            ("see https://example.com/a/very/long/path?with=query&and=more#x.", 28),
            ("example.com", 23),
            ("two example.com https://x.com/a", 51),
            ("me@example.com", 14),
            ("#example.com", 12),
            ("version 1.2.3", 13),
            ("end of it.Next", 14),
        ];
        for (text, length) in cases {
            assert_eq!(measure(text).length, length, "{text:?}");
        }
    }

    #[test]
    fn the_limit_is_280() {
        assert!(measure(&"a".repeat(280)).fits());
        assert!(!measure(&"a".repeat(281)).fits());
        assert!(measure(&"中".repeat(140)).fits());
        assert!(!measure(&"中".repeat(141)).fits());
        assert!(!measure("   ").fits());
    }
}
