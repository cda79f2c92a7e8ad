//! Which names of models may be labels.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use ccproxy_record::Record;

use super::NONE;
use super::table::OTHER;

/// How many names may become known by being answered for.
pub(super) const LEARNED: usize = 200;

/// Names of models: those in the configuration, and the first [`LEARNED`] for which a provider has answered. A name is the
/// client's to choose, and providers may well answer whatever it is.
#[derive(Default)]
pub(super) struct Models {
    known: ArcSwap<BTreeSet<Box<str>>>,
    learned: AtomicUsize,
}

impl Models {
    /// These are in the configuration.
    pub(super) fn know<'a>(&self, models: impl IntoIterator<Item = &'a str>) {
        let models: Vec<&str> = models.into_iter().collect();
        self.known.rcu(|known| {
            let mut known = BTreeSet::clone(known);
            known.extend(models.iter().map(|model| Box::from(*model)));
            known
        });
    }

    /// The label for the model of an exchange: the one that the provider was asked for, or else the client.
    pub(super) fn label<'r>(&self, record: &'r Record) -> &'r str {
        let Some(model) = record.served_model.as_deref().or(record.model.as_deref()) else { return NONE };
        let answered = || record.error.is_none() && matches!(record.upstream_status, Some(200..300));
        let known = self.known.load().contains(model) || (answered() && self.learn(model));
        if known { model } else { OTHER }
    }

    /// Whether there is room for another name.
    fn learn(&self, model: &str) -> bool {
        let more = |learned| (learned < LEARNED).then_some(learned + 1);
        let learned = self.learned.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if learned {
            self.know([model]);
        }
        learned
    }
}
