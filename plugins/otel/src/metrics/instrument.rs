//! A metric's series, by their attributes.

use std::collections::BTreeMap;

use ccproxy_record::Cost;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram as Histograms, HistogramDataPoint, Metric, NumberDataPoint,
    Sum as Sums, metric, number_data_point,
};

use crate::names;
use crate::resource::attribute;

/// More series than this are counted together, as OpenTelemetry's own libraries do.
pub(super) const SERIES: usize = 2000;

/// The attributes of a series.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels(Vec<(&'static str, Label)>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Text(Box<str>),
    Number(u16),
    Yes,
}

impl Labels {
    pub(super) fn put(&mut self, name: &'static str, value: Option<&str>) {
        self.0.extend(value.map(|value| (name, Label::Text(value.into()))));
    }

    pub(super) fn number(&mut self, name: &'static str, value: Option<u16>) {
        self.0.extend(value.map(|value| (name, Label::Number(value))));
    }

    fn overflow() -> Self {
        Self(vec![(names::OVERFLOW, Label::Yes)])
    }

    fn told(&self) -> Vec<KeyValue> {
        let told = |(name, label): &(&'static str, Label)| match label {
            Label::Text(text) => attribute(*name, &**text),
            Label::Number(number) => attribute(*name, *number),
            Label::Yes => attribute(*name, true),
        };
        self.0.iter().map(told).collect()
    }
}

/// What a series counts.
pub(super) trait Point {
    fn new(bounds: &'static [f64]) -> Self;
}

/// A metric and its series.
pub(super) struct Instrument<P> {
    of: &'static names::Metric,
    series: BTreeMap<Labels, P>,
}

impl<P: Point> Instrument<P> {
    pub(super) const fn new(of: &'static names::Metric) -> Self {
        Self { of, series: BTreeMap::new() }
    }

    /// The series of these attributes.
    pub(super) fn at(&mut self, labels: Labels) -> &mut P {
        let full = self.series.len() >= SERIES && !self.series.contains_key(&labels);
        let labels = if full { Labels::overflow() } else { labels };
        self.series.entry(labels).or_insert_with(|| P::new(self.of.bounds.unwrap_or_default()))
    }

    fn metric(&self, data: metric::Data) -> Option<Metric> {
        (!self.series.is_empty()).then(|| Metric {
            name: self.of.name.to_owned(),
            description: self.of.what.to_owned(),
            unit: self.of.unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        })
    }
}

/// Counts by size.
pub(super) struct Histogram {
    bounds: &'static [f64],
    /// One more than there are bounds.
    counts: Vec<u64>,
    sum: f64,
    least: f64,
    most: f64,
}

impl Point for Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0, least: f64::INFINITY, most: 0.0 }
    }
}

impl Histogram {
    pub(super) fn observe(&mut self, value: f64) {
        // A bound belongs to the bucket below it.
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.sum += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }
}

impl Instrument<Histogram> {
    pub(super) fn told(&self, began: u64, now: u64) -> Option<Metric> {
        let point = |(labels, point): (&Labels, &Histogram)| HistogramDataPoint {
            attributes: labels.told(),
            start_time_unix_nano: began,
            time_unix_nano: now,
            count: point.counts.iter().sum(),
            sum: Some(point.sum),
            bucket_counts: point.counts.clone(),
            explicit_bounds: point.bounds.to_vec(),
            min: Some(point.least),
            max: Some(point.most),
            ..HistogramDataPoint::default()
        };
        self.metric(metric::Data::Histogram(Histograms {
            data_points: self.series.iter().map(point).collect(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        }))
    }
}

/// Money, exact until it is told.
#[derive(Default)]
pub(super) struct Sum(Cost);

impl Point for Sum {
    fn new(_bounds: &'static [f64]) -> Self {
        Self::default()
    }
}

impl Sum {
    pub(super) fn add(&mut self, cost: Cost) {
        self.0 += cost;
    }
}

impl Instrument<Sum> {
    pub(super) fn told(&self, began: u64, now: u64) -> Option<Metric> {
        let point = |(labels, sum): (&Labels, &Sum)| NumberDataPoint {
            attributes: labels.told(),
            start_time_unix_nano: began,
            time_unix_nano: now,
            value: Some(number_data_point::Value::AsDouble(sum.0.dollars())),
            ..NumberDataPoint::default()
        };
        self.metric(metric::Data::Sum(Sums {
            data_points: self.series.iter().map(point).collect(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        }))
    }
}
