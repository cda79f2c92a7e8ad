//! What a client of Responses may ask for.

use serde_json::{Value, json};

use super::{Probe, probe, schema};

pub(super) fn least() -> Value {
    json!({ "model": "mine", "input": "Say hi." })
}

pub(super) fn all() -> Vec<Probe> {
    [said(), items(), tools(), choices(), settings(), others()].into_iter().flatten().collect()
}

fn user(parts: &Value) -> Value {
    let mut content = vec![json!({ "type": "input_text", "text": "Look:" })];
    content.extend(parts.as_array().unwrap().iter().cloned());
    json!({ "input": [{ "role": "user", "content": content }] })
}

fn part(kind: &'static str, part: &Value) -> Probe {
    probe("input.content", user(&json!([part]))).kind(kind).upon(user(&json!([])))
}

/// Items between what the user said and what the model did.
fn among(items: &[Value]) -> Value {
    let mut list = vec![json!({ "role": "user", "content": "Look." })];
    list.extend_from_slice(items);
    list.push(json!({ "role": "assistant", "content": [{ "type": "output_text", "text": "I see." }] }));
    list.push(json!({ "role": "user", "content": "And?" }));
    json!({ "input": list })
}

fn item(kind: &'static str, items: &[Value]) -> Probe {
    probe("input", among(items)).kind(kind).upon(among(&[]))
}

fn said() -> Vec<Probe> {
    let between = json!({ "input": [{ "role": "user", "content": "Say hi." }, { "role": "developer",
        "content": "Be brief." }] });
    let image = |fields: Value| {
        let mut image = json!({ "type": "input_image" });
        super::set(&mut image, &fields);
        image
    };
    let seen = |detail: &str| {
        user(&json!([image(json!({ "image_url": "https://x.test/a.png", "detail": detail }))]))
    };
    let unsaid = user(&json!([image(json!({ "image_url": "https://x.test/a.png" }))]));
    let file = |fields: Value| {
        let mut file = json!({ "type": "input_file" });
        super::set(&mut file, &fields);
        file
    };
    let pdf = json!({ "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0=" });
    let close =
        json!({ "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0=", "detail": "high" });
    vec![
        probe("instructions", json!({ "instructions": "Be kind." })),
        probe("input", between).kind("`role` `developer` in mid-conversation"),
        part("`input_text`", &json!({ "type": "input_text", "text": "this" })),
        part("`input_image`, a `data:` URL", &image(json!({ "image_url": "data:image/png;base64,AAAA" }))),
        part("`input_image`, `image_url`", &image(json!({ "image_url": "https://x.test/a.png" }))),
        part("`input_image`, `file_id`", &image(json!({ "file_id": "file_1" }))),
        probe("input.content.detail", seen("low")).kind("`low`").upon(unsaid.clone()),
        probe("input.content.detail", seen("high"))
            .kind("`high`")
            .upon(unsaid)
            .needless("every image is looked at closely"),
        part("`input_file`, a PDF", &file(pdf.clone())),
        part("`input_file`, `file_url`", &file(json!({ "file_url": "https://x.test/a.pdf" }))),
        part("`input_file`, `file_id`", &file(json!({ "file_id": "file_1" }))),
        probe("input.content.detail", user(&json!([file(close)])))
            .kind("of an `input_file`")
            .upon(user(&json!([file(pdf)]))),
        part(
            "`input_audio`",
            &json!({ "type": "input_audio", "input_audio": { "data": "UklG", "format": "wav" } }),
        ),
        probe(
            "input.content.prompt_cache_breakpoint",
            user(&json!([{ "type": "input_text", "text": "it", "prompt_cache_breakpoint": {} }])),
        )
        .upon(user(&json!([{ "type": "input_text", "text": "it" }])))
        .needless("caches by itself"),
        item(
            "`refusal`",
            &[json!({ "role": "assistant", "content": [{ "type": "refusal", "refusal": "No." }] })],
        ),
    ]
}

