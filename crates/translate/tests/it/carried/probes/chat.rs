//! What a client of Chat Completions may ask for.

use serde_json::{Value, json};

use super::{Probe, probe, schema};

const UNASKED: &str = "it does not think unless asked";

pub(super) fn least() -> Value {
    json!({ "model": "mine", "messages": [{ "role": "user", "content": "Say hi." }] })
}

pub(super) fn all() -> Vec<Probe> {
    [said(), calls(), tools(), sampling(), settings(), others()].into_iter().flatten().collect()
}

fn user(parts: &Value) -> Value {
    let mut content = vec![json!({ "type": "text", "text": "Look:" })];
    content.extend(parts.as_array().unwrap().iter().cloned());
    json!({ "messages": [{ "role": "user", "content": content }] })
}

fn part(kind: &'static str, part: &Value) -> Probe {
    probe("messages.content", user(&json!([part]))).kind(kind).upon(user(&json!([])))
}

/// What the model said, between two things that the user said.
fn assistant(fields: &Value) -> Value {
    let mut message = json!({ "role": "assistant", "content": "I see." });
    super::set(&mut message, fields);
    json!({ "messages": [{ "role": "user", "content": "Look." }, message, { "role": "user", "content": "And?" }] })
}

fn answered(field: &'static str, fields: &Value) -> Probe {
    probe(field, assistant(fields)).upon(assistant(&json!({})))
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

fn said() -> Vec<Probe> {
    let operator = |role: &str| json!({ "messages": [{ "role": role, "content": "Be kind." }, { "role": "user", "content": "Say hi." }] });
    let between = json!({ "messages": [{ "role": "user", "content": "Say hi." }, { "role": "system",
        "content": "Be brief." }] });
    let named = json!({ "messages": [{ "role": "user", "content": "Say hi.", "name": "ann" }] });
    let file = |file: Value| json!({ "type": "file", "file": file });
    let detailed = |detail: &str| {
        user(
            &json!([{ "type": "image_url", "image_url": { "url": "https://x.test/a.png", "detail": detail } }]),
        )
    };
    let plain = user(&json!([image("https://x.test/a.png")]));
    vec![
        probe("messages", operator("system")).kind("`role` `system`"),
        probe("messages", operator("developer")).kind("`role` `developer`"),
        probe("messages", between).kind("`role` `system` in mid-conversation"),
        probe("messages.name", named),
        part("`text`", &json!({ "type": "text", "text": "this" })),
        part("`image_url`, a `data:` URL", &image("data:image/png;base64,AAAA")),
        part("`image_url`", &image("https://x.test/a.png")),
        probe("messages.content.image_url.detail", detailed("low")).kind("`low`").upon(plain.clone()),
        probe("messages.content.image_url.detail", detailed("high"))
            .kind("`high`")
            .upon(plain)
            .needless("every image is looked at closely"),
        part(
            "`input_audio`",
            &json!({ "type": "input_audio", "input_audio": { "data": "UklG", "format": "wav" } }),
        ),
        part(
            "`file`, a PDF",
            &file(json!({ "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0=" })),
        ),
        part("`file`, `file_id`", &file(json!({ "file_id": "file_1" }))),
        part(
            "`video_url` and others",
            &json!({ "type": "video_url", "video_url": { "url": "https://x.test" } }),
        ),
        probe(
            "messages.content.cache_control",
            user(&json!([{ "type": "text", "text": "it", "cache_control": { "type": "ephemeral" } }])),
        )
        .upon(user(&json!([{ "type": "text", "text": "it" }])))
        .needless("caches by itself"),
        answered("messages.refusal", &json!({ "refusal": "No." })),
        answered("messages.audio", &json!({ "audio": { "id": "audio_1" } })),
        answered("messages.reasoning_content", &json!({ "reasoning_content": "Hm." })),
        answered(
            "messages.reasoning_details",
            &json!({ "reasoning_details": [{ "type": "reasoning.text", "text": "Hm.", "signature": "EqQB",
                "format": "anthropic-claude-v1", "index": 0 }] }),
        )
        .kind("Anthropic's"),
        answered(
            "messages.reasoning_details",
            &json!({ "reasoning_details": [{ "type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1",
                "format": "openai-responses-v1", "index": 0 }] }),
        )
        .kind("OpenAI's"),
        answered(
            "messages.annotations",
            &json!({ "annotations": [{ "type": "url_citation", "url_citation": { "url": "https://x.test",
                "title": "X", "start_index": 0, "end_index": 2 } }] }),
        ),
    ]
}

fn calls() -> Vec<Probe> {
    let talk = |call: Value, result: Value| json!({ "messages": [{ "role": "user", "content": "Go." }, call, result] });
    let call = |call: Value| json!({ "role": "assistant", "tool_calls": [call] });
    let result = json!({ "role": "tool", "tool_call_id": "call_1", "content": "warm" });
    let function = json!({ "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{\"city\":\"Rome\"}" } });
    let custom = json!({ "id": "call_1", "type": "custom", "custom": { "name": "f", "input": "Rome" } });
    let older = json!({ "role": "assistant", "content": null,
        "function_call": { "name": "f", "arguments": "{\"city\":\"Rome\"}" } });
    vec![
        probe("messages.tool_calls", talk(call(function), result.clone()))
            .kind("`function`, with its result"),
        probe("messages.tool_calls", talk(call(custom), result)).kind("`custom`, with its result"),
        probe(
            "messages.function_call",
            talk(older, json!({ "role": "function", "name": "f", "content": "warm" })),
        ),
    ]
}

