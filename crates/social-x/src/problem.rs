//! What X says went wrong.
//!
//! Four shapes are on the wire: problem documents (RFC 7807), whose `type` is seen under two hosts
//! and is therefore matched by its last path segment only; the same with an `errors` list; the
//! list of `code` and `message` from version 1; and text or HTML from a gateway, of which nothing
//! is kept. <X docs, August 2026; bodies quoted in public issues>

use serde_json::Value;

/// The longest excerpt of the network's words that enters an error.
const WORDS: usize = 300;

/// An error body, as far as it could be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Whether it was JSON that looks like one of X's error shapes, and not a gateway's page.
    pub(crate) from_x: bool,
    /// Last path segment of `type`; empty when there was none.
    pub(crate) kind: String,
    /// `title`.
    pub(crate) title: String,
    /// Codes of version 1.
    pub(crate) codes: Vec<i64>,
    /// `period` of a usage cap.
    pub(crate) period: String,
    /// `scope` of a usage cap.
    pub(crate) scope: String,
    /// What this is about, in the network's words; bounded.
    pub(crate) words: String,
}

impl Problem {
    /// Reads whatever came.
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).map(|value| Self::from_value(&value)).unwrap_or_default()
    }

    /// Reads one problem document, as an answer's body or an entry of its `errors`.
    pub(crate) fn from_value(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let nested = value["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let kind = text("type").rsplit('/').next().unwrap_or_default().to_owned();
        let codes = std::iter::once(value).chain(nested).filter_map(|v| v["code"].as_i64());

        let mut words: Vec<String> = Vec::new();
        let own = ["title", "detail", "reason", "message", "error", "error_description"];
        let inner = nested.iter().take(3).flat_map(|v| [&v["message"], &v["detail"]]);
        for part in own.iter().map(|key| &value[*key]).chain(inner).filter_map(Value::as_str) {
            if !part.is_empty() && !words.iter().any(|seen| seen == part) {
                words.push(part.to_owned());
            }
        }
        Self {
            from_x: !kind.is_empty() || !words.is_empty() || !nested.is_empty(),
            kind,
            title: text("title"),
            codes: codes.collect(),
            period: text("period"),
            scope: text("scope"),
            words: words.join(": ").chars().take(WORDS).collect(),
        }
    }

    /// Whether the network's words contain one of `phrases`, whatever their case.
    pub(crate) fn says(&self, phrases: &[&str]) -> bool {
        let words = self.words.to_lowercase();
        phrases.iter().any(|phrase| words.contains(phrase))
    }

    /// Whether one of these codes of version 1 was given.
    pub(crate) fn has_code(&self, codes: &[i64]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }

    /// The network's words, or `otherwise` when it had none.
    pub(crate) fn words_or(&self, otherwise: &str) -> String {
        if self.words.is_empty() { otherwise.to_owned() } else { self.words.clone() }
    }
}
