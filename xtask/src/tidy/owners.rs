//! One table, one owner.
//!
//! A migration opens with `-- Owner: NAME.`; its tables are then named in SQL by that owner's
//! store alone, so that `grep` for a table finds one place that writes it and one that reads it.
//! Others ask the owner's `view.rs`.

use std::collections::BTreeMap;

use super::is_test;
use crate::repository::Repository;
use crate::source::Source;

/// Tables of crates that are no feature, and where their SQL is.
const ELSEWHERE: &[(&str, &str)] = &[
    ("schema_migration", "crates/db/src/"),
    ("event", "crates/outbox/src/"),
    ("event_history", "crates/outbox/src/"),
    ("event_attempt", "crates/outbox/src/"),
    ("event_pause", "crates/outbox/src/"),
    ("instance", "crates/outbox/src/"),
    ("effect", "crates/outbox/src/"),
];
const MIGRATIONS: &str = "crates/app/migrations/";
const FEATURES: &str = "crates/app/src/";
/// Looks at everything from outside and writes nothing.
const TEST_WORLD: &str = "crates/testkit/";

pub(super) fn owners(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    let mut tables: BTreeMap<String, String> =
        ELSEWHERE.iter().map(|(table, home)| ((*table).into(), (*home).into())).collect();
    for (path, text) in repository.ending("sql").filter(|(path, _)| path.starts_with(MIGRATIONS)) {
        let Some(owner) = owner(text) else {
            findings.push(format!("{path} does not open with `-- Owner: NAME.`"));
            continue;
        };
        for table in created(text) {
            let home = format!("{FEATURES}{owner}/store");
            match tables.get(&table) {
                Some(known) if *known != home => {
                    findings.push(format!("{path}: `{table}` already belongs to {known}"));
                }
                _ => {
                    tables.insert(table, home);
                }
            }
        }
    }
    for (path, text) in repository.ending("rs") {
        let product = path.starts_with("crates/") && path.contains("/src/") && !is_test(path);
        if !product || path.starts_with(TEST_WORLD) {
            continue;
        }
        for (line, sql) in Source::read(text).strings {
            for table in named(&sql) {
                if let Some(home) = tables.get(&table)
                    && !path.starts_with(home.as_str())
                {
                    findings.push(format!("{path}:{line}: SQL on `{table}` belongs into {home}"));
                }
            }
        }
    }
    findings
}

fn owner(migration: &str) -> Option<&str> {
    let line = migration.lines().next()?.strip_prefix("-- Owner: ")?;
    line.split(['.', ' ']).next().filter(|name| !name.is_empty())
}

fn created(migration: &str) -> Vec<String> {
    let statements: String = migration
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect::<Vec<_>>()
        .join(" ");
    after(&statements, &["TABLE"])
}

/// The tables that a statement reads or writes.
fn named(sql: &str) -> Vec<String> {
    after(sql, &["FROM", "JOIN", "INTO", "UPDATE", "TABLE"])
}

/// The words that follow one of `keywords`, which are written in capitals everywhere.
fn after(sql: &str, keywords: &[&str]) -> Vec<String> {
    let words: Vec<&str> = sql
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty() && !matches!(*word, "IF" | "NOT" | "EXISTS" | "ONLY"))
        .collect();
    words
        .windows(2)
        .filter(|pair| keywords.contains(&pair[0]))
        .map(|pair| pair[1].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATION: (&str, &str) = (
        "crates/app/migrations/0001_campaigns.sql",
        "-- Owner: campaign. One row each.\nCREATE TABLE IF NOT EXISTS campaign (id TEXT);\n",
    );

    fn with(path: &str, text: &str) -> Vec<String> {
        owners(&Repository::of(&[MIGRATION, (path, text)]))
    }

    #[test]
    fn the_owner_may_name_its_table_in_its_store_only() {
        let sql = "const A: &str = \"SELECT id FROM campaign WHERE id = $1\";\n";

        assert_eq!(with("crates/app/src/campaign/store.rs", sql), [""; 0]);
        assert_eq!(with("crates/app/src/campaign/store/read.rs", sql), [""; 0]);
        assert_eq!(with("crates/app/src/campaign/http/get.rs", sql).len(), 1);
        assert_eq!(with("crates/cli/src/doctor.rs", sql).len(), 1);
    }

    #[test]
    fn a_table_of_another_is_found_in_every_kind_of_statement() {
        for sql in [
            "SELECT 1 FROM x JOIN campaign ON TRUE",
            "INSERT INTO campaign (id) VALUES ($1)",
            "UPDATE campaign SET id = $1",
            "DELETE FROM \\\n        campaign",
        ] {
            let text = format!("fn a() {{ run(\"{sql}\") }}\n");
            assert_eq!(with("crates/app/src/closing/store.rs", &text).len(), 1, "{sql}");
        }
    }

    #[test]
    fn a_sentence_is_no_statement() {
        let text = "fn a() { fail(\"the campaign was refused; update campaign settings\") }\n";

        assert_eq!(with("crates/app/src/closing/close.rs", text), [""; 0]);
    }

    #[test]
    fn tables_of_the_outbox_are_its_own() {
        let text = "const A: &str = \"DELETE FROM event WHERE id = $1\";\n";

        assert_eq!(with("crates/outbox/src/turn.rs", text), [""; 0]);
        assert_eq!(
            with("crates/app/src/ops/store.rs", text),
            ["crates/app/src/ops/store.rs:1: SQL on `event` belongs into crates/outbox/src/"]
        );
    }

    #[test]
    fn a_migration_names_its_owner_and_takes_no_table_of_another() {
        let nobody = ("crates/app/migrations/0002_a.sql", "CREATE TABLE a (id TEXT);\n");
        let thief = (
            "crates/app/migrations/0003_b.sql",
            "-- Owner: closing.\nALTER TABLE campaign ADD x TEXT;\n",
        );

        assert_eq!(owners(&Repository::of(&[MIGRATION, nobody])).len(), 1);
        assert_eq!(owners(&Repository::of(&[MIGRATION, thief])).len(), 1);
    }
}
