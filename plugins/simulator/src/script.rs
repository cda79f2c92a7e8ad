//! What a request orders besides its dialect: the header `x-ccproxy-simulate`.

use std::time::Duration;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;

use crate::config::Config;
use crate::fault::Fault;
use crate::problem::Problem;

/// The header that only the simulator reads.
pub(crate) const HEADER: &str = "x-ccproxy-simulate";

const DIRECTIVES: &str =
    "latency=DURATION, token_rate=N, fault=NAME, after=N, tokens=N, thinking, parallel_tools, text=… (last)";

/// The most tokens that an answer may be told to have.
const MOST_TOKENS: usize = 20_000;

/// How to play one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    /// Time before the first byte.
    pub(crate) latency: Duration,
    /// Tokens a second in streams; 0 is as fast as possible.
    pub(crate) token_rate: u32,
    /// What goes wrong.
    pub(crate) fault: Option<Fault>,
    /// How many events go out before a fault in the body.
    pub(crate) after: usize,
    /// What to say instead of quoting the request.
    pub(crate) text: Option<String>,
    /// How many tokens the text shall have.
    pub(crate) tokens: Option<usize>,
    /// Think even if the request does not ask for it.
    pub(crate) thinking: bool,
    /// Call two tools where there are two.
    pub(crate) parallel_tools: bool,
}

impl Script {
    /// What the configuration says.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            latency: config.latency,
            token_rate: config.token_rate,
            fault: config.fault,
            after: 3,
            text: None,
            tokens: None,
            thinking: false,
            parallel_tools: false,
        }
    }

    /// What the request's header says, and the configuration where that is silent.
    pub(crate) fn with_header(mut self, headers: &HeaderMap) -> Result<Self, Problem> {
        for value in headers.get_all(HEADER) {
            let mut rest = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong("(not UTF-8)", "text"))?;
            while !rest.trim().is_empty() {
                if let Some(text) = rest.trim_start().strip_prefix("text=") {
                    self.text = Some(text.to_owned());
                    break;
                }
                let (directive, tail) = rest.split_once(',').unwrap_or((rest, ""));
                self.apply(directive.trim())?;
                rest = tail;
            }
        }
        Ok(self)
    }

    fn apply(&mut self, directive: &str) -> Result<(), Problem> {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let number = || value.parse::<usize>().map_err(|_| wrong(directive, "a whole number"));
        match name {
            "" => {}
            "latency" => {
                self.latency = humantime::parse_duration(value)
                    .map_err(|_| wrong(directive, "a duration such as 200ms"))?;
            }
            "token_rate" => {
                self.token_rate = value.parse().map_err(|_| wrong(directive, "a whole number"))?;
            }
            "fault" => self.fault = Some(fault(value)?),
            "after" => self.after = number()?,
            "tokens" => self.tokens = Some(number()?.min(MOST_TOKENS)),
            "thinking" => self.thinking = true,
            "parallel_tools" => self.parallel_tools = true,
            _ => {
                return Err(Problem::invalid(format!(
                    "{HEADER}: unknown directive {name:?}; known are {DIRECTIVES}"
                )));
            }
        }
        Ok(())
    }
}

fn fault(name: &str) -> Result<Fault, Problem> {
    let read = Fault::deserialize(name.into_deserializer());
    read.map_err(|error: ValueError| Problem::invalid(format!("{HEADER}: fault: {error}")))
}

fn wrong(directive: &str, expected: &str) -> Problem {
    Problem::invalid(format!("{HEADER}: {directive}: must be {expected}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(header: &str) -> Result<Script, String> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(header.as_bytes()).unwrap());
        Script::new(&Config::default()).with_header(&headers).map_err(|problem| problem.message)
    }

    #[test]
    fn directives() {
        let plain = Script::new(&Config::default());
        let check = |header: &str, expect: Script| assert_eq!(read(header), Ok(expect), "{header}");
        check("", plain.clone());
        check(
            "latency=200ms, token_rate=50,thinking",
            Script { latency: Duration::from_millis(200), token_rate: 50, thinking: true, ..plain.clone() },
        );
        check("fault=stall, after=0", Script { fault: Some(Fault::Stall), after: 0, ..plain.clone() });
        check(
            "tokens=99999999, parallel_tools",
            Script { tokens: Some(MOST_TOKENS), parallel_tools: true, ..plain.clone() },
        );
        check(
            "thinking, text=Yes, a comma",
            Script { thinking: true, text: Some("Yes, a comma".to_owned()), ..plain },
        );
    }

    #[test]
    fn mistakes_are_named() {
        let check = |header: &str, expect: &[&str]| {
            let message = read(header).unwrap_err();
            assert!(expect.iter().all(|part| message.contains(part)), "{message}");
        };
        check("speed=9", &["\"speed\"", "latency=DURATION", "token_rate=N", "parallel_tools", "text="]);
        check("fault=fire", &["fire", "rate_limit", "overloaded_stream", "too_long"]);
        check("latency=soon", &["latency=soon", "200ms"]);
        check("after=-1", &["after=-1", "whole number"]);
    }
}
