//! How long a file may be, tests apart.

use super::Violation;
use super::sources::Source;

/// More is a violation.
const HARD: usize = 700;
/// More is worth a line.
const SOFT: usize = 400;

pub(super) fn check(source: &Source) -> Option<Violation> {
    let lines = lines_of(source);
    (lines > HARD).then(|| {
        Violation::new(
            &source.path,
            format!("has {lines} lines without its tests; split it ({HARD} at most)"),
        )
    })
}

/// What is no violation and yet worth knowing.
pub(super) fn report(sources: &[Source]) -> Vec<String> {
    let mut report = Vec::new();
    let mut sizes: Vec<usize> = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let lines = lines_of(source);
        sizes.push(lines);
        if (SOFT + 1..=HARD).contains(&lines) {
            report.push(format!(
                "note: {} has {lines} lines without its tests (aim below {SOFT})",
                source.path
            ));
        }
    }
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    report.push(format!("note: the median file has {median} lines without its tests"));
    report
}

fn lines_of(source: &Source) -> usize {
    source.code().lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found() {
        let check = |path: &str, lines: usize, violates, notes| {
            let source = Source { path: path.to_owned(), text: "x\n".repeat(lines) };
            assert_eq!(check(&source).is_some(), violates, "{path} {lines}");
            assert_eq!(report(&[source]).len(), notes, "{path} {lines}");
        };
        check("a/src/x.rs", 400, false, 1);
        check("a/src/x.rs", 401, false, 2);
        check("a/src/x.rs", 700, false, 2);
        check("a/src/x.rs", 701, true, 1);
        check("a/src/x/tests.rs", 701, false, 1);
    }
}
