//! The Rust files of the workspace.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// Where the workspace's own code is.
const ROOMS: [&str; 4] = ["crates", "plugins", "bench", "xtask"];

/// One Rust file.
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// The text before the module of tests, which stands last; nothing of a file that is all test.
    pub(crate) fn code(&self) -> &str {
        if self.is_test() {
            return "";
        }
        let tests = self.text.match_indices("\n#[cfg(test)]\n").find(|(at, attribute)| {
            let rest = self.text.get(at + attribute.len()..).unwrap_or_default();
            rest.lines().next().is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
        });
        tests.and_then(|(at, _)| self.text.get(..at)).unwrap_or(&self.text)
    }

    /// A place in this file, from an offset in its text.
    pub(crate) fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or_default();
        format!("{}:{}", self.path, before.matches('\n').count() + 1)
    }
}

pub(crate) fn read(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for room in ROOMS {
        walk(root, &root.join(room), &mut sources)?;
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(root: &Path, dir: &Path, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(root, &path, sources)?;
        } else if name.ends_with(".rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_the_tests_begin() {
        let check = |path: &str, text: &str, expect: &str| {
            assert_eq!(Source { path: path.to_owned(), text: text.to_owned() }.code(), expect);
        };
        check("a/src/x.rs", "fn x() {}\n\n#[cfg(test)]\nmod tests {\n}\n", "fn x() {}\n");
        check("a/src/x.rs", "fn x() {}\n\n#[cfg(test)]\npub(crate) mod tests {\n}\n", "fn x() {}\n");
        let outside = "fn x() {}\n\n#[cfg(test)]\nmod tests;\nfn y() {}\n";
        check("a/src/x.rs", outside, outside);
        check("a/src/x/tests.rs", "fn x() {}\n", "");
        check("a/tests/it/main.rs", "fn x() {}\n", "");
    }
}
