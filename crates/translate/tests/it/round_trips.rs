//! What both dialects of a pair can say comes back as it went.

use ccproxy_translate::{Profile, Stamp, request};
use ccproxy_wire::Dialect;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const ALL: [Dialect; 3] = [Dialect::Messages, Dialect::Chat, Dialect::Responses];

/// A conversation of what every dialect has.
#[derive(Debug, Clone)]
struct Talk {
    system: Option<String>,
    rounds: Vec<Round>,
    last: Said,
    tools: Vec<String>,
    max_tokens: u64,
    temperature: Option<u8>,
    stream: bool,
    schema: bool,
}

/// What the user says, and what the assistant does then.
#[derive(Debug, Clone)]
struct Round {
    asked: Said,
    answer: Option<String>,
    /// The arguments and the result of each call.
    calls: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Said {
    text: String,
    image: Option<bool>,
}

fn talks() -> impl Strategy<Value = Talk> {
    // A text of nothing but white space is none for Anthropic.
    let text = || "[a-zäß漢\"\\\\]{1,8}( [a-z\n👋]{1,6}){0,3}";
    let said = move || (text(), any::<Option<bool>>()).prop_map(|(text, image)| Said { text, image });
    let round = (said(), proptest::option::of(text()), vec((text(), text()), 0..3)).prop_map(
        |(asked, answer, calls)| {
            let answer = if calls.is_empty() { Some(answer.unwrap_or_else(|| "yes".into())) } else { answer };
            Round { asked, answer, calls }
        },
    );
    let settings = (any::<bool>(), any::<bool>(), 16..9999_u64, proptest::option::of(0..=100_u8));
    let tools = proptest::collection::btree_set("[a-zA-Z0-9_-]{1,64}", 1..3);
    (proptest::option::of(text()), vec(round, 0..3), said(), tools, settings).prop_map(
        |(system, rounds, last, tools, (stream, schema, max_tokens, temperature))| Talk {
            system,
            rounds,
            last,
            tools: tools.into_iter().collect(),
            max_tokens,
            temperature,
            stream,
            schema,
        },
    )
}

/// One that takes all of it.
const MODEL: &str = "claude-sonnet-4-5";
const PNG: &str = "iVBORw0KGgo=";
const URL: &str = "https://example.com/a.png";

fn schema() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false})
}

impl Talk {
    fn body(&self, dialect: Dialect) -> Value {
        let mut body = match dialect {
            Dialect::Messages => self.messages(),
            Dialect::Chat => self.chat(),
            Dialect::Responses => self.responses(),
        };
        body["model"] = json!(MODEL);
        if self.stream {
            body["stream"] = json!(true);
        }
        if let Some(temperature) = self.temperature {
            body["temperature"] = json!(f64::from(temperature) / 100.0);
        }
        body
    }

