//! Responses.

use serde_json::{Map, Value, json};

use super::{Call, Choice, Format, Said, Settings, Talk, Tool, Turn};
use crate::properties::shared::{list, string};

pub(super) fn write(talk: &Talk, loose: bool) -> Value {
    let settings = &talk.settings;
    let items: Vec<Value> = talk.turns.iter().flat_map(|turn| items(turn, loose)).collect();
    let mut body = json!({ "model": "mine", "input": items, "stream": settings.stream, "store": false });
    let mut set = |field: &str, value: Value| body[field] = value;
    set("instructions", json!(talk.system));
    if !talk.tools.is_empty() {
        set("tools", talk.tools.iter().map(tool).collect());
        set("tool_choice", choice(&talk.choice));
        set("parallel_tool_calls", talk.parallel.into());
    }
    set("max_output_tokens", json!(settings.limit));
    set("temperature", json!(settings.temperature));
    set("top_p", json!(settings.top_p));
    let mut reasoning = Map::new();
    if let Some(effort) = &settings.effort {
        reasoning.insert("effort".to_owned(), json!(effort));
        reasoning.insert("summary".to_owned(), json!(settings.shown.then_some("auto")));
    }
    set("reasoning", reasoning.into());
    let format = match &settings.format {
        None => json!({ "type": "text" }),
        Some(Format::Json) => json!({ "type": "json_object" }),
        Some(Format::Schema { name, description, schema, strict }) => json!({
            "type": "json_schema", "name": name, "description": description, "schema": schema, "strict": strict,
        }),
    };
    set("text", json!({ "format": format, "verbosity": settings.verbosity }));
    set(if loose { "safety_identifier" } else { "user" }, json!(settings.user));
    set("service_tier", json!(settings.tier));
    set("prompt_cache_key", json!(settings.cache_key));
    body
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, schema, strict } = tool;
    json!({ "type": "function", "name": name, "description": description, "parameters": schema, "strict": strict })
}

fn choice(choice: &Choice) -> Value {
    match choice {
        Choice::Auto => json!("auto"),
        Choice::Any => json!("required"),
        Choice::None => json!("none"),
        Choice::Named(name) => json!({ "type": "function", "name": name }),
    }
}

fn items(turn: &Turn, loose: bool) -> Vec<Value> {
    let message = |role: &str, content: Value| json!({ "type": "message", "role": role, "content": content });
    match turn {
        Turn::User(said) => vec![message("user", content(said, loose))],
        Turn::Operator(text) => vec![message("developer", content(&[Said::Text(text.clone())], loose))],
        Turn::Assistant { text, calls } => {
            let parts = |text: &String| json!([{ "type": "output_text", "text": text }]);
            let text =
                text.iter().map(|text| message("assistant", if loose { parts(text) } else { json!(text) }));
            text.chain(calls.iter().map(call)).collect()
        }
        Turn::Results(results) => {
            let one = |(id, said): &(String, Vec<Said>)| json!({ "type": "function_call_output", "call_id": id, "output": content(said, loose) });
            results.iter().map(one).collect()
        }
    }
}

fn content(said: &[Said], loose: bool) -> Value {
    match said {
        [] => json!(""),
        [Said::Text(text)] if !loose => json!(text),
        said => said.iter().map(part).collect(),
    }
}

fn part(said: &Said) -> Value {
    match said {
        Said::Text(text) => json!({ "type": "input_text", "text": text }),
        Said::Image(url) => json!({ "type": "input_image", "detail": "auto", "image_url": url }),
    }
}

fn call(call: &Call) -> Value {
    let arguments = call.arguments.to_string();
    json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments })
}

pub(super) fn read(body: &Value) -> Talk {
    let mut turns: Vec<Turn> = Vec::new();
    for item in list(&body["input"]) {
        match (turn(item), turns.last_mut()) {
            (Turn::Results(more), Some(Turn::Results(results))) => results.extend(more),
            (Turn::Assistant { text: None, calls: more }, Some(Turn::Assistant { calls, .. })) => {
                calls.extend(more)
            }
            (turn, _) => turns.push(turn),
        }
    }
    Talk {
        system: body["instructions"].as_str().map(str::to_owned),
        turns,
        tools: list(&body["tools"]).iter().map(read_tool).collect(),
        choice: match &body["tool_choice"] {
            Value::Null => Choice::Auto,
            Value::String(mode) if mode == "auto" => Choice::Auto,
            Value::String(mode) if mode == "required" => Choice::Any,
            Value::String(mode) if mode == "none" => Choice::None,
            tool => Choice::Named(string(&tool["name"])),
        },
        parallel: body["parallel_tool_calls"] != false,
        settings: settings(body),
    }
}

fn read_tool(tool: &Value) -> Tool {
    Tool {
        name: string(&tool["name"]),
        description: tool["description"].as_str().map(str::to_owned),
        schema: tool["parameters"].clone(),
        strict: tool["strict"] == true,
    }
}

fn turn(item: &Value) -> Turn {
    match (item["type"].as_str().unwrap_or("message"), item["role"].as_str()) {
        ("message", Some("user")) => Turn::User(said(&item["content"])),
        ("message", Some("developer")) => Turn::Operator(only(&item["content"])),
        ("message", _) => Turn::Assistant { text: Some(only(&item["content"])), calls: Vec::new() },
        ("function_call", _) => Turn::Assistant { text: None, calls: vec![read_call(item)] },
        _ => Turn::Results(vec![(string(&item["call_id"]), said(&item["output"]))]),
    }
}

/// The text of a content that is nothing else.
fn only(content: &Value) -> String {
    match said(content).as_slice() {
        [Said::Text(text)] => text.clone(),
        _ => panic!("not one text: {content}"),
    }
}

fn said(content: &Value) -> Vec<Said> {
    let part = |part: &Value| match part["type"].as_str().unwrap() {
        "input_text" | "output_text" => Said::Text(string(&part["text"])),
        _ => Said::Image(string(&part["image_url"])),
    };
    match content.as_str() {
        Some("") => Vec::new(),
        Some(text) => vec![Said::Text(text.to_owned())],
        None => list(content).iter().map(part).collect(),
    }
}

fn read_call(item: &Value) -> Call {
    Call {
        id: string(&item["call_id"]),
        name: string(&item["name"]),
        arguments: serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap(),
    }
}

fn settings(body: &Value) -> Settings {
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let format = &body["text"]["format"];
    Settings {
        stream: body["stream"] == true,
        limit: body["max_output_tokens"].as_u64(),
        temperature: body["temperature"].as_f64(),
        top_p: body["top_p"].as_f64(),
        stop: Vec::new(),
        effort: body["reasoning"]["effort"].as_str().map(str::to_owned),
        shown: body["reasoning"]["summary"].is_string(),
        format: match format["type"].as_str() {
            None | Some("text") => None,
            Some("json_object") => Some(Format::Json),
            _ => Some(Format::Schema {
                name: string(&format["name"]),
                description: format["description"].as_str().map(str::to_owned),
                schema: format["schema"].clone(),
                strict: format["strict"].as_bool(),
            }),
        },
        verbosity: body["text"]["verbosity"].as_str().map(str::to_owned),
        user: text("user"),
        tier: text("service_tier"),
        cache_key: text("prompt_cache_key"),
    }
}
