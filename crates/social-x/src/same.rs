//! Whether a post that was read back is the one that was sent.
//!
//! X changes a text on its way: `&`, `<` and `>` come back as entities, every link as a t.co
//! address whose target is among the entities, a bare domain with a scheme, attached pictures as
//! one more link at the end, composed characters in NFC. White space is compared by runs, since X
//! trims and may fold it. Of a reply, mentions at the beginning are ignored: X may add them.
//! <X docs, counting characters and tweet entities, August 2026>

use unicode_normalization::UnicodeNormalization as _;

use crate::wire::Link;

/// A text's normal form, by which two are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Normal(Vec<String>);

impl Normal {
    /// Of a text as we send it.
    pub(crate) fn of_sent(text: &str) -> Self {
        let folded: String = text.nfc().collect();
        Self(folded.split_whitespace().map(word).filter(|word| !word.is_empty()).collect())
    }

    /// Of a text as X answers it.
    pub(crate) fn of_received(text: &str, links: &[Link]) -> Self {
        let mut text = decoded(text);
        for link in links {
            let Some(short) = link.url.as_deref().filter(|url| !url.is_empty()) else { continue };
            let long = link.expanded_url.as_deref().unwrap_or(short);
            text = text.replace(short, if link.media_key.is_some() { "" } else { long });
        }
        Self::of_sent(&text)
    }

    /// Without the mentions that it begins with.
    pub(crate) fn without_mentions(mut self) -> Self {
        let mentions = self.0.iter().take_while(|word| word.starts_with('@')).count();
        self.0.drain(..mentions);
        self
    }
}

/// A word; of a link, without scheme and closing slash.
fn word(word: &str) -> String {
    let bare = word.replace("https://", "").replace("http://", "");
    if word.contains('/') || word.contains('.') {
        bare.trim_end_matches('/').to_owned()
    } else {
        bare
    }
}

/// A text without X's entities. They are exactly three, and `&` comes last so that a text in which
/// somebody wrote `&lt;` keeps it.
pub(crate) fn decoded(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(url: &str, expanded: &str, media: bool) -> Link {
        Link {
            url: Some(url.to_owned()),
            expanded_url: Some(expanded.to_owned()),
            media_key: media.then(|| "3_1".to_owned()),
        }
    }

    #[test]
    fn what_x_rewrites_is_still_the_same() {
        let cases: [(&str, &str, &[Link]); 7] = [
            ("a & b < c > d", "a &amp; b &lt; c &gt; d", &[]),
            ("literally &lt;", "literally &amp;lt;", &[]),
            ("cafe\u{301}", "caf\u{e9}", &[]),
            ("  two\n\n\nlines ", "two\n\nlines", &[]),
            (
                "join example.com now",
                "join https://t.co/a1 now",
                &[link("https://t.co/a1", "http://example.com", false)],
            ),
            (
                "see https://example.com/?a=1&b=2",
                "see https://t.co/a1",
                &[link("https://t.co/a1", "https://example.com/?a=1&b=2", false)],
            ),
            (
                "a picture",
                "a picture https://t.co/p1",
                &[link("https://t.co/p1", "https://x.com/u/status/1/photo/1", true)],
            ),
        ];
        for (sent, received, links) in cases {
            assert_eq!(Normal::of_sent(sent), Normal::of_received(received, links), "{sent}");
        }
    }

    #[test]
    fn another_text_is_not_the_same() {
        for (sent, received) in [("one", "two"), ("one", "one two"), ("One", "one"), ("a", "")] {
            assert_ne!(Normal::of_sent(sent), Normal::of_received(received, &[]), "{sent}");
        }
    }

    #[test]
    fn mentions_are_ignored_only_at_the_beginning() {
        let of = |text| Normal::of_sent(text).without_mentions();
        assert_eq!(of("@brand @other thanks"), of("thanks"));
        assert_ne!(of("thanks @brand"), of("thanks"));
    }
}
