//! Records as rows.

use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Millis, Record, Tokens, TraceContext};
use jiff::Timestamp;

use crate::StoreError;
use crate::database::{Columns, Conflict, Table, Value, int, text};
use crate::dimensions::{DIMENSIONS, Dimensions, plain};
use crate::figures::Measures;
use crate::query::Dimension;
use crate::transition::Transition;

/// Where records are. What is summed up comes first.
pub(crate) const RECORDS: Table = Table {
    name: "records",
    columns: &[
        int("ended"),
        int("dimensions"),
        int("duration"),
        int("first_token"),
        int("calls"),
        int("input_tokens"),
        int("output_tokens"),
        int("cache_read_tokens"),
        int("cache_write_tokens"),
        int("reasoning_tokens"),
        int("cost"),
        int("request_bytes"),
        int("response_bytes"),
        text("model"),
        text("served_model"),
        int("began"),
        text("id"),
        text("session"),
        text("kind"),
        int("stream"),
        int("upstream_status"),
        int("first_byte"),
        text("attempts"),
        text("trace"),
    ],
    key: 0,
    conflict: Conflict::Never,
};

/// How many of them it takes to count a record.
const COUNTED: usize = 15;

/// Where the history of health is.
pub(crate) const TRANSITIONS: Table = Table {
    name: "transitions",
    columns: &[int("at"), text("plugin"), text("component"), text("before"), text("after"), text("output")],
    key: 0,
    conflict: Conflict::Never,
};

/// When an exchange ended, in microseconds since 1970.
pub(crate) fn ended(record: &Record) -> i64 {
    let duration = i64::try_from(record.duration.micros()).unwrap_or(i64::MAX);
    record.began.as_microsecond().saturating_add(duration)
}

/// The row of a record that is counted under these dimensions, which may hide its models.
pub(crate) fn row(record: &Record, dimensions: i64, hides: bool) -> Result<Vec<Value>, StoreError> {
    let text = |text: &Option<String>| Value::from(text.as_deref().map(plain));
    let hidden = |name: &Option<String>| if hides { text(name) } else { Value::Null };
    let span = |span: Option<Millis>| Value::from(span.map(Millis::micros));
    let tokens = &record.tokens;
    Ok(vec![
        ended(record).into(),
        dimensions.into(),
        record.duration.micros().into(),
        span(record.first_token),
        (record.attempts.len() as u64).into(),
        tokens.input.into(),
        tokens.output.into(),
        tokens.cache_read.into(),
        tokens.cache_write.into(),
        tokens.reasoning.into(),
        record.cost.map(Cost::nanos).into(),
        record.request_bytes.into(),
        record.response_bytes.into(),
        hidden(&record.model),
        hidden(&record.served_model),
        record.began.as_microsecond().into(),
        plain(&record.id).into(),
        text(&record.session),
        text(&record.kind),
        i64::from(record.stream).into(),
        record.upstream_status.map(i64::from).into(),
        span(record.first_byte),
        // JSON has no such character unescaped.
        serde_json::to_string(&record.attempts)?.into(),
        record.trace.as_ref().map(serde_json::to_string).transpose()?.into(),
    ])
}

/// What a query for [`record`] selects, and from where; a condition comes after.
pub(crate) fn select(by: &str) -> String {
    format!(
        "SELECT r.seq, {}, {} FROM records r{by} CROSS JOIN dimensions d WHERE d.id = r.dimensions",
        RECORDS.select(0, "r"),
        DIMENSIONS.select(1, "d")
    )
}

/// Where a record stands among all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) ended: i64,
    pub(crate) seq: i64,
}

