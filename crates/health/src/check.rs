//! What a check is and what one run of it says.

use std::{future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use serde::{Serialize, Serializer};

/// A verdict, ordered from good to bad, so that `max` is "the worse of the two".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Pass,
    /// It works, with something a human should know.
    Warn,
    /// It does not work.
    Fail,
}

impl Status {
    /// The word on the wire: `pass`, `warn` or `fail`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A measured value. `0` and `false` are values, too.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count.
    Int(i64),
    /// A measure; a number that is not finite counts as not measured.
    Float(f64),
    /// A yes or no.
    Bool(bool),
    /// A text, such as a version; it is scrubbed like every output.
    Text(String),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// A measured value and its unit; one is never shown without the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// What was measured.
    pub value: Value,
    /// Its unit, such as `ms`, `percent` or `s`.
    pub unit: String,
}

/// What one run of a check, or one piece of real traffic, says about a component.
///
/// ```
/// use ccproxy_health::{Outcome, Status};
/// let outcome = Outcome::warn("credentials expire in 2 h").observed(7200, "s");
/// assert_eq!(outcome.status, Status::Warn);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The verdict of this one run; the state machine decides what it means for the component.
    pub status: Status,
    /// Why; scrubbed before anyone sees it.
    pub output: Option<String>,
    /// What was measured, if anything was.
    pub observed: Option<Observed>,
}

impl Outcome {
    /// It works.
    pub const fn pass() -> Self {
        Self { status: Status::Pass, output: None, observed: None }
    }

    /// It works, with something to say.
    pub fn warn(text: impl Into<String>) -> Self {
        Self { status: Status::Warn, output: Some(text.into()), observed: None }
    }

    /// It does not work, and why.
    pub fn fail(text: impl Into<String>) -> Self {
        Self { status: Status::Fail, output: Some(text.into()), observed: None }
    }

    /// Adds a text to any outcome, a pass included.
    #[must_use]
    pub fn output(mut self, text: impl Into<String>) -> Self {
        self.output = Some(text.into());
        self
    }

    /// Adds a measured value.
    #[must_use]
    pub fn observed(mut self, value: impl Into<Value>, unit: impl Into<String>) -> Self {
        self.observed = Some(Observed { value: value.into(), unit: unit.into() });
        self
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

/// Something that can be asked how it is.
///
/// A run is given its time by [`Spec::timeout`](crate::Spec::timeout); it need not keep one of its own. It may hang
/// or panic: that is a failed outcome and harms no other check. It must not block its thread.
pub trait Check: Send + Sync + 'static {
    /// One run.
    fn run(&self) -> BoxFuture<'_, Outcome>;
}

struct Closure<F>(F);

impl<F, R> Check for Closure<F>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin((self.0)())
    }
}

/// Makes a check of a closure.
///
/// ```
/// use ccproxy_health::{check_fn, Outcome};
/// let check = check_fn(|| async { Outcome::pass() });
/// # let _ = check;
/// ```
pub fn check_fn<F, R>(run: F) -> Arc<dyn Check>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(Closure(run))
}
