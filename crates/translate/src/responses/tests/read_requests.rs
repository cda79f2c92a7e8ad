use crate::Dropped;
use crate::part::Part;
use crate::request::{Request, Role, ToolChoice, ToolKind};
use crate::responses::read_request;
use crate::seal::Seal;

fn read(body: &str) -> (Request, String) {
    let mut dropped = Dropped::default();
    let request =
        read_request(body.as_bytes(), &mut dropped).unwrap_or_else(|error| panic!("{body}: {error}"));
    request.others.iter().for_each(|field| dropped.note(field));
    (request, dropped.to_string())
}

/// Who says what, in short.
fn turns(request: &Request) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Text(text) => format!("{:?}", text.text),
        Part::Refusal(text) => format!("refusal {text:?}"),
        Part::Thinking(thinking) => format!("thinks {:?}", thinking.texts),
        Part::ToolCall(call) => format!("calls {} {}({})", call.id, call.name, call.arguments),
        Part::ToolResult(result) => format!("result {} {}", result.id, result.parts.len()),
        Part::Image(media) => format!("image {:?}", media.source),
        Part::Document(media) => format!("document {:?}", media.source),
        Part::Audio(media) => format!("audio {:?}", media.source),
    };
    let turn = |role: Role, parts: &[Part]| {
        format!("{role:?}: {}", parts.iter().map(part).collect::<Vec<_>>().join(", "))
    };
    request.turns.iter().map(|said| turn(said.role, &said.parts)).collect()
}

#[test]
fn conversations() {
    let check = |input: &str, expect: &[&str]| {
        let (request, dropped) = read(&format!(r#"{{"model":"m","input":{input}}}"#));
        assert_eq!(
            (turns(&request), dropped.as_str()),
            (expect.iter().map(ToString::to_string).collect(), "")
        );
    };
    check(r#""hi""#, &["User: \"hi\""]);
    // Items without a type, as the SDKs' examples have them.
    check(
        r#"[{"role":"developer","content":"be"},{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}]"#,
        &["Developer: \"be\"", "User: \"hi\"", "Assistant: \"yes\""],
    );
    check(
        r#"[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":""}]},
            {"type":"message","role":"user","content":"b"}]"#,
        &["User: \"a\"", "User: \"b\""],
    );
    // Codex: thoughts, calls and words are one turn, and so are the results.
    check(
        r#"[{"role":"user","content":"go"},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"},
            {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"ok","annotations":[]}]},
            {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":""},
            {"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"apply_patch","input":"*** Begin"},
            {"type":"function_call_output","id":"fco_1","call_id":"call_1","output":"1"},
            {"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":"2"},{"type":"input_image","image_url":"data:image/png;base64,AA=="}]},
            {"role":"user","content":"more"}]"#,
        &[
            "User: \"go\"",
            "Assistant: thinks [\"hm\"], \"ok\", calls call_1 f({}), calls call_2 apply_patch(*** Begin)",
            "User: result call_1 1, result call_2 2",
            "User: \"more\"",
        ],
    );
    check(
        r#"[{"type":"function_call","call_id":"c","name":"lookup","namespace":"mcp__docs","arguments":"{}"},
            {"type":"tool_search_call","call_id":"s","execution":"client","arguments":{"query":"q"}},
            {"type":"tool_search_output","call_id":"s","execution":"client","tools":[]}]"#,
        &[
            r#"Assistant: calls c mcp__docs__lookup({}), calls s tool_search({"query":"q"})"#,
            "User: result s 1",
        ],
    );
    check(
        r#"[{"role":"user","content":[
            {"type":"input_image","image_url":{"url":"https://x/a.png"},"detail":"low"},
            {"type":"input_image","file_id":"file_1"},
            {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="},
            {"type":"input_file","filename":"a.md","file_data":"IyBo"},
            {"type":"input_file","file_url":"https://x/a.pdf"},
            {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]"#,
        &[concat!(
            r#"User: image Url("https://x/a.png"), image File("file_1"), "#,
            r##"document Data { media_type: "application/pdf", data: "AA==" }, document Text("# h"), "##,
            r#"document Url("https://x/a.pdf"), audio Data { media_type: "audio/wav", data: "AA==" }"#
        )],
    );
    check(
        r#"[{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}]"#,
        &["Assistant: refusal \"no\""],
    );
}

