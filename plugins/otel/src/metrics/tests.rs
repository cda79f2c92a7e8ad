use std::collections::BTreeSet;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;

use super::*;
use crate::spans::tests::record;

/// A record of an answer that came whole, at the second attempt.
fn good() -> Record {
    record(|record| {
        record.ending = ccproxy_record::Ending::Done;
        (record.error, record.fault) = (None, None);
    })
}

fn points(metrics: &[Metric], name: &str) -> Vec<HistogramDataPoint> {
    let metric = metrics.iter().find(|metric| metric.name == name);
    match metric.and_then(|metric| metric.data.clone()) {
        Some(Data::Histogram(histogram)) => histogram.data_points,
        other => panic!("{name}: {other:?}"),
    }
}

fn label<'p>(attributes: &'p [KeyValue], name: &str) -> Option<&'p str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[test]
fn what_a_record_counts_for() {
    let mut meters = Meters::default();
    meters.count(&good());
    meters.count(&good());
    let told = meters.told();
    let tokens = points(&told, "gen_ai.client.token.usage");
    let of = |kind: &str| {
        let point = tokens.iter().find(|point| label(&point.attributes, "gen_ai.token.type") == Some(kind));
        point.map(|point| (point.count, point.sum)).unwrap()
    };
    assert_eq!((of("input"), of("output")), ((2, Some(60.0)), (2, Some(40.0))));
    let operations = points(&told, "gen_ai.client.operation.duration");
    let failed = operations.iter().find(|point| label(&point.attributes, "error.type").is_some()).unwrap();
    let done = operations.iter().find(|point| label(&point.attributes, "error.type").is_none()).unwrap();
    assert_eq!(failed.max, Some(0.002));
    assert_eq!((done.count, done.max), (2, Some(0.096)), "to the end of the answer, not to its head");
    assert_eq!(points(&told, "gen_ai.server.time_to_first_token")[0].max, Some(0.012));
    assert_eq!(points(&told, "http.server.request.duration")[0].min, Some(0.1));
    let Some(Data::Sum(cost)) = &told.last().unwrap().data else { panic!("{told:?}") };
    assert!(cost.is_monotonic && cost.aggregation_temporality == 2);
    assert_eq!(cost.data_points[0].value, Some(number_data_point::Value::AsDouble(0.5)));
}

#[test]
fn a_bound_belongs_to_the_bucket_below_it() {
    let mut meters = Meters::default();
    for millis in [4, 5, 6, 20_000] {
        let mut record = good();
        record.duration = Millis(std::time::Duration::from_millis(millis));
        meters.count(&record);
    }
    let point = points(&meters.told(), "http.server.request.duration").remove(0);
    assert_eq!(point.explicit_bounds.len() + 1, point.bucket_counts.len());
    assert_eq!(
        (point.bucket_counts[0], point.bucket_counts[1], point.bucket_counts.last()),
        (2, 1, Some(&1))
    );
}

#[test]
fn names_of_models_have_an_end() {
    let mut meters = Meters::default();
    let mut ask = |model: String, answered: bool| {
        let mut record = good();
        record.attempts.truncate(1);
        record.attempts[0].error = None;
        record.attempts[0].model = Some(model.clone());
        record.served_model = Some(model);
        record.upstream_status = Some(if answered { 200 } else { 404 });
        meters.count(&record);
    };
    ask("nobody-knows".to_owned(), false);
    for number in 0..300 {
        ask(format!("model-{number}"), true);
    }
    let points = points(&meters.told(), "gen_ai.client.operation.duration");
    let models: BTreeSet<_> =
        points.iter().filter_map(|point| label(&point.attributes, "gen_ai.request.model")).collect();
    assert_eq!(models.len(), MODELS + 1);
    assert!(models.contains(OTHER) && !models.contains("nobody-knows"));
    assert_eq!(points.iter().map(|point| point.count).sum::<u64>(), 301);
}

#[test]
fn series_have_an_end() {
    let mut instrument = Instrument::<Histogram>::new(&names::REQUEST_DURATION);
    for number in 0..instrument::SERIES + 10 {
        let mut labels = Labels::default();
        labels.put(names::HTTP_ROUTE, Some(&number.to_string()));
        instrument.at(labels).observe(1.0);
    }
    let metric = instrument.told(0, 1).unwrap();
    let points = points(&[metric], "http.server.request.duration");
    assert_eq!(points.len(), instrument::SERIES + 1);
    let rest = points.iter().find(|point| point.attributes[0].key == names::OVERFLOW).unwrap();
    assert_eq!(rest.count, 10);
}

/// The list is the document.
#[test]
fn every_metric_is_in_the_list_with_its_attributes() {
    let mut meters = Meters::default();
    meters.count(&good());
    meters.count(&record(|_| {}));
    let told = meters.told();
    let sent = |attributes: &[KeyValue]| -> BTreeSet<String> {
        attributes.iter().map(|attribute| attribute.key.clone()).collect()
    };
    assert_eq!(told.len(), names::METRICS.len());
    for (metric, listed) in told.iter().zip(names::METRICS) {
        assert_eq!((&*metric.name, &*metric.unit), (listed.name, listed.unit));
        let found: BTreeSet<String> = match metric.data.clone().unwrap() {
            Data::Histogram(it) => it.data_points.iter().flat_map(|point| sent(&point.attributes)).collect(),
            Data::Sum(it) => it.data_points.iter().flat_map(|point| sent(&point.attributes)).collect(),
            other => panic!("{other:?}"),
        };
        let expect: BTreeSet<String> = listed.attributes.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, expect, "{}", metric.name);
    }
}
