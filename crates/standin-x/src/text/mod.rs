//! How X measures a text, and what it does to it before publishing.
//!
//! A text is trimmed and brought into composed form (NFC), then weighed: most Latin, Greek,
//! Cyrillic, Hebrew and Arabic characters and some punctuation weigh one, everything else two, an
//! emoji weighs two however many code points it is made of, and every link weighs 23 whatever its
//! length, because it is replaced by a short one.

mod emoji;
mod links;
mod marks;

use unicode_normalization::UnicodeNormalization;

pub(crate) use links::{bare_links, display_form, host};
pub(crate) use marks::{Mark, cashtags, hashtags, mentions};

/// The heaviest text that is accepted.
pub(crate) const LIMIT: u32 = 280;

/// What every link weighs.
const LINK_WEIGHT: u32 = 23;

/// Code points that weigh one; all others weigh two.
const LIGHT: [(u32, u32); 4] = [(0, 4351), (8192, 8205), (8208, 8223), (8242, 8247)];

/// The text as X stores it: trimmed, composed.
pub(crate) fn normal_form(text: &str) -> String {
    text.trim().nfc().collect()
}

/// The text as X shows it: three characters are escaped, in API answers too.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The weight of a text that is in normal form.
pub(crate) fn weighted_length(text: &str) -> u32 {
    let mut weight = 0;
    let mut from = 0;
    for link in bare_links(text) {
        weight += plain_weight(&text[from..link.start]) + LINK_WEIGHT;
        from = link.end;
    }
    weight + plain_weight(&text[from..])
}

fn plain_weight(text: &str) -> u32 {
    let letters: Vec<char> = text.chars().collect();
    let mut weight = 0;
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        match emoji::sequence_length(&letters[at..]) {
            0 => {
                weight += letter_weight(letter);
                at += 1;
            }
            length => {
                weight += 2;
                at += length;
            }
        }
    }
    weight
}

fn letter_weight(letter: char) -> u32 {
    let point = u32::from(letter);
    let light = LIGHT.iter().any(|(first, last)| (*first..=*last).contains(&point));
    if light { 1 } else { 2 }
}

#[cfg(test)]
mod tests;
