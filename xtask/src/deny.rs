//! Licences and banned crates of everything that we link, as deny.toml says.
//!
//! cargo-deny reads the same file and checks more, where it is installed and can fetch its advisory
//! database; these two checks need neither, so that CI runs them everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::step;

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let policy = Policy::read(&std::fs::read_to_string(root.join("deny.toml"))?)?;
    let host = host()?;
    let mut packages = packages(&metadata(root, &host)?)?;
    let linked = linked(root, &host)?;
    packages.retain(|package| linked.contains(&(package.name.clone(), package.version.clone())));
    step(&format!("deny: licences and bans of {} packages", packages.len()));
    let findings = policy.check(&packages);
    for finding in &findings {
        println!("  {finding}");
    }
    ensure!(findings.is_empty(), "{} findings against deny.toml", findings.len());
    Ok(())
}

/// The platform of this machine.
fn host() -> anyhow::Result<String> {
    let said = Command::new("rustc").arg("-vV").output().context("rustc cannot be started")?.stdout;
    String::from_utf8(said)?
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(ToOwned::to_owned))
        .context("rustc does not say which platform this is")
}

fn cargo(root: &Path, args: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(args)
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// Every package that the lock file names for this platform, with licences and edges.
fn metadata(root: &Path, host: &str) -> anyhow::Result<Value> {
    let args = ["metadata", "--format-version=1", "--locked", "--filter-platform", host];
    Ok(serde_json::from_slice(&cargo(root, &args)?)?)
}

/// What is really compiled, tests included: the metadata also counts optional dependencies that
/// nobody switches on.
fn linked(root: &Path, host: &str) -> anyhow::Result<BTreeSet<(String, String)>> {
    let args = ["tree", "--workspace", "--locked", "--edges=all", "--prefix=none"];
    let tree = cargo(root, &[&args[..], &["--format={p}", "--target", host]].concat())?;
    Ok(String::from_utf8(tree)?
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            Some((name.to_owned(), rest.split(' ').next()?.to_owned()))
        })
        .collect())
}

#[derive(Clone, Debug)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Names of the packages that use it directly.
    used_by: BTreeSet<String>,
}

fn packages(metadata: &Value) -> anyhow::Result<Vec<Package>> {
    let list = metadata["packages"].as_array().context("no packages")?;
    let nodes = metadata["resolve"]["nodes"].as_array().context("no graph")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut packages: BTreeMap<String, Package> = list
        .iter()
        .map(|package| {
            let known = Package {
                name: text(&package["name"]),
                version: text(&package["version"]),
                licence: package["license"].as_str().map(ToOwned::to_owned),
                used_by: BTreeSet::new(),
            };
            (text(&package["id"]), known)
        })
        .collect();
    let in_graph: BTreeSet<String> = nodes.iter().map(|node| text(&node["id"])).collect();
    packages.retain(|id, _| in_graph.contains(id));
    for node in nodes {
        let user = packages.get(&text(&node["id"])).map(|package| package.name.clone());
        for used in node["dependencies"].as_array().into_iter().flatten() {
            if let (Some(user), Some(package)) = (&user, packages.get_mut(&text(used))) {
                package.used_by.insert(user.clone());
            }
        }
    }
    Ok(packages.into_values().collect())
}

/// The parts of deny.toml that are checked here.
struct Policy {
    allowed: Vec<String>,
    /// Licences of packages whose manifest does not name one.
    clarified: BTreeMap<String, String>,
    /// Banned packages, with those that may use them all the same.
    banned: BTreeMap<String, Vec<String>>,
}

impl Policy {
    fn read(text: &str) -> anyhow::Result<Self> {
        let file: toml::Table = text.parse().context("deny.toml")?;
        let section = |name: &str, list: &str| -> Vec<toml::Value> {
            let found = file.get(name).and_then(|table| table.get(list));
            found.and_then(toml::Value::as_array).cloned().unwrap_or_default()
        };
        let field = |entry: &toml::Value, name: &str| -> anyhow::Result<String> {
            let found = entry.get(name).and_then(toml::Value::as_str);
            Ok(found
                .with_context(|| format!("deny.toml: `{name}` is missing in {entry}"))?
                .to_owned())
        };
        let allowed = strings(&section("licenses", "allow"));
        ensure!(!allowed.is_empty(), "deny.toml allows no licence");
        let mut policy = Self { allowed, clarified: BTreeMap::new(), banned: BTreeMap::new() };
        for entry in section("licenses", "clarify") {
            policy.clarified.insert(field(&entry, "crate")?, field(&entry, "expression")?);
        }
        for entry in section("bans", "deny") {
            let wrappers = entry.get("wrappers").and_then(toml::Value::as_array);
            policy.banned.insert(field(&entry, "crate")?, strings(wrappers.map_or(&[], |w| w)));
        }
        Ok(policy)
    }

    fn check(&self, packages: &[Package]) -> Vec<String> {
        let mut findings = Vec::new();
        for package in packages {
            let Package { name, version, used_by, .. } = package;
            let licence = self.clarified.get(name).or(package.licence.as_ref());
            match licence.map(|expression| self.allows(expression)) {
                Some(Ok(true)) => {}
                Some(Ok(false)) => findings.push(format!(
                    "{name} {version}: licence `{}` is not allowed",
                    licence.map_or("", String::as_str)
                )),
                Some(Err(error)) => findings.push(format!("{name} {version}: {error}")),
                None => findings.push(format!("{name} {version} names no licence: clarify it")),
            }
            if let Some(wrappers) = self.banned.get(name) {
                if wrappers.is_empty() {
                    findings.push(format!("{name} {version} is banned; used by {used_by:?}"));
                }
                for user in used_by.iter().filter(|user| !wrappers.contains(user)) {
                    if !wrappers.is_empty() {
                        findings.push(format!("{user} may not use {name}"));
                    }
                }
            }
        }
        for name in self.clarified.keys() {
            if !packages.iter().any(|package| package.name == *name) {
                findings.push(format!("{name} is not used any more: remove it from deny.toml"));
            }
        }
        findings
    }

