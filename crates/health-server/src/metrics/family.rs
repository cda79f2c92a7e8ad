//! A family of metrics: what is known, as lines with labels.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::PREFIX;

/// The value on a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Count(u64),
    Measure(f64),
}

/// 1 for yes, 0 for no.
pub(super) fn yes(yes: bool) -> Number {
    Number::Count(u64::from(yes))
}

type Label = (String, String);

/// Metrics of one name.
#[derive(Debug)]
pub(super) struct Family {
    name: String,
    help: &'static str,
    kind: MetricType,
    unit: Option<Unit>,
    lines: Vec<(Vec<Label>, Number)>,
}

impl Family {
    pub(super) fn gauge(name: &str, help: &'static str) -> Self {
        Self {
            name: format!("{PREFIX}_{name}"),
            help,
            kind: MetricType::Gauge,
            unit: None,
            lines: Vec::new(),
        }
    }

    pub(super) fn counter(name: &str, help: &'static str) -> Self {
        Self { kind: MetricType::Counter, ..Self::gauge(name, help) }
    }

    /// Gives the name its unit, at its end.
    pub(super) fn unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Adds a line.
    pub(super) fn with(mut self, labels: &[(&str, &str)], number: Number) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        self.lines.push((labels.iter().map(owned).collect(), number));
        self
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut family = encoder.encode_descriptor(&self.name, self.help, self.unit.as_ref(), self.kind)?;
        for (labels, number) in &self.lines {
            if labels.is_empty() {
                self.line(&mut family, *number)?;
            } else {
                self.line(&mut family.encode_family(labels)?, *number)?;
            }
        }
        Ok(())
    }

    fn line(&self, encoder: &mut MetricEncoder<'_>, number: Number) -> Result<(), Error> {
        match (self.kind, number) {
            (MetricType::Counter, Number::Count(count)) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(&count, None)
            }
            (MetricType::Counter, Number::Measure(measure)) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(&measure, None)
            }
            (_, Number::Count(count)) => encoder.encode_gauge(&count),
            (_, Number::Measure(measure)) => encoder.encode_gauge(&measure),
        }
    }
}
