//! Records as rows.

use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Millis, Record, Tokens, TraceContext};
use jiff::Timestamp;

use crate::StoreError;
use crate::database::{Columns, Conflict, Table, Value};
use crate::transition::Transition;

/// Where records are.
pub(crate) const RECORDS: Table = Table { name: "records", columns: &COLUMNS, conflict: Conflict::Never };

const COLUMNS: [&str; 31] = [
    "ended",
    "began",
    "id",
    "session",
    "key",
    "operation",
    "dialect",
    "route",
    "provider",
    "kind",
    "model",
    "served_model",
    "stream",
    "status",
    "upstream_status",
    "ending",
    "error",
    "fault",
    "attempts",
    "first_byte",
    "first_token",
    "duration",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost",
    "request_bytes",
    "response_bytes",
    "trace",
];

/// Where the history of health is.
pub(crate) const TRANSITIONS: Table = Table {
    name: "transitions",
    columns: &["at", "plugin", "component", "before", "after", "output"],
    conflict: Conflict::Never,
};

/// When an exchange ended, in microseconds since 1970.
pub(crate) fn ended(record: &Record) -> i64 {
    let duration = i64::try_from(record.duration.micros()).unwrap_or(i64::MAX);
    record.began.as_microsecond().saturating_add(duration)
}

/// The row of a record.
pub(crate) fn row(record: &Record) -> Result<Vec<Value>, StoreError> {
    let text = |text: &Option<String>| Value::from(text.as_deref());
    let span = |span: Option<Millis>| Value::from(span.map(Millis::micros));
    let status = |status: Option<u16>| Value::from(status.map(i64::from));
    Ok(vec![
        ended(record).into(),
        record.began.as_microsecond().into(),
        record.id.as_str().into(),
        text(&record.session),
        text(&record.key),
        record.operation.as_str().into(),
        text(&record.dialect),
        text(&record.route),
        text(&record.provider),
        text(&record.kind),
        text(&record.model),
        text(&record.served_model),
        i64::from(record.stream).into(),
        status(record.status),
        status(record.upstream_status),
        record.ending.as_str().into(),
        text(&record.error),
        record.fault.map(ccproxy_record::Fault::as_str).into(),
        serde_json::to_string(&record.attempts)?.into(),
        span(record.first_byte),
        span(record.first_token),
        record.duration.micros().into(),
        record.tokens.input.into(),
        record.tokens.output.into(),
        record.tokens.cache_read.into(),
        record.tokens.cache_write.into(),
        record.tokens.reasoning.into(),
        record.cost.map(Cost::nanos).into(),
        record.request_bytes.into(),
        record.response_bytes.into(),
        record.trace.as_ref().map(serde_json::to_string).transpose()?.into(),
    ])
}

/// The record of a row: the columns of [`RECORDS`] after one that counts.
pub(crate) fn record(row: Vec<Value>) -> Result<(i64, i64, Record), StoreError> {
    let row = &mut Columns::of(row);
    let (seq, ended, began) = (row.int()?, row.int()?, row.int()?);
    let record = Record {
        id: row.text()?,
        began: timestamp(began)?,
        session: row.maybe_text()?,
        key: row.maybe_text()?,
        operation: row.text()?,
        dialect: row.maybe_text()?,
        route: row.maybe_text()?,
        provider: row.maybe_text()?,
        kind: row.maybe_text()?,
        model: row.maybe_text()?,
        served_model: row.maybe_text()?,
        stream: row.int()? != 0,
        status: status(row)?,
        upstream_status: status(row)?,
        ending: word(&row.text()?)?,
        error: row.maybe_text()?,
        fault: row.maybe_text()?.map(|fault| word(&fault)).transpose()?,
        attempts: serde_json::from_str::<Vec<Attempt>>(&row.text()?)?,
        first_byte: span(row)?,
        first_token: span(row)?,
        duration: span(row)?.unwrap_or_default(),
        tokens: tokens(row)?,
        cost: row.maybe_int()?.map(Cost::from_nanos),
        request_bytes: row.count()?,
        response_bytes: row.count()?,
        trace: row.maybe_text()?.map(|trace| serde_json::from_str::<TraceContext>(&trace)).transpose()?,
    };
    Ok((seq, ended, record))
}

/// The query that gives rows for [`record`]; its condition comes after.
pub(crate) fn select() -> String {
    format!("SELECT seq, {} FROM records", COLUMNS.join(", "))
}

pub(crate) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Content(error.to_string()))
}

fn word<T: std::str::FromStr<Err = ccproxy_record::Unknown>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: ccproxy_record::Unknown| StoreError::Content(error.to_string()))
}

fn status(row: &mut Columns) -> Result<Option<u16>, StoreError> {
    Ok(row.maybe_int()?.and_then(|status| u16::try_from(status).ok()))
}

fn span(row: &mut Columns) -> Result<Option<Millis>, StoreError> {
    let micros = row.maybe_int()?.map(|micros| u64::try_from(micros).unwrap_or(0));
    Ok(micros.map(|micros| Duration::from_micros(micros).into()))
}

fn tokens(row: &mut Columns) -> Result<Tokens, StoreError> {
    let mut count = || Ok::<_, StoreError>(row.maybe_int()?.and_then(|count| u64::try_from(count).ok()));
    Ok(Tokens {
        input: count()?,
        output: count()?,
        cache_read: count()?,
        cache_write: count()?,
        reasoning: count()?,
    })
}

pub(crate) fn transition_row(transition: &Transition) -> Vec<Value> {
    vec![
        transition.at.as_microsecond().into(),
        transition.plugin.as_str().into(),
        transition.component.as_str().into(),
        transition.from.as_str().into(),
        transition.to.as_str().into(),
        transition.output.as_deref().into(),
    ]
}

pub(crate) fn transition(row: Vec<Value>) -> Result<Transition, StoreError> {
    let row = &mut Columns::of(row);
    Ok(Transition {
        at: timestamp(row.int()?)?,
        plugin: row.text()?,
        component: row.text()?,
        from: row.text()?,
        to: row.text()?,
        output: row.maybe_text()?,
    })
}