/// The record of a row that [`select`] has given.
pub(crate) fn record(row: &mut Columns) -> Result<(Place, Record), StoreError> {
    let place = Place { seq: row.int()?, ended: row.int()? };
    row.int()?;
    let measures = measures(row)?;
    let (model, served_model) = (row.maybe_text()?, row.maybe_text()?);
    let began = timestamp(row.int()?)?;
    let (id, session, kind) = (row.text()?, row.maybe_text()?, row.maybe_text()?);
    let stream = row.int()? != 0;
    let upstream_status = status(row.maybe_int()?);
    let first_byte = span(row)?;
    let attempts = serde_json::from_str::<Vec<Attempt>>(&row.text()?)?;
    let trace = row.maybe_text()?.map(|trace| serde_json::from_str::<TraceContext>(&trace)).transpose()?;
    let dimensions = Dimensions::of_row(row)?;
    let of = |dimension| dimensions.get(dimension).map(str::to_owned);
    let record = Record {
        id,
        began,
        session,
        key: of(Dimension::Key),
        operation: of(Dimension::Operation).unwrap_or_default(),
        dialect: of(Dimension::Dialect),
        route: of(Dimension::Route),
        provider: of(Dimension::Provider),
        kind,
        model: model.or_else(|| of(Dimension::Model)),
        served_model: served_model.or_else(|| of(Dimension::ServedModel)),
        stream,
        status: of(Dimension::Status).and_then(|status| status.parse().ok()),
        upstream_status,
        ending: word(dimensions.get(Dimension::Ending).unwrap_or_default())?,
        error: of(Dimension::Error),
        fault: dimensions.get(Dimension::Fault).map(word).transpose()?,
        attempts,
        first_byte,
        first_token: measures.first_token.map(Millis::from_micros),
        duration: Millis::from_micros(measures.duration),
        tokens: measures.tokens,
        cost: measures.cost,
        request_bytes: measures.request_bytes,
        response_bytes: measures.response_bytes,
        trace,
    };
    Ok((place, record))
}

/// What a query for [`counted`] selects, and from where; a condition comes after.
pub(crate) fn select_counted(by: &str) -> String {
    let columns: Vec<String> =
        RECORDS.columns.iter().take(COUNTED).map(|column| format!("r.{}", column.name)).collect();
    format!("SELECT {} FROM records r{by}", columns.join(", "))
}

/// What is counted of a record.
pub(crate) struct Counted {
    pub(crate) ended: i64,
    pub(crate) dimensions: i64,
    pub(crate) measures: Measures,
    /// What its dimensions hide.
    pub(crate) models: [Option<String>; 2],
}

/// What is counted of a row that [`select_counted`] has given.
pub(crate) fn counted(row: &mut Columns) -> Result<Counted, StoreError> {
    let (ended, dimensions) = (row.int()?, row.int()?);
    let measures = measures(row)?;
    Ok(Counted { ended, dimensions, measures, models: [row.maybe_text()?, row.maybe_text()?] })
}

fn measures(row: &mut Columns) -> Result<Measures, StoreError> {
    Ok(Measures {
        duration: row.count()?,
        first_token: row.maybe_count()?,
        attempts: row.count()?,
        tokens: Tokens {
            input: row.maybe_count()?,
            output: row.maybe_count()?,
            cache_read: row.maybe_count()?,
            cache_write: row.maybe_count()?,
            reasoning: row.maybe_count()?,
        },
        cost: row.maybe_int()?.map(Cost::from_nanos),
        request_bytes: row.count()?,
        response_bytes: row.count()?,
    })
}

pub(crate) fn timestamp(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Content(error.to_string()))
}

fn word<T: std::str::FromStr<Err = ccproxy_record::Unknown>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: ccproxy_record::Unknown| StoreError::Content(error.to_string()))
}

fn status(number: Option<i64>) -> Option<u16> {
    number.and_then(|status| u16::try_from(status).ok())
}

fn span(row: &mut Columns) -> Result<Option<Millis>, StoreError> {
    Ok(row.maybe_count()?.map(|micros| Duration::from_micros(micros).into()))
}

pub(crate) fn transition_row(transition: &Transition) -> Vec<Value> {
    vec![
        transition.at.as_microsecond().into(),
        plain(&transition.plugin).into(),
        plain(&transition.component).into(),
        plain(&transition.from).into(),
        plain(&transition.to).into(),
        transition.output.as_deref().map(plain).into(),
    ]
}

pub(crate) fn transition(row: &mut Columns) -> Result<Transition, StoreError> {
    Ok(Transition {
        at: timestamp(row.int()?)?,
        plugin: row.text()?,
        component: row.text()?,
        from: row.text()?,
        to: row.text()?,
        output: row.maybe_text()?,
    })
}
