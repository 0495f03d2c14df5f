//! Where one emoji ends, since X counts what people see and not code points.

const JOINER: char = '\u{200D}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// How many of the leading code points form one emoji; 0 when the text does not start with one.
pub(crate) fn sequence_length(text: &[char]) -> usize {
    match text {
        [first, second, ..] if is_region(*first) && is_region(*second) => 2,
        [digit, EMOJI_STYLE, KEYCAP, ..] if is_keycap_base(*digit) => 3,
        _ => {
            let mut length = element_length(text);
            while length > 0 && text.get(length) == Some(&JOINER) {
                match element_length(&text[length + 1..]) {
                    0 => break,
                    next => length += 1 + next,
                }
            }
            length
        }
    }
}

/// One picture with its style, skin tone and tags, without what is joined to it.
fn element_length(text: &[char]) -> usize {
    let Some(first) = text.first() else { return 0 };
    let styled = !first.is_ascii() && text.get(1) == Some(&EMOJI_STYLE);
    if !styled && !is_picture(*first) {
        return 0;
    }
    let tail = text[1..].iter().take_while(|next| is_modifier(**next)).count();
    1 + tail
}

fn is_modifier(letter: char) -> bool {
    matches!(letter, EMOJI_STYLE | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
}

fn is_region(letter: char) -> bool {
    matches!(letter, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_keycap_base(letter: char) -> bool {
    matches!(letter, '0'..='9' | '#' | '*')
}

fn is_picture(letter: char) -> bool {
    matches!(
        letter,
        '\u{231A}'..='\u{231B}'
            | '\u{23E9}'..='\u{23F3}'
            | '\u{2600}'..='\u{27BF}'
            | '\u{2B1B}'..='\u{2B1C}'
            | '\u{2B50}'
            | '\u{2B55}'
            | '\u{1F000}'..='\u{1F1E5}'
            | '\u{1F200}'..='\u{1FAFF}'
    )
}
