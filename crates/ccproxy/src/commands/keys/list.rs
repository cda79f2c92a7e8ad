//! `ccproxy keys list`

use ccproxy_config::{ClientKey, KeyLimits, Moment};
use serde::Serialize;

use crate::documents::pretty;
use crate::terminal::table;

#[derive(Serialize)]
struct Listing<'a> {
    keys: Vec<Listed<'a>>,
}

/// A key, without what would let anybody recognise it by guessing.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    /// The beginning of the hash.
    hash: String,
    state: &'static str,
    models: Vec<&'a str>,
    providers: &'a [String],
    /// Those that are in force.
    limits: KeyLimits,
    created: Option<Moment>,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    rotated: Option<Moment>,
    /// Until when the key before it is good.
    old_until: Option<Moment>,
}

pub(super) fn shown(keys: &[ClientKey], defaults: &KeyLimits, json: bool) -> String {
    let now = Moment::now();
    let listed: Vec<Listed<'_>> = keys.iter().map(|key| Listed::of(key, defaults, now)).collect();
    if json {
        return pretty(&Listing { keys: listed });
    }
    table(
        ["NAME", "HASH", "STATE", "EXPIRES", "MODELS", "PROVIDERS", "LIMITS"],
        listed.iter().map(Listed::row),
    )
}

impl<'a> Listed<'a> {
    fn of(key: &'a ClientKey, defaults: &KeyLimits, now: Moment) -> Self {
        let hash: String = key.hash.to_string().chars().take("blake3:".len() + 12).collect();
        let old = key.old.as_ref().map(|old| old.until).filter(|until| !until.has_come(now));
        Self {
            name: &key.name,
            hash: format!("{hash}…"),
            state: match (key.revoked, key.expires) {
                (Some(_), _) => "revoked",
                (_, Some(end)) if end.has_come(now) => "expired",
                _ => "good",
            },
            models: key.models.iter().map(ccproxy_config::Pattern::as_str).collect(),
            providers: &key.providers,
            limits: key.limits.over(*defaults),
            created: key.created,
            expires: key.expires,
            revoked: key.revoked,
            rotated: key.rotated,
            old_until: old,
        }
    }

    fn row(&self) -> [String; 7] {
        let or = |text: String, instead: &str| if text.is_empty() { instead.to_owned() } else { text };
        [
            self.name.to_owned(),
            self.hash.clone(),
            self.state.to_owned(),
            self.expires.map_or_else(|| "never".to_owned(), String::from),
            or(self.models.join(", "), "all"),
            or(self.providers.join(", "), "all"),
            or(limits(&self.limits), "none"),
        ]
    }
}

fn limits(limits: &KeyLimits) -> String {
    let KeyLimits { requests_per_minute, tokens_per_minute, concurrency, streams, .. } = *limits;
    let all = [
        requests_per_minute.map(|most| format!("{most} requests/min")),
        tokens_per_minute.map(|most| format!("{most} tokens/min")),
        concurrency.map(|most| format!("{most} at a time")),
        streams.map(|most| format!("{most} streams")),
    ];
    let budgets = limits.budgets().map(|(period, budget)| format!("{budget} USD/{period}"));
    all.into_iter().flatten().chain(budgets).collect::<Vec<_>>().join(", ")
}
