//! Mentions, hashtags and cashtags: words that begin with a sign.

/// One marked word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where its sign stands, in code points.
    pub(crate) start: usize,
    /// Where the word has ended, in code points.
    pub(crate) end: usize,
    /// The word without its sign.
    pub(crate) word: String,
}

/// `@handle`, at most 15 letters, digits or underscores.
pub(crate) fn mentions(text: &str) -> Vec<Mark> {
    marked(
        text,
        '@',
        |letter| letter.is_ascii_alphanumeric() || letter == '_',
        |word| word.len() <= 15,
    )
}

/// `#tag`, letters and digits of any script, not digits alone.
pub(crate) fn hashtags(text: &str) -> Vec<Mark> {
    marked(
        text,
        '#',
        |letter| letter.is_alphanumeric() || letter == '_',
        |word| !word.chars().all(|letter| letter.is_ascii_digit()),
    )
}

/// `$TAG`, one to six letters.
pub(crate) fn cashtags(text: &str) -> Vec<Mark> {
    marked(text, '$', |letter| letter.is_ascii_alphabetic(), |word| word.len() <= 6)
}

fn marked(
    text: &str,
    sign: char,
    belongs: impl Fn(char) -> bool,
    valid: impl Fn(&str) -> bool,
) -> Vec<Mark> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    for (start, _) in letters.iter().enumerate().filter(|(_, letter)| **letter == sign) {
        let glued =
            start > 0 && (letters[start - 1].is_alphanumeric() || letters[start - 1] == '&');
        let word: String =
            letters[start + 1..].iter().take_while(|letter| belongs(**letter)).collect();
        if !glued && !word.is_empty() && valid(&word) {
            found.push(Mark { start, end: start + 1 + word.chars().count(), word });
        }
    }
    found
}