fn items() -> Vec<Probe> {
    let call = |kind: &str, given: Value| {
        let mut call = json!({ "type": kind, "call_id": "call_1", "name": "f" });
        super::set(&mut call, &given);
        call
    };
    let output = |kind: &str| json!({ "type": kind, "call_id": "call_1", "output": "warm" });
    let cited = |annotations: Value| {
        among(&[json!({ "role": "assistant", "content": [{ "type": "output_text", "text": "So.",
            "annotations": annotations }] })])
    };
    let url = json!([{ "type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 2 }]);
    let phased = |phase: Value| among(&[json!({ "role": "assistant", "phase": phase, "content": "So." })]);
    let searched = json!({ "type": "tool_search_call", "call_id": "call_1", "execution": "client", "arguments": { "q": "f" } });
    let found = json!({ "type": "tool_search_output", "call_id": "call_1", "execution": "client",
        "tools": [{ "type": "function", "name": "f", "parameters": schema() }] });
    vec![
        item(
            "`function_call`, with its output",
            &[
                call("function_call", json!({ "arguments": "{\"city\":\"Rome\"}" })),
                output("function_call_output"),
            ],
        ),
        item(
            "`custom_tool_call`, with its output",
            &[call("custom_tool_call", json!({ "input": "Rome" })), output("custom_tool_call_output")],
        ),
        item("`tool_search_call`, with its output", &[searched, found]),
        item(
            "`additional_tools`",
            &[json!({ "type": "additional_tools", "role": "developer",
                "tools": [{ "type": "function", "name": "f", "parameters": schema() }] })],
        ),
        item(
            "`reasoning`, OpenAI's",
            &[json!({ "type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
                "summary": [{ "type": "summary_text", "text": "Hm." }] })],
        ),
        item(
            "`reasoning`, Anthropic's in an envelope",
            &[json!({ "type": "reasoning", "id": "rs_1", "summary": [],
                "encrypted_content": "ccproxy.1.eyJvIjoiYSIsInMiOiJFcVFCIiwidCI6WyJIbS4iXX0" })],
        ),
        item(
            "`web_search_call` and others of the provider's",
            &[json!({ "type": "web_search_call", "id": "ws_1",
            "status": "completed", "action": { "type": "search", "query": "x" } })],
        ),
        item("`item_reference`", &[json!({ "type": "item_reference", "id": "msg_1" })]),
        item("`compaction`", &[json!({ "type": "compaction", "encrypted_content": "gAAA" })]),
        probe("input.phase", phased(json!("commentary"))).upon(phased(Value::Null)),
        probe("input.annotations", cited(url)).upon(cited(json!([]))),
    ]
}

fn own(fields: &Value) -> Value {
    let mut tool = json!({ "type": "function", "name": "f", "parameters": schema() });
    super::set(&mut tool, fields);
    json!({ "tools": [tool] })
}

fn tools() -> Vec<Probe> {
    let tool = |field, adds| probe(field, own(&adds)).upon(own(&json!({})));
    let custom = |fields: Value| {
        let mut tool = json!({ "type": "custom", "name": "f" });
        super::set(&mut tool, &fields);
        json!({ "tools": [tool] })
    };
    let grammar = json!({ "format": { "type": "grammar", "syntax": "regex", "definition": "a+" } });
    let space = json!({ "tools": [{ "type": "namespace", "name": "mcp__x", "description": "X.",
        "tools": [{ "type": "function", "name": "f", "parameters": schema() }] }] });
    let search = json!({ "tools": [{ "type": "tool_search", "execution": "client", "description": "Finds tools.",
        "parameters": schema() }] });
    vec![
        probe("tools", own(&json!({}))).kind("`function`"),
        tool("tools.description", json!({ "description": "Tells the weather." })),
        tool("tools.strict", json!({ "strict": true })),
        tool("tools.output_schema", json!({ "output_schema": schema() })),
        probe("tools", custom(json!({}))).kind("`custom`"),
        probe("tools.format", custom(grammar)).upon(custom(json!({}))),
        probe("tools", space).kind("`namespace`"),
        probe("tools", search).kind("`tool_search`, the client's"),
        probe("tools", json!({ "tools": [{ "type": "web_search" }] }))
            .kind("`web_search` and others of the provider's"),
    ]
}

fn choices() -> Vec<Probe> {
    let choice = |kind, choice: Value| {
        probe("tool_choice", json!({ "tool_choice": choice })).kind(kind).upon(own(&json!({})))
    };
    let two = json!({ "tools": [{ "type": "function", "name": "f", "parameters": schema() },
        { "type": "function", "name": "g", "parameters": schema() }] });
    let allowed =
        json!({ "type": "allowed_tools", "mode": "auto", "tools": [{ "type": "function", "name": "f" }] });
    vec![
        choice("`auto`", json!("auto")),
        choice("`required`", json!("required")),
        choice("`none`", json!("none")),
        choice("a function", json!({ "type": "function", "name": "f" })),
        choice("`web_search` and others of the provider's", json!({ "type": "web_search" })),
        probe("tool_choice", json!({ "tool_choice": allowed })).kind("`allowed_tools`").upon(two),
        probe("parallel_tool_calls", json!({ "parallel_tool_calls": false }))
            .kind("`false`")
            .upon(own(&json!({}))),
        probe("parallel_tool_calls", json!({ "parallel_tool_calls": true }))
            .kind("`true`")
            .upon(own(&json!({})))
            .needless("the default"),
        probe("max_tool_calls", json!({ "max_tool_calls": 3 })),
    ]
}

fn settings() -> Vec<Probe> {
    let reasoning = |fields: Value| json!({ "reasoning": fields });
    let text = |fields: Value| json!({ "text": fields });
    let schema =
        json!({ "format": { "type": "json_schema", "name": "city", "schema": schema(), "strict": true } });
    vec![
        probe("max_output_tokens", json!({ "max_output_tokens": 123 })),
        probe("stream", json!({ "stream": true })),
        probe("stream_options", json!({ "stream_options": { "include_obfuscation": true } }))
            .kind("`include_obfuscation`")
            .upon(json!({ "stream": true })),
        probe("temperature", json!({ "temperature": 0.25 })),
        probe("top_p", json!({ "top_p": 0.25 })),
        probe("top_logprobs", json!({ "top_logprobs": 2 })),
        probe("reasoning.effort", reasoning(json!({ "effort": "high" }))),
        probe("reasoning.effort", reasoning(json!({ "effort": "none" })))
            .kind("`none`")
            .needless("it does not think unless asked"),
        probe("reasoning.summary", reasoning(json!({ "effort": "high", "summary": "auto" })))
            .upon(reasoning(json!({ "effort": "high" })))
            .needless("what is told of thoughts is handed on"),
        probe("reasoning.context", reasoning(json!({ "context": "all_turns" }))),
        probe("reasoning.mode", reasoning(json!({ "mode": "pro" }))).kind("other than `standard`"),
        probe("text.format", text(json!({ "format": { "type": "text" } })))
            .kind("`text`")
            .needless("the default"),
        probe("text.format", text(json!({ "format": { "type": "json_object" } }))).kind("`json_object`"),
        probe("text.format", text(schema)).kind("`json_schema`"),
        probe("text.verbosity", text(json!({ "verbosity": "low" }))),
    ]
}

fn others() -> Vec<Probe> {
    let include = |what: &str| json!({ "include": [what] });
    vec![
        probe("include", include("reasoning.encrypted_content"))
            .kind("`reasoning.encrypted_content`")
            .needless("always given"),
        probe("include", include("message.output_text.logprobs")).kind("`message.output_text.logprobs`"),
        probe("include", include("file_search_call.results")).kind("others"),
        probe("service_tier", json!({ "service_tier": "default" })).kind("`default`"),
        probe("service_tier", json!({ "service_tier": "priority" })).kind("`priority`"),
        probe("user", json!({ "user": "somebody" })),
        probe("safety_identifier", json!({ "safety_identifier": "somebody" })),
        probe("metadata", json!({ "metadata": { "k": "v" } })),
        probe("store", json!({ "store": true })).kind("`true`, where nothing is kept here"),
        probe("store", json!({ "store": false })).kind("`false`").needless("nothing is kept"),
        probe("prompt_cache_key", json!({ "prompt_cache_key": "k" })),
        probe("previous_response_id", json!({ "previous_response_id": "resp_1" })).kind("not known here"),
        probe("conversation", json!({ "conversation": "conv_1" })),
        probe("prompt", json!({ "prompt": { "id": "pmpt_1" } })),
        probe("background", json!({ "background": true })).kind("`true`"),
        probe("background", json!({ "background": false })).kind("`false`").needless("the default"),
        probe("truncation", json!({ "truncation": "auto" })).kind("`auto`"),
        probe("truncation", json!({ "truncation": "disabled" })).kind("`disabled`").needless("the default"),
        probe("context_management", json!({ "context_management": [{ "type": "compaction" }] })),
        probe("anything_new", json!({ "anything_new": 1 })).kind("a field that is not known"),
    ]
}
