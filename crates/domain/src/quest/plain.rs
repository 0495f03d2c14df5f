//! The form in which texts are compared.

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` without links, mentions, surrounding punctuation and emoji, case and width: what a
/// person means who writes the same word another way.
///
/// Unicode NFKC with full case folding, invisible characters removed, spaces collapsed, curly
/// quotes and long dashes made plain. Punctuation between words stays.
pub fn plain_text(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).map(plain_char).collect();
    let text: String = text.nfkc().map(plain_char).collect();
    let text = without_links_and_mentions(&text);
    let folded: String = default_case_fold_str(&text).nfkc().collect();
    let words: Vec<&str> = trim(&folded).split_whitespace().collect();
    words.join(" ")
}

/// `text` from its first letter or digit on.
pub(super) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// `text` from its first letter or digit to its last, with the marks that belong to it (vowel
/// signs, accents that have no letter of their own).
fn trim(text: &str) -> &str {
    let text = trim_start(text);
    let Some((last, letter)) = text.char_indices().rev().find(|(_, c)| c.is_alphanumeric()) else {
        return "";
    };
    let letter_ends = last + letter.len_utf8();
    let marks = text[letter_ends..].chars().take_while(|c| is_combining_mark(*c));
    &text[..letter_ends + marks.map(char::len_utf8).sum::<usize>()]
}

/// Characters that show nothing and change nothing that a reader sees: joiners, direction marks,
/// emoji styles, the frame of a keycap.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e01ef}')
}

/// What keyboards put in place of the plain character, and letters that are drawn as emoji.
fn plain_char(c: char) -> char {
    let letter = |from: u32| {
        let position = u8::try_from(u32::from(c) - from).expect("a range of 26 characters");
        char::from(b'A' + position)
    };
    match c {
        '‘' | '’' | 'ʼ' | '‛' | '`' | '´' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        '‐'..='―' | '−' => '-',
        '\u{1f150}'..='\u{1f169}' => letter(0x1f150),
        '\u{1f170}'..='\u{1f189}' => letter(0x1f170),
        c => c,
    }
}

/// Each link and each mention becomes a space.
fn without_links_and_mentions(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let inside_word = kept.ends_with(char::is_alphanumeric);
        let removed = link(rest).or_else(|| (!inside_word).then(|| mention(rest)).flatten());
        let taken = removed.unwrap_or(c.len_utf8());
        kept.push(if removed.is_some() { ' ' } else { c });
        rest = &rest[taken..];
    }
    kept
}

/// How many bytes the link takes that `text` begins with: up to the next space.
fn link(text: &str) -> Option<usize> {
    let begins = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (begins("https://") || begins("http://"))
        .then(|| text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// How many bytes the mention takes that `text` begins with: `@name`, `@name.example.org`,
/// `@name@example.org`.
fn mention(text: &str) -> Option<usize> {
    let name = text.strip_prefix('@')?;
    let in_handle = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '@');
    let end = name.find(|c| !in_handle(c)).unwrap_or(name.len());
    let handle = name[..end].trim_end_matches(['.', '-', '@']);
    (!handle.is_empty()).then_some(1 + handle.len())
}
