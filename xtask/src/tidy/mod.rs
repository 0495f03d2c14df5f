//! The rules of the house, checked.
//!
//! A rule that nobody enforces is a wish. Each one here reads the repository as text, says where it
//! is broken and what to do, and has a test that shows that it catches a violation. Lists of
//! exceptions are exact: an entry that is no longer needed fails as well, so that they only shrink.
//! The whole of it runs as a test of this crate, and as `cargo xtask tidy`.

mod arrows;
mod budgets;
mod links;
mod named_tests;
mod owners;
mod words;

use std::path::Path;

use anyhow::bail;

use crate::repository::Repository;
use crate::step;

/// A rule: what it is called, and what it finds.
type Rule = (&'static str, fn(&Repository) -> Vec<String>);

/// Every rule, in the order in which findings are shown.
const RULES: &[Rule] = &[
    ("arrows between crates", arrows::arrows),
    ("lints of the workspace", arrows::lints),
    ("lines of a file", budgets::files),
    ("lines of a function", budgets::functions),
    ("module docs", words::module_docs),
    ("refused names", words::names),
    ("promises without an issue", words::promises),
    ("tests that never run", words::ignored_tests),
    ("silenced lints", words::silenced_lints),
    ("one table, one owner", owners::owners),
    ("links of the documents", links::links),
    ("tests that documents name", named_tests::named_tests),
];

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    step(&format!("tidy: {} rules", RULES.len()));
    let findings = check(&Repository::read(root)?);
    for finding in &findings {
        println!("  {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} findings; the rules and their reasons are in CONTRIBUTING.md"),
    }
}

fn check(repository: &Repository) -> Vec<String> {
    RULES
        .iter()
        .flat_map(|(name, rule)| {
            rule(repository).into_iter().map(move |finding| format!("{name}: {finding}"))
        })
        .collect()
}

/// Whether a Rust file is test code.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Compares what was found with a list of exceptions, both ways.
fn against(found: &[(String, usize)], allowed: &[(&str, usize)], what: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (place, size) in found {
        match allowed.iter().find(|(known, _)| known == place) {
            None => findings.push(format!("{place} has {size} {what}")),
            Some((_, known)) if known != size => findings.push(format!(
                "{place} has {size} {what}, its exception says {known}: it may only shrink"
            )),
            Some(_) => {}
        }
    }
    for (place, _) in allowed {
        if !found.iter().any(|(known, _)| known == place) {
            findings.push(format!("{place} needs no exception any more: remove it from the list"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_keeps_every_rule() {
        let repository = Repository::read(&crate::root()).expect("the repository can be read");
        assert!(repository.text("xtask/src/tidy/mod.rs").is_some(), "the walk sees this file");

        let findings = check(&repository);

        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }

    #[test]
    fn an_exception_that_is_not_needed_any_more_fails() {
        let findings = against(&[], &[("a.rs", 500)], "lines");

        assert_eq!(findings, ["a.rs needs no exception any more: remove it from the list"]);
    }

    #[test]
    fn an_exception_holds_for_one_size_only() {
        let found = [("a.rs".to_owned(), 499)];

        assert_eq!(against(&found, &[("a.rs", 499)], "lines"), [""; 0]);
        assert_eq!(against(&found, &[("a.rs", 500)], "lines").len(), 1);
        assert_eq!(against(&found, &[], "lines"), ["a.rs has 499 lines"]);
    }
}
