//! Tests that documents name.
//!
//! A document that says "this test shows it" is worth what it says only while there is such a test.

use std::collections::BTreeSet;

use crate::repository::Repository;

/// Names with fewer words are of functions and settings as well.
const WORDS: usize = 4;

pub(super) fn named_tests(repository: &Repository) -> Vec<String> {
    let known: BTreeSet<&str> = repository.ending("rs").flat_map(|(_, text)| names(text)).collect();
    let mut findings = Vec::new();
    for (path, text) in repository.ending("md") {
        for name in spans(text).filter(|name| is_long(name) && !known.contains(name)) {
            findings.push(format!("{path}: there is no test `{name}`"));
        }
    }
    findings
}

/// Whatever Rust files call something: tests, and fields of what programs print.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|name| is_long(name))
}

/// Texts between single backticks, outside of code blocks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let lines = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !(fence || inside)
    });
    lines.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// As a test is named here: a sentence.
fn is_long(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && name.split('_').filter(|word| !word.is_empty()).count() > WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: (&str, &str) = ("a.rs", "#[test]\nfn a_batch_sent_twice_is_refused() {}\n");

    #[test]
    fn a_test_that_exists_is_fine_and_so_is_whatever_is_none() {
        let doc = "`a_batch_sent_twice_is_refused`, `max_fee`, `x.caps`, `x_rate_limit_reset_at`?\n\
                   ```\n`this_is_not_looked_at_here`\n```\n";
        let named = ("x.rs", "fn x_rate_limit_reset_at() {}");

        assert_eq!(named_tests(&Repository::of(&[TEST, named, ("b.md", doc)])), [""; 0]);
    }

    #[test]
    fn a_test_that_was_renamed_is_found() {
        let doc = "shown by `a_batch_sent_twice_is_taken_once`";

        let findings = named_tests(&Repository::of(&[TEST, ("b.md", doc)]));

        assert_eq!(findings, ["b.md: there is no test `a_batch_sent_twice_is_taken_once`"]);
    }
}
