//! The small stable boundary between the server and its plugins.
//!
//! A plugin is a crate. It names itself with a [`PluginEntry`], reads its own typed configuration, and builds a
//! [`Provider`] together with the health checks of that instance. Building does no I/O; that begins in
//! [`Provider::start`]. The server knows plugins by these types only.

pub mod call;
pub mod entry;
pub mod error;
pub mod provider;
pub mod room;

pub use call::{Answer, AnswerBody, Call};
pub use ccproxy_translate::{Limits, Profile};
pub use entry::{Built, Plugin, PluginEntry};
pub use error::{CallError, CallErrorKind, Fault};
pub use provider::{Instance, Provider, StartError};
pub use room::Room;
