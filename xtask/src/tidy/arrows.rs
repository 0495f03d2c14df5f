//! Which crate may use which of ours.
//!
//! Crates are layers, and a layer is only worth its manifest while the arrows point one way: the
//! rules know no database, the ports no adapter, the application neither X nor Hedera, and the
//! stand-ins nothing of the system that they are there to test.

use toml::{Table, Value};

use crate::repository::Repository;

struct Permit {
    /// Folder, and package name without the prefix.
    name: &'static str,
    /// What it may use.
    uses: &'static [&'static str],
    /// What its tests may use besides.
    tests: &'static [&'static str],
}

const PERMITS: &[Permit] = &[
    Permit {
        name: "app",
        uses: &["db", "domain", "ledger", "media", "outbox", "social"],
        tests: &["budget-redis", "outbox-bullmq", "testkit"],
    },
    Permit { name: "bench", uses: &["db", "outbox", "outbox-bullmq"], tests: &[] },
    Permit { name: "budget-redis", uses: &["domain", "social"], tests: &["outbox-bullmq"] },
    Permit { name: "cli", uses: EVERYTHING, tests: &["testkit"] },
    Permit { name: "crash", uses: &[], tests: &[] },
    Permit { name: "db", uses: &["crash"], tests: &[] },
    Permit { name: "domain", uses: &[], tests: &[] },
    Permit { name: "escrow-tests", uses: &[], tests: &[] },
    Permit { name: "ledger", uses: &["domain"], tests: &[] },
    Permit {
        name: "ledger-hedera",
        uses: &["crash", "domain", "ledger"],
        tests: &["standin-hedera"],
    },
    Permit { name: "media", uses: &["crash", "domain"], tests: &[] },
    Permit { name: "outbox", uses: &["crash", "db"], tests: &[] },
    Permit { name: "outbox-bullmq", uses: &["outbox"], tests: &["db"] },
    Permit {
        name: "simulator",
        uses: &[
            "app",
            "crash",
            "db",
            "domain",
            "ledger-hedera",
            "media",
            "outbox",
            "social",
            "social-x",
        ],
        tests: &[],
    },
    Permit { name: "social", uses: &["domain"], tests: &[] },
    Permit { name: "social-x", uses: &["crash", "domain", "social"], tests: &["standin-x"] },
    Permit { name: "standin-hedera", uses: &[], tests: &[] },
    Permit { name: "standin-x", uses: &[], tests: &[] },
    Permit { name: "testkit", uses: EVERYTHING, tests: &[] },
    Permit { name: "xtask", uses: &[], tests: &[] },
];

const EVERYTHING: &[&str] = &[
    "app",
    "budget-redis",
    "crash",
    "db",
    "domain",
    "ledger",
    "ledger-hedera",
    "media",
    "outbox",
    "outbox-bullmq",
    "simulator",
    "social",
    "social-x",
    "standin-hedera",
    "standin-x",
];

/// The rules know nothing that does input or output: whatever `domain` uses is on this list.
const DOMAIN_MAY_USE: &[&str] =
    &["caseless", "hex", "sha2", "sha3", "thiserror", "unicode-normalization"];

pub(super) fn arrows(repository: &Repository) -> Vec<String> {
    check(repository, PERMITS)
}

fn check(repository: &Repository, permits: &[Permit]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for (path, folder, manifest) in manifests(repository) {
        seen.push(folder);
        let package = manifest.get("package").and_then(|package| package.get("name"));
        if package.and_then(Value::as_str) != Some(&format!("hashbuzz-{folder}")) {
            findings.push(format!("{path}: the package of this folder is hashbuzz-{folder}"));
        }
        let Some(permit) = permits.iter().find(|permit| permit.name == folder) else {
            findings.push(format!("{path}: say in xtask/src/tidy/arrows.rs what it may use"));
            continue;
        };
        for (section, name) in dependencies(&manifest) {
            let in_tests = section == "dev-dependencies";
            if folder == "domain" && !in_tests && !DOMAIN_MAY_USE.contains(&name.as_str()) {
                findings.push(format!("{path}: `domain` has no business with `{name}`"));
            }
            let Some(ours) = name.strip_prefix("hashbuzz-") else { continue };
            let allowed = permit.uses.contains(&ours)
                || (in_tests && (permit.tests.contains(&ours) || ours == folder));
            if !allowed {
                findings.push(format!("{path}: `{folder}` may not use `{ours}` ({section})"));
            }
        }
    }
    for permit in permits {
        if !seen.contains(&permit.name) {
            findings.push(format!("xtask/src/tidy/arrows.rs: there is no crate `{}`", permit.name));
        }
    }
    findings
}

