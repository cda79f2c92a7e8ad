//! What is registered before the start: identity, gates, plugins, components.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    beat::Heart,
    check::Check,
    container::Container,
    health::{Health, Settings},
    links::LinkError,
    passive::{LANE, Lanes, Receivers, Reporter},
    registration::Registration,
    report::Profile,
    scrub,
    spec::{Scope, Spec},
};

/// The longest text of an identity or description, in bytes.
pub(crate) const MAX_TEXT: usize = 256;

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The version of the product.
    pub version: String,
    /// `serviceId` on the wire.
    pub service_id: String,
    /// `description` on the wire.
    pub description: String,
}

impl Identity {
    /// An identity; each text is cut at 256 bytes, for pages are bounded, and loses its control characters.
    pub fn new(
        version: impl Into<String>,
        service_id: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let bounded = |text: String| scrub::line(&text, MAX_TEXT);
        Self {
            version: bounded(version.into()),
            service_id: bounded(service_id.into()),
            description: bounded(description.into()),
        }
    }

    /// `version` and `releaseId` of a page. The draft's version is the public one, which is all that a caller may
    /// rely on: the part of ours that changes when something breaks.
    pub(crate) fn versions(&self, profile: Profile, full: bool) -> (&str, Option<&str>) {
        let whole = &*self.version;
        if profile == Profile::Ccproxy {
            return (whole, None);
        }
        let parts = if whole.starts_with("0.") { 2 } else { 1 };
        let end = whole.match_indices('.').nth(parts - 1).map_or(whole.len(), |(at, _)| at);
        (whole.get(..end).unwrap_or(whole), full.then_some(whole))
    }
}

/// A registered component: what does not change, and the few atomics that do.
pub(crate) struct Component {
    /// Its number, which no other has had or will have. Later ones have greater ones.
    pub(crate) id: usize,
    pub(crate) scope: Scope,
    pub(crate) spec: Spec,
    /// `name` or `plugin/name`, with the component's id where it has one of its own (`disk(data)`): how logs, readiness
    /// and `exclude` call it. No other component has the same.
    pub(crate) label: Arc<str>,
    pub(crate) check: Option<Arc<dyn Check>>,
    pub(crate) enabled: AtomicBool,
    pub(crate) transitions: AtomicU64,
    origin: Instant,
    last_pass: AtomicU64,
}

impl Component {
    pub(crate) fn new(
        id: usize,
        scope: Scope,
        spec: Spec,
        label: Arc<str>,
        check: Option<Arc<dyn Check>>,
    ) -> Self {
        Self {
            id,
            scope,
            spec,
            label,
            check,
            enabled: AtomicBool::new(true),
            transitions: AtomicU64::new(0),
            origin: Instant::now(),
            last_pass: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::SeqCst)
    }

    /// Whether an exclude list names it, by its name or its label.
    pub(crate) fn excluded(&self, exclude: &[&str]) -> bool {
        exclude.iter().any(|name| *name == &*self.spec.name || *name == &*self.label)
    }

    /// Whether this name means it on its own page: its name, or its label, where the plugin goes without saying.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let label = match &self.scope {
            Scope::Core => Some(&*self.label),
            Scope::Plugin(plugin) => {
                self.label.strip_prefix(&**plugin).and_then(|rest| rest.strip_prefix('/'))
            }
        };
        name == &*self.spec.name || label == Some(name)
    }

    /// Notes what real traffic said, for the scheduler to see without waiting for the writer.
    pub(crate) fn note_traffic(&self, passed: bool, now: Instant) {
        let stamp = if passed { self.stamp(now) } else { 0 };
        self.last_pass.store(stamp, Ordering::Relaxed);
    }

    /// Whether real traffic, when last heard of, passed and did so within the given time.
    pub(crate) fn passed_within(&self, time: Duration, now: Instant) -> bool {
        let last = self.last_pass.load(Ordering::Relaxed);
        last != 0 && u128::from(self.stamp(now).saturating_sub(last)) < time.as_millis()
    }

    /// Milliseconds since registration, counted from 1: 0 means never.
    fn stamp(&self, now: Instant) -> u64 {
        let millis = now.saturating_duration_since(self.origin).as_millis();
        u64::try_from(millis).unwrap_or(u64::MAX - 1).saturating_add(1)
    }
}

