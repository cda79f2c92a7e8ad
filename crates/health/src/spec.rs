//! How a component is called, how often it is looked at and when its state flips.

mod template;

use std::{sync::Arc, time::Duration};

use crate::state::Thresholds;
use template::is_template;

/// The longest name of a component, measurement, gate or part, in bytes: pages are bounded, so names are.
pub const MAX_NAME: usize = 64;

/// How many affected endpoints one component may name.
const MAX_AFFECTED: usize = 8;

/// The longest interval, timeout or delay; longer ones are cut, so that no sum of times can overflow.
const MAX_TIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing but `A-Z a-z 0-9 _ . -` may stand in a name, and something must. (`:` separates names on the wire.)
    #[error("a name is made of A-Z a-z 0-9 _ . - only: {0:?}")]
    Name(String),
    /// The name is longer than [`MAX_NAME`] bytes.
    #[error("a name has at most {MAX_NAME} bytes: {0:?}")]
    TooLong(String),
    /// Not a URI template of RFC 6570, longer than 128 bytes, or one of more than 8.
    #[error("not a URI template (RFC 6570) that fits a page: {0:?}")]
    Template(String),
}

/// What sort of thing a component is: `componentType` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ComponentType {
    /// A part of this program, or an upstream.
    #[default]
    Component,
    /// A database, a file, a queue.
    Datastore,
    /// The machine: memory, disk, file descriptors.
    System,
    /// The program as a whole (`service_container`).
    Service,
}

impl ComponentType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Datastore => "datastore",
            Self::System => "system",
            Self::Service => "service",
        }
    }
}

/// The page a check belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `/health`.
    Core,
    /// `/plugins/{name}/health`.
    Plugin(Arc<str>),
}

impl Scope {
    /// The scope of the plugin with this name.
    pub fn plugin(name: impl Into<Arc<str>>) -> Self {
        Self::Plugin(name.into())
    }
}

/// One component: names, rhythm and thresholds.
///
/// A new spec looks every 30 s, allows 5 s, spreads runs by a tenth of the interval, needs 3 bad outcomes to fall
/// and 2 good ones to rise, and is not critical.
///
/// ```
/// use std::time::Duration;
/// use ccproxy_health::{ComponentType, Spec};
/// let spec = Spec::new("storage")?
///     .component_type(ComponentType::Datastore)
///     .interval(Duration::from_secs(10))
///     .critical(true);
/// assert_eq!(spec.key(), "storage");
/// # Ok::<(), ccproxy_health::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Spec {
    pub(crate) name: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) measurement: Option<Arc<str>>,
    pub(crate) component_id: Arc<str>,
    pub(crate) affects: Arc<[String]>,
    pub(crate) component_type: ComponentType,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) jitter: f64,
    pub(crate) initial_delay: Duration,
    pub(crate) spread_start: bool,
    pub(crate) thresholds: Thresholds,
    pub(crate) critical: bool,
    pub(crate) passive: bool,
}

impl Spec {
    /// A component of this name.
    ///
    /// # Errors
    /// [`SpecError`] when the name is not 1 to 64 of `A-Z a-z 0-9 _ . -`. A bad name is an error rather than
    /// quietly changed: operators exclude and alert on names.
    pub fn new(name: &str) -> Result<Self, SpecError> {
        let name: Arc<str> = valid(name)?.into();
        Ok(Self {
            key: Arc::clone(&name),
            component_id: Arc::clone(&name),
            name,
            measurement: None,
            affects: Arc::default(),
            component_type: ComponentType::Component,
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            jitter: 0.1,
            initial_delay: Duration::ZERO,
            spread_start: false,
            thresholds: Thresholds { fall: 3, rise: 2 },
            critical: false,
            passive: false,
        })
    }

    /// Names what is measured: the key on the wire becomes `name:measurement`.
    ///
    /// # Errors
    /// As [`Spec::new`].
    pub fn measurement(mut self, measurement: &str) -> Result<Self, SpecError> {
        self.key = format!("{}:{}", self.name, valid(measurement)?).into();
        self.measurement = Some(measurement.into());
        Ok(self)
    }

    /// `affectedEndpoints` on the wire, shown while it is not well: URI templates of the routes that suffer with it.
    ///
    /// # Errors
    /// [`SpecError::Template`] for the first that is no URI template of RFC 6570, and for the ninth.
    pub fn affects(mut self, endpoints: &[&str]) -> Result<Self, SpecError> {
        let bad = endpoints.iter().enumerate().find(|(n, text)| *n >= MAX_AFFECTED || !is_template(text));
        if let Some((_, bad)) = bad {
            return Err(SpecError::Template(crate::scrub::cut(bad, MAX_NAME).to_owned()));
        }
        self.affects = endpoints.iter().map(|text| (*text).to_owned()).collect();
        Ok(self)
    }

    /// `componentId` on the wire; the name unless set. Cut at 64 bytes.
    #[must_use]
    pub fn component_id(mut self, id: &str) -> Self {
        self.component_id = crate::scrub::cut(id, MAX_NAME).into();
        self
    }

    /// What sort of thing it is.
    #[must_use]
    pub fn component_type(mut self, kind: ComponentType) -> Self {
        self.component_type = kind;
        self
    }

    /// From the start of one run to the start of the next; at least 1 ms. For a passive component: how long what
    /// real traffic said stays true.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(Duration::from_millis(1), MAX_TIME);
        self
    }

    /// How long one run may take before it is a failure.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(MAX_TIME);
        self
    }

    /// The share of the interval (0 to 1) by which runs are spread, so that many processes do not beat in step.
    /// Every wait is shortened by a random part of it, never lengthened: an outage is not seen later for it.
    #[must_use]
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self
    }

    /// How long to wait before the first run (to which the jitter is added).
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay.min(MAX_TIME);
        self
    }

    /// Spreads the first run over the whole interval: for something that many processes, started together, share.
    #[must_use]
    pub fn spread_start(mut self) -> Self {
        self.spread_start = true;
        self
    }

    /// How many outcomes in a row that are not a pass it takes to leave pass; at least 1.
    #[must_use]
    pub fn fall(mut self, times: u32) -> Self {
        self.thresholds.fall = times.max(1);
        self
    }

    /// How many passes in a row it takes to return; at least 1.
    #[must_use]
    pub fn rise(mut self, times: u32) -> Self {
        self.thresholds.rise = times.max(1);
        self
    }

    /// Whether readiness depends on it. Never set it for a shared upstream unless the operator asks.
    #[must_use]
    pub fn critical(mut self, critical: bool) -> Self {
        self.critical = critical;
        self
    }

    /// Fed by real traffic only: it is never run, and silence makes it unknown, not bad.
    #[must_use]
    pub fn passive(mut self) -> Self {
        self.passive = true;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From the start of one run to the start of the next.
    pub fn every(&self) -> Duration {
        self.interval
    }

    /// What is measured, if that has a name of its own.
    pub fn measured(&self) -> Option<&str> {
        self.measurement.as_deref()
    }

    /// The key in `checks`: `name` or `name:measurement`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn valid(name: &str) -> Result<&str, SpecError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if name.len() > MAX_NAME {
        return Err(SpecError::TooLong(crate::scrub::cut(name, MAX_NAME).to_owned()));
    }
    if name.is_empty() || !name.bytes().all(good) {
        return Err(SpecError::Name(name.to_owned()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
