//! What becomes of a key's entry; everything else in it stays as it is.

use ccproxy_config::{KeyHash, KeyLimits, Moment};
use toml_edit::{Array, InlineTable, Item, Table, value};

use super::Entry;

/// An entry for a new key.
pub(super) fn entry(new: &Entry<'_>) -> Table {
    let Entry { hash, created, flags } = new;
    let mut table = Table::new();
    table.insert("name", value(flags.name.as_str()));
    table.insert("hash", value(hash.to_string()));
    table.insert("created", value(created.to_string()));
    let lists = [("models", &flags.model), ("providers", &flags.provider)];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        table.insert(key, value(list.iter().map(String::as_str).collect::<Array>()));
    }
    if let Some(limits) = limits(flags.limits()) {
        table.insert("limits", value(limits));
    }
    if let Some(expires) = flags.expires {
        table.insert("expires", value(expires.to_string()));
    }
    table
}

fn limits(limits: KeyLimits) -> Option<InlineTable> {
    let KeyLimits { requests_per_minute, tokens_per_minute, concurrency, streams, .. } = limits;
    let set = [
        ("requests_per_minute", requests_per_minute),
        ("tokens_per_minute", tokens_per_minute),
        ("concurrency", concurrency.map(u64::from)),
        ("streams", streams.map(u64::from)),
    ];
    let set =
        set.into_iter().filter_map(|(key, limit)| Some((key, i64::try_from(limit?).unwrap_or(i64::MAX))));
    let mut table: InlineTable = set.collect();
    for (period, budget) in limits.budgets() {
        table.insert(format!("budget_per_{period}"), budget.to_string().into());
    }
    (!table.is_empty()).then_some(table)
}

/// The key is good for nothing from now on, and the one before it neither. One that is revoked already stays so.
pub(super) fn revoke(key: &mut Table, now: Moment) {
    key.remove("old");
    key.entry("revoked").or_insert(value(now.to_string()));
}

/// Puts another key in the place of this one, which stays good until then; `false` if it is revoked.
pub(super) fn rotate(key: &mut Table, hash: KeyHash, now: Moment, until: Option<Moment>) -> bool {
    if key.contains_key("revoked") {
        return false;
    }
    let before = key.insert("hash", value(hash.to_string()));
    key.insert("rotated", value(now.to_string()));
    let old = before.as_ref().and_then(Item::as_str).zip(until);
    match old {
        Some((hash, until)) => {
            let old: InlineTable =
                [("hash", hash), ("until", until.to_string().as_str())].into_iter().collect();
            key.insert("old", value(old));
        }
        None => drop(key.remove("old")),
    }
    true
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;

    const KEY: &str = "# the build server\nname = 'ci' # by Ann\nhash = 'blake3:00'\nnote = 'mine'\n";

    fn check(edit: impl FnOnce(&mut Table), expect: &str) {
        let mut document: DocumentMut = KEY.parse().unwrap();
        edit(&mut document);
        assert_eq!(document.to_string(), expect);
    }

    #[test]
    fn comments_and_what_is_unknown_stay() {
        let now: Moment = "2027-01-31".parse().unwrap();
        let (hash, digits) = (KeyHash::new([1; 32]), "01".repeat(32));
        let head = "# the build server\nname = 'ci' # by Ann\n";
        check(
            |key| {
                revoke(key, now);
                revoke(key, now.after(std::time::Duration::from_secs(60)));
                assert!(!rotate(key, hash, now, None));
            },
            &format!("{KEY}revoked = \"2027-01-31T00:00:00Z\"\n"),
        );
        let rotated =
            format!("{head}hash = \"blake3:{digits}\"\nnote = 'mine'\nrotated = \"2027-01-31T00:00:00Z\"\n");
        check(|key| assert!(rotate(key, hash, now, None)), &rotated);
        let old = "old = { hash = \"blake3:00\", until = \"2027-01-31T00:00:00Z\" }\n";
        check(|key| assert!(rotate(key, hash, now, Some(now))), &format!("{rotated}{old}"));
        // The key before the one before is good no longer.
        check(
            |key| {
                rotate(key, KeyHash::new([2; 32]), now, Some(now));
                rotate(key, hash, now, None);
            },
            &rotated,
        );
    }
}
