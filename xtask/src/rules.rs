//! The invariants of ARCHITECTURE.md that neither the compiler nor clippy keeps.

mod events;
mod packages;
mod sizes;
mod sources;
mod values;
mod walls;
mod words;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use packages::Packages;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// A file, a file and a line, or a package.
    at: String,
    /// What is wrong, and what to do instead.
    what: String,
}

impl Violation {
    fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

pub(crate) fn check(root: &Path) -> anyhow::Result<ExitCode> {
    let sources = sources::read(root)?;
    let packages = Packages::of(root)?;
    let mut violations = walls::check(&packages);
    for source in &sources {
        violations.extend(sizes::check(source));
        violations.extend(words::check(source)?);
        violations.extend(values::check(source)?);
    }
    let document = std::fs::read_to_string(root.join(events::DOCUMENT)).unwrap_or_default();
    violations.extend(events::check(&sources, &document)?);
    violations.sort();
    for line in sizes::report(&sources) {
        println!("{line}");
    }
    for violation in &violations {
        println!("{violation}");
    }
    let count = violations.len();
    println!("rules: {} files, {} packages, {count} violations", sources.len(), packages.rooms().count());
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the violations of a rule comparable.
#[cfg(test)]
fn lines(violations: impl IntoIterator<Item = Violation>) -> Vec<String> {
    violations.into_iter().map(|violation| violation.to_string()).collect()
}
