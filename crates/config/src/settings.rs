//! The core's own configuration: one small struct per concern.

mod auth;
mod changes;
mod check;
mod client_key;
mod detect;
mod disconnect;
mod health;
mod key_file;
mod limits;
mod load;
mod logging;
mod management;
mod metrics;
mod plugins;
mod pricing;
mod providers;
mod reload;
mod retry;
mod routes;
mod server;
mod shared;
mod shutdown;
mod store;
#[cfg(test)]
mod tests;
mod tls;
mod translation;
mod upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use auth::{Auth, KeyHash};
pub use client_key::{ClientKey, InvalidMoment, Moment, OldKey};
pub use disconnect::{Disconnect, OnDisconnect};
pub use health::{Details, Health, Profile};
pub use limits::{KeyLimits, Limits, Period, Unpriced};
pub use logging::{LogFormat, Logging};
pub use management::Management;
pub use metrics::Metrics;
pub use plugins::PluginSections;
pub use pricing::{LongPrice, ModelPrice, PriceFile, Pricing, Vendor, prices_of};
pub use providers::{ProviderSection, RESERVED_NAMES};
pub use reload::Reload;
pub use retry::Retry;
pub use routes::{InvalidTarget, Route, Sticky, Strategy, Target};
pub use server::Server;
pub use shared::Shared;
pub use shutdown::Shutdown;
pub use store::Store;
pub use tls::ServerTls;
pub use translation::Translation;
pub use upstream::{Proxies, Upstream};

use crate::place::{Mistake, Place};
use crate::tree::{Node, Step, dotted};

/// The whole configuration, typed; the providers' own keys wait in their [`Section`](crate::Section)s.
///
/// The default has no providers and no routes; see [`Settings::with_detected`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[server]`
    pub server: Server,
    /// `[auth]`
    pub auth: Auth,
    /// `[limits]`
    pub limits: Limits,
    /// `[shared]`
    pub shared: Shared,
    /// `[store]`
    pub store: Store,
    /// The file of the store where `[store]` names none, if there is a place for it.
    pub store_path: Option<PathBuf>,
    /// `[health]`
    pub health: Health,
    /// `[management]`
    pub management: Management,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[shutdown]`
    pub shutdown: Shutdown,
    /// `[reload]`
    pub reload: Reload,
    /// `[disconnect]`
    pub disconnect: Disconnect,
    /// `[retry]`
    pub retry: Retry,
    /// `[translation]`
    pub translation: Translation,
    /// `[pricing]`
    pub pricing: Pricing,
    /// `[upstream]`
    pub upstream: Upstream,
    /// What follows from `[upstream]` and the environment.
    pub proxies: Proxies,
    /// `[logging]`
    pub logging: Logging,
    /// `[[routes]]`, tried in order. Empty only if there are no providers, or with an explicit `routes = []`.
    pub routes: Vec<Route>,
    /// `[providers.<name>]`
    pub providers: BTreeMap<String, ProviderSection>,
    /// `[plugins.<name>]`, which the plugins read themselves.
    pub plugins: PluginSections,
    /// All of the above with the places, for [`Settings::show`].
    pub(crate) tree: Node,
}

impl Settings {
    /// Where a dotted key such as `server.port` was set. Items of lists have no place here: ask for the list.
    #[must_use]
    pub fn place(&self, key: &str) -> Place {
        self.tree.locate(&steps(key)).1
    }

    /// A mistake at a dotted key, for checks that need more than the configuration.
    #[must_use]
    pub fn mistake(&self, key: &str, message: impl Into<String>) -> Mistake {
        Mistake::new(self.place(key), dotted("", &steps(key)), message)
    }
}

fn steps(key: &str) -> Vec<Step> {
    key.split('.').map(|part| Step::Key(part.to_owned())).collect()
}