#[test]
fn seals() {
    let foreign = Seal::Anthropic { signature: "sig".into() };
    let envelope = foreign.envelope(&["the thoughts".to_owned()]);
    let check = |sealed: &str, expect: Option<Seal>, texts: &[&str], note: &str| {
        let item = format!(
            r#"{{"type":"reasoning","id":"rs_1","summary":[{{"type":"summary_text","text":"short"}}],"encrypted_content":{sealed}}}"#
        );
        let (request, dropped) = read(&format!(r#"{{"model":"m","input":[{item}]}}"#));
        let [Part::Thinking(thinking)] = request.turns[0].parts.as_slice() else {
            panic!("{:?}", request.turns)
        };
        assert_eq!((&thinking.seal, dropped.as_str()), (&expect, note), "{sealed}");
        assert_eq!(thinking.texts, texts, "{sealed}");
    };
    check(&format!("{envelope:?}"), Some(foreign), &["the thoughts"], "");
    let own = Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() };
    check(r#""gAAA""#, Some(own), &["short"], "");
    check("null", None, &["short"], "");
    check(r#""ccproxy.1.broken""#, None, &["short"], "input.reasoning.encrypted_content");
}

#[test]
fn settings() {
    let (request, dropped) = read(
        r#"{"model":"m","input":"x","stream":true,"instructions":"be","max_output_tokens":5,"temperature":0.5,"top_p":0.9,
            "reasoning":{"effort":"high","summary":"auto"},"parallel_tool_calls":false,"user":"u","safety_identifier":"s",
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
            "metadata":{"a":"b"},"prompt_cache_key":"k","service_tier":"flex","store":true,"previous_response_id":"resp_1",
            "include":["reasoning.encrypted_content","message.output_text.logprobs","file_search_call.results"],
            "truncation":"auto","max_tool_calls":3,"client_metadata":{"x":"y"},"prompt_cache_retention":"24h","top_logprobs":null,
            "background":false,"conversation":null,"brand_new":[1],"stream_options":{"include_obfuscation":true}}"#,
    );
    assert_eq!(
        dropped,
        "brand_new, client_metadata, include.file_search_call.results, max_tool_calls, prompt_cache_retention, \
         stream_options.include_obfuscation, truncation, user"
    );
    assert_eq!(turns(&request), ["System: \"be\"", "User: \"x\""]);
}

#[test]
fn tools() {
    let (request, dropped) = read(
        r#"{"model":"m","input":[
            {"type":"tool_search_output","call_id":"s","tools":[{"type":"namespace","name":"mcp__docs","description":"d","tools":[
                {"type":"function","name":"lookup","parameters":{"type":"object"},"strict":false,"defer_loading":true}]}]},
            {"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"late","output_schema":{}},{"type":"function","name":"f"}]}],
            "tools":[{"type":"function","name":"f","description":"does","parameters":{"type":"object"},"strict":true},
            {"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
            {"type":"tool_search","execution":"client","description":"find","parameters":{"type":"object"}},
            {"type":"web_search","external_web_access":false},{"type":"mcp","server_label":"x","tools":7}],
            "tool_choice":"required"}"#,
    );
    assert_eq!(dropped, "tools.output_schema");
    assert_eq!(request.tools[5].description.as_deref(), Some("d"));
    let kinds: Vec<String> = request
        .tools
        .iter()
        .map(|tool| match &tool.kind {
            ToolKind::Function { schema, strict } => format!("{} {} {strict:?}", tool.name, schema.is_some()),
            ToolKind::Custom { format } => format!("{} custom {}", tool.name, format.is_some()),
            ToolKind::Hosted { kind } => format!("hosted {kind}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "f true Some(true)",
            "apply_patch custom true",
            "tool_search true None",
            "hosted web_search",
            "hosted mcp",
            "mcp__docs__lookup true Some(false)",
            "late false None",
        ]
    );
    assert_eq!(request.tool_choice, Some(ToolChoice::Any));
}

#[test]
fn choices() {
    let check = |choice: &str, expect: ToolChoice, left: &[&str]| {
        let (request, _) = read(&format!(
            r#"{{"model":"m","input":"x","tool_choice":{choice},"tools":[{{"type":"function","name":"f"}},{{"type":"custom","name":"c"}},
                {{"type":"namespace","name":"n","tools":[{{"type":"function","name":"g"}}]}},{{"type":"web_search"}}]}}"#
        ));
        assert_eq!(request.tool_choice, Some(expect), "{choice}");
        let names: Vec<&str> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, left, "{choice}");
    };
    let all = ["f", "c", "n__g", ""];
    check(r#""auto""#, ToolChoice::Auto, &all);
    check(r#""none""#, ToolChoice::None, &all);
    check(r#"{"type":"function","name":"f"}"#, ToolChoice::Named("f".into()), &all);
    check(r#"{"type":"custom","name":"c"}"#, ToolChoice::Named("c".into()), &all);
    let allowed = r#"{"type":"allowed_tools","mode":"required","tools":[{"type":"custom","name":"c"},{"type":"web_search"}]}"#;
    check(allowed, ToolChoice::Any, &["c", ""]);
    let within =
        r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g","namespace":"n"}]}"#;
    check(within, ToolChoice::Auto, &["n__g"]);
}

#[test]
fn what_is_noted() {
    let check = |item: &str, note: &str| {
        let (request, dropped) = read(&format!(r#"{{"model":"m","input":[{item}]}}"#));
        assert_eq!((dropped.as_str(), turns(&request).len()), (note, 0), "{item}");
    };
    check(r#"{"type":"local_shell_call","call_id":"c","action":{}}"#, "input.local_shell_call");
    check(
        r#"{"type":"shell_call_output","call_id":"c","output":[{"stdout":""}]}"#,
        "input.shell_call_output",
    );
    check(
        r#"{"type":"computer_call_output","output":{"type":"computer_screenshot"}}"#,
        "input.computer_call_output",
    );
    check(r#"{"type":"tool_search_call","execution":"server","arguments":{}}"#, "input.tool_search_call");
    let (_, dropped) = read(
        r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_new","text":{}}]},
            {"role":"assistant","content":"b","phase":"commentary"}],"reasoning":{"effort":"huge","context":"all_turns","mode":"standard"}}"#,
    );
    assert_eq!(dropped, "input.input_new, input.phase, reasoning.context, reasoning.effort");
}

#[test]
fn faults() {
    let check = |body: &str, field: &str, message: &str| {
        let mut dropped = Dropped::default();
        let error = read_request(body.as_bytes(), &mut dropped).unwrap_err();
        assert_eq!(error.field(), Some(field), "{body}: {error}");
        assert!(error.to_string().contains(message), "{body}: {error}");
    };
    let input = |item: &str| format!(r#"{{"model":"m","input":[{{"role":"user","content":"x"}},{item}]}}"#);
    check(r#"{"input":"x"}"#, "model", "required");
    check(r#"{"model":"m"}"#, "input", "a string or a list of items");
    check(r#"{"model":"m","input":{}}"#, "input", "expected a string or a list");
    check(r#"{"model":"m","input":"x","temperature":"hot"}"#, "temperature", "expected f64");
    check(&input("7"), "input.1", "expected struct");
    check(&input("{}"), "input.1.type", "required");
    check(&input(r#"{"role":"tool","content":"x"}"#), "input.1.role", "must be user");
    check(&input(r#"{"role":"user"}"#), "input.1.content", "required");
    check(
        &input(r#"{"role":"user","content":[{"type":"input_text"}]}"#),
        "input.1.content.0.text",
        "required",
    );
    check(
        &input(r#"{"role":"user","content":[{"type":"input_text","text":7}]}"#),
        "input.1.content.0.text",
        "string",
    );
    check(&input(r#"{"type":"function_call","name":"f","arguments":"{}"}"#), "input.1.call_id", "required");
    check(&input(r#"{"type":"function_call_output","call_id":"c"}"#), "input.1.output", "required");
    check(
        &input(r#"{"type":"function_call_output","call_id":"c","output":{}}"#),
        "input.1.output",
        "a string or a list",
    );
    check(&input(r#"{"type":"item_reference","id":"msg_1"}"#), "input.1.item_reference", "nothing like it");
    check(
        &input(r#"{"type":"compaction","encrypted_content":"x"}"#),
        "input.1.compaction",
        "nothing like it",
    );
    check(r#"{"model":"m","input":"x","background":true}"#, "background", "nothing like it");
    check(r#"{"model":"m","input":"x","conversation":"conv_1"}"#, "conversation", "nothing like it");
    check(r#"{"model":"m","prompt":{"id":"p"}}"#, "prompt", "nothing like it");
    check(r#"{"model":"m","input":"x","tools":[{"type":"function"}]}"#, "tools.0.name", "required");
    check(r#"{"model":"m","input":"x","tools":[{"name":"f"}]}"#, "tools.0.type", "required");
    check(r#"{"model":"m","input":"x","tool_choice":"any"}"#, "tool_choice", "must be auto");
    check(
        r#"{"model":"m","input":"x","tool_choice":{"type":"web_search"}}"#,
        "tool_choice",
        "nothing like it",
    );
    check(
        r#"{"model":"m","input":"x","text":{"format":{"type":"json_schema"}}}"#,
        "text.format.schema",
        "required",
    );
}

#[test]
fn breakpoints_are_cache_controls() {
    let (request, _) = read(
        r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"a","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]}]}"#,
    );
    let [Part::Text(text)] = request.turns[0].parts.as_slice() else { panic!("{:?}", request.turns) };
    assert_eq!(
        text.cache.as_deref().map(serde_json::value::RawValue::get),
        Some(r#"{"type":"ephemeral","ttl":"1h"}"#)
    );
}
