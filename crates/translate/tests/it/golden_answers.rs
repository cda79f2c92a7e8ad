//! What clients are told, case by case: `tests/golden/answers/PROVIDER/NAME.md`.
//!
//! Each file tells what it shows and whose documentation it was checked against, and holds a provider's answer, whole,
//! as a stream, or both, and what becomes of it for clients of the other two dialects. Where both are there, they have to
//! come to the same.

mod case;
mod streams;
mod wholes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ccproxy_translate::{Error, Exchange, Profile, Progress, Stamp};
use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};
use serde_json::Value;

use case::Case;

use crate::golden::{self, Checked, name, pretty};
use crate::properties::gathered::gathered;
use crate::properties::shared::{events, json};

/// What becomes of an answer for the clients of one dialect.
struct Told<'a> {
    provider: Dialect,
    client: Dialect,
    case: &'a Case<'a>,
    text: String,
    wrong: Vec<String>,
}

impl Told<'_> {
    fn exchange(&self) -> Exchange {
        let stamp = Stamp { id: "stamp".to_owned(), created: 1_700_000_000 };
        let body = self.case.asked(self.client).to_string();
        let profile = Profile::of(self.provider);
        ccproxy_translate::request(self.client, body.as_bytes(), "theirs", &profile, stamp).unwrap().exchange
    }

    fn wrong(&mut self, what: &str, wrong: &str) {
        self.wrong.push(format!("{what} to {}: {wrong}", name(self.client)));
    }

    fn head(&mut self, what: &str) {
        write!(self.text, "\n## {what} to {}\n\n", name(self.client)).unwrap();
    }

    /// The whole answer.
    fn whole(&mut self) -> Option<Value> {
        let whole = self.case.whole?;
        self.head("whole");
        // Servers do not send what is only for people.
        let whole = serde_json::from_str::<Value>(whole).unwrap().to_string();
        match self.exchange().answer(whole.as_bytes()) {
            Ok((body, _)) => {
                let body = String::from_utf8(body).unwrap();
                write!(self.text, "```json\n{}\n```\n", pretty::pretty(&body)).unwrap();
                let body = json(body.as_bytes());
                if let Err(wrong) = wholes::check(self.client, &body) {
                    self.wrong("whole", &wrong);
                }
                Some(body)
            }
            Err(Error::Failed(failed)) => {
                let body = String::from_utf8(failed.body(self.client.family())).unwrap();
                writeln!(self.text, "refused: HTTP {} {body}", failed.status()).unwrap();
                None
            }
            Err(error) => {
                writeln!(self.text, "refused: {error}").unwrap();
                None
            }
        }
    }

    /// The stream, put together if it has come to its own end.
    fn stream(&mut self) -> Option<Value> {
        let stream = self.case.stream?;
        self.head("stream");
        let (out, progress) = translated(self.exchange(), [stream.as_bytes()]);
        if translated(self.exchange(), stream.as_bytes().chunks(1)) != (out.clone(), progress) {
            self.wrong("stream", "it is another one if it comes byte by byte");
        }
        let text = std::str::from_utf8(&out).unwrap();
        write!(self.text, "```text\n{}\n```\n", text.trim_end()).unwrap();
        match progress {
            Progress::Complete => {}
            Progress::Failed => self.text.push_str("\nends: as the provider says\n"),
            Progress::Open => self.text.push_str("\nends: cut\n"),
        }
        let usage = self.case.has("usage");
        match streams::check(self.client, &events(&out), usage) {
            Ok(complete) if complete == (progress == Progress::Complete) => {}
            Ok(true) => self.wrong("stream", "it looks complete, and is not"),
            Ok(false) => self.wrong("stream", "it is complete, and does not look so"),
            Err(wrong) => self.wrong("stream", &wrong),
        }
        if progress != Progress::Complete {
            return None;
        }
        let together = catch_unwind(AssertUnwindSafe(|| gathered(self.client, &out)));
        if together.is_err() {
            self.wrong("stream", "it cannot be put together");
        }
        together.ok()
    }

    /// Both say the same.
    fn compare(&mut self, whole: Option<Value>, stream: Option<Value>) {
        let (Some(mut whole), Some(stream)) = (whole, stream) else { return };
        if self.client == Chat && !self.case.has("usage") {
            whole.as_object_mut().unwrap().remove("usage");
        }
        let lines = |body: Value| pretty::pretty(&sorted(body).to_string());
        if let Some(difference) = pretty::difference(&lines(whole), &lines(stream)) {
            self.wrong("stream", &format!("put together it is not the whole answer:\n{difference}"));
        }
    }
}

/// The same with its fields in the order of their names, and the JSON of arguments as what it says.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let sorted = |(name, value): (String, Value)| {
                let said = value.as_str().filter(|_| name == "arguments");
                let said = said.and_then(|json| serde_json::from_str(json).ok());
                (name, self::sorted(said.unwrap_or(value)))
            };
            let fields: BTreeMap<String, Value> = fields.into_iter().map(sorted).collect();
            fields.into_iter().collect()
        }
        value => value,
    }
}

/// A stream in the client's dialect, and how far it came; one that is cut is ended as the server does.
fn translated<'c>(exchange: Exchange, chunks: impl IntoIterator<Item = &'c [u8]>) -> (Vec<u8>, Progress) {
    let (mut going, mut out) = (exchange.stream(), Vec::new());
    let message = match chunks.into_iter().try_for_each(|chunk| going.push(chunk, &mut out)) {
        Ok(()) => {
            going.finish(&mut out);
            "the provider ended the stream before its last event; try again".to_owned()
        }
        Err(error) => error.to_string(),
    };
    let progress = going.progress();
    going.fail("api_error", &message, &mut out);
    (out, progress)
}

fn check(provider: Dialect, text: &str) -> Result<Checked, String> {
    let case = Case::parse(text)?;
    let mut checked = Checked { text: case.head.to_owned(), ..Checked::default() };
    for client in golden::others(provider) {
        let mut told = Told { provider, client, case: &case, text: String::new(), wrong: Vec::new() };
        let (whole, stream) = (told.whole(), told.stream());
        if whole.is_some() || case.stream.is_some() {
            checked.shown.push(client);
        }
        told.compare(whole, stream);
        checked.text.push_str(&told.text);
        checked.wrong.append(&mut told.wrong);
    }
    Ok(checked)
}

fn run(provider: Dialect) {
    golden::run("answers", provider, |text| check(provider, text));
}

#[test]
fn of_messages() {
    run(Messages);
}

#[test]
fn of_chat() {
    run(Chat);
}

#[test]
fn of_responses() {
    run(Responses);
}

#[test]
fn another_answer_is_told() {
    let case = |whole: &str| {
        let message = format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{whole}],"stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":1}}}}"#
        );
        format!(
            r#"# T
source: s

## whole

```json
{message}
```

## stream

```text
data: {{"type":"message_start","message":{{"id":"msg_1","usage":{{"input_tokens":1}}}}}}

data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"a"}}}}

data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{{"output_tokens":1}}}}

data: {{"type":"message_stop"}}
```
"#
        )
    };
    let wrong = |whole: &str| check(Messages, &case(whole)).unwrap().wrong;
    assert_eq!(wrong(r#"{"type":"text","text":"a"}"#), Vec::<String>::new());
    let told = wrong(r#"{"type":"text","text":"b"}"#);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.contains("not the whole answer")), "{told:?}");
}
