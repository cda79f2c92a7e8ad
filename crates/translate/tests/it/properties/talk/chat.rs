//! Chat Completions.

use serde_json::{Value, json};

use super::{Call, Choice, Format, Said, Settings, Talk, Tool, Turn};
use crate::properties::shared::{list, string};

pub(super) fn write(talk: &Talk, loose: bool) -> Value {
    let settings = &talk.settings;
    let system = talk
        .system
        .as_deref()
        .map(|system| message("system", &content(&[Said::Text(system.to_owned())], loose)));
    let messages: Vec<Value> =
        system.into_iter().chain(talk.turns.iter().flat_map(|turn| messages(turn, loose))).collect();
    let mut body = json!({ "model": "mine", "messages": messages, "stream": settings.stream });
    let mut set = |field: &str, value: Value| body[field] = value;
    if !talk.tools.is_empty() {
        set("tools", talk.tools.iter().map(tool).collect());
        set("tool_choice", choice(&talk.choice));
        set("parallel_tool_calls", talk.parallel.into());
    }
    set(if loose { "max_completion_tokens" } else { "max_tokens" }, json!(settings.limit));
    set("temperature", json!(settings.temperature));
    set("top_p", json!(settings.top_p));
    set("stop", json!(settings.stop));
    set("reasoning_effort", json!(settings.effort));
    set("verbosity", json!(settings.verbosity));
    set(if loose { "safety_identifier" } else { "user" }, json!(settings.user));
    set("service_tier", json!(settings.tier));
    set("prompt_cache_key", json!(settings.cache_key));
    set(
        "response_format",
        match &settings.format {
            None => json!({ "type": "text" }),
            Some(Format::Json) => json!({ "type": "json_object" }),
            Some(Format::Schema { name, description, schema, strict }) => json!({
                "type": "json_schema",
                "json_schema": { "name": name, "description": description, "schema": schema, "strict": strict },
            }),
        },
    );
    body
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, schema, strict } = tool;
    let function =
        json!({ "name": name, "description": description, "parameters": schema, "strict": strict });
    json!({ "type": "function", "function": function })
}

fn choice(choice: &Choice) -> Value {
    match choice {
        Choice::Auto => json!("auto"),
        Choice::Any => json!("required"),
        Choice::None => json!("none"),
        Choice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

fn message(role: &str, content: &Value) -> Value {
    json!({ "role": role, "content": content })
}

fn messages(turn: &Turn, loose: bool) -> Vec<Value> {
    match turn {
        Turn::User(said) => vec![message("user", &content(said, loose))],
        Turn::Operator(text) => vec![message("developer", &content(&[Said::Text(text.clone())], loose))],
        Turn::Assistant { text, calls } => {
            let mut message = message("assistant", &json!(text));
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().map(call).collect();
            }
            vec![message]
        }
        Turn::Results(results) => {
            let one = |(id, said): &(String, Vec<Said>)| json!({ "role": "tool", "tool_call_id": id, "content": content(said, loose) });
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
        Said::Text(text) => json!({ "type": "text", "text": text }),
        Said::Image(url) => json!({ "type": "image_url", "image_url": { "url": url } }),
    }
}

fn call(call: &Call) -> Value {
    let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
    json!({ "type": "function", "id": call.id, "function": function })
}

pub(super) fn read(body: &Value) -> Talk {
    let mut messages = list(&body["messages"]);
    let mut system = None;
    if let Some((first, rest)) = messages.split_first().filter(|(first, _)| first["role"] == "system") {
        system = Some(string(&first["content"]));
        messages = rest;
    }
    let mut turns: Vec<Turn> = Vec::new();
    for message in messages {
        match (turn(message), turns.last_mut()) {
            (Turn::Results(more), Some(Turn::Results(results))) => results.extend(more),
            (turn, _) => turns.push(turn),
        }
    }
    Talk {
        system,
        turns,
        tools: list(&body["tools"]).iter().map(read_tool).collect(),
        choice: match &body["tool_choice"] {
            Value::Null => Choice::Auto,
            Value::String(mode) if mode == "auto" => Choice::Auto,
            Value::String(mode) if mode == "required" => Choice::Any,
            Value::String(mode) if mode == "none" => Choice::None,
            tool => Choice::Named(string(&tool["function"]["name"])),
        },
        parallel: body["parallel_tool_calls"] != false,
        settings: settings(body),
    }
}

fn read_tool(tool: &Value) -> Tool {
    let function = &tool["function"];
    Tool {
        name: string(&function["name"]),
        description: function["description"].as_str().map(str::to_owned),
        schema: function["parameters"].clone(),
        strict: function["strict"] == true,
    }
}

fn turn(message: &Value) -> Turn {
    match message["role"].as_str().unwrap() {
        "user" => Turn::User(said(&message["content"])),
        "developer" => Turn::Operator(string(&message["content"])),
        "tool" => Turn::Results(vec![(string(&message["tool_call_id"]), said(&message["content"]))]),
        _ => Turn::Assistant {
            text: message["content"].as_str().map(str::to_owned),
            calls: list(&message["tool_calls"]).iter().map(read_call).collect(),
        },
    }
}

fn said(content: &Value) -> Vec<Said> {
    let part = |part: &Value| match part["type"].as_str().unwrap() {
        "text" => Said::Text(string(&part["text"])),
        _ => Said::Image(string(&part["image_url"]["url"])),
    };
    match content.as_str() {
        Some("") => Vec::new(),
        Some(text) => vec![Said::Text(text.to_owned())],
        None => list(content).iter().map(part).collect(),
    }
}

fn read_call(call: &Value) -> Call {
    Call {
        id: string(&call["id"]),
        name: string(&call["function"]["name"]),
        arguments: serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap(),
    }
}

fn settings(body: &Value) -> Settings {
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let schema = &body["response_format"]["json_schema"];
    let limit = [&body["max_tokens"], &body["max_completion_tokens"]];
    let effort = text("reasoning_effort");
    Settings {
        stream: body["stream"] == true,
        limit: limit.iter().find_map(|limit| limit.as_u64()),
        temperature: body["temperature"].as_f64(),
        top_p: body["top_p"].as_f64(),
        stop: list(&body["stop"]).iter().map(string).collect(),
        // Here no one says that thoughts are not to be read.
        shown: effort.as_deref().is_some_and(|effort| effort != "none"),
        effort,
        format: match body["response_format"]["type"].as_str() {
            None | Some("text") => None,
            Some("json_object") => Some(Format::Json),
            _ => Some(Format::Schema {
                name: string(&schema["name"]),
                description: schema["description"].as_str().map(str::to_owned),
                schema: schema["schema"].clone(),
                strict: schema["strict"].as_bool(),
            }),
        },
        verbosity: text("verbosity"),
        user: text("user"),
        tier: text("service_tier"),
        cache_key: text("prompt_cache_key"),
    }
}
