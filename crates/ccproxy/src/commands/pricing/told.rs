//! How a price is told.

use ccproxy_config::{Dollars, Moment, Pattern};
use ccproxy_pricing::{Entry, From, Rates};
use ccproxy_record::Cost;
use serde::Serialize;

/// A name, and the price it has.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    model: &'a str,
    /// None where it has none.
    price: Option<Told<'a>>,
}

/// A price as JSON has it: numbers of dollars for a million tokens.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    /// What is in the table.
    pattern: &'a str,
    #[serde(skip_serializing_if = "<[Pattern]>::is_empty")]
    also: &'a [Pattern],
    provider: Option<&'a str>,
    free: bool,
    #[serde(flatten)]
    rates: Numbers,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    long: Vec<Long>,
    from: From,
    vendor: Option<&'a str>,
    source: Option<&'a str>,
    date: Option<Moment>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Numbers {
    input: Cost,
    output: Cost,
    cache_read: Cost,
    cache_write: Cost,
}

#[derive(Serialize)]
struct Long {
    above: u64,
    #[serde(flatten)]
    rates: Numbers,
}

impl Numbers {
    fn of(rates: Rates) -> Self {
        let number = |dollars: Dollars| Cost::from_nanos(i64::try_from(dollars.nanos()).unwrap_or(i64::MAX));
        Self {
            input: number(rates.input),
            output: number(rates.output),
            cache_read: number(rates.cache_read),
            cache_write: number(rates.cache_write),
        }
    }
}

impl<'a> Told<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        Self {
            pattern: entry.model.model.as_str(),
            also: &entry.model.also,
            provider: entry.model.provider.as_deref(),
            free: entry.model.free,
            rates: Numbers::of(entry.price.rates()),
            long: entry
                .price
                .long()
                .map(|(above, rates)| Long { above, rates: Numbers::of(rates) })
                .collect(),
            from: entry.from,
            vendor: entry.vendor.as_deref(),
            source: entry.source.as_deref(),
            date: entry.date,
            note: entry.model.note.as_deref(),
        }
    }
}

impl<'a> Line<'a> {
    pub(super) fn of(pattern: &'a Pattern, entry: &'a Entry) -> Self {
        Self::asked(pattern.as_str(), Some(entry))
    }

    pub(super) fn asked(model: &'a str, entry: Option<&'a Entry>) -> Self {
        Self { model, price: entry.map(Told::of) }
    }

    pub(super) fn is_priced(&self) -> bool {
        self.price.is_some()
    }

    /// One row, and one for each length of the prompt with other prices.
    pub(super) fn rows(&self) -> Vec<[String; 9]> {
        let Some(price) = &self.price else {
            let mut row = [const { String::new() }; 9];
            let unknown = [self.model, "-", "unknown", "-", "-", "-", "-", "-", "-"];
            row.iter_mut().zip(unknown).for_each(|(cell, text)| text.clone_into(cell));
            return vec![row];
        };
        let cells = |model: String, numbers: &Numbers, rest: [String; 4]| {
            let [provider, from, date, source] = rest;
            let Numbers { input, output, cache_read, cache_write } = numbers;
            let [input, output, read, write] =
                [input, output, cache_read, cache_write].map(ToString::to_string);
            [model, provider, input, output, read, write, from, date, source]
        };
        let source = [price.source, price.note].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let source = if source.is_empty() { "-".to_owned() } else { source };
        let rest =
            [price.provider.unwrap_or("-").to_owned(), price.from.to_string(), day(price.date), source];
        let first = cells(self.model.to_owned(), &price.rates, rest);
        let long = price
            .long
            .iter()
            .map(|long| cells(format!("  above {}", long.above), &long.rates, [const { String::new() }; 4]));
        std::iter::once(first).chain(long).collect()
    }
}

/// `3/15`
pub(super) fn rates(entry: &Entry) -> String {
    let rates = entry.price.rates();
    if entry.model.free { "free".to_owned() } else { format!("{}/{}", rates.input, rates.output) }
}

/// The day of a moment.
pub(super) fn day(moment: Option<Moment>) -> String {
    let text = moment.map(|moment| moment.to_string());
    text.and_then(|text| text.get(..10).map(str::to_owned)).unwrap_or_else(|| "-".to_owned())
}

/// How long ago it was.
pub(super) fn age(then: Moment) -> String {
    let days = Moment::now().since(then).as_secs() / (24 * 3600);
    match days {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}
