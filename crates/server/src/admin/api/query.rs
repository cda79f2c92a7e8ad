//! The query of a request: every mistake in it is told at once, with the parameter's name and what is allowed.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use ccproxy_config::Moment;
use ccproxy_store::{Dimension, Filter};
use http::Uri;
use jiff::Timestamp;

use crate::error::Error;

/// What [`Query::filter`] reads besides the dimensions.
const FILTERS: [&str; 2] = ["session", "min_duration_ms"];
/// More values than this are no question that anybody asks.
const MOST: usize = 256;

/// The parameters that are still to be read, and what was wrong with those that were.
pub(super) struct Query<'u> {
    pairs: Vec<(Cow<'u, str>, Cow<'u, str>)>,
    mistakes: Vec<String>,
}

impl<'u> Query<'u> {
    /// Reads a query that may have these parameters. Empty values count as none.
    pub(super) fn new(uri: &'u Uri, known: &[&str]) -> Self {
        Self::with(uri, known, false)
    }

    /// The same where [filters](Self::filter) are allowed, too.
    pub(super) fn filtered(uri: &'u Uri, known: &[&str]) -> Self {
        Self::with(uri, known, true)
    }

    fn with(uri: &'u Uri, known: &[&str], filters: bool) -> Self {
        let dimensions = Dimension::ALL.map(Dimension::name);
        let more = dimensions.iter().chain(&FILTERS).filter(|_| filters);
        let known: Vec<&str> = known.iter().chain(more).copied().collect();
        let mut query = Self { pairs: Vec::new(), mistakes: Vec::new() };
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                query.wrong(&name, format_args!("is no parameter here; there are {}", known.join(", ")));
            } else if query.pairs.len() >= MOST {
                query.wrong(&name, format_args!("there are more than {MOST} values"));
                break;
            } else if !value.is_empty() {
                query.pairs.push((name, value));
            }
        }
        query
    }

    fn wrong(&mut self, name: &str, why: impl Display) {
        let shown: String = name.chars().take(64).collect();
        self.mistakes.push(format!("{shown}: {why}"));
    }

    /// The values of a parameter that may be given several times.
    pub(super) fn all<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let (mine, others) =
            std::mem::take(&mut self.pairs).into_iter().partition::<Vec<_>, _>(|(of, _)| of == name);
        self.pairs = others;
        let mut values = Vec::new();
        for (_, value) in mine {
            match read(&value) {
                Ok(value) => values.push(value),
                Err(why) => self.wrong(name, why),
            }
        }
        values
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.pairs.iter().filter(|(of, _)| of == name).count() > 1 {
            self.wrong(name, "may be given once");
        }
        self.all(name, read).into_iter().next()
    }

    /// A moment: RFC 3339, a date, or a span back from `now`.
    pub(super) fn moment(&mut self, name: &str, now: Timestamp) -> Option<Timestamp> {
        self.one(name, |text| moment(text, now))
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        self.one(name, |text| choose(text, words))
    }

    /// Several of a list of words, each parameter one or several with commas between them.
    pub(super) fn words<T: Copy + PartialEq>(&mut self, name: &str, words: &[(&str, T)]) -> Vec<T> {
        let read = |text: &str| text.split(',').map(|word| choose(word.trim(), words)).collect();
        let lists: Vec<Vec<T>> = self.all(name, read);
        let mut chosen: Vec<T> = Vec::new();
        for one in lists.into_iter().flatten() {
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        chosen
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str, from: usize, to: usize) -> Option<usize> {
        self.one(name, |text| {
            let number = text.parse().ok().filter(|number| (from..=to).contains(number));
            number.ok_or_else(|| format!("{text:?} is no whole number from {from} to {to}"))
        })
    }

    /// Which exchanges are meant.
    pub(super) fn filter(&mut self) -> Filter {
        let mut filter = Filter::default();
        for dimension in Dimension::ALL {
            let good = |text: &str| dimension.check(text).map(|()| (dimension, text.to_owned()));
            filter.values.extend(self.all(dimension.name(), good));
        }
        filter.sessions = self.all("session", |text| Ok(text.to_owned()));
        filter.min_duration = self.one("min_duration_ms", |text| {
            let millis = text.parse::<f64>().ok();
            let duration = millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1e3).ok());
            let micros = duration.and_then(|duration| u64::try_from(duration.as_micros()).ok());
            micros.ok_or_else(|| format!("{text:?} is no number of milliseconds"))
        });
        filter
    }

    /// Tells what was wrong, if anything.
    ///
    /// # Errors
    /// [`Error::BadQuery`] with all of it.
    pub(super) fn end(self) -> Result<(), Error> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        Err(Error::BadQuery { mistakes: self.mistakes.join("; ") })
    }
}