/// A plugin's page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) name: Arc<str>,
    pub(crate) description: String,
}

/// Collects everything there is to watch, then becomes a [`Health`].
pub struct Builder {
    identity: Identity,
    settings: Settings,
    gates: Vec<Arc<str>>,
    added: Registration,
    container: Container,
    receivers: Receivers,
    hearts: Vec<(Arc<str>, Heart)>,
}

impl Builder {
    /// Nothing to watch yet.
    pub fn new(identity: Identity) -> Self {
        let (active, from_checks) = mpsc::channel(LANE);
        let (passive, from_traffic) = mpsc::channel(LANE);
        let (changes, to_change) = mpsc::channel(1);
        let lanes = Lanes { active, passive, changes, dropped: Arc::default(), ids: Arc::default() };
        Self {
            identity,
            settings: Settings::default(),
            gates: Vec::new(),
            added: Registration::new(lanes),
            container: Container::new(),
            receivers: Receivers { from_checks, from_traffic, to_change },
            hearts: Vec::new(),
        }
    }

    /// Adds a start-up gate. The phase is starting until every gate is open; without gates it is ready at once.
    pub fn gate(&mut self, name: &str) -> &mut Self {
        self.gates.push(name.into());
        self
    }

    /// Adds a heart for a runtime beside the main one; liveness fails when it stops beating.
    pub fn heart(&mut self, name: &str) -> Heart {
        let heart = Heart::new();
        self.hearts.push((name.into(), heart.clone()));
        heart
    }

    /// How long a heartbeat may be late before liveness fails (5 s unless set).
    pub fn stall_limit(&mut self, limit: Duration) -> &mut Self {
        self.settings.stall_limit = limit;
        self
    }

    /// How much older than interval + timeout a result may be and still count (5 s unless set).
    pub fn grace(&mut self, grace: Duration) -> &mut Self {
        self.settings.grace = grace;
        self
    }

    /// What `Retry-After` says on a failed answer, in whole seconds (5 s unless set).
    pub fn retry_after(&mut self, after: Duration) -> &mut Self {
        self.settings.retry_after = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
        self
    }

    /// Which keys the pages have ([`Profile::Ccproxy`] unless set).
    pub fn profile(&mut self, profile: Profile) -> &mut Self {
        self.settings.profile = profile;
        self
    }

    /// Adds a link to `/health` of the profile [`Ietf`](Profile::Ietf). The draft asks for URIs, so a path alone will
    /// not do; and since a service seldom knows under which address others reach it, there is no link unless one is
    /// added. A second link of the same relation replaces the first.
    ///
    /// # Errors
    /// [`LinkError`] when `uri` is no URI, `relation` neither one nor registered, or there are eight already.
    pub fn link(&mut self, relation: &str, uri: &str) -> Result<&mut Self, LinkError> {
        self.settings.links.add(relation, uri)?;
        Ok(self)
    }

    /// The container behind `service_container`: add the program's parts to it.
    pub fn container(&self) -> Container {
        self.container.clone()
    }

    /// Puts a container made elsewhere in the place of the builder's own.
    pub fn use_container(&mut self, container: Container) -> &mut Self {
        self.container = container;
        self
    }

    /// What pages and components are added to, as it can be done [while a health runs](Health::registration), too.
    pub fn registration(&mut self) -> &mut Registration {
        &mut self.added
    }

    /// As [`Registration::plugin`].
    pub fn plugin(&mut self, name: &str, description: &str) -> &mut Self {
        self.added.plugin(name, description);
        self
    }

    /// As [`Registration::check`].
    pub fn check(&mut self, scope: Scope, spec: Spec, check: Arc<dyn Check>) -> Reporter {
        self.added.check(scope, spec, check)
    }

    /// As [`Registration::passive`].
    pub fn passive(&mut self, scope: Scope, spec: Spec) -> Reporter {
        self.added.passive(scope, spec)
    }

    /// Ends the registration.
    pub fn build(self) -> Health {
        Health::new(crate::health::Parts {
            identity: self.identity,
            settings: self.settings,
            gates: self.gates,
            added: self.added,
            container: self.container,
            receivers: self.receivers,
            hearts: self.hearts,
        })
    }
}
