//! The small stable boundary between the server and its plugins.
//!
//! A plugin is a crate. It names itself with a [`PluginEntry`], reads its own typed configuration, and builds a
//! [`Provider`] together with the health checks of that instance. Building does no I/O; that begins in
//! [`Provider::start`]. A plugin that follows requests names itself with a [`HookEntry`] and builds a [`Hook`]. The server
//! knows plugins by these types only.

pub mod call;
pub mod entry;
pub mod error;
pub mod hook;
pub mod provider;
pub mod room;

pub use call::{Answer, AnswerBody, Call};
pub use ccproxy_record::Fault;
pub use ccproxy_translate::{Limits, Profile};
pub use entry::{Built, KeyError, Plugin, PluginEntry};
pub use error::{CallError, CallErrorKind};
pub use hook::{BuiltHook, Hook, HookEntry, HookError, HookPlugin, Messages, Wants};
pub use provider::{CredentialState, Instance, Provider, StartError};
pub use room::Room;
