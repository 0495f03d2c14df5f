//! What may not be written, and what has to be.

use super::is_test;
use crate::repository::Repository;
use crate::source::Source;

/// Names that say nothing, so that everything ends up behind them.
const REFUSED: &[&str] = &["core", "common", "types", "util", "utils", "helpers"];
/// Marks of unfinished work; put together so that this file does not find itself.
const PROMISES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Every file of a crate opens with the reasons for it; the names of tests are their own.
pub(super) fn module_docs(repository: &Repository) -> Vec<String> {
    repository
        .ending("rs")
        .filter(|(path, _)| path.contains("src/") && !is_test(path))
        .filter(|(_, text)| !text.trim_start().starts_with("//!"))
        .map(|(path, _)| format!("{path} does not open with a `//!` doc"))
        .collect()
}

/// No crate, folder or module has a name that says nothing.
pub(super) fn names(repository: &Repository) -> Vec<String> {
    repository
        .ending("rs")
        .filter(|(path, _)| {
            path.trim_end_matches(".rs").split('/').any(|part| REFUSED.contains(&part))
        })
        .map(|(path, _)| format!("{path}: a name that says what is inside, please"))
        .collect()
}

/// Unfinished work names its issue: the mark is followed by a number in brackets, as in `(#12)`.
pub(super) fn promises(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in &repository.files {
        if path.ends_with(".md") {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if let Some(mark) = PROMISES.iter().find(|mark| breaks_a_promise(line, mark)) {
                findings.push(format!("{path}:{}: {mark} without an issue", index + 1));
            }
        }
    }
    findings
}

fn breaks_a_promise(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + mark.len()..];
        let whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let issue = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
        let named = issue.is_some_and(|(number, _)| {
            !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
        });
        whole && !named
    })
}

/// A test that is skipped in silence proves nothing.
pub(super) fn ignored_tests(repository: &Repository) -> Vec<String> {
    lines_of_code_with(repository, &["#[ignore"])
        .map(|(place, _)| format!("{place}: run it, or delete it"))
        .collect()
}

/// A lint is silenced for a reason that is written down.
pub(super) fn silenced_lints(repository: &Repository) -> Vec<String> {
    lines_of_code_with(repository, &["#[allow(", "#![allow(", "#[expect(", "#![expect("])
        .filter(|(_, attribute)| !attribute.contains("reason ="))
        .map(|(place, _)| format!("{place}: add `reason = \"…\"`"))
        .collect()
}

/// Where one of `marks` stands in code, with the attribute that begins there.
fn lines_of_code_with<'a>(
    repository: &'a Repository,
    marks: &'a [&'a str],
) -> impl Iterator<Item = (String, String)> + 'a {
    repository.ending("rs").flat_map(move |(path, text)| {
        let code = Source::read(text).code;
        let mut found = Vec::new();
        for mark in marks {
            for (at, _) in code.match_indices(mark) {
                let line = code[..at].matches('\n').count() + 1;
                let attribute = code[at..].split(']').next().unwrap_or_default().to_owned();
                found.push((format!("{path}:{line}"), attribute));
            }
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_module_doc_is_found() {
        let repository = Repository::of(&[
            ("crates/a/src/lib.rs", "//! Why.\n"),
            ("crates/a/src/b.rs", "use x;\n"),
            ("crates/a/tests/it/main.rs", "use x;\n"),
        ]);

        assert_eq!(module_docs(&repository), ["crates/a/src/b.rs does not open with a `//!` doc"]);
    }

    #[test]
    fn a_name_that_says_nothing_is_found_as_a_file_and_as_a_folder() {
        let repository = Repository::of(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/common/src/lib.rs", ""),
            ("crates/a/src/scores.rs", ""),
        ]);

        assert_eq!(names(&repository).len(), 2);
    }

    #[test]
    fn a_promise_needs_an_issue() {
        let mark = PROMISES[0];
        let text = format!("// {mark}: later\n// {mark}(#12): later\n// {mark}S\n// {mark}(#)\n");
        let repository = Repository::of(&[("a.sol", &text)]);

        assert_eq!(
            promises(&repository),
            [
                format!("a.sol:1: {mark} without an issue"),
                format!("a.sol:4: {mark} without an issue")
            ]
        );
    }

    #[test]
    fn a_test_that_never_runs_is_found_and_a_sentence_about_it_is_not() {
        let text = "// #[ignore] is refused\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n";

        assert_eq!(
            ignored_tests(&Repository::of(&[("a.rs", text)])),
            ["a.rs:3: run it, or delete it"]
        );
    }

    #[test]
    fn a_silenced_lint_needs_a_reason() {
        let text = "#[allow(dead_code)]\nfn a() {}\n\
                    #[expect(\n    dead_code,\n    reason = \"kept for the wire\"\n)]\nfn b() {}\n";

        assert_eq!(
            silenced_lints(&Repository::of(&[("a.rs", text)])),
            ["a.rs:1: add `reason = \"…\"`"]
        );
    }
}
