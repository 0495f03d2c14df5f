//! Quests: a question with two to ten options, one of them correct, answered by a reply.
//!
//! An answer names an option by its letter, by its text, or by both when they agree. What is
//! compared is the [`plain_text`] of either side. A quest in which any option's text could be
//! taken for another option is refused at draft, so that no answer has two meanings later.

mod plain;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;

pub use plain::plain_text;

/// Options of a quest, fewest and most.
pub const OPTIONS: RangeInclusive<usize> = 2..=10;

/// An option's letter, `A` to `J`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter(u8);

impl Letter {
    /// The letter of the option at `position` (from 0), if there can be one.
    pub fn at(position: usize) -> Option<Self> {
        u8::try_from(position).ok().filter(|_| position < *OPTIONS.end()).map(Self)
    }

    /// The option's position, from 0.
    pub fn position(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'A' + self.0))
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A question's options and which one is correct.
///
/// The correct one is not part of the `Debug` text: it is hidden until the campaign closes.
#[derive(Clone, PartialEq, Eq)]
pub struct Quest {
    options: Vec<String>,
    plain: Vec<String>,
    correct: Letter,
}

/// Why a quest cannot be drafted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedQuest {
    /// Fewer than two or more than ten.
    #[error("a quest has 2 to 10 options, not {0}")]
    OptionCount(usize),
    /// Nothing is left of an option without links, mentions, punctuation and emoji.
    #[error("option {0} has no words: links, mentions, punctuation and emoji are not compared")]
    NoWords(Letter),
    /// One option's text would be taken for another option.
    #[error("the text of option {0} could be taken for option {1}")]
    Ambiguous(Letter, Letter),
    /// No option has that position.
    #[error("the correct answer is none of the options")]
    NoSuchOption,
}

impl Quest {
    /// A quest whose option at position `correct` (from 0) is the correct one.
    ///
    /// # Errors
    /// [`MalformedQuest`]: a quest that could not be answered or decided is not drafted.
    pub fn new(options: Vec<String>, correct: usize) -> Result<Self, MalformedQuest> {
        if !OPTIONS.contains(&options.len()) {
            return Err(MalformedQuest::OptionCount(options.len()));
        }
        let correct = Letter::at(correct)
            .filter(|correct| correct.position() < options.len())
            .ok_or(MalformedQuest::NoSuchOption)?;
        let plain = options.iter().map(|option| plain_text(option)).collect();
        let quest = Self { options, plain, correct };
        for letter in quest.letters() {
            if quest.plain[letter.position()].is_empty() {
                return Err(MalformedQuest::NoWords(letter));
            }
        }
        for letter in quest.letters() {
            let meanings = quest.meanings(&quest.plain[letter.position()]);
            if let Some(other) = meanings.into_iter().find(|meaning| *meaning != letter) {
                return Err(MalformedQuest::Ambiguous(letter, other));
            }
        }
        Ok(quest)
    }

    /// The options as drafted, first to last.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// The options with their letters, first to last.
    pub fn lettered_options(&self) -> impl Iterator<Item = (Letter, &str)> {
        self.letters().zip(self.options.iter().map(String::as_str))
    }

    /// The correct option. Hidden from everybody but the owner and reviewers until the close.
    pub fn correct(&self) -> Letter {
        self.correct
    }

    /// The option that a reply's text names; none when it names no option or more than one.
    pub fn answer(&self, text: &str) -> Option<Letter> {
        match self.meanings(&plain_text(text))[..] {
            [answer] => Some(answer),
            _ => None,
        }
    }

    fn letters(&self) -> impl Iterator<Item = Letter> {
        (0..self.options.len()).filter_map(Letter::at)
    }

    /// Every option that a plain text could mean: one when it is an answer.
    fn meanings(&self, plain: &str) -> Vec<Letter> {
        let names = |letter: &Letter| {
            let text = &self.plain[letter.position()];
            plain == text || after_letter(plain, *letter).is_some_and(|r| r.is_empty() || r == text)
        };
        self.letters().filter(names).collect()
    }
}

impl fmt::Debug for Quest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quest").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What follows `letter` and a separator in a plain text: nothing is left of a lone letter, and
/// `paris` of `b) paris`.
fn after_letter(plain: &str, letter: Letter) -> Option<&str> {
    let rest = plain.strip_prefix(char::from(b'a' + letter.0))?;
    if rest.is_empty() {
        return Some(rest);
    }
    let words = plain::trim_start(rest);
    (words.len() < rest.len()).then_some(words)
}
