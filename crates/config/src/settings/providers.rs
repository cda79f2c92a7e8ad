//! `[providers.<name>]`

use crate::section::Section;

/// Names that no instance may have, because `/{name}` is a page of the server's own.
pub const RESERVED_NAMES: &[&str] = &[
    "admin",
    "api",
    "dashboard",
    "docs",
    "drain",
    "favicon.ico",
    "health",
    "healthz",
    "livez",
    "metrics",
    "openapi",
    "openapi.json",
    "plugins",
    "readyz",
    "reload",
    "robots.txt",
    "startupz",
    "static",
    "status",
    "undrain",
    "v1",
];

/// A provider instance: its name, its kind, and the keys that the kind's plugin reads.
#[derive(Clone, Debug)]
pub struct ProviderSection {
    /// The name, under which the instance is mounted: `/{name}/v1/…`.
    pub name: String,
    /// The kind, which chooses the plugin.
    pub kind: String,
    /// How many requests it may be asked at once; 0 means any number.
    pub concurrency: u32,
    /// Everything but the keys above.
    pub section: Section,
}

/// Why a name cannot be the name of an instance.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ok = name.bytes().next().is_some_and(allowed)
        && name.bytes().all(|b| allowed(b) || b == b'-' || b == b'_');
    if RESERVED_NAMES.contains(&name) {
        return Some(format!("/{name} is a page of the server itself; choose another name"));
    }
    (!ok).then(|| "a name starts with a-z or 0-9 and consists of a-z, 0-9, - and _".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_not_reserved() {
        let check = |name: &str, expect| assert_eq!(name_fault(name).is_none(), expect, "{name}");
        check("claude", true);
        check("my-claude_2", true);
        check("0", true);
        check("", false);
        check("-x", false);
        check("Claude", false);
        check("a/b", false);
        check("v1", false);
        check("health", false);
    }
}
