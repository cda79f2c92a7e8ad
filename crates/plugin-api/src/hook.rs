//! What a plugin does that follows requests, and how it names itself.

use std::fmt;
use std::sync::Arc;

use ccproxy_config::{Mistakes, Section};
use ccproxy_health::{Check, Spec};
use ccproxy_record::{Event, TraceId};
use http::{HeaderMap, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::{Call, KeyError};

/// A plugin that follows requests, as its crate declares it.
pub trait HookPlugin {
    /// Its name in the configuration: `[plugins.NAME]`.
    const NAME: &'static str;
    /// One line for people.
    const DESCRIPTION: &'static str;
    /// The keys of `[plugins.NAME]`.
    type Config: DeserializeOwned + JsonSchema;

    /// Builds the hook, without any I/O; none where it is not switched on.
    ///
    /// # Errors
    /// A message a key, for what the types of [`Self::Config`] cannot say.
    fn build(config: Self::Config) -> Result<Option<BuiltHook>, Vec<KeyError>>;
}

/// What building gives: the hook and what watches it.
pub struct BuiltHook {
    /// What follows.
    pub hook: Arc<dyn Hook>,
    /// Its own health checks, of the core. That events are dropped, or not taken, is watched for every hook.
    pub checks: Vec<(Spec, Arc<dyn Check>)>,
}

/// Follows requests. Its methods are called on a thread of its own, one at a time, where they do not say otherwise, so they may block: requests go on meanwhile, and what does not fit into the hook's queue is dropped and counted.
pub trait Hook: Send + Sync + 'static {
    /// What it is to be told; asked once.
    fn wants(&self) -> Wants;

    /// Does what needs I/O before the first event. After an error it is called again, now and then, until it succeeds.
    ///
    /// # Errors
    /// [`HookError`] names what the operator has to mend.
    fn start(&self) -> Result<(), HookError> {
        Ok(())
    }

    /// Takes what has happened, in order.
    ///
    /// # Errors
    /// [`HookError`]: the same events come again later, so none of them may have been taken; or it says that they are lost.
    fn take(&self, events: &[Event]) -> Result<(), HookError>;

    /// Called after every batch, ten times a second while nothing happens, and before the end: the time to flush.
    ///
    /// # Errors
    /// [`HookError`], for health and the log to tell; it is called again in any case.
    fn pause(&self) -> Result<(), HookError> {
        Ok(())
    }

    /// Called once, when nothing more will come: the time to hand in what was kept back. The program waits two seconds
    /// for all that is left of events, and no longer.
    fn end(&self) {}

    /// Whether a trace that begins here is to be kept, where this hook wants traces; what a client has begun is the client's to
    /// decide. Called by the thread that serves, so it must not block.
    fn samples(&self, _trace: TraceId) -> bool {
        true
    }

    /// Who gets the messages of the exchange of this id, if it is to be followed message by message. Called by the thread that
    /// serves, so it must not block.
    fn messages(&self, _id: &str) -> Option<Arc<dyn Messages>> {
        None
    }
}

/// What a hook is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Wants {
    /// Records of exchanges.
    pub exchanges: bool,
    /// Every request as HTTP saw it.
    pub visits: bool,
    /// Health probes among them.
    pub probes: bool,
    /// [`Hook::messages`] is to be asked.
    pub messages: bool,
    /// Exchanges are to have a [trace context](ccproxy_record::TraceContext).
    pub traces: bool,
}

impl Wants {
    /// What either wants.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            exchanges: self.exchanges || other.exchanges,
            visits: self.visits || other.visits,
            probes: self.probes || other.probes,
            messages: self.messages || other.messages,
            traces: self.traces || other.traces,
        }
    }
}

/// Gets the messages of one exchange as they pass, and is dropped when all has been said. It is called by the thread that serves, so it must not block, and should do no
/// more than to note down.
pub trait Messages: Send + Sync {
    /// The client's request: the method, the path with its query, the headers and the body.
    fn request(&self, method: &http::Method, target: &http::Uri, headers: &HeaderMap, body: &bytes::Bytes);

    /// A provider is called, for the `attempt`th time, from 1.
    fn call(&self, attempt: u8, provider: &str, call: &Call);

    /// The provider answers that call.
    fn answer(&self, attempt: u8, status: StatusCode, headers: &HeaderMap);

    /// Bytes of the body of that answer, as the provider sent them.
    fn answer_body(&self, attempt: u8, bytes: &bytes::Bytes);

    /// The client is answered.
    fn response(&self, status: StatusCode, headers: &HeaderMap);

    /// Bytes of the body that the client gets; those of a whole answer may come before its head.
    fn response_body(&self, bytes: &bytes::Bytes);
}

/// Why a hook could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookError {
    message: String,
    lost: bool,
}

impl HookError {
    /// What went wrong and how to mend it; the work is asked for again later. It must hold no secret.
    #[must_use]
    pub fn again(message: impl Into<String>) -> Self {
        Self { message: message.into(), lost: false }
    }

    /// The same, where it makes no sense to come with the same events again.
    #[must_use]
    pub fn lost(message: impl Into<String>) -> Self {
        Self { message: message.into(), lost: true }
    }

    /// Whether the events are lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HookError {}

/// One line of the program's list of plugins that follow requests.
#[derive(Clone, Copy)]
pub struct HookEntry {
    /// Its name in the configuration.
    pub name: &'static str,
    /// One line for people.
    pub description: &'static str,
    /// The version of the plugin's crate.
    pub version: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    build: fn(&Section) -> Result<Option<BuiltHook>, Mistakes>,
}

impl HookEntry {
    /// The entry of a plugin.
    #[must_use]
    pub const fn of<P: HookPlugin>(version: &'static str) -> Self {
        Self {
            name: P::NAME,
            description: P::DESCRIPTION,
            version,
            schema: |generator| generator.root_schema_for::<P::Config>(),
            build: |section| {
                let config = section.read::<P::Config>()?;
                P::build(config).map_err(|errors| {
                    let mistake = |error: KeyError| section.mistake(error.key, error.message);
                    Mistakes::new(errors.into_iter().map(mistake).collect())
                })
            },
        }
    }

    /// The JSON Schema of the plugin's configuration.
    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.schema)(&mut SchemaGenerator::default())
    }

    /// Builds the hook from its section of the configuration; none where it is not switched on.
    ///
    /// # Errors
    /// Every mistake of the section, each with its place.
    pub fn build(&self, section: &Section) -> Result<Option<BuiltHook>, Mistakes> {
        (self.build)(section)
    }
}
