//! `ccproxy plugins`

use std::path::Path;

use serde::Serialize;

use crate::context::Context;
use crate::documents::pretty;
use crate::failure::Failure;
use crate::load::load;
use crate::plugins::PLUGINS;
use crate::terminal::{print, table};

#[derive(Serialize)]
struct Kind {
    kind: &'static str,
    description: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Instance {
    name: String,
    kind: String,
    mount: String,
}

#[derive(Serialize)]
struct Listing {
    kinds: Vec<Kind>,
    instances: Vec<Instance>,
}

/// The kinds are listed even if the configuration is wrong: it may be wrong because somebody looks for a kind.
pub(super) fn list(json: bool, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let kinds = PLUGINS.iter().map(|entry| Kind {
        kind: entry.kind,
        description: entry.description,
        version: entry.version,
    });
    let mut listing = Listing { kinds: kinds.collect(), instances: Vec::new() };
    let loaded = load(file, Vec::new(), context).map(|loaded| loaded.settings.providers);
    let failure = match loaded {
        Ok(providers) => {
            listing.instances.extend(providers.into_values().map(|provider| Instance {
                mount: format!("/{}/v1", provider.name),
                name: provider.name,
                kind: provider.kind,
            }));
            None
        }
        Err(failure) => Some(failure),
    };
    print(&if json { pretty(&listing) } else { tables(&listing) })?;
    failure.map_or(Ok(()), Err)
}

fn tables(listing: &Listing) -> String {
    let kinds = listing.kinds.iter().map(|kind| [kind.kind, kind.description, kind.version]);
    let mut text = table(["KIND", "DESCRIPTION", "VERSION"], kinds);
    if !listing.instances.is_empty() {
        let instances = listing.instances.iter();
        let instances = instances.map(|one| [one.name.as_str(), one.kind.as_str(), one.mount.as_str()]);
        text.push('\n');
        text.push_str(&table(["INSTANCE", "KIND", "MOUNT"], instances));
    }
    text
}