fn tools() -> Vec<Probe> {
    let own = |fields: Value| {
        let mut function = json!({ "name": "f", "parameters": schema() });
        super::set(&mut function, &fields);
        json!({ "tools": [{ "type": "function", "function": function }] })
    };
    let tool = |field, adds| probe(field, own(adds)).upon(own(json!({})));
    let choice = |kind, choice: Value| {
        probe("tool_choice", json!({ "tool_choice": choice })).kind(kind).upon(own(json!({})))
    };
    let grammar = json!({ "type": "grammar", "grammar": { "syntax": "regex", "definition": "a+" } });
    let custom = |format: Value| json!({ "tools": [{ "type": "custom", "custom": { "name": "f", "format": format } }] });
    let two = json!({ "tools": [{ "type": "function", "function": { "name": "f", "parameters": schema() } },
        { "type": "function", "function": { "name": "g", "parameters": schema() } }] });
    let allowed = json!({ "tool_choice": { "type": "allowed_tools", "allowed_tools": { "mode": "auto",
        "tools": [{ "type": "function", "function": { "name": "f" } }] } } });
    vec![
        probe("tools", own(json!({}))).kind("`function`"),
        tool("tools.function.description", json!({ "description": "Tells the weather." })),
        tool("tools.function.strict", json!({ "strict": true })),
        probe("tools", custom(Value::Null)).kind("`custom`"),
        probe("tools", json!({ "tools": [{ "type": "web_search" }] })).kind("others, of the provider's"),
        probe("tools.custom.format", custom(grammar)).upon(custom(Value::Null)),
        probe("functions", json!({ "functions": [{ "name": "f", "parameters": schema() }] })),
        probe("function_call", json!({ "function_call": { "name": "f" } }))
            .upon(json!({ "functions": [{ "name": "f", "parameters": schema() }] })),
        choice("`auto`", json!("auto")),
        choice("`required`", json!("required")),
        choice("`none`", json!("none")),
        choice("a function", json!({ "type": "function", "function": { "name": "f" } })),
        probe("tool_choice", allowed).kind("`allowed_tools`").upon(two),
        probe("parallel_tool_calls", json!({ "parallel_tool_calls": false }))
            .kind("`false`")
            .upon(own(json!({}))),
        probe("parallel_tool_calls", json!({ "parallel_tool_calls": true }))
            .kind("`true`")
            .upon(own(json!({})))
            .needless("the default"),
    ]
}

