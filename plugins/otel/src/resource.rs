//! Whose spans and metrics they are, and the attributes of OTLP.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::names;

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
    Double(f64),
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// An attribute, as OTLP has it.
pub(crate) fn attribute(key: impl Into<String>, value: impl Into<Value>) -> KeyValue {
    let value = match value.into() {
        Value::Text(text) => any_value::Value::StringValue(text),
        Value::Int(number) => any_value::Value::IntValue(number),
        Value::Double(number) => any_value::Value::DoubleValue(number),
        Value::Bool(truth) => any_value::Value::BoolValue(truth),
    };
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Attributes, of which those without a value are left out.
#[derive(Default)]
pub(crate) struct Attributes(pub(crate) Vec<KeyValue>);

impl Attributes {
    pub(crate) fn put(&mut self, key: &'static str, value: Option<impl Into<Value>>) -> &mut Self {
        self.0.extend(value.map(|value| attribute(key, value)));
        self
    }
}

/// This process. Several of one name are told apart by an id that is new with each start.
pub(crate) fn resource(service: &str, more: &BTreeMap<String, String>) -> Resource {
    let id = format!("{:032x}", fastrand::u128(..));
    let ours = [
        (names::SERVICE_NAME, service),
        (names::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        (names::SERVICE_INSTANCE_ID, id.as_str()),
    ];
    let ours = ours.into_iter().filter(|(name, _)| !more.contains_key(*name));
    let ours = ours.map(|(name, value)| attribute(name, value));
    let more = more.iter().map(|(name, value)| attribute(name, value.as_str()));
    Resource { attributes: ours.chain(more).collect(), ..Resource::default() }
}

/// Who made them.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "ccproxy".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
