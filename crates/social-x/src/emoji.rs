//! Emoji sequences, which X counts as two characters however long they are.
//!
//! The grammar is Unicode's (UTS 51): flags, keycaps, and pictures with a variation selector, a
//! skin tone or a tag sequence, joined by U+200D. X matches a list of the sequences that are in
//! use; a sequence that nobody's font draws would count more there than here.
//! <twitter-text configuration 3, read August 2026>

use unicode_properties::UnicodeEmoji as _;

const JOINER: char = '\u{200d}';
const AS_PICTURE: char = '\u{fe0f}';
const AS_TEXT: char = '\u{fe0e}';
const KEYCAP: char = '\u{20e3}';
const END_OF_TAGS: char = '\u{e007f}';

/// How many bytes at the beginning of `text` are one emoji; none if it begins with something else.
pub(crate) fn leading(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if regional(first) {
        let second = text.chars().nth(1).filter(|c| regional(*c))?;
        return Some(first.len_utf8() + second.len_utf8());
    }
    if matches!(first, '0'..='9' | '#' | '*') {
        let selected = skip(text, first.len_utf8(), AS_PICTURE);
        let end = skip(text, selected, KEYCAP);
        return (end > selected).then_some(end);
    }
    let mut end = picture(text)?;
    while let Some(rest) = text[end..].strip_prefix(JOINER) {
        let Some(more) = picture(rest) else { break };
        end += JOINER.len_utf8() + more;
    }
    Some(end)
}

/// One picture with what modifies it.
fn picture(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if !first.is_emoji_char() || first.is_ascii() || regional(first) {
        return None;
    }
    let mut end = first.len_utf8();
    let selected = text[end..].starts_with(AS_PICTURE);
    let as_text = text[end..].starts_with(AS_TEXT);
    // These are letters unless a selector makes them pictures.
    if as_text || (!selected && matches!(first, '\u{a9}' | '\u{ae}' | '\u{2122}' | '\u{265f}')) {
        return None;
    }
    end = skip(text, end, AS_PICTURE);
    if let Some(tone) =
        text[end..].chars().next().filter(|c| matches!(*c, '\u{1f3fb}'..='\u{1f3ff}'))
    {
        end += tone.len_utf8();
    }
    let tags: usize = text[end..].chars().take_while(|c| tag(*c)).map(char::len_utf8).sum();
    if tags > 0 && text[end + tags..].starts_with(END_OF_TAGS) {
        end += tags + END_OF_TAGS.len_utf8();
    }
    Some(end)
}

fn skip(text: &str, at: usize, expected: char) -> usize {
    if text[at..].starts_with(expected) { at + expected.len_utf8() } else { at }
}

fn regional(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

fn tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_sequence_is_one_emoji() {
        let family = "👨‍👩‍👧‍👦";
        let scotland = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
        for emoji in ["😀", "👍🏽", "❤️", "🇺🇳", "1️⃣", "#⃣", family, "👩🏽‍🚀", "🏳️‍🌈", scotland, "©️"]
        {
            assert_eq!(leading(&format!("{emoji}x")), Some(emoji.len()), "{emoji}");
        }
    }

    #[test]
    fn letters_digits_and_text_signs_are_none() {
        for text in ["a", "1", "#tag", "©", "™", "é", "中", "❤\u{fe0e}", "\u{200d}", ""] {
            assert_eq!(leading(text), None, "{text}");
        }
    }

    #[test]
    fn what_follows_an_emoji_is_not_part_of_it() {
        assert_eq!(leading("😀\u{301}"), Some("😀".len()));
        assert_eq!(leading("😀😀"), Some("😀".len()));
        assert_eq!(leading("🇺🇳🇺"), Some("🇺🇳".len()));
        assert_eq!(leading("🇺"), None);
    }
}
