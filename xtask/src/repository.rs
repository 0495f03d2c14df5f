//! The repository as text.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &[".git", "target", "node_modules", ".hashbuzz"];
/// What is read at all.
pub(crate) const ENDINGS: &[&str] =
    &["rs", "toml", "md", "sql", "sol", "mjs", "js", "ts", "sh", "yml"];

/// The text files of the repository, by path from its root, in order.
pub(crate) struct Repository {
    pub(crate) files: Vec<(String, String)>,
}

impl Repository {
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        walk(root, root, &mut files)?;
        files.sort();
        Ok(Self { files })
    }

    /// All files whose name ends in `.ending`.
    pub(crate) fn ending<'a>(
        &'a self,
        ending: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.files
            .iter()
            .filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, end)| end == ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    #[cfg(test)]
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str())
    }

    /// Whether a document has code that `cargo test --doc` would run.
    pub(crate) fn has_examples(&self) -> bool {
        self.ending("rs").any(|(_, text)| has_examples(text))
    }

    /// A repository of a few files, for tests of rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect() }
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type()?;
        if kind.is_dir() && !FOREIGN.contains(&name.as_str()) {
            walk(root, &path, files)?;
        } else if kind.is_file()
            && name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
        {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("reading {} as UTF-8", path.display()))?;
            let inside = path.strip_prefix(root).expect("the walk began at the root");
            files.push((inside.to_string_lossy().replace('\\', "/"), text));
        }
    }
    Ok(())
}

/// Whether a fence in a doc comment opens Rust code; after `text`, `ignore` or another language it
/// does not.
fn has_examples(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            inside = false;
            continue;
        };
        let Some(info) = doc.trim_start().strip_prefix("```") else { continue };
        inside = !inside;
        let runs = info.split(',').all(|word| {
            matches!(word.trim(), "" | "rust" | "no_run" | "should_panic" | "compile_fail")
        });
        if inside && runs {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rust_in_documents_is_an_example() {
        assert!(has_examples("/// ```\n/// go();\n/// ```\nfn go() {}\n"));
        assert!(has_examples("//! ```rust,no_run\n//! go();\n//! ```\n"));
        assert!(!has_examples("//! ```text\n//! a -> b\n//! ```\n"));
        assert!(!has_examples("let a = \"```\";\n// ```\n"));
    }
}
