//! How long a file and a function may be.
//!
//! The code bases that read best keep nine files in ten under about 400 lines. Blank lines and
//! comments are free: a budget that punished reasons would get rid of reasons.

use super::{against, is_test};
use crate::repository::Repository;
use crate::source::Source;

/// Lines of code in a file.
const FILE: usize = 400;
/// Lines of code in a file of tests.
const TEST_FILE: usize = 800;
/// Lines of code in a function, signature and braces included.
const FUNCTION: usize = 70;

/// Files that are longer, with their exact length.
const LONG_FILES: &[(&str, usize)] = &[];
/// Functions that are longer, as `path::name`, with their exact length.
const LONG_FUNCTIONS: &[(&str, usize)] = &[];

pub(super) fn files(repository: &Repository) -> Vec<String> {
    against(&long_files(repository), LONG_FILES, "lines of code")
}

pub(super) fn functions(repository: &Repository) -> Vec<String> {
    against(&long_functions(repository), LONG_FUNCTIONS, "lines of code")
}

fn long_files(repository: &Repository) -> Vec<(String, usize)> {
    repository
        .ending("rs")
        .filter_map(|(path, text)| {
            let length = Source::read(text).lines_of_code();
            let budget = if is_test(path) { TEST_FILE } else { FILE };
            (length > budget).then(|| (path.to_owned(), length))
        })
        .collect()
}

fn long_functions(repository: &Repository) -> Vec<(String, usize)> {
    repository
        .ending("rs")
        .flat_map(|(path, text)| {
            Source::read(text)
                .functions()
                .into_iter()
                .filter(|function| function.length > FUNCTION)
                .map(move |function| (format!("{path}::{}", function.name), function.length))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_budget_is_found_and_comments_are_free() {
        let long = "let a = 1;\n".repeat(401);
        let full = format!("{}{}", "let a = 1;\n".repeat(400), "// why\n\n".repeat(300));
        let repository = Repository::of(&[("crates/a/src/b.rs", &long), ("x/src/c.rs", &full)]);

        assert_eq!(long_files(&repository), [("crates/a/src/b.rs".to_owned(), 401)]);
    }

    #[test]
    fn a_file_of_tests_may_be_twice_as_long() {
        let (fine, long) = ("let a = 1;\n".repeat(800), "let a = 1;\n".repeat(801));
        let repository =
            Repository::of(&[("crates/a/tests/it/b.rs", &fine), ("crates/a/src/tests.rs", &long)]);

        assert_eq!(long_files(&repository), [("crates/a/src/tests.rs".to_owned(), 801)]);
    }

    #[test]
    fn a_function_over_the_budget_is_found() {
        let fine = format!("fn fine() {{\n{}}}\n", "go();\n".repeat(68));
        let long = format!("fn long() {{\n{}}}\n", "go();\n".repeat(69));
        let repository = Repository::of(&[("a.rs", &format!("{fine}{long}"))]);

        assert_eq!(long_functions(&repository), [("a.rs::long".to_owned(), 71)]);
    }
}
