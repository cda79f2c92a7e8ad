//! Tells the health of a server in every language that watchers speak.
//!
//! [`Pages`] answers over HTTP, whatever server carries it; [`grpc`] speaks `grpc.health.v1`, [`agent`] HAProxy's
//! agent-check, [`systemd`] the notify protocol, [`metrics`] Prometheus. A [`Listener`] is a thread with a runtime of
//! its own that goes on answering while everything else is blocked.

pub mod agent;
mod body;
pub mod grpc;
mod listener;
pub mod metrics;
mod pages;
pub mod systemd;

pub use body::Body;
pub use listener::{Handler, Listener, ListenerError, Listening};
pub use pages::{Details, Guard, Page, Pages, PagesOptions, Sight};
