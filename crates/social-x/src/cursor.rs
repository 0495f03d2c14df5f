//! Places in X's lists.
//!
//! X's page token alone does not say whether the list walked so far can prove that somebody is
//! absent; so our cursor carries the two facts that decide it, and the last page's flag holds for
//! the whole walk. Form: `<rows so far><. or !>token`, where `!` marks a gap.

use hashbuzz_social::{Cursor, ReadError};

/// What is known of the pages before this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Rows on all pages so far.
    pub(crate) rows: u64,
    /// Whether X left out a row or a part of one on any page.
    pub(crate) gap: bool,
    /// X's own token for the page to ask for; none for the first.
    pub(crate) token: Option<String>,
}

impl Walk {
    /// Where `cursor` stands.
    pub(crate) fn resume(cursor: Option<&Cursor>) -> Result<Self, ReadError> {
        let Some(Cursor(text)) = cursor else { return Ok(Self::default()) };
        parse(text).ok_or_else(|| ReadError::Refused("not a place in one of X's lists".to_owned()))
    }

    /// The walk after one more page of `rows`, whose successor is `next`.
    ///
    /// A token that leads back to the page it came with would be walked for ever.
    pub(crate) fn advance(
        self,
        rows: u64,
        gap: bool,
        next: Option<String>,
    ) -> Result<Self, ReadError> {
        if next.is_some() && next == self.token {
            return Err(ReadError::Unavailable("a page that names itself as the next".to_owned()));
        }
        Ok(Self { rows: self.rows.saturating_add(rows), gap: self.gap || gap, token: next })
    }

    /// The place to go on from; none at the end of the list.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let token = self.token.as_deref()?;
        Some(Cursor(format!("{}{}{token}", self.rows, if self.gap { '!' } else { '.' })))
    }
}

fn parse(text: &str) -> Option<Walk> {
    let at = text.find(['.', '!'])?;
    let token = &text[at + 1..];
    if token.is_empty() {
        return None;
    }
    Some(Walk {
        rows: text[..at].parse().ok()?,
        gap: text[at..].starts_with('!'),
        token: Some(token.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_survives_being_written_down() {
        let walk = Walk { rows: 42, gap: true, token: Some("7140w.x!".to_owned()) };
        assert_eq!(Walk::resume(walk.cursor().as_ref()), Ok(walk));
    }

    #[test]
    fn a_cursor_of_another_network_is_refused() {
        for text in ["", "12", ".abc", "12.", "x.abc"] {
            let refused = Walk::resume(Some(&Cursor(text.to_owned())));
            assert!(matches!(refused, Err(ReadError::Refused(_))), "{text}");
        }
    }
}
