//! Allocations: tables of what is paid and why, and what holds for every log.

mod awareness;
mod merkle;
mod properties;
mod quest;

use super::*;
use crate::Asset;
use crate::engagement::{Log, Observation};

fn log(rows: impl IntoIterator<Item = Observation>) -> Log {
    rows.into_iter().collect()
}

/// What each profile receives.
fn amounts(allocation: &Allocation) -> Vec<(&str, u64)> {
    allocation.lines.iter().map(|line| (line.profile.as_str(), line.amount)).collect()
}

/// Each line in words, a reason a line.
fn explained(allocation: &Allocation) -> String {
    let line = |line: &Line| format!("{} {}", line.profile, line.explain(Asset::Hbar));
    let lines: Vec<_> = allocation.lines.iter().map(line).collect();
    lines
        .join("\n")
        .replace("; ", ";\n  ")
        .replace(": score", ":\n    score")
        .replace(" (last", "\n    (last")
}