fn sampling() -> Vec<Probe> {
    vec![
        probe("max_tokens", json!({ "max_tokens": 123 })),
        probe("max_completion_tokens", json!({ "max_completion_tokens": 123 })),
        probe("stream", json!({ "stream": true })),
        probe("stream_options", json!({ "stream_options": { "include_usage": true } }))
            .kind("`include_usage`")
            .upon(json!({ "stream": true }))
            .needless("the proxy does it"),
        probe("stream_options", json!({ "stream_options": { "include_obfuscation": true } }))
            .kind("`include_obfuscation`")
            .upon(json!({ "stream": true })),
        probe("n", json!({ "n": 2 })).kind("more than 1"),
        probe("n", json!({ "n": 1 })).kind("1").needless("the default"),
        probe("temperature", json!({ "temperature": 0.25 })),
        probe("temperature", json!({ "temperature": 1.5 })).kind("above 1"),
        probe("top_p", json!({ "top_p": 0.25 })),
        probe("top_k", json!({ "top_k": 7 })),
        probe("frequency_penalty", json!({ "frequency_penalty": 0.5 })),
        probe("presence_penalty", json!({ "presence_penalty": 0.5 })),
        probe("seed", json!({ "seed": 7 })),
        probe("stop", json!({ "stop": "END" })),
        probe("logprobs", json!({ "logprobs": true })),
        probe("top_logprobs", json!({ "logprobs": true, "top_logprobs": 2 }))
            .upon(json!({ "logprobs": true })),
        probe("logit_bias", json!({ "logit_bias": { "1": 2 } })),
    ]
}

fn settings() -> Vec<Probe> {
    let format = json!({ "type": "json_schema", "json_schema": { "name": "city", "schema": schema(), "strict": true } });
    vec![
        probe("reasoning_effort", json!({ "reasoning_effort": "high" })),
        probe("reasoning_effort", json!({ "reasoning_effort": "none" })).kind("`none`").needless(UNASKED),
        probe("reasoning", json!({ "reasoning": { "enabled": true } })).kind("`enabled`"),
        probe("reasoning", json!({ "reasoning": { "effort": "high", "exclude": true } }))
            .kind("`exclude`")
            .upon(json!({ "reasoning": { "effort": "high" } }))
            .needless("what is told of thoughts is handed on"),
        probe("reasoning", json!({ "reasoning": { "effort": "high" } })).kind("`effort`"),
        probe("reasoning", json!({ "reasoning": { "max_tokens": 4096 } })).kind("`max_tokens`"),
        probe("thinking", json!({ "thinking": { "type": "enabled", "budget_tokens": 4096 } }))
            .kind("`enabled`"),
        probe("thinking", json!({ "thinking": { "type": "disabled" } })).kind("`disabled`").needless(UNASKED),
        probe("include_reasoning", json!({ "include_reasoning": true })),
        probe("response_format", json!({ "response_format": { "type": "text" } }))
            .kind("`text`")
            .needless("the default"),
        probe("response_format", json!({ "response_format": { "type": "json_object" } }))
            .kind("`json_object`"),
        probe("response_format", json!({ "response_format": format })).kind("`json_schema`"),
        probe("verbosity", json!({ "verbosity": "low" })),
        probe("modalities", json!({ "modalities": ["text", "audio"] })).kind("`audio`"),
        probe("modalities", json!({ "modalities": ["text"] })).kind("`text`").needless("the default"),
    ]
}

fn others() -> Vec<Probe> {
    vec![
        probe("service_tier", json!({ "service_tier": "default" })).kind("`default`"),
        probe("service_tier", json!({ "service_tier": "priority" })).kind("`priority`"),
        probe("user", json!({ "user": "somebody" })),
        probe("safety_identifier", json!({ "safety_identifier": "somebody" })),
        probe("metadata", json!({ "metadata": { "k": "v" } })),
        probe("store", json!({ "store": true })).kind("`true`"),
        probe("store", json!({ "store": false })).kind("`false`").needless("nothing is kept"),
        probe("prompt_cache_key", json!({ "prompt_cache_key": "k" })),
        probe("prompt_cache_retention", json!({ "prompt_cache_retention": "24h" })),
        probe("audio", json!({ "audio": { "voice": "alloy", "format": "wav" } })),
        probe("prediction", json!({ "prediction": { "type": "content", "content": "x" } })),
        probe("web_search_options", json!({ "web_search_options": {} })),
        probe("anything_new", json!({ "anything_new": 1 })).kind("a field that is not known"),
    ]
}
