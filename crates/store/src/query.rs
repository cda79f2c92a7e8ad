//! What can be asked of a store, and what it answers.

use ccproxy_record::{Ending, Fault, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::figures::Figures;

/// What exchanges can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The model that the client asked for.
    Model,
    /// The model that the provider was asked for.
    ServedModel,
    /// The provider instance.
    Provider,
    /// The client's key.
    Key,
    /// What was asked for.
    Operation,
    /// The client's dialect.
    Dialect,
    /// The route.
    Route,
    /// How it ended.
    Ending,
    /// Whose doing it was that it failed.
    Fault,
    /// The error's word.
    Error,
    /// The status that the client got.
    Status,
}

impl Dimension {
    /// All there are.
    pub const ALL: [Self; 11] = [
        Self::Model,
        Self::ServedModel,
        Self::Provider,
        Self::Key,
        Self::Operation,
        Self::Dialect,
        Self::Route,
        Self::Ending,
        Self::Fault,
        Self::Error,
        Self::Status,
    ];

    /// Its name, which is that of the record's field and of the column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::ServedModel => "served_model",
            Self::Provider => "provider",
            Self::Key => "key",
            Self::Operation => "operation",
            Self::Dialect => "dialect",
            Self::Route => "route",
            Self::Ending => "ending",
            Self::Fault => "fault",
            Self::Error => "error",
            Self::Status => "status",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }

    /// Whether a value is one that exchanges can have there.
    ///
    /// # Errors
    /// What is allowed.
    pub fn check(self, value: &str) -> Result<(), String> {
        match self {
            Self::Ending => value.parse::<Ending>().map(drop).map_err(|error| error.to_string()),
            Self::Fault => value.parse::<Fault>().map(drop).map_err(|error| error.to_string()),
            Self::Status => value.parse::<u16>().map(drop).map_err(|_| format!("{value:?} is no status")),
            _ => Ok(()),
        }
    }

    /// What a record has there.
    pub(crate) fn of(self, record: &Record) -> Option<String> {
        match self {
            Self::Model => record.model.clone(),
            Self::ServedModel => record.served_model.clone(),
            Self::Provider => record.provider.clone(),
            Self::Key => record.key.clone(),
            Self::Operation => Some(record.operation.clone()),
            Self::Dialect => record.dialect.clone(),
            Self::Route => record.route.clone(),
            Self::Ending => Some(record.ending.as_str().to_owned()),
            Self::Fault => record.fault.map(|fault| fault.as_str().to_owned()),
            Self::Error => record.error.clone(),
            Self::Status => record.status.map(|status| status.to_string()),
        }
    }
}

/// How wide the steps of time are, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// One step for all.
    #[default]
    None,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
}

/// Which exchanges are meant: of each list any, of the lists all. Empty lists mean all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Values of dimensions, any of those of a dimension.
    pub values: Vec<(Dimension, String)>,
    /// Sessions.
    pub sessions: Vec<String>,
    /// At least as long, in microseconds.
    pub min_duration: Option<u64>,
}

/// What is asked of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageQuery {
    /// From the beginning of the step that this lies in.
    pub since: Timestamp,
    /// Up to this.
    pub until: Timestamp,
    /// The steps.
    pub bucket: Bucket,
    /// What rows are made by.
    pub group: Vec<Dimension>,
    /// Of which exchanges.
    pub filter: Filter,
}

/// What exchanges used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageReport {
    /// From when on, which is where a step begins.
    pub since: Timestamp,
    /// Up to when.
    pub until: Timestamp,
    /// The steps.
    pub bucket: Bucket,
    /// What rows are made by.
    pub group: Vec<Dimension>,
    /// By step, then the most requests first.
    pub rows: Vec<UsageRow>,
    /// All of them together, those of rows left out included.
    pub total: Figures,
    /// Whether there are more rows than are told.
    pub truncated: bool,
}

/// A row of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRow {
    /// When the step begins, where there are steps.
    pub start: Option<Timestamp>,
    /// The values of the dimensions that rows are made by, in their order.
    pub group: Vec<(Dimension, Option<String>)>,
    /// What they come to.
    pub figures: Figures,
}

impl Serialize for UsageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeMap};
        let mut map = serializer.serialize_map(None)?;
        if let Some(start) = &self.start {
            map.serialize_entry("start", start)?;
        }
        for (dimension, value) in &self.group {
            map.serialize_entry(dimension.name(), value)?;
        }
        let figures = serde_json::to_value(&self.figures).map_err(S::Error::custom)?;
        for (name, value) in figures.as_object().into_iter().flatten() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What is asked of requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestQuery {
    /// That ended then or later.
    pub since: Option<Timestamp>,
    /// That ended before.
    pub until: Option<Timestamp>,
    /// Which.
    pub filter: Filter,
    /// How many at most, from 1 to 1,000.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Requests, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestPage {
    /// Their records.
    pub requests: Vec<Record>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Filter {
    /// Whether a record is meant.
    #[must_use]
    pub fn matches(&self, record: &Record) -> bool {
        let any = |dimension: Dimension| {
            let value = dimension.of(record);
            let mut wanted = self.values.iter().filter(|(of, _)| *of == dimension).peekable();
            wanted.peek().is_none() || wanted.any(|(_, wanted)| value.as_deref() == Some(wanted))
        };
        Dimension::ALL.into_iter().all(any)
            && (self.sessions.is_empty()
                || record.session.as_ref().is_some_and(|session| self.sessions.contains(session)))
            && self.min_duration.is_none_or(|least| record.duration.micros() >= least)
    }

    /// The models that are meant.
    pub(crate) fn models(&self) -> [(Dimension, Vec<&str>); 2] {
        [Dimension::Model, Dimension::ServedModel].map(|dimension| {
            let values = self.values.iter().filter(|(of, _)| *of == dimension);
            (dimension, values.map(|(_, value)| value.as_str()).collect())
        })
    }

    /// Whether rollups can answer it.
    pub(crate) fn is_plain(&self) -> bool {
        self.sessions.is_empty() && self.min_duration.is_none()
    }

    /// A value that its dimension can never have, for whoever mistypes one.
    ///
    /// # Errors
    /// The dimension, and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        self.values.iter().try_for_each(|(dimension, value)| {
            dimension.check(value).map_err(|wrong| format!("{}: {wrong}", dimension.name()))
        })
    }
}