fn choose<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("{text:?} is none of {}", known.join(", "))
    })
}

fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    // In a query a plus that was not escaped is a space.
    let stamp = text.parse().or_else(|_| text.replace(' ', "+").parse()).ok();
    let date = || {
        let date: Moment = text.parse().ok()?;
        String::from(date).parse().ok()
    };
    let ago = || now.checked_sub(humantime::parse_duration(text).ok()?).ok();
    stamp.or_else(date).or_else(ago).ok_or_else(|| {
        format!(
            "{text:?} is no time; give one such as 2027-01-31T18:00:00Z or 2027-01-31, or a span back from now such as 15m, 24h or 7d"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn moments() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(moment(text, now()).ok().map(|at| at.to_string()).as_deref(), expect, "{text}");
        };
        check("2026-11-26T09:00:00Z", Some("2026-11-26T09:00:00Z"));
        check("2026-11-26T09:00:00+02:00", Some("2026-11-26T07:00:00Z"));
        check("2026-11-26T09:00:00 02:00", Some("2026-11-26T07:00:00Z"));
        check("2026-11-26", Some("2026-11-26T00:00:00Z"));
        check("24h", Some("2026-11-25T12:00:00Z"));
        check("15m", Some("2026-11-26T11:45:00Z"));
        check("7d", Some("2026-11-19T12:00:00Z"));
        check("1h 30m", Some("2026-11-26T10:30:00Z"));
        check("24", None);
        check("yesterday", None);
        check("-1h", None);
        check("9999999999d", None);
    }

    #[test]
    fn every_mistake_is_told_at_once_by_its_name() {
        let uri: Uri =
            "/?since=soon&bucket=second&limit=0&limit=9&status=4xx&fault=mine&min_duration_ms=-1&colour=red"
                .parse()
                .unwrap();
        let mut query = Query::filtered(&uri, &["since", "bucket", "limit"]);
        assert_eq!(query.moment("since", now()), None);
        assert_eq!(query.word("bucket", &[("day", 1), ("hour", 2)]), None);
        assert_eq!(query.number("limit", 1, 9), Some(9));
        query.filter();
        let told = query.end().unwrap_err().to_string();
        for part in [
            "since: \"soon\" is no time",
            "bucket: \"second\" is none of day, hour",
            "limit: may be given once",
            "limit: \"0\" is no whole number from 1 to 9",
            "status: \"4xx\" is no status",
            "fault: \"mine\" is none of client, us, upstream",
            "min_duration_ms: \"-1\"",
            "colour: is no parameter here; there are since, bucket, limit, model",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn values_that_are_given_several_times_and_empty_ones() {
        let uri: Uri =
            "/?group=a,b&group=b&group=&model=x&model=y&session=s%20t&min_duration_ms=1.5".parse().unwrap();
        let mut query = Query::filtered(&uri, &["group"]);
        assert_eq!(query.words("group", &[("a", 'a'), ("b", 'b')]), ['a', 'b']);
        let filter = query.filter();
        let values: Vec<&str> = filter.values.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["x", "y"]);
        assert_eq!((filter.sessions, filter.min_duration), (vec!["s t".to_owned()], Some(1500)));
        assert_eq!(query.end(), Ok(()));
    }
}
