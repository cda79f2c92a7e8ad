//! Writing it all down for a scrape.

mod state;

use std::fmt::{self, Error};
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use ccproxy_record::Ending;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::Traffic;
use super::meter::{Meter, Value};
use super::meters as all;
use super::series::{ByKey, Exchanges, KINDS, Spent};
use super::table::{Entry, Table};
use super::times::Times;
use crate::app::Current;

/// The application's metrics, for a registry.
pub(crate) struct Metrics(pub(crate) Weak<Current>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let Some(app) = self.0.upgrade().map(|current| current.app()) else { return Ok(()) };
        let Some(traffic) = &app.traffic else { return Ok(()) };
        let encoder = &mut encoder;
        requests(traffic, encoder)?;
        spent(traffic, encoder)?;
        keys(traffic, encoder)?;
        state::providers(&app, encoder)?;
        state::load(&app, encoder)?;
        state::records(&app, encoder)?;
        state::process(&app, encoder)
    }
}

/// One of the times of exchanges.
type Part = fn(&Exchanges) -> &Times;

fn requests(traffic: &Traffic, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    counts(&all::REQUESTS, &traffic.requests, encoder)?;
    counts(&all::ERRORS, &traffic.errors, encoder)?;
    let exchanges = traffic.exchanges.all();
    let times: [(_, Part); 3] = [
        (all::DURATION, |series| &series.duration),
        (all::FIRST_BYTE, |series| &series.first_byte),
        (all::FIRST_TOKEN, |series| &series.first_token),
    ];
    for (meter, of) in times {
        meter.write(encoder, lines(&exchanges, |series| Value::Times(of(series))))?;
    }
    all::REQUEST_BYTES.write(encoder, lines(&exchanges, |series| read(&series.request_bytes)))?;
    all::RESPONSE_BYTES.write(encoder, lines(&exchanges, |series| read(&series.response_bytes)))?;
    counts(&all::ATTEMPTS, &traffic.attempts, encoder)?;
    let answers = traffic.answers.all();
    all::ATTEMPT_DURATION.write(encoder, lines(&answers, Value::Times))
}

fn spent(traffic: &Traffic, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let spent = traffic.spent.all();
    let tokens = spent.iter().flat_map(|([provider, model], spent)| {
        let kinds = KINDS.iter().zip(&spent.tokens);
        kinds.map(move |(kind, count)| ([&**provider, &**model, *kind], read(count)))
    });
    all::TOKENS.write(encoder, tokens)?;
    all::COST.write(encoder, lines(&spent, |spent: &Spent| Value::Measure(spent.cost.sum())))?;
    all::UNPRICED.write(encoder, lines(&spent, |spent| read(&spent.unpriced)))
}

fn keys(traffic: &Traffic, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let Some(keys) = traffic.keys.as_ref().map(Table::all) else { return Ok(()) };
    let requests = keys.iter().flat_map(|([key], by_key)| {
        let endings = Ending::ALL.iter().zip(&by_key.endings);
        endings.map(move |(ending, count)| ([&**key, ending.as_str()], read(count)))
    });
    all::KEY_REQUESTS.write(encoder, requests)?;
    let tokens = keys.iter().flat_map(|([key], by_key)| {
        KINDS.iter().zip(&by_key.tokens).map(move |(kind, count)| ([&**key, *kind], read(count)))
    });
    all::KEY_TOKENS.write(encoder, tokens)?;
    all::KEY_COST.write(encoder, lines(&keys, |by_key: &ByKey| Value::Measure(by_key.cost.sum())))
}

fn counts<const N: usize>(
    meter: &Meter,
    table: &Table<AtomicU64, N>,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    let all = table.all();
    meter.write(encoder, lines(&all, read))
}

/// The labels of each series and a value of it.
fn lines<'a, T, const N: usize>(
    series: &'a [Entry<T, N>],
    value: impl Fn(&'a T) -> Value<'a>,
) -> impl Iterator<Item = ([&'a str; N], Value<'a>)> {
    series.iter().map(move |(labels, series)| (labels.each_ref().map(|label| &**label), value(series)))
}

fn read(counter: &AtomicU64) -> Value<'_> {
    Value::Count(counter.load(Ordering::Relaxed))
}
