//! The parameters of a query, and every mistake in them at once.

use std::time::Duration;

use ccproxy_store::{Bucket, Dimension, Filter};
use jiff::{SignedDuration, Timestamp};

use crate::error::Error;

/// The parameters that are left to be read, and the mistakes so far.
pub(super) struct Parameters {
    left: Vec<(String, String)>,
    mistakes: Vec<String>,
}

impl Parameters {
    pub(super) fn of(query: &str) -> Self {
        let left = form_urlencoded::parse(query.as_bytes());
        Self {
            left: left.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            mistakes: Vec::new(),
        }
    }

    /// All values of a parameter.
    fn all(&mut self, name: &str) -> Vec<String> {
        let (found, left) = std::mem::take(&mut self.left).into_iter().partition(|(of, _)| of == name);
        self.left = left;
        let found: Vec<(String, String)> = found;
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The one value of a parameter.
    pub(super) fn one<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let values = self.all(name);
        if values.len() > 1 {
            self.mistakes.push(format!("{name}: give it once"));
        }
        let value = values.into_iter().next()?;
        read(&value).map_err(|mistake| self.mistakes.push(format!("{name}: {mistake}"))).ok()
    }

    /// A moment: RFC 3339, or a span back from now.
    pub(super) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        self.one(name, |text| {
            let span = || humantime::parse_duration(text).ok().and_then(|span| SignedDuration::try_from(span).ok());
            let back = || Timestamp::now().checked_sub(span()?).ok();
            text.parse().ok().or_else(back).ok_or_else(|| {
                format!("{text:?} is neither a time such as 2026-11-26T09:00:00Z nor a span back from now such as 24h")
            })
        })
    }

    /// A span of time.
    pub(super) fn span(&mut self, name: &str) -> Option<Duration> {
        self.one(name, |text| {
            let millis =
                text.parse::<f64>().ok().and_then(|millis| Duration::try_from_secs_f64(millis / 1e3).ok());
            millis.ok_or_else(|| format!("{text:?} is no number of milliseconds"))
        })
    }

    /// A number in a range.
    pub(super) fn number(&mut self, name: &str, range: std::ops::RangeInclusive<usize>) -> Option<usize> {
        self.one(name, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("{text:?} is no number from {} to {}", range.start(), range.end()))
        })
    }

    /// One word of several.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        self.one(name, |text| {
            let known = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            known.ok_or_else(|| {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                format!("{text:?} is none of {}", words.join(", "))
            })
        })
    }

    pub(super) fn bucket(&mut self) -> Bucket {
        let words = [
            ("none", Bucket::None),
            ("minute", Bucket::Minute),
            ("hour", Bucket::Hour),
            ("day", Bucket::Day),
            ("week", Bucket::Week),
            ("month", Bucket::Month),
        ];
        self.word("bucket", &words).unwrap_or_default()
    }

    /// Dimensions by their names, with commas between them.
    pub(super) fn group(&mut self) -> Vec<Dimension> {
        let read = |text: &str| {
            let named =
                text.split(',').filter(|name| !name.is_empty()).map(|name| Dimension::find(name).ok_or(name));
            named.collect::<Result<Vec<_>, _>>().map_err(|name| {
                let names = Dimension::ALL.map(Dimension::name).join(", ");
                format!("{name:?} is none of {names}")
            })
        };
        self.one("group", read).unwrap_or_default()
    }

    /// What all queries can be narrowed by.
    pub(super) fn filter(&mut self) -> Filter {
        let mut values = Vec::new();
        for dimension in Dimension::ALL {
            values.extend(self.all(dimension.name()).into_iter().map(|value| (dimension, value)));
        }
        let min_duration = self.span("min_duration_ms");
        let filter = Filter {
            values,
            sessions: self.all("session"),
            min_duration: min_duration.map(|least| u64::try_from(least.as_micros()).unwrap_or(u64::MAX)),
        };
        self.mistakes.extend(filter.check().err());
        filter
    }

    /// Everything has been read.
    ///
    /// # Errors
    /// [`Error::BadQuery`] with all mistakes, parameters that nobody knows among them.
    pub(super) fn end(mut self) -> Result<(), Error> {
        for (name, _) in &self.left {
            self.mistakes.push(format!("{name}: there is no such parameter here"));
        }
        if self.mistakes.is_empty() {
            return Ok(());
        }
        Err(Error::BadQuery { mistakes: self.mistakes.join("; ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_all_at_once() {
        let check = |query: &str, expect: &[&str]| {
            let mut parameters = Parameters::of(query);
            let _ =
                (parameters.moment("since"), parameters.bucket(), parameters.group(), parameters.filter());
            let _ = parameters.number("limit", 1..=1000);
            let told = parameters.end().err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(
                told.split("; ").filter(|mistake| !mistake.is_empty()).count(),
                expect.len(),
                "{told}"
            );
            expect.iter().for_each(|expect| assert!(told.contains(expect), "{told}"));
        };
        check("", &[]);
        check("since=24h&bucket=day&group=model,key&model=a&model=b&limit=7", &[]);
        check("since=2026-11-26T09:00:00Z&fault=us&session=a%20b", &[]);
        check("since=yesterday", &["since: \"yesterday\" is neither"]);
        check("bucket=year&group=model,size", &["none, minute, hour", "\"size\" is none of model"]);
        check("limit=0&limit=2", &["limit: give it once", "from 1 to 1000"]);
        check("colour=red&ending=gone", &["colour: there is no such parameter", "done, failed, client_gone"]);
        check("min_duration_ms=-1", &["no number of milliseconds"]);
    }
}
