//! The metrics of the components.

use std::collections::BTreeMap;
use std::fmt::Error;

use ccproxy_health::{Sample, Scope, Standing};
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::family::{Family, Number, yes};

const STATUSES: [&str; 4] = ["pass", "warn", "fail", "unknown"];

/// The families of the components, each component once.
pub(super) fn encode(samples: &[Sample], encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let lines = Lines(distinct(samples));
    let status = Family::gauge("check_status", "The status of a check, staleness included.");
    lines
        .each(status, |sample| {
            let now = status_of(sample);
            STATUSES.map(|status| (Some(("status", status)), yes(status == now))).to_vec()
        })
        .encode(encoder)?;
    let runs = Family::counter("check_runs", "Outcomes of a check, those of real traffic included.");
    lines
        .each(runs, |Sample { runs, .. }| {
            [("pass", runs.pass), ("warn", runs.warn), ("fail", runs.fail)]
                .map(|(status, count)| (Some(("status", status)), Number::Count(count)))
                .to_vec()
        })
        .encode(encoder)?;
    let transitions = Family::counter("check_transitions", "How often a check changed its state.");
    lines.each(transitions, |sample| vec![(None, Number::Count(sample.transitions))]).encode(encoder)?;
    let success = Family::gauge("check_last_success_timestamp", "When the last pass of a check was taken.");
    lines
        .each(success.unit(Unit::Seconds), |sample| {
            sample.last_success.map(|at| (None, Number::Measure(at))).into_iter().collect()
        })
        .encode(encoder)?;
    let duration = Family::gauge("check_duration", "How long the last run of a check took.");
    lines
        .each(duration.unit(Unit::Seconds), |sample| {
            sample.last_duration.map(|took| (None, Number::Measure(took.as_secs_f64()))).into_iter().collect()
        })
        .encode(encoder)?;
    let value = Family::gauge("check_value", "What the last outcome of a check measured.");
    lines
        .each(value, |sample| {
            let observed = sample.observed.as_ref();
            observed
                .map(|(value, unit)| (Some(("unit", &**unit)), Number::Measure(*value)))
                .into_iter()
                .collect()
        })
        .encode(encoder)
}

/// What tells one component from another.
type Labels<'s> = [&'s str; 4];

/// The samples with their labels, in order.
struct Lines<'s>(BTreeMap<Labels<'s>, Sample>);

impl Lines<'_> {
    /// Adds the lines of every component to a family.
    fn each<'a>(
        &'a self,
        family: Family,
        of: impl Fn(&'a Sample) -> Vec<(Option<(&'a str, &'a str)>, Number)>,
    ) -> Family {
        self.0.iter().fold(family, |family, (labels, sample)| {
            of(sample).into_iter().fold(family, |family, (own, number)| {
                let names = ["plugin", "component", "id", "measurement"].into_iter().zip(*labels);
                let labels: Vec<_> = names.chain(own).collect();
                family.with(&labels, number)
            })
        })
    }
}

fn status_of(sample: &Sample) -> &'static str {
    match sample.standing {
        Standing::Known | Standing::Late(_) | Standing::Lost(_) => sample.status.as_str(),
        Standing::Unknown | Standing::Idle | Standing::Disabled => "unknown",
    }
}

/// Several components may share all their names. A line may stand only once, so they are told as one: the worst of
/// them, all their runs.
fn distinct(samples: &[Sample]) -> BTreeMap<Labels<'_>, Sample> {
    let mut distinct: BTreeMap<Labels<'_>, Sample> = BTreeMap::new();
    for sample in samples {
        let plugin = match &sample.scope {
            Scope::Core => "",
            Scope::Plugin(name) => name,
        };
        let measurement = sample.measurement.as_deref().unwrap_or_default();
        let labels = [plugin, &*sample.name, &*sample.id, measurement];
        match distinct.get_mut(&labels) {
            Some(one) => merge(one, sample),
            None => {
                distinct.insert(labels, sample.clone());
            }
        }
    }
    distinct
}

fn merge(one: &mut Sample, other: &Sample) {
    let known = |sample: &Sample| status_of(sample) != "unknown";
    if (known(other), other.status) > (known(one), one.status) {
        (one.status, one.standing) = (other.status, other.standing);
        one.observed.clone_from(&other.observed);
    }
    one.transitions += other.transitions;
    one.runs.pass += other.runs.pass;
    one.runs.warn += other.runs.warn;
    one.runs.fail += other.runs.fail;
    // The one that has waited longest for a success is the one to look at.
    one.last_success = one.last_success.zip(other.last_success).map(|(a, b)| a.min(b));
    one.last_duration = one.last_duration.max(other.last_duration);
}