    /// Whether an SPDX expression can be met with allowed licences.
    fn allows(&self, expression: &str) -> anyhow::Result<bool> {
        let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        let mut words = spaced.split_whitespace().peekable();
        let met = self.either(&mut words)?;
        ensure!(words.next().is_none(), "licence `{expression}` cannot be read");
        Ok(met)
    }

    fn either<'a>(
        &self,
        words: &mut Words<'a, impl Iterator<Item = &'a str>>,
    ) -> anyhow::Result<bool> {
        let mut met = self.both(words)?;
        while words.next_if_eq(&"OR").is_some() {
            met |= self.both(words)?;
        }
        Ok(met)
    }

    fn both<'a>(
        &self,
        words: &mut Words<'a, impl Iterator<Item = &'a str>>,
    ) -> anyhow::Result<bool> {
        let mut met = self.one(words)?;
        while words.next_if_eq(&"AND").is_some() {
            met &= self.one(words)?;
        }
        Ok(met)
    }

    fn one<'a>(
        &self,
        words: &mut Words<'a, impl Iterator<Item = &'a str>>,
    ) -> anyhow::Result<bool> {
        match words.next() {
            Some("(") => {
                let met = self.either(words)?;
                ensure!(words.next() == Some(")"), "a bracket is not closed");
                Ok(met)
            }
            Some(name) if !matches!(name, ")" | "AND" | "OR" | "WITH") => {
                let mut full = name.to_owned();
                if words.next_if_eq(&"WITH").is_some() {
                    full = format!("{name} WITH {}", words.next().context("WITH what")?);
                }
                Ok(self.allowed.contains(&full))
            }
            other => bail!("a licence was expected, not {other:?}"),
        }
    }
}

type Words<'a, I> = std::iter::Peekable<I>;

fn strings(list: &[toml::Value]) -> Vec<String> {
    list.iter().filter_map(toml::Value::as_str).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
        [[licenses.clarify]]
        crate = "ring-like"
        expression = "MIT AND Apache-2.0"
        [bans]
        deny = [
            { crate = "aws-lc-sys", reason = "a second library for the same" },
            { crate = "hiero-sdk", wrappers = ["hashbuzz-ledger-hedera"], reason = "one door" },
        ]
    "#;

    fn policy() -> Policy {
        Policy::read(POLICY).expect("the policy can be read")
    }

    fn package(name: &str, licence: Option<&str>, used_by: &[&str]) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            licence: licence.map(Into::into),
            used_by: used_by.iter().map(|user| (*user).into()).collect(),
        }
    }

    /// The clarified package, without which its entry would be stale.
    fn with(others: &[Package]) -> Vec<String> {
        policy().check(&[&[package("ring-like", None, &[])], others].concat())
    }

    #[test]
    fn an_expression_is_met_by_any_alternative_and_every_part() {
        let met = |expression: &str| policy().allows(expression).expect("can be read");

        assert!(met("MIT") && met("GPL-3.0 OR MIT") && met("MIT/Apache-2.0"));
        assert!(met("(MIT OR GPL-3.0) AND Unicode-3.0") && met("Apache-2.0 WITH LLVM-exception"));
        assert!(!met("GPL-3.0") && !met("MIT AND GPL-3.0") && !met("MIT WITH LLVM-exception"));
        assert!(policy().allows("(MIT").is_err() && policy().allows("MIT MIT").is_err());
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        assert_eq!(with(&[package("a", Some("MIT"), &[])]), [""; 0]);
        assert_eq!(
            with(&[package("a", Some("AGPL-3.0"), &[])]),
            ["a 1.0.0: licence `AGPL-3.0` is not allowed"]
        );
        assert_eq!(with(&[package("a", None, &[])]), ["a 1.0.0 names no licence: clarify it"]);
    }

    #[test]
    fn a_clarification_that_is_not_needed_any_more_is_found() {
        assert_eq!(policy().check(&[]).len(), 1);
    }

    #[test]
    fn a_banned_crate_is_found_and_one_behind_a_door_only_elsewhere() {
        assert_eq!(with(&[package("aws-lc-sys", Some("MIT"), &["rustls"])]).len(), 1);
        let users = ["hashbuzz-ledger-hedera", "hashbuzz-app"];
        assert_eq!(
            with(&[package("hiero-sdk", Some("MIT"), &users)]),
            ["hashbuzz-app may not use hiero-sdk"]
        );
    }

    #[test]
    fn users_are_read_from_the_graph() {
        let metadata = serde_json::json!({
            "packages": [
                { "id": "1", "name": "a", "version": "1.0.0", "license": "MIT" },
                { "id": "2", "name": "b", "version": "1.0.0", "license": null },
                { "id": "3", "name": "elsewhere", "version": "1.0.0", "license": "MIT" },
            ],
            "resolve": { "nodes": [
                { "id": "1", "dependencies": ["2"] },
                { "id": "2", "dependencies": [] },
            ]},
        });

        let found = packages(&metadata).expect("can be read");

        assert_eq!(found.len(), 2, "what is not in this platform's graph does not count");
        assert!(found[1].used_by.contains("a") && found[1].licence.is_none());
    }
}
