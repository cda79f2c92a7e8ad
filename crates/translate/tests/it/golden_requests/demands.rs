//! What each dialect demands of any request, told without a word of the translator's.

use std::collections::BTreeSet;

use ccproxy_wire::Dialect;
use serde_json::Value;

use crate::golden::demand::{Outcome, demand, list, text};

pub(super) fn check(dialect: Dialect, body: &Value) -> Outcome {
    text(&body["model"], "model")?;
    match dialect {
        Dialect::Messages => messages(body),
        Dialect::Chat => chat(body),
        Dialect::Responses => responses(body),
    }
}

/// A tool's name, of at most so many letters.
fn tool_name(value: &Value, limit: usize) -> Result<&str, String> {
    let name = text(value, "a tool's name")?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    demand(plain && name.len() <= limit, format!("no name of a tool: {name}"))?;
    Ok(name)
}

fn within(value: &Value, range: std::ops::RangeInclusive<f64>, what: &str) -> Outcome {
    demand(
        value.is_null() || value.as_f64().is_some_and(|value| range.contains(&value)),
        format!("{what}: {value}"),
    )
}

fn object(schema: &Value) -> Outcome {
    demand(schema["type"] == "object", format!("not a schema of an object: {schema}"))
}

/// A choice of a tool is for those who have tools, and names one of them.
fn choice(choice: &Value, named: &Value, names: &BTreeSet<&str>) -> Outcome {
    demand(choice.is_null() || !names.is_empty(), "tool_choice without tools")?;
    let known = named.as_str().is_none_or(|name| names.contains(name));
    demand(known, format!("tool_choice names no tool: {choice}"))
}