    fn messages(&self) -> Value {
        let said = |said: &Said| {
            let mut blocks = vec![json!({"type": "text", "text": said.text})];
            let source = said.image.map(|here| match here {
                true => json!({"type": "base64", "media_type": "image/png", "data": PNG}),
                false => json!({"type": "url", "url": URL}),
            });
            blocks.extend(source.map(|source| json!({"type": "image", "source": source})));
            blocks
        };
        let mut messages = Vec::new();
        let mut results: Vec<Value> = Vec::new();
        for (r, round) in self.rounds.iter().enumerate() {
            let mut content = std::mem::take(&mut results);
            content.extend(said(&round.asked));
            messages.push(json!({"role": "user", "content": content}));
            let mut blocks: Vec<Value> =
                round.answer.iter().map(|text| json!({"type": "text", "text": text})).collect();
            for (c, (argument, result)) in round.calls.iter().enumerate() {
                let (id, name) = (format!("call_{r}_{c}"), &self.tools[0]);
                blocks.push(json!({"type": "tool_use", "id": id, "name": name, "input": {"a": argument}}));
                results.push(json!({"type": "tool_result", "tool_use_id": id, "content": result}));
            }
            messages.push(json!({"role": "assistant", "content": blocks}));
        }
        let mut content = results;
        content.extend(said(&self.last));
        messages.push(json!({"role": "user", "content": content}));
        let tool = |name: &String| json!({"name": name, "description": "d", "input_schema": schema()});
        let tools: Vec<Value> = self.tools.iter().map(tool).collect();
        let mut body = json!({"max_tokens": self.max_tokens, "messages": messages, "tools": tools});
        if let Some(system) = &self.system {
            body["system"] = json!(system);
        }
        if self.schema {
            body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema()}});
        }
        body
    }

    fn chat(&self) -> Value {
        let said = |said: &Said| {
            let url = said
                .image
                .map(|here| if here { format!("data:image/png;base64,{PNG}") } else { URL.to_owned() });
            match url {
                None => json!({"role": "user", "content": said.text}),
                Some(url) => json!({"role": "user", "content": [
                    {"type": "text", "text": said.text}, {"type": "image_url", "image_url": {"url": url}}]}),
            }
        };
        let mut messages: Vec<Value> =
            self.system.iter().map(|text| json!({"role": "system", "content": text})).collect();
        for (r, round) in self.rounds.iter().enumerate() {
            messages.push(said(&round.asked));
            let mut answer = json!({"role": "assistant", "content": round.answer});
            let id = |c: usize| format!("call_{r}_{c}");
            let call = |(c, (argument, _)): (usize, &(String, String))| {
                let arguments = json!({"a": argument}).to_string();
                json!({"id": id(c), "type": "function", "function": {"name": self.tools[0], "arguments": arguments}})
            };
            if !round.calls.is_empty() {
                answer["tool_calls"] = round.calls.iter().enumerate().map(call).collect();
            }
            messages.push(answer);
            messages.extend(
                round.calls.iter().enumerate().map(
                    |(c, (_, result))| json!({"role": "tool", "tool_call_id": id(c), "content": result}),
                ),
            );
        }
        messages.push(said(&self.last));
        let tool = |name: &String| json!({"type": "function", "function": {"name": name, "description": "d", "parameters": schema()}});
        let tools: Vec<Value> = self.tools.iter().map(tool).collect();
        let mut body = json!({"max_tokens": self.max_tokens, "messages": messages, "tools": tools});
        if self.schema {
            let format = json!({"name": "response", "schema": schema(), "strict": true});
            body["response_format"] = json!({"type": "json_schema", "json_schema": format});
        }
        body
    }

    fn responses(&self) -> Value {
        let said = |said: &Said| {
            let url = said
                .image
                .map(|here| if here { format!("data:image/png;base64,{PNG}") } else { URL.to_owned() });
            let mut content = vec![json!({"type": "input_text", "text": said.text})];
            content.extend(url.map(|url| json!({"type": "input_image", "image_url": url})));
            json!({"type": "message", "role": "user", "content": content})
        };
        let mut input = Vec::new();
        for (r, round) in self.rounds.iter().enumerate() {
            input.push(said(&round.asked));
            input.extend(round.answer.iter().map(|text| {
                json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]})
            }));
            let id = |c: usize| format!("call_{r}_{c}");
            for (c, (argument, _)) in round.calls.iter().enumerate() {
                let arguments = json!({"a": argument}).to_string();
                input.push(json!({"type": "function_call", "call_id": id(c), "name": self.tools[0],
                    "arguments": arguments}));
            }
            for (c, (_, result)) in round.calls.iter().enumerate() {
                input.push(json!({"type": "function_call_output", "call_id": id(c), "output": result}));
            }
        }
        input.push(said(&self.last));
        let tool = |name: &String| json!({"type": "function", "name": name, "description": "d", "parameters": schema()});
        let tools: Vec<Value> = self.tools.iter().map(tool).collect();
        let mut body = json!({"max_output_tokens": self.max_tokens, "input": input, "tools": tools});
        if let Some(system) = &self.system {
            body["instructions"] = json!(system);
        }
        if self.schema {
            let format =
                json!({"type": "json_schema", "name": "response", "schema": schema(), "strict": true});
            body["text"] = json!({"format": format});
        }
        body
    }
}

/// Without what a dialect has to say where another means it by silence.
fn plain(body: &[u8]) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, value| name != "detail" || *value != "auto");
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut body = serde_json::from_slice(body).unwrap();
    strip(&mut body);
    body
}

fn said_by(client: Dialect, provider: Dialect, body: &[u8]) -> Vec<u8> {
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    let translated = request(client, body, MODEL, &Profile::of(provider), stamp).unwrap();
    assert!(translated.dropped.is_empty(), "{client} to {provider}: {}", translated.dropped);
    translated.body
}

proptest! {
    /// There and back it is what the other dialect's own client would have said, and there again the same.
    #[test]
    fn a_detour_changes_nothing(talk in talks()) {
        for client in ALL {
            let body = talk.body(client).to_string();
            for by in ALL.into_iter().filter(|by| *by != client) {
                let there = said_by(client, by, body.as_bytes());
                let back = said_by(by, client, &there);
                // As if the client had spoken the other dialect itself.
                let own = said_by(by, client, talk.body(by).to_string().as_bytes());
                prop_assert_eq!(plain(&back), plain(&own), "{} by {}", client, by);
                prop_assert_eq!(plain(&said_by(client, by, &back)), plain(&there), "{} by {} again", client, by);
            }
        }
    }
}
