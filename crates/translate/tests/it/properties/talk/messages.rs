//! Messages.

use serde_json::{Map, Value, json};

use super::{Call, Choice, Format, Said, Settings, Talk, Tool, Turn};
use crate::properties::shared::{list, string};

pub(super) fn write(talk: &Talk, loose: bool) -> Value {
    let settings = &talk.settings;
    let mut body = json!({ "model": "mine", "max_tokens": settings.limit, "stream": settings.stream });
    let mut set = |field: &str, value: Value| body[field] = value;
    if let Some(system) = &talk.system {
        set("system", if loose { json!([{ "type": "text", "text": system }]) } else { json!(system) });
    }
    set("messages", messages(&talk.turns, loose));
    if !talk.tools.is_empty() {
        set("tools", talk.tools.iter().map(tool).collect());
    }
    let mut choice = match &talk.choice {
        Choice::Auto => json!({ "type": "auto" }),
        Choice::Any => json!({ "type": "any" }),
        Choice::None => json!({ "type": "none" }),
        Choice::Named(name) => json!({ "type": "tool", "name": name }),
    };
    if !talk.parallel {
        choice["disable_parallel_tool_use"] = true.into();
    }
    if talk.choice != Choice::Auto || !talk.parallel {
        set("tool_choice", choice);
    }
    let mut output = Map::new();
    if let Some(effort) = &settings.effort {
        let display = settings.shown.then_some("summarized");
        set("thinking", json!({ "type": "adaptive", "display": display }));
        output.insert("effort".to_owned(), json!(effort));
    }
    if let Some(Format::Schema { schema, .. }) = &settings.format {
        output.insert("format".to_owned(), json!({ "type": "json_schema", "schema": schema }));
    }
    set("output_config", output.into());
    set("temperature", json!(settings.temperature));
    set("top_p", json!(settings.top_p));
    set("stop_sequences", json!(settings.stop));
    if let Some(user) = &settings.user {
        set("metadata", json!({ "user_id": user }));
    }
    let tier = settings.tier.as_deref().map(|tier| if tier == "default" { "standard_only" } else { tier });
    set("service_tier", json!(tier));
    body
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, schema, strict } = tool;
    json!({ "name": name, "description": description, "input_schema": schema, "strict": strict })
}

/// What a tool says and what the user says besides is one message.
fn messages(turns: &[Turn], loose: bool) -> Value {
    let mut messages: Vec<(&str, Vec<Value>)> = Vec::new();
    for turn in turns {
        let (role, blocks) = match turn {
            Turn::User(parts) => ("user", parts.iter().map(block).collect()),
            Turn::Operator(text) => ("system", vec![json!({ "type": "text", "text": text })]),
            Turn::Assistant { text, calls } => {
                let text = text.iter().map(|text| json!({ "type": "text", "text": text }));
                ("assistant", text.chain(calls.iter().map(call)).collect::<Vec<_>>())
            }
            Turn::Results(results) => {
                ("user", results.iter().map(|(id, said)| result(id, said, loose)).collect())
            }
        };
        match messages.last_mut().filter(|last| last.0 == role) {
            Some(last) => last.1.extend(blocks),
            None => messages.push((role, blocks)),
        }
    }
    let content = |blocks: Vec<Value>| match blocks.as_slice() {
        [only] if !loose && only["type"] == "text" => only["text"].clone(),
        _ => blocks.into(),
    };
    let written = messages.into_iter();
    written.map(|(role, blocks)| json!({ "role": role, "content": content(blocks) })).collect()
}

fn block(said: &Said) -> Value {
    match said {
        Said::Text(text) => json!({ "type": "text", "text": text }),
        Said::Image(url) => {
            let data = url.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
            let source = match data {
                Some((media_type, data)) => {
                    json!({ "type": "base64", "media_type": media_type, "data": data })
                }
                None => json!({ "type": "url", "url": url }),
            };
            json!({ "type": "image", "source": source })
        }
    }
}

fn call(call: &Call) -> Value {
    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments })
}

fn result(id: &str, said: &[Said], loose: bool) -> Value {
    let mut result = json!({ "type": "tool_result", "tool_use_id": id });
    match said {
        [] if !loose => {}
        [Said::Text(text)] if !loose => result["content"] = json!(text),
        said => result["content"] = said.iter().map(block).collect(),
    }
    result
}

pub(super) fn read(body: &Value) -> Talk {
    let system = list(&body["system"]).iter().map(|block| string(&block["text"])).collect::<Vec<_>>();
    let choice = &body["tool_choice"];
    Talk {
        system: (!system.is_empty()).then(|| system.join("\n\n")),
        turns: list(&body["messages"]).iter().flat_map(turns).collect(),
        tools: list(&body["tools"]).iter().map(read_tool).collect(),
        parallel: choice["disable_parallel_tool_use"] != true,
        choice: match choice["type"].as_str() {
            None | Some("auto") => Choice::Auto,
            Some("any") => Choice::Any,
            Some("none") => Choice::None,
            _ => Choice::Named(string(&choice["name"])),
        },
        settings: settings(body),
    }
}

fn read_tool(tool: &Value) -> Tool {
    Tool {
        name: string(&tool["name"]),
        description: tool["description"].as_str().map(str::to_owned),
        schema: tool["input_schema"].clone(),
        strict: tool["strict"] == true,
    }
}

fn turns(message: &Value) -> Vec<Turn> {
    let blocks = list(&message["content"]);
    let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
    let texts = of("text").map(|block| string(&block["text"]));
    if message["role"] == "assistant" {
        let calls = of("tool_use").map(|block| Call {
            id: string(&block["id"]),
            name: string(&block["name"]),
            arguments: block["input"].clone(),
        });
        return vec![Turn::Assistant { text: texts.reduce(|all, more| all + &more), calls: calls.collect() }];
    }
    let results: Vec<_> = of("tool_result")
        .map(|block| (string(&block["tool_use_id"]), read_said(list(&block["content"]))))
        .collect();
    let said = read_said(&blocks[results.len()..]);
    let results = (!results.is_empty()).then_some(Turn::Results(results));
    results.into_iter().chain((!said.is_empty()).then_some(Turn::User(said))).collect()
}

fn read_said(blocks: &[Value]) -> Vec<Said> {
    let one = |block: &Value| match (block["type"].as_str().unwrap(), &block["source"]) {
        ("text", _) => Said::Text(string(&block["text"])),
        ("image", source) if source["type"] == "url" => Said::Image(string(&source["url"])),
        ("image", source) => {
            Said::Image(format!("data:{};base64,{}", string(&source["media_type"]), string(&source["data"])))
        }
        _ => panic!("not said: {block}"),
    };
    blocks.iter().map(one).collect()
}

fn settings(body: &Value) -> Settings {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let schema = body["output_config"]["format"].get("schema");
    Settings {
        stream: body["stream"] == true,
        limit: body["max_tokens"].as_u64(),
        temperature: body["temperature"].as_f64(),
        top_p: body["top_p"].as_f64(),
        stop: list(&body["stop_sequences"]).iter().map(string).collect(),
        effort: text(&body["output_config"]["effort"]),
        shown: body["thinking"]["display"] == "summarized",
        // Which here has no name, and is always kept to.
        format: schema.map(|schema| Format::Schema {
            name: "response".to_owned(),
            description: None,
            schema: schema.clone(),
            strict: Some(true),
        }),
        verbosity: None,
        user: text(&body["metadata"]["user_id"]),
        tier: text(&body["service_tier"])
            .map(|tier| if tier == "standard_only" { "default".to_owned() } else { tier }),
        cache_key: None,
    }
}
