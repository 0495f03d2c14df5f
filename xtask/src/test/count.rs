//! How many tests passed, as the test runner says.

use std::ops::AddAssign;

/// What a run counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    /// Skipped by nextest, ignored by the standard runner.
    pub(crate) skipped: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.skipped += other.skipped;
    }
}

impl Count {
    /// What a line of output adds: nextest's summary, or the result of one test program.
    pub(crate) fn of_line(line: &str) -> Self {
        let line = without_colours(line);
        let line = line.trim_start();
        if !line.starts_with("Summary [") && !line.starts_with("test result:") {
            return Self::default();
        }
        Self {
            passed: before(line, " passed"),
            skipped: before(line, " skipped") + before(line, " ignored"),
        }
    }
}

fn before(line: &str, word: &str) -> usize {
    line.find(word)
        .and_then(|at| line[..at].rsplit(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_nextest_is_read_through_its_colours() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.3s] \u{1b}[1m21\u{1b}[0m tests run: \
                    \u{1b}[1m20\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m (1 slow), 1 failed, \u{1b}[1m3\u{1b}[0m skipped";

        assert_eq!(Count::of_line(line), Count { passed: 20, skipped: 3 });
    }

    #[test]
    fn results_of_the_standard_runner_add_up() {
        let mut count = Count::default();
        for line in [
            "running 4 tests",
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ] {
            count += Count::of_line(line);
        }

        assert_eq!(count, Count { passed: 7, skipped: 1 });
    }

    #[test]
    fn a_test_that_prints_a_sentence_counts_nothing() {
        assert_eq!(Count::of_line("in summary, 12 passed"), Count::default());
    }
}
