//! One family of metrics: what it is, and how it is written.

use std::fmt::Error;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::times::Times;

/// A family: its name, without its unit and `_total`, and what it means.
pub(super) struct Meter {
    name: &'static str,
    unit: Option<&'static str>,
    kind: MetricType,
    labels: &'static [&'static str],
    help: &'static str,
}

/// The value on a line.
pub(super) enum Value<'a> {
    Count(u64),
    Measure(f64),
    /// The family has labels.
    Times(&'a Times),
}

/// 1 for yes, 0 for no.
pub(super) fn yes(yes: bool) -> Value<'static> {
    Value::Count(u64::from(yes))
}

/// A number of things that are there.
pub(super) fn count(count: usize) -> Value<'static> {
    Value::Count(count as u64)
}

impl Meter {
    pub(super) const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, unit: None, kind: MetricType::Counter, labels, help }
    }

    pub(super) const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { kind: MetricType::Gauge, ..Self::counter(name, labels, help) }
    }

    /// Of seconds.
    pub(super) const fn histogram(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { kind: MetricType::Histogram, unit: Some("seconds"), ..Self::counter(name, labels, help) }
    }

    pub(super) const fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// Writes the family; each line has the values of the labels.
    pub(super) fn write<'a, L: AsRef<[&'a str]>>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        lines: impl IntoIterator<Item = (L, Value<'a>)>,
    ) -> Result<(), Error> {
        let unit = self.unit.map(|unit| Unit::Other(unit.to_owned()));
        let mut family = encoder.encode_descriptor(self.name, self.help, unit.as_ref(), self.kind)?;
        for (values, value) in lines {
            let labels: Vec<_> = self.labels.iter().copied().zip(values.as_ref().iter().copied()).collect();
            match value {
                Value::Times(times) => times.encode(family.encode_family(&labels)?)?,
                value if labels.is_empty() => self.number(&mut family, &value)?,
                value => self.number(&mut family.encode_family(&labels)?, &value)?,
            }
        }
        Ok(())
    }

    fn number(&self, encoder: &mut MetricEncoder<'_>, value: &Value<'_>) -> Result<(), Error> {
        let is_counter = matches!(self.kind, MetricType::Counter);
        match value {
            Value::Count(count) if is_counter => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
            Value::Measure(sum) if is_counter => encoder.encode_counter::<NoLabelSet, _, u64>(sum, None),
            Value::Count(count) => encoder.encode_gauge(count),
            Value::Measure(measure) => encoder.encode_gauge(measure),
            Value::Times(_) => Err(Error),
        }
    }

    /// Its row in the manual.
    pub(super) fn row(&self) -> String {
        let (kind, suffix) = match self.kind {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Histogram => ("histogram", ""),
            _ => ("gauge", ""),
        };
        let unit = self.unit.map(|unit| format!("_{unit}")).unwrap_or_default();
        let labels: Vec<String> = self.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}{unit}{suffix}` | {kind} | {} | {} |\n", self.name, labels.join(", "), self.help)
    }
}
