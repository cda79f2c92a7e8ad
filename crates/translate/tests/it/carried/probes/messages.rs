//! What a client of Messages may ask for.

use serde_json::{Value, json};

use super::{Probe, probe, schema};

const CACHES: &str = "others cache by themselves";

pub(super) fn least() -> Value {
    json!({ "model": "mine", "max_tokens": 30_000, "messages": [{ "role": "user", "content": "Say hi." }] })
}

pub(super) fn all() -> Vec<Probe> {
    [said(), seen(), thoughts(), calls(), tools(), settings(), others()].into_iter().flatten().collect()
}

fn user(blocks: &Value) -> Value {
    let mut content = vec![json!({ "type": "text", "text": "Look:" })];
    content.extend(blocks.as_array().unwrap().iter().cloned());
    json!({ "messages": [{ "role": "user", "content": content }] })
}

fn block(kind: &'static str, block: &Value) -> Probe {
    probe("messages.content", user(&json!([block]))).kind(kind).upon(user(&json!([])))
}

/// What the model said, between two things that the user said.
fn assistant(blocks: &Value) -> Value {
    let mut content = blocks.as_array().unwrap().clone();
    content.push(json!({ "type": "text", "text": "I see." }));
    json!({ "messages": [{ "role": "user", "content": "Look." }, { "role": "assistant", "content": content },
        { "role": "user", "content": "And?" }] })
}

fn thought(kind: &'static str, block: &Value) -> Probe {
    probe("messages.content", assistant(&json!([block]))).kind(kind).upon(assistant(&json!([])))
}

fn image(source: &Value) -> Value {
    json!({ "type": "image", "source": source })
}

fn document(source: &Value) -> Value {
    json!({ "type": "document", "source": source })
}

fn said() -> Vec<Probe> {
    let system = json!({ "messages": [{ "role": "user", "content": "Say hi." }, { "role": "system",
        "content": "Be brief." }] });
    let passing = |clear: Value| {
        json!({ "messages": [{ "role": "user", "content": "Say hi." }, { "role": "system", "content": "Be brief.",
            "clear_at": clear }, { "role": "user", "content": "And?" }] })
    };
    let tuned = json!({ "messages": [{ "role": "user", "content": "Say hi." }, { "role": "system",
        "output_config": { "effort": "low" } }] });
    let cited = json!([{ "type": "text", "text": "So.", "citations": [{ "type": "char_location",
        "cited_text": "words", "document_index": 0, "start_char_index": 0, "end_char_index": 5 }] }]);
    vec![
        probe("system", json!({ "system": "Be kind." })).kind("a string"),
        probe("system", json!({ "system": [{ "type": "text", "text": "Be kind." }] })).kind("blocks"),
        probe("messages", system).kind("`role` `system` in mid-conversation"),
        probe("messages.clear_at", passing(json!("next_user_message")))
            .kind("when it is over")
            .upon(passing(Value::Null)),
        probe("messages.output_config", tuned),
        block("`text`", &json!({ "type": "text", "text": "this" })),
        probe("messages.content.citations", assistant(&cited))
            .kind("given before")
            .upon(assistant(&json!([{ "type": "text", "text": "So." }]))),
        block(
            "`search_result`",
            &json!({ "type": "search_result", "source": "https://x.test", "title": "X",
                "content": [{ "type": "text", "text": "found" }] }),
        ),
        block("`container_upload`", &json!({ "type": "container_upload", "file_id": "file_1" })),
        probe(
            "messages.content.cache_control",
            user(&json!([{ "type": "text", "text": "it", "cache_control": { "type": "ephemeral" } }])),
        )
        .upon(user(&json!([{ "type": "text", "text": "it" }])))
        .needless(CACHES),
    ]
}