fn messages(body: &Value) -> Outcome {
    let max_tokens = body["max_tokens"].as_u64().filter(|limit| *limit > 0).ok_or("no max_tokens")?;
    within(&body["temperature"], 0.0..=1.0, "temperature")?;
    within(&body["top_p"], 0.0..=1.0, "top_p")?;
    let mut names = BTreeSet::new();
    for tool in list(&body["tools"]) {
        object(&tool["input_schema"])?;
        demand(names.insert(tool_name(&tool["name"], 128)?), "a tool's name twice")?;
    }
    choice(&body["tool_choice"], &body["tool_choice"]["name"], &names)?;
    let thinking = &body["thinking"];
    if let Some(budget) = thinking["budget_tokens"].as_u64() {
        demand(budget >= 1024 && budget < max_tokens, "budget_tokens is out of range")?;
    }
    let forced = matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool"));
    let thinks = matches!(thinking["type"].as_str(), Some("enabled" | "adaptive"));
    demand(!forced || !thinks, "a forced tool with thinking")?;
    let marks = body.to_string().matches(r#""cache_control":"#).count();
    demand(marks <= 4, "more than four marks of the cache")?;
    turns(list(&body["messages"]))
}

fn turns(messages: &[Value]) -> Outcome {
    demand(!messages.is_empty(), "no messages")?;
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (n, message) in messages.iter().enumerate() {
        let expect = if n % 2 == 0 { "user" } else { "assistant" };
        demand(message["role"] == expect, format!("messages.{n} is not the {expect}'s"))?;
        let content = list(&message["content"]);
        demand(message["content"].is_string() || !content.is_empty(), format!("messages.{n} is empty"))?;
        let mut results_over = false;
        for block in content {
            match block["type"].as_str() {
                Some("tool_result") => {
                    demand(!results_over, "a result after something else")?;
                    let id = text(&block["tool_use_id"], "tool_use_id")?;
                    demand(open.remove(id), format!("a result of no call before: {id}"))?;
                    continue;
                }
                Some("tool_use") => {
                    demand(block["input"].is_object(), "an input that is no object")?;
                    demand(open.insert(text(&block["id"], "id")?), "an id twice")?;
                }
                Some("text") => {
                    demand(!block["text"].as_str().unwrap_or_default().trim().is_empty(), "empty text")?
                }
                Some("thinking") => drop(text(&block["signature"], "signature")?),
                _ => {}
            }
            results_over = true;
            if expect == "user" {
                demand(open.is_empty(), format!("calls without a result: {open:?}"))?;
            }
        }
        demand(expect == "assistant" || open.is_empty(), format!("calls without a result: {open:?}"))?;
    }
    demand(open.is_empty(), "the last calls have no result")
}

fn chat(body: &Value) -> Outcome {
    demand(body["max_tokens"].is_null() || body["max_completion_tokens"].is_null(), "two limits")?;
    within(&body["temperature"], 0.0..=2.0, "temperature")?;
    demand(list(&body["stop"]).len() <= 4, "more than four sequences to stop at")?;
    demand(body["metadata"].is_null() || body["store"] == true, "metadata of what is not kept")?;
    let mut names = BTreeSet::new();
    for tool in list(&body["tools"]) {
        object(&tool["function"]["parameters"])?;
        names.insert(tool_name(&tool["function"]["name"], 64)?);
    }
    choice(&body["tool_choice"], &body["tool_choice"]["function"]["name"], &names)?;
    let messages = list(&body["messages"]);
    demand(!messages.is_empty(), "no messages")?;
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for message in messages {
        let role = text(&message["role"], "role")?;
        if role == "tool" {
            let id = text(&message["tool_call_id"], "tool_call_id")?;
            demand(message["content"].is_string(), "a result that is no text")?;
            demand(open.remove(id), format!("a result of no call before: {id}"))?;
            continue;
        }
        demand(open.is_empty(), format!("calls without a result: {open:?}"))?;
        let calls = list(&message["tool_calls"]);
        for call in calls {
            tool_name(&call["function"]["name"], 64)?;
            let arguments = text(&call["function"]["arguments"], "arguments")?;
            demand(serde_json::from_str::<Value>(arguments).is_ok(), "arguments that are no JSON")?;
            open.insert(text(&call["id"], "id")?);
        }
        let said = !message["content"].is_null() || !message["refusal"].is_null();
        demand(said || !calls.is_empty(), "a message that says nothing")?;
    }
    demand(open.is_empty(), "the last calls have no result")
}

fn responses(body: &Value) -> Outcome {
    demand(body["max_output_tokens"].as_u64().is_none_or(|limit| limit >= 16), "max_output_tokens below 16")?;
    within(&body["temperature"], 0.0..=2.0, "temperature")?;
    let mut names = BTreeSet::new();
    for tool in list(&body["tools"]) {
        if tool["type"] == "function" {
            object(&tool["parameters"])?;
            demand(tool["strict"].is_boolean(), "a function that is strict by silence")?;
        }
        names.insert(tool_name(&tool["name"], 64)?);
    }
    choice(&body["tool_choice"], &body["tool_choice"]["name"], &names)?;
    demand(!list(&body["input"]).is_empty(), "no input")?;
    let mut open: BTreeSet<(&str, bool)> = BTreeSet::new();
    let mut thought = false;
    for item in list(&body["input"]) {
        let kind = item["type"].as_str().unwrap_or("message");
        let by_user = kind == "message" && item["role"] != "assistant";
        demand(!thought || !(by_user || kind.ends_with("output")), "thoughts that nothing has come of")?;
        thought = kind == "reasoning";
        match kind {
            "function_call" | "custom_tool_call" => {
                tool_name(&item["name"], 64)?;
                open.insert((text(&item["call_id"], "call_id")?, kind == "custom_tool_call"));
            }
            "function_call_output" | "custom_tool_call_output" => {
                let id = text(&item["call_id"], "call_id")?;
                let known = open.remove(&(id, kind == "custom_tool_call_output"));
                demand(known, format!("an output of no call before: {id}"))?;
            }
            "reasoning" => drop(text(&item["encrypted_content"], "encrypted_content")?),
            "message" => demand(!item["content"].is_null(), "a message that says nothing")?,
            other => return Err(format!("an item of an unknown type: {other}")),
        }
    }
    demand(!thought, "thoughts that nothing has come of")?;
    demand(open.is_empty(), format!("calls without an output: {open:?}"))
}

#[test]
fn what_is_not_allowed() {
    let check = |dialect: Dialect, json: &str, wrong: &str| {
        let told = check(dialect, &serde_json::from_str(json).unwrap()).unwrap_err();
        assert!(told.contains(wrong), "{told}");
    };
    let user = r#"{"role":"user","content":[{"type":"text","text":"a"}]}"#;
    let said = |list: &str| format!(r#"{{"model":"m","max_tokens":9,"messages":[{list}]}}"#);
    check(Dialect::Messages, r#"{"model":"m"}"#, "max_tokens");
    check(Dialect::Messages, &said(&format!("{user},{user}")), "not the assistant's");
    let result = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}"#;
    check(Dialect::Messages, &said(result), "no call before");
    check(
        Dialect::Chat,
        r#"{"model":"m","messages":[{"role":"tool","tool_call_id":"t","content":""}]}"#,
        "no call",
    );
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#;
    check(Dialect::Responses, &format!(r#"{{"model":"m","input":[{call}]}}"#), "without an output");
    let output = r#"{"type":"custom_tool_call_output","call_id":"c","output":""}"#;
    check(Dialect::Responses, &format!(r#"{{"model":"m","input":[{call},{output}]}}"#), "no call before");
}
