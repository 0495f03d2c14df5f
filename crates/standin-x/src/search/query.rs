//! The query language, as far as it is needed: conditions side by side that all have to hold,
//! alternatives with `OR` between them, brackets around either, and a `-` before a condition to
//! deny it. What stands side by side binds tighter than `OR`.
//!
//! `is:`, `has:` and `min_…:` do not stand alone, and neither does a denial: every alternative
//! needs one condition that does. A denied bracket is refused, not misunderstood.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::condition::Condition;
use crate::world::{Post, PostId, World};

/// How deep brackets may go.
const DEEPEST: usize = 16;

/// A query that was understood.
#[derive(Clone, Debug)]
pub(super) enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    /// A condition and whether it is denied.
    One(bool, Condition),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    /// A part of the query, and whether it is denied.
    Part(bool, String),
}

type Tokens = Peekable<IntoIter<Token>>;

impl Query {
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let mut tokens = tokens(written)?.into_iter().peekable();
        let query = alternatives(&mut tokens, DEEPEST)?;
        if tokens.peek().is_some() {
            return Err("There is a closing bracket without an opening one".to_owned());
        }
        if !query.stands() {
            return Err("Rule must contain at least one positive, non-stopword clause".to_owned());
        }
        Ok(query)
    }

    pub(super) fn matches(&self, world: &World, post: &Post) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(world, post)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(world, post)),
            Self::One(denied, condition) => condition.holds(world, post) != *denied,
        }
    }

    fn stands(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::stands),
            Self::Any(parts) => parts.iter().all(Self::stands),
            Self::One(denied, condition) => !denied && condition.stands_alone(),
        }
    }

    pub(super) fn conversation(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::Conversation(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn replies_to(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::ReplyTo(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn quotes_of(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::QuoteOf(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn reposts_of(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::RepostOf(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn author(&self) -> Option<&str> {
        self.asserted(|condition| match condition {
            Condition::From(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Something that every match has to be.
    fn asserted<'a, T>(&'a self, pick: impl Fn(&'a Condition) -> Option<T> + Copy) -> Option<T> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.asserted(pick)),
            Self::One(false, condition) => pick(condition),
            Self::Any(_) | Self::One(true, _) => None,
        }
    }
}

fn alternatives(tokens: &mut Tokens, depth: usize) -> Result<Query, String> {
    let mut parts = vec![conjunction(tokens, depth)?];
    while tokens.next_if_eq(&Token::Or).is_some() {
        parts.push(conjunction(tokens, depth)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Query::Any(parts) })
}

fn conjunction(tokens: &mut Tokens, depth: usize) -> Result<Query, String> {
    let mut parts = Vec::new();
    while let Some(token) = tokens.next_if(|token| !matches!(token, Token::Or | Token::Close)) {
        parts.push(match token {
            Token::Part(denied, part) => Query::One(denied, Condition::parse(&part)?),
            _ => bracket(tokens, depth)?,
        });
    }
    if parts.is_empty() {
        Err("An alternative or a bracket is empty".to_owned())
    } else {
        Ok(Query::All(parts))
    }
}

fn bracket(tokens: &mut Tokens, depth: usize) -> Result<Query, String> {
    let deeper = depth.checked_sub(1).ok_or("There are too many brackets inside each other")?;
    let inside = alternatives(tokens, deeper)?;
    let closed = tokens.next_if_eq(&Token::Close).is_some();
    if closed { Ok(inside) } else { Err("A bracket is not closed".to_owned()) }
}

/// Splits at spaces and brackets, except inside quotation marks, which go.
fn tokens(written: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let (mut part, mut phrase, mut quoted) = (String::new(), false, false);
    for letter in written.chars().chain([' ']) {
        match letter {
            '"' => {
                quoted = !quoted;
                phrase = true;
            }
            end if !quoted && (end.is_whitespace() || matches!(end, '(' | ')')) => {
                if end == '(' && part == "-" {
                    return Err("A bracket can not be denied".to_owned());
                }
                tokens.extend(token(std::mem::take(&mut part), std::mem::take(&mut phrase))?);
                match end {
                    '(' => tokens.push(Token::Open),
                    ')' => tokens.push(Token::Close),
                    _ => {}
                }
            }
            other => part.push(other),
        }
    }
    if quoted { Err("A quotation mark is not closed".to_owned()) } else { Ok(tokens) }
}

fn token(part: String, phrase: bool) -> Result<Option<Token>, String> {
    if part == "OR" && !phrase {
        return Ok(Some(Token::Or));
    }
    match part.strip_prefix('-') {
        Some("") => Err("There is nothing to deny".to_owned()),
        Some(rest) => Ok(Some(Token::Part(true, rest.to_owned()))),
        None => Ok((!part.is_empty()).then_some(Token::Part(false, part))),
    }
}