/// Images and documents.
fn seen() -> Vec<Probe> {
    let pdf = json!({ "type": "base64", "media_type": "application/pdf", "data": "JVBERi0=" });
    let plain = json!({ "type": "text", "media_type": "text/plain", "data": "words" });
    let beside = |fields: Value| {
        let mut whole = document(&plain);
        super::set(&mut whole, &fields);
        user(&json!([whole]))
    };
    vec![
        block(
            "`image`, base64",
            &image(&json!({ "type": "base64", "media_type": "image/png", "data": "AAAA" })),
        ),
        block("`image`, `url`", &image(&json!({ "type": "url", "url": "https://x.test/a.png" }))),
        block("`image`, `file`", &image(&json!({ "type": "file", "file_id": "file_1" }))),
        block("`document`, a PDF", &document(&pdf)),
        block("`document`, `url`", &document(&json!({ "type": "url", "url": "https://x.test/a.pdf" }))),
        block("`document`, `file`", &document(&json!({ "type": "file", "file_id": "file_1" }))),
        block("`document`, `text`", &document(&plain)),
        block("`document`, `content`", &document(&json!({ "type": "content", "content": "words" }))),
        probe("messages.content.title", beside(json!({ "title": "Report" }))).upon(beside(json!({}))),
        probe("messages.content.context", beside(json!({ "context": "Of May." }))).upon(beside(json!({}))),
        probe("messages.content.citations", beside(json!({ "citations": { "enabled": true } })))
            .kind("wanted")
            .upon(beside(json!({}))),
    ]
}

