//! Configuration: file, environment and flags into one typed value, every mistake reported at once with its place.
//!
//! The layers are, from the weakest to the strongest: defaults, the file, the environment, flags. They merge key by
//! key into one tree that remembers where each value came from; the typed [`Settings`] are read from that tree. The
//! part of the tree that belongs to a plugin is handed on as a [`Section`], which the plugin reads with its own type.
//!
//! ```
//! use ccproxy_config::{Settings, Sources};
//!
//! let sources = Sources::from_text("ccproxy.toml", "[server]\nprot = 9000\n");
//! let mistakes = Settings::load(&sources).unwrap_err();
//! assert_eq!(mistakes.to_string(), "ccproxy.toml:2:1: server.prot: unknown key; did you mean port?");
//! ```

mod byte_size;
mod credential;
mod discover;
pub mod docs;
mod dollars;
mod env;
mod layers;
mod nearest;
mod network;
mod pattern;
mod pem_file;
mod place;
mod provider;
mod proxy;
mod read;
mod schema;
mod secret;
mod section;
mod settings;
mod show;
mod template;
mod tree;

pub use byte_size::{ByteSize, InvalidByteSize};
pub use credential::{
    ClientAuth, Credential, CredentialSource, InvalidCredential, OAuth, Pool, PoolStrategy,
};
pub use discover::{Missing, discover};
pub use dollars::{Dollars, InvalidDollars};
pub use env::Env;
pub use layers::{Flag, Sources};
pub use network::{ClientIdentity, ClientTls, Http2};
pub use pattern::Pattern;
pub use pem_file::{NotAPath, PemFile};
pub use place::{Mistake, Mistakes, Place};
pub use provider::{InvalidRule, MatchKind, ModelRule, Timeouts, map_model};
pub use proxy::{InvalidProxy, ProxyUrl};
pub use schema::schema;
pub use secret::{InvalidSecretSource, SecretSource};
pub use section::Section;
pub use settings::{
    Auth, ClientKey, Details, Disconnect, Health, InvalidMoment, InvalidTarget, KeyHash, KeyLimits, Limits,
    LogFormat, Logging, LongPrice, Management, Metrics, ModelPrice, Moment, OldKey, OnDisconnect, Period,
    PluginSections, PriceFile, Pricing, Profile, ProviderSection, Proxies, RESERVED_NAMES, Reload, Retry,
    Route, Server, ServerTls, Settings, Shared, Shutdown, Sticky, Store, Strategy, Target, Translation,
    Unpriced, Upstream, Vendor, prices_of,
};
pub use template::template;
