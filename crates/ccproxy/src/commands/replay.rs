//! `ccproxy replay`: the same request again, as a command of curl or sent.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use bytes::Bytes;
use ccproxy_plugin_request_tracer::redact::REDACTED;
use ccproxy_plugin_request_tracer::{Request, read_request};
use ccproxy_upstream::headers::is_hop_by_hop;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::request::Builder;
use http::{HeaderName, StatusCode};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::reach::Way;
use crate::cli::Replay;
use crate::context::Context;
use crate::failure::Failure;
use crate::load::load;
use crate::terminal::{complain, print, print_bytes};

/// What has the client's credential, in the environment.
const KEY: &str = "CCPROXY_KEY";
/// Headers that belong to the request as it was then, besides those of its connection.
const ONCE: [HeaderName; 4] =
    [HOST, CONTENT_LENGTH, HeaderName::from_static("x-request-id"), HeaderName::from_static("traceparent")];
/// Headers in which clients show credentials.
const CREDENTIALS: [HeaderName; 3] =
    [AUTHORIZATION, HeaderName::from_static("x-api-key"), HeaderName::from_static("api-key")];

pub(super) fn replay(flags: &Replay, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let request = read_request(&context.cwd.join(&flags.folder));
    let request = request.map_err(|error| Failure::Usage(error.to_string()))?;
    let way = way(flags, file, context)?;
    if flags.send {
        let key = context.env.get(KEY).unwrap_or_default();
        return super::block_on(send(flags, &way, &request, key))?;
    }
    print(&curl(&way, &request)?)?;
    Ok(ExitCode::SUCCESS)
}

fn way(flags: &Replay, file: Option<&Path>, context: &Context) -> Result<Way, Failure> {
    let named = || Failure::Usage("--url takes http://HOST:PORT or https://HOST:PORT".to_owned());
    match &flags.url {
        Some(url) => match Way::parse(url, &context.cwd) {
            Some((way @ (Way::Tcp(_) | Way::Tls(_)), _)) => Ok(way),
            _ => Err(named()),
        },
        None => Way::served(&load(file, Vec::new(), context)?.settings.server)
            .map_err(|why| Failure::Usage(why.to_owned())),
    }
}

/// The headers that are sent again, with what a credential is replaced by. Other secrets are left out.
fn headers<'a>(request: &'a Request, key: &str) -> impl Iterator<Item = (&'a str, String)> {
    let is = |names: &[HeaderName], name: &str| names.iter().any(|known| known.as_str() == name);
    let again = request.headers.iter().filter(move |(name, value)| {
        !is(&ONCE, name) && !is_hop_by_hop(name) && (is(&CREDENTIALS, name) || !value.contains(REDACTED))
    });
    again.map(move |(name, value)| (name.as_str(), value.replace(REDACTED, key)))
}

fn curl(way: &Way, request: &Request) -> Result<String, Failure> {
    let mut text = format!("curl -sS -X {} {}", request.method, quoted(&format!("{way}{}", request.target)));
    let key = format!("'\"${KEY}\"'");
    for (name, value) in headers(request, REDACTED) {
        // The shell puts the key in, so that it stands nowhere.
        let header = quoted(&format!("{name}: {value}")).replace(REDACTED, &key);
        let _ = write!(text, " \\\n  -H {header}");
    }
    if !is_empty(request)? {
        let body = format!("@{}", request.body.display());
        let _ = write!(text, " \\\n  --data-binary {}", quoted(&body));
    }
    text.push('\n');
    Ok(text)
}

fn is_empty(request: &Request) -> Result<bool, Failure> {
    let there = std::fs::metadata(&request.body);
    there.map(|file| file.len() == 0).map_err(|error| Failure::io(request.body.display().to_string(), error))
}

/// As a shell reads it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

async fn send(flags: &Replay, way: &Way, request: &Request, key: &str) -> Result<ExitCode, Failure> {
    let body = std::fs::read(&request.body);
    let body = body.map_err(|error| Failure::io(request.body.display().to_string(), error))?;
    let begun = Builder::new().method(request.method.as_str()).uri(&request.target);
    let asked = headers(request, key).fold(begun, |asked, (name, value)| asked.header(name, value));
    let reply = timeout(flags.timeout, way.ask(asked, Bytes::from(body))).await;
    let late =
        |_| Failure::Remote(format!("{way}: no answer within {}", humantime::format_duration(flags.timeout)));
    let reply = reply.map_err(late)?.map_err(|why| Failure::Remote(format!("{way}: {why}")))?;
    let (parts, mut body) = reply.answer.into_parts();
    complain(&format!("HTTP {}\n", parts.status));
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Failure::Remote(format!("{way}: the answer broke off: {error}")))?;
        print_bytes(frame.data_ref().map_or(&[][..], |data| data))?;
    }
    Ok(code(parts.status))
}

fn code(status: StatusCode) -> ExitCode {
    if status.as_u16() < 400 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_a_shell_understands() {
        let dir = tempfile::tempdir().unwrap();
        let body = dir.path().join("it's.body");
        std::fs::write(&body, "{}").unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = Request {
            method: "POST".to_owned(),
            target: "/v1/messages?beta=true".to_owned(),
            headers: vec![
                header("host", "old"),
                header("authorization", "Bearer [redacted]"),
                header("cookie", "[redacted]"),
                header("x-odd", "it's"),
            ],
            body,
        };
        let text = curl(&Way::Tcp("127.0.0.1:1".to_owned()), &request).unwrap();
        let expect = format!(
            "curl -sS -X POST 'http://127.0.0.1:1/v1/messages?beta=true' \\\n  -H 'authorization: Bearer '\"$CCPROXY_KEY\"'' \\\n  \
             -H 'x-odd: it'\\''s' \\\n  --data-binary '@{}/it'\\''s.body'\n",
            dir.path().display()
        );
        assert_eq!(text, expect);
    }
}