/// What only the model can have said.
fn thoughts() -> Vec<Probe> {
    vec![
        thought(
            "`thinking`, Anthropic's",
            &json!({ "type": "thinking", "thinking": "Hm.", "signature": "EqQB" }),
        ),
        thought(
            "`thinking`, OpenAI's in an envelope",
            &json!({ "type": "thinking", "thinking": "Hm.",
                "signature": "ccproxy.1.eyJvIjoibyIsInMiOiJnQUFBIn0" }),
        ),
        thought("`redacted_thinking`", &json!({ "type": "redacted_thinking", "data": "EmwK" })),
        thought(
            "`server_tool_use`",
            &json!({ "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {} }),
        ),
        thought("`compaction`", &json!({ "type": "compaction", "content": "What was." })),
    ]
}

fn calls() -> Vec<Probe> {
    let call = json!({ "type": "tool_use", "id": "toolu_1", "name": "f", "input": { "city": "Rome" } });
    let result = |result: &Value| {
        json!({ "messages": [{ "role": "user", "content": "Go." }, { "role": "assistant", "content": [call] },
            { "role": "user", "content": [result] }] })
    };
    let plain = json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": "warm" });
    let wrong =
        json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": "warm", "is_error": true });
    let text = json!([{ "type": "text", "text": "warm" }]);
    let seen = json!([{ "type": "text", "text": "warm" },
        image(&json!({ "type": "url", "url": "https://x.test/a.png" }))]);
    let of = |content: &Value| {
        result(&json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": content }))
    };
    vec![
        probe("messages.content", result(&plain)).kind("`tool_use`, `tool_result`"),
        probe("messages.content.is_error", result(&wrong)).upon(result(&plain)),
        probe(
            "messages.content",
            of(&json!([{ "type": "text", "text": "warm" }, { "type": "tool_reference", "tool_name": "g" }])),
        )
        .kind("`tool_result` with a `tool_reference`")
        .upon(of(&text)),
        probe("messages.content", of(&seen)).kind("`tool_result` with an `image`").upon(of(&text)),
    ]
}

fn tools() -> Vec<Probe> {
    let own = || json!({ "name": "f", "input_schema": schema() });
    let beside = |fields: Value| {
        let mut tool = own();
        super::set(&mut tool, &fields);
        json!({ "tools": [tool] })
    };
    let tool = |field, adds| probe(field, beside(adds)).upon(beside(json!({})));
    let choice = |kind, choice: Value| {
        probe("tool_choice", json!({ "tool_choice": choice })).kind(kind).upon(beside(json!({})))
    };
    let hosted = json!({ "tools": [own(), { "type": "web_search_20250305", "name": "web_search" }] });
    vec![
        probe("tools", beside(json!({}))).kind("the client's"),
        probe("tools", hosted)
            .kind("`web_search_20250305` and others of the provider's")
            .upon(beside(json!({}))),
        tool("tools.description", json!({ "description": "Tells the weather." })),
        tool("tools.strict", json!({ "strict": true })),
        tool("tools.input_examples", json!({ "input_examples": [{ "city": "Rome" }] })),
        tool("tools.allowed_callers", json!({ "allowed_callers": ["code_execution_20250825"] })),
        tool("tools.eager_input_streaming", json!({ "eager_input_streaming": true }))
            .needless("arguments are streamed as they come"),
        tool("tools.defer_loading", json!({ "defer_loading": true })).needless("the tool is told at once"),
        tool("tools.cache_control", json!({ "cache_control": { "type": "ephemeral" } })).needless(CACHES),
        choice("`auto`", json!({ "type": "auto" })),
        choice("`any`", json!({ "type": "any" })),
        choice("`none`", json!({ "type": "none" })),
        choice("`tool`", json!({ "type": "tool", "name": "f" })),
        probe(
            "tool_choice.disable_parallel_tool_use",
            json!({ "tool_choice": { "type": "auto", "disable_parallel_tool_use": true } }),
        )
        .upon(json!({ "tools": [own()], "tool_choice": { "type": "auto" } })),
    ]
}

fn settings() -> Vec<Probe> {
    let output = |config: Value| json!({ "output_config": config });
    let format = json!({ "type": "json_schema", "schema": schema() });
    vec![
        probe("max_tokens", json!({ "max_tokens": 123 })),
        probe("stream", json!({ "stream": true })),
        probe("temperature", json!({ "temperature": 0.25 })),
        probe("top_p", json!({ "top_p": 0.25 })),
        probe("top_k", json!({ "top_k": 7 })),
        probe("stop_sequences", json!({ "stop_sequences": ["END"] })),
        probe("stop_sequences", json!({ "stop_sequences": ["A", "B", "C", "D", "E"] })).kind("more than 4"),
        probe("thinking", json!({ "thinking": { "type": "enabled", "budget_tokens": 4096 } }))
            .kind("`enabled`"),
        probe("thinking", json!({ "thinking": { "type": "adaptive" } }))
            .kind("`adaptive`")
            .needless("models that think decide by themselves"),
        probe("thinking", json!({ "thinking": { "type": "disabled" } })).kind("`disabled`"),
        probe(
            "thinking.display",
            json!({ "thinking": { "type": "enabled", "budget_tokens": 4096, "display": "omitted" } }),
        )
        .kind("`omitted`")
        .upon(json!({ "thinking": { "type": "enabled", "budget_tokens": 4096 } }))
        .needless("what is told of thoughts is handed on"),
        probe("output_config.effort", output(json!({ "effort": "high" }))),
        probe("output_config.format", output(json!({ "format": format }))),
        probe("output_format", json!({ "output_format": format })),
        probe(
            "output_config.task_budget",
            output(json!({ "task_budget": { "type": "tokens", "total": 9 } })),
        ),
        probe("service_tier", json!({ "service_tier": "standard_only" })).kind("`standard_only`"),
        probe("metadata.user_id", json!({ "metadata": { "user_id": "somebody" } })),
    ]
}

fn others() -> Vec<Probe> {
    let edits = |kind: &str| json!({ "context_management": { "edits": [{ "type": kind }] } });
    vec![
        probe("cache_control", json!({ "cache_control": { "type": "ephemeral" } })).needless(CACHES),
        probe("context_management", edits("clear_tool_uses_20250919")),
        probe("context_management", edits("clear_thinking_20251015"))
            .kind("`clear_thinking_20251015`")
            .needless("others keep or forget old thoughts by themselves"),
        probe("speed", json!({ "speed": "fast" })).kind("`fast`"),
        probe("inference_geo", json!({ "inference_geo": "us" })).kind("other than `global`"),
        probe("inference_geo", json!({ "inference_geo": "global" }))
            .kind("`global`")
            .needless("it is anywhere"),
        probe(
            "mcp_servers",
            json!({ "mcp_servers": [{ "type": "url", "url": "https://x.test", "name": "x" }] }),
        ),
        probe("container", json!({ "container": "container_1" })),
        probe("anything_new", json!({ "anything_new": 1 })).kind("a field that is not known"),
    ]
}
