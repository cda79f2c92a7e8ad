//! Pages and components that are added to a health, before its start or while it runs.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    check::Check,
    passive::{Lanes, Reporter},
    registry::{Component, MAX_TEXT, Page},
    scrub,
    spec::{Scope, Spec},
};

/// Pages and components to be added together. Nothing of it is there before it has been: dropped, it leaves no trace,
/// and what its reporters say is heard by nobody.
pub struct Registration {
    pub(crate) pages: Vec<Page>,
    pub(crate) components: Vec<Arc<Component>>,
    pub(crate) lanes: Lanes,
    /// How many have asked for each label.
    labels: HashMap<Arc<str>, u32>,
}

impl Registration {
    pub(crate) fn new(lanes: Lanes) -> Self {
        Self { pages: Vec::new(), components: Vec::new(), lanes, labels: HashMap::new() }
    }

    /// Beside components that have these labels already.
    pub(crate) fn beside(lanes: Lanes, labels: impl Iterator<Item = Arc<str>>) -> Self {
        Self { labels: labels.map(|label| (label, 1)).collect(), ..Self::new(lanes) }
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

    /// Whether a component of this name is added to this page.
    pub fn has(&self, scope: &Scope, name: &str) -> bool {
        self.components.iter().any(|component| component.scope == *scope && component.spec.name() == name)
    }

    fn add(&mut self, scope: Scope, spec: Spec, check: Option<Arc<dyn Check>>) -> Reporter {
        if let Scope::Plugin(name) = &scope
            && !self.pages.iter().any(|page| page.name == *name)
        {
            let description = format!("{name} plugin");
            self.plugin(name, &description);
        }
        let label = self.label(&scope, &spec);
        let id = self.lanes.ids.fetch_add(1, Ordering::Relaxed);
        let component = Arc::new(Component::new(id, scope, spec, label, check));
        self.components.push(Arc::clone(&component));
        Reporter::new(component, self.lanes.clone())
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

/// Pages to be taken away, and what is to be there instead: one step of the writer.
pub(crate) struct Change {
    pub(crate) gone: Vec<String>,
    pub(crate) added: Registration,
    /// Told when it is done.
    pub(crate) done: tokio::sync::oneshot::Sender<()>,
}

#[cfg(test)]
mod tests;
