//! Which parts of a text X takes for links.
//!
//! With a scheme, any host that ends in letters counts. Without one, X knows the list of top-level
//! domains; here the common ones stand for it, so that `example.com` in a text costs 23 and is
//! rewritten, as on the real network.

use std::ops::Range;

/// Top-level domains that make a link of a name without a scheme.
const KNOWN_DOMAINS: [&str; 24] = [
    "ai", "app", "biz", "co", "com", "dev", "edu", "finance", "fm", "gg", "gov", "info", "io",
    "me", "net", "network", "online", "org", "shop", "site", "tech", "tv", "us", "xyz",
];

/// The byte ranges of all links, in order.
pub(crate) fn bare_links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for word in text.split(|letter: char| letter.is_whitespace()) {
        let start = from;
        from += word.len() + text[from + word.len()..].chars().next().map_or(0, char::len_utf8);
        if let Some(inside) = link_in(word) {
            found.push(start + inside.start..start + inside.end);
        }
    }
    found
}

/// The way a link is shown: without its scheme, shortened to 27 characters.
pub(crate) fn display_form(link: &str) -> String {
    let bare = without_scheme(link);
    if bare.chars().count() <= 27 {
        return bare.to_owned();
    }
    bare.chars().take(26).chain(['…']).collect()
}

/// The host that a link leads to.
pub(crate) fn host(link: &str) -> &str {
    without_scheme(link).split(['/', '?', '#', ':']).next().unwrap_or_default()
}

fn without_scheme(link: &str) -> &str {
    let lower = link.to_ascii_lowercase();
    ["https://", "http://"]
        .iter()
        .find(|scheme| lower.starts_with(**scheme))
        .map_or(link, |scheme| &link[scheme.len()..])
}

fn link_in(word: &str) -> Option<Range<usize>> {
    let lower = word.to_ascii_lowercase();
    let scheme = [lower.find("https://"), lower.find("http://")].into_iter().flatten().min();
    let start = scheme.unwrap_or_else(|| leading_punctuation(word));
    let candidate = trimmed_end(&word[start..]);
    let domain = host(candidate)
        .rsplit_once('.')
        .filter(|(name, _)| is_host(name))
        .map(|(_, domain)| domain)?;
    let plausible = domain.len() >= 2 && domain.bytes().all(|byte| byte.is_ascii_alphabetic());
    let known = KNOWN_DOMAINS.contains(&domain.to_ascii_lowercase().as_str());
    let is_link = plausible && (scheme.is_some() || known);
    is_link.then(|| start..start + candidate.len())
}

fn is_host(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(allowed))
}

fn leading_punctuation(word: &str) -> usize {
    word.find(|letter: char| !matches!(letter, '(' | '[' | '{' | '"' | '\'' | '«' | '“'))
        .unwrap_or(word.len())
}

fn trimmed_end(link: &str) -> &str {
    let mut link = link;
    while let Some(last) = link.chars().last() {
        let closes_what_is_open = last == ')' && link.contains('(');
        let hangs_on = matches!(
            last,
            '.' | ',' | '!' | '?' | ':' | ';' | '\'' | '"' | ')' | ']' | '}' | '»' | '”' | '…'
        );
        if !hangs_on || closes_what_is_open {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link
}
