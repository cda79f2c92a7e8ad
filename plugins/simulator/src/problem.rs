//! Errors as the vendors word and shape them.

use bytes::Bytes;
use ccproxy_wire::error::ErrorBody;
use ccproxy_wire::{Dialect, Family};
use http::StatusCode;

/// An error that is answered instead of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) anthropic_type: &'static str,
    pub(crate) openai_type: &'static str,
    pub(crate) openai_code: Option<&'static str>,
    pub(crate) param: Option<String>,
    pub(crate) message: String,
    /// Headers besides those that every answer has.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

impl Problem {
    /// A request that the vendor would refuse, with 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            anthropic_type: "invalid_request_error",
            openai_type: "invalid_request_error",
            openai_code: None,
            param: None,
            message: message.into(),
            headers: &[],
        }
    }

    /// Something that is not there, with 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, anthropic_type: "not_found_error", ..Self::invalid(message) }
    }

    /// A field that has to be there, in the family's words.
    pub(crate) fn missing(family: Family, field: &str) -> Self {
        let problem = Self::invalid(match family {
            Family::Anthropic => format!("{field}: Field required"),
            Family::OpenAi => format!("Missing required parameter: '{field}'."),
        });
        problem.code("missing_required_parameter").param(field)
    }

    /// A field with a value that cannot be, in the family's words.
    pub(crate) fn value(family: Family, field: &str, why: &str) -> Self {
        let problem = Self::invalid(match family {
            Family::Anthropic => format!("{field}: {why}"),
            Family::OpenAi => format!("Invalid value for '{field}': {why}."),
        });
        problem.code("invalid_value").param(field)
    }

    /// With OpenAI's `error.code`.
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { openai_code: Some(code), ..self }
    }

    /// With the field at fault.
    pub(crate) fn param(self, field: &str) -> Self {
        Self { param: Some(field.to_owned()), ..self }
    }

    /// The body of the error.
    pub(crate) fn body(&self, family: Family, request_id: &str) -> Bytes {
        self.error(request_id).render(family)
    }

    /// The event that tells the error, as the first of a stream.
    pub(crate) fn event(&self, dialect: Dialect, request_id: &str) -> Bytes {
        self.error(request_id).render_event(dialect, 0)
    }

    fn error<'a>(&'a self, request_id: &'a str) -> ErrorBody<'a> {
        ErrorBody {
            anthropic_type: self.anthropic_type,
            openai_type: self.openai_type,
            openai_code: self.openai_code,
            param: self.param.as_deref(),
            message: &self.message,
            request_id,
        }
    }
}
