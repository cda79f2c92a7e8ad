//! The HTTP client towards providers: pools, timeouts, credentials, cancellation.
//!
//! An [`Endpoint`] is a provider's API on the network: base URL, credential, timeouts. A provider plugin adds its own
//! headers and calls it; dropping the call or the answer's body closes the connection to the provider.

pub mod alarm;
pub mod body;
pub mod breaker;
pub mod cli;
mod connect;
pub mod credentials;
pub mod endpoint;
pub mod error;
pub mod headers;
mod pool;
pub mod rate_limit;
mod reach;
mod resolve;
pub mod retry;

pub use alarm::Alarm;
pub use connect::Network;
pub use credentials::{Credentials, Scheme, Shown};
pub use endpoint::{BaseUrlError, Endpoint};
