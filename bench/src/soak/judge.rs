//! What has come, in a few words.

use ccproxy_wire::{Dialect, Family};
use memchr::memmem;
use serde::Deserialize;

/// What has come.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) streamed: bool,
    pub(super) body: Vec<u8>,
    /// Whether HTTP says that this is all of it.
    pub(super) ended: bool,
}

/// An error, or an event or answer that may have one in it.
#[derive(Debug, Default, Deserialize)]
struct Told<'a> {
    r#type: Option<&'a str>,
    code: Option<&'a str>,
    message: Option<String>,
    #[serde(borrow)]
    error: Option<Box<Told<'a>>>,
    #[serde(borrow)]
    response: Option<Box<Told<'a>>>,
}

impl<'a> Told<'a> {
    fn of(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// The code, or else the type, of an error that has a message.
    fn word(&self) -> Option<&'a str> {
        self.message.as_ref().filter(|message| !message.is_empty())?;
        self.code.or(self.r#type)
    }

    fn error(&self) -> Option<&'a str> {
        let inner = self.error.as_deref().or_else(|| self.response.as_deref()?.error.as_deref());
        match inner {
            Some(error) => error.word(),
            None if self.r#type == Some("error") => self.word(),
            None => None,
        }
    }
}

/// `gone` where nothing has come before the connection closed; `whole`; `cut` where the connection says that the rest is missing; `broken` where only a reader does; `event WORD` for an
/// error that ends a stream; `STATUS WORD` for one that comes instead of an answer.
pub(super) fn outcome(dialect: Dialect, seen: &Seen) -> String {
    if seen.status == 0 {
        return "gone".to_owned();
    }
    if seen.status != 200 {
        let told = Told::of(&seen.body);
        let shaped = dialect.family() == Family::OpenAi || told.r#type == Some("error");
        let word = told.error().filter(|_| shaped && seen.ended).unwrap_or("(no error of this dialect)");
        return format!("{} {word}", seen.status);
    }
    if !seen.streamed {
        return match (seen.ended, is_answer(dialect, &seen.body)) {
            (false, _) => "cut",
            (true, true) => "whole",
            (true, false) => "broken",
        }
        .to_owned();
    }
    let last = last_event(&seen.body);
    let ends = last.is_some_and(|last| is_end(dialect, last));
    let data = last.and_then(|last| last.get(memmem::find(last, b"data: ")? + 6..)).unwrap_or_default();
    match (Told::of(data).error(), seen.ended) {
        (Some(word), true) if !ends => format!("event {word}"),
        (Some(_), _) => "an error, and no end or two".to_owned(),
        (None, true) => if ends { "whole" } else { "broken" }.to_owned(),
        (None, false) => if ends { "an end, and then nothing" } else { "cut" }.to_owned(),
    }
}

/// The last event, if it is whole.
fn last_event(body: &[u8]) -> Option<&[u8]> {
    let events = body.strip_suffix(b"\n\n")?;
    events.get(memmem::rfind(events, b"\n\n").map_or(0, |at| at + 2)..)
}

fn is_end(dialect: Dialect, event: &[u8]) -> bool {
    match dialect {
        Dialect::Messages => memmem::find(event, br#""type":"message_stop""#).is_some(),
        Dialect::Chat => event == b"data: [DONE]",
        Dialect::Responses => memmem::find(event, br#""type":"response.completed""#).is_some(),
    }
}

fn is_answer(dialect: Dialect, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow, alias = "choices", alias = "output")]
        content: Vec<&'a serde_json::value::RawValue>,
    }
    let parts = |answer: Answer<'_>| !answer.content.is_empty();
    let key: &[u8] = match dialect {
        Dialect::Messages => br#""content":["#,
        Dialect::Chat => br#""choices":["#,
        Dialect::Responses => br#""output":["#,
    };
    serde_json::from_slice(body).is_ok_and(parts) && memmem::find(body, key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bodies::{self, DIALECTS, Script};

    fn check(dialect: Dialect, status: u16, streamed: bool, ended: bool, body: &[u8], expect: &str) {
        let seen = Seen { status, streamed, body: body.to_vec(), ended };
        assert_eq!(outcome(dialect, &seen), expect, "{dialect}: {}", String::from_utf8_lossy(body));
    }

    #[test]
    fn answers() {
        for dialect in DIALECTS {
            let reply = bodies::reply(dialect);
            check(dialect, 200, false, true, &reply, "whole");
            check(dialect, 200, false, false, &reply, "cut");
            check(dialect, 200, false, true, &reply[..500], "broken");
            check(dialect, 200, false, true, b"{}", "broken");
        }
    }

    #[test]
    fn streams() {
        for dialect in DIALECTS {
            let mut script = Script::new(dialect, 2);
            let (first, last) = (script.write(b"a"), script.write(b"b"));
            let all = [&first[..], &last[..]].concat();
            check(dialect, 200, true, true, &all, "whole");
            check(dialect, 200, true, true, &first, "broken");
            check(dialect, 200, true, true, &all[..all.len() - 1], "broken");
            check(dialect, 200, true, false, &first, "cut");
            check(dialect, 200, true, false, &all, "an end, and then nothing");
            let error = ccproxy_wire::error::ErrorBody {
                anthropic_type: "api_error",
                openai_type: "server_error",
                openai_code: None,
                param: None,
                message: "no",
                request_id: "1",
            };
            let event = error.render_event(dialect, 1);
            let expect = if dialect == Dialect::Messages { "event api_error" } else { "event server_error" };
            check(dialect, 200, true, true, &[&first[..], &event[..]].concat(), expect);
            check(
                dialect,
                502,
                false,
                true,
                &error.render(dialect.family()),
                &expect.replace("event", "502"),
            );
            check(dialect, 502, false, true, b"{}", "502 (no error of this dialect)");
        }
    }
}