/// Every crate takes the lints of the workspace.
pub(super) fn lints(repository: &Repository) -> Vec<String> {
    manifests(repository)
        .filter(|(_, _, manifest)| {
            let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
            lints.and_then(Value::as_bool) != Some(true)
        })
        .map(|(path, ..)| format!("{path} does not say `[lints] workspace = true`"))
        .collect()
}

fn manifests(repository: &Repository) -> impl Iterator<Item = (&str, &str, Table)> {
    repository.ending("toml").filter_map(|(path, text)| {
        let folder = path.strip_suffix("/Cargo.toml")?;
        let folder = folder.strip_prefix("crates/").unwrap_or(folder);
        Some((path, folder, text.parse().unwrap_or_default()))
    })
}

const SECTIONS: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];

/// Every dependency with its section, those of single targets included, by its real name.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(Value::as_table))
        .chain([manifest]);
    let mut found = Vec::new();
    for table in tables {
        for section in SECTIONS {
            let Some(entries) = table.get(section).and_then(Value::as_table) else { continue };
            for (key, value) in entries {
                let renamed = value.get("package").and_then(Value::as_str);
                found.push((section, renamed.unwrap_or(key).to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERMITS: &[Permit] = &[
        Permit { name: "domain", uses: &[], tests: &[] },
        Permit { name: "social-x", uses: &["domain"], tests: &["standin-x"] },
    ];
    const DOMAIN: (&str, &str) =
        ("crates/domain/Cargo.toml", "[package]\nname = \"hashbuzz-domain\"\n");

    fn social_x(rest: &str) -> Vec<String> {
        let manifest = format!("[package]\nname = \"hashbuzz-social-x\"\n{rest}");
        check(&Repository::of(&[DOMAIN, ("crates/social-x/Cargo.toml", &manifest)]), PERMITS)
    }

    #[test]
    fn a_permitted_arrow_is_fine() {
        let rest = "[dependencies]\nhashbuzz-domain.workspace = true\n\
                    [dev-dependencies]\nhashbuzz-standin-x.workspace = true\n";

        assert_eq!(social_x(rest), [""; 0]);
    }

    #[test]
    fn an_arrow_that_nobody_permitted_is_found() {
        let findings = social_x("[dependencies]\nhashbuzz-app.workspace = true\n");

        assert_eq!(
            findings,
            ["crates/social-x/Cargo.toml: `social-x` may not use `app` (dependencies)"]
        );
    }

    #[test]
    fn what_tests_may_use_the_crate_may_not() {
        assert_eq!(social_x("[dependencies]\nhashbuzz-standin-x.workspace = true\n").len(), 1);
    }

    #[test]
    fn an_arrow_under_another_name_or_for_one_target_is_found() {
        assert_eq!(social_x("[dependencies]\nx = { package = \"hashbuzz-app\" }\n").len(), 1);
        assert_eq!(social_x("[target.'cfg(unix)'.dependencies]\nhashbuzz-app = \"1\"\n").len(), 1);
    }

    #[test]
    fn a_library_that_the_rules_have_no_business_with_is_found() {
        let manifest = format!("{}[dependencies]\ntokio = \"1\"\n", DOMAIN.1);
        let repository = Repository::of(&[(DOMAIN.0, &manifest)]);

        let findings = check(&repository, &PERMITS[..1]);

        assert_eq!(findings, ["crates/domain/Cargo.toml: `domain` has no business with `tokio`"]);
    }

    #[test]
    fn a_crate_without_a_permit_and_a_permit_without_a_crate_are_found() {
        let other = ("crates/other/Cargo.toml", "[package]\nname = \"hashbuzz-other\"\n");

        let findings = check(&Repository::of(&[DOMAIN, other]), PERMITS);

        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn a_package_that_is_not_named_like_its_folder_is_found() {
        let wrong = ("crates/domain/Cargo.toml", "[package]\nname = \"domain\"\n");

        assert_eq!(check(&Repository::of(&[wrong]), &PERMITS[..1]).len(), 1);
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        let with = ("crates/a/Cargo.toml", "[lints]\nworkspace = true\n");
        let without = ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n");

        let findings = lints(&Repository::of(&[with, without]));

        assert_eq!(findings, ["crates/b/Cargo.toml does not say `[lints] workspace = true`"]);
    }
}
