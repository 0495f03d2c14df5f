//! Documents that can be found, and links that lead somewhere.

use std::collections::BTreeSet;

use crate::repository::{ENDINGS, Repository};

pub(super) fn links(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    let mut linked = BTreeSet::new();
    for (path, text) in repository.ending("md") {
        for target in targets(text) {
            let Some(resolved) = resolve(path, &target) else {
                findings.push(format!("{path}: `{target}` leads out of the repository"));
                continue;
            };
            if is_there(repository, &resolved) {
                if resolved != path {
                    linked.insert(resolved);
                }
            } else if is_text(&resolved) {
                findings.push(format!("{path}: `{target}` leads nowhere"));
            }
        }
    }
    for (path, _) in repository.ending("md") {
        if path.starts_with("docs/") && !linked.contains(path) {
            findings.push(format!("{path}: no other document leads to it"));
        }
    }
    findings
}

/// A file, or a folder that holds one.
fn is_there(repository: &Repository, path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    repository.files.iter().any(|(known, _)| known == path || known.starts_with(&folder))
}

/// Whether the walk would have read such a file, had it been there.
fn is_text(path: &str) -> bool {
    match path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) {
        Some((_, ending)) => ENDINGS.contains(&ending),
        None => false,
    }
}

/// Places in the repository that a document links to, without the part after `#`.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let Some(target) = rest.split([')', ' ']).next() else { continue };
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(file.to_owned());
            }
        }
    }
    found
}

fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_nobody_links_to_is_found() {
        let repository = Repository::of(&[
            ("README.md", "[how](docs/how-to/add.md#second)"),
            ("docs/how-to/add.md", "[self](add.md)"),
            ("docs/lost.md", "[self](lost.md)"),
        ]);

        assert_eq!(links(&repository), ["docs/lost.md: no other document leads to it"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let repository = Repository::of(&[
            ("docs/a/b.md", "[up](../c.md) [gone](../gone.md) [web](https://a.org/x.md)"),
            ("docs/c.md", "[b](a/b.md)\n```\n[not](a-link.md)\n```\n"),
        ]);

        assert_eq!(links(&repository), ["docs/a/b.md: `../gone.md` leads nowhere"]);
    }

    #[test]
    fn a_link_out_of_the_repository_is_found() {
        assert_eq!(links(&Repository::of(&[("README.md", "[x](../other.md)")])).len(), 1);
    }
}
