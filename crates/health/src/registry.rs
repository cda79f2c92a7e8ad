//! What is registered before the start: identity, gates, plugins, components.

use std::{
    collections::HashMap,
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
    passive::{LANE, Lanes, Reporter},
    report::Profile,
    scrub,
    spec::{Scope, Spec},
};

/// The longest text of an identity or description, in bytes.
const MAX_TEXT: usize = 256;

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
    fn new(scope: Scope, spec: Spec, label: Arc<str>, check: Option<Arc<dyn Check>>) -> Self {
        Self {
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
    pages: Vec<Page>,
    components: Vec<Arc<Component>>,
    /// How many have asked for each label.
    labels: HashMap<Arc<str>, u32>,
    container: Container,
    lanes: Lanes,
    receivers: crate::passive::Receivers,
    hearts: Vec<(Arc<str>, Heart)>,
}

impl Builder {
    /// Nothing to watch yet.
    pub fn new(identity: Identity) -> Self {
        let (active, from_checks) = mpsc::channel(LANE);
        let (passive, from_traffic) = mpsc::channel(LANE);
        Self {
            identity,
            settings: Settings::default(),
            gates: Vec::new(),
            pages: Vec::new(),
            components: Vec::new(),
            labels: HashMap::new(),
            container: Container::new(),
            lanes: Lanes { active, passive, dropped: Arc::default() },
            receivers: crate::passive::Receivers { from_checks, from_traffic },
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

    /// Gives a plugin its page, even if it has no checks. A page described twice keeps the last description.
    pub fn plugin(&mut self, name: &str, description: &str) -> &mut Self {
        let description = scrub::line(description, MAX_TEXT);
        match self.pages.iter_mut().find(|page| &*page.name == name) {
            Some(page) => page.description = description,
            None => self.pages.push(Page { name: name.into(), description }),
        }
        self
    }

    /// Adds a component with a check. Several under one name are shown as one array, in order of registration.
    pub fn check(&mut self, scope: Scope, spec: Spec, check: Arc<dyn Check>) -> Reporter {
        self.add(scope, spec, Some(check))
    }

    /// Adds a component that only real traffic feeds; the spec is made [passive](Spec::passive).
    pub fn passive(&mut self, scope: Scope, spec: Spec) -> Reporter {
        self.add(scope, spec.passive(), None)
    }

    /// Ends the registration.
    pub fn build(self) -> Health {
        Health::new(crate::health::Parts {
            identity: self.identity,
            settings: self.settings,
            gates: self.gates,
            pages: self.pages,
            components: self.components,
            container: self.container,
            lanes: self.lanes,
            receivers: self.receivers,
            hearts: self.hearts,
        })
    }

    fn add(&mut self, scope: Scope, spec: Spec, check: Option<Arc<dyn Check>>) -> Reporter {
        if let Scope::Plugin(name) = &scope
            && !self.pages.iter().any(|page| page.name == *name)
        {
            let description = format!("{name} plugin");
            self.plugin(name, &description);
        }
        let label = self.label(&scope, &spec);
        let component = Arc::new(Component::new(scope, spec, label, check));
        self.components.push(Arc::clone(&component));
        Reporter::new(component, self.components.len() - 1, self.lanes.clone())
    }

    /// A label that no other has: with the id, the measurement or at last a number, as far as it takes.
    fn label(&mut self, scope: &Scope, spec: &Spec) -> Arc<str> {
        let page = match scope {
            Scope::Core => String::new(),
            Scope::Plugin(plugin) => format!("{plugin}/"),
        };
        let id =
            if spec.component_id == spec.name { String::new() } else { format!("({})", spec.component_id) };
        let mut label: Arc<str> = format!("{page}{}{id}", spec.name).into();
        if self.labels.contains_key(&label) {
            label = format!("{page}{}{id}", spec.key).into();
        }
        while let Some(asked) = self.labels.get_mut(&label) {
            *asked += 1;
            label = format!("{page}{}{id}({asked})", spec.key).into();
        }
        self.labels.insert(Arc::clone(&label), 1);
        label
    }
}
