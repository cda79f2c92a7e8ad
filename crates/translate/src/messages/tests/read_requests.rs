use proptest::prelude::*;

use crate::Dropped;
use crate::messages::read_request;
use crate::part::Part;
use crate::request::{Effort, Format, Reasoning, Request, Role, Sampling, ToolChoice, ToolKind};
use crate::seal::Seal;

fn read(body: &str) -> (Request, String) {
    let mut dropped = Dropped::default();
    let request =
        read_request(body.as_bytes(), &mut dropped).unwrap_or_else(|error| panic!("{body}: {error}"));
    request.others.iter().for_each(|field| dropped.note(field));
    (request, dropped.to_string())
}

fn short(part: &Part) -> String {
    match part {
        Part::Text(text) => format!("{:?}", text.text),
        Part::Refusal(text) => format!("refusal {text:?}"),
        Part::Thinking(thinking) => format!("thinks {:?} {:?}", thinking.texts, thinking.seal),
        Part::ToolCall(call) => format!("calls {} {}({})", call.id, call.name, call.arguments),
        Part::ToolResult(result) => {
            let parts: Vec<String> = result.parts.iter().map(short).collect();
            format!("result {} {} [{}]", result.id, result.is_error, parts.join(", "))
        }
        Part::Image(media) => format!("image {:?}", media.source),
        Part::Document(media) => format!("document {:?} {:?}", media.name, media.source),
        Part::Audio(media) => format!("audio {:?}", media.source),
    }
}

/// Who says what, in short.
fn turns(request: &Request) -> Vec<String> {
    let turn = |role: Role, parts: &[Part]| {
        format!("{role:?}: {}", parts.iter().map(short).collect::<Vec<_>>().join(", "))
    };
    request.turns.iter().map(|said| turn(said.role, &said.parts)).collect()
}

fn check(fields: &str, expect: &[&str], dropped: &str) {
    let (request, noted) = read(&format!(r#"{{"model":"m","max_tokens":9,{fields}}}"#));
    assert_eq!(
        (turns(&request), noted.as_str()),
        (expect.iter().map(ToString::to_string).collect(), dropped)
    );
}

#[test]
fn conversations() {
    check(
        r#""system":"be","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":""},{"role":"user","content":[{"type":"text","text":"there"},{"type":"text","text":""}]}]"#,
        &["System: \"be\"", "User: \"hi\"", "User: \"there\""],
        "",
    );
    // Claude Code: billing first, and orders in mid-conversation, some of which are over.
    check(
        r#""system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=1"},{"type":"text","text":"be","cache_control":{"type":"ephemeral"}}],
            "messages":[{"role":"user","content":"hi"},{"role":"system","content":"now","clear_at":"next_user_message"},
            {"role":"assistant","content":"yes"},{"role":"user","content":"go"},{"role":"system","content":[{"type":"text","text":"later"}],"clear_at":"next_user_message"},
            {"role":"system","output_config":{"effort":"low"}}]"#,
        &[
            "System: \"x-anthropic-billing-header: cc_version=1\", \"be\"",
            "User: \"hi\"",
            "Assistant: \"yes\"",
            "User: \"go\"",
            "System: \"later\"",
        ],
        "messages.output_config",
    );
}

#[test]
fn media() {
    check(
        r#""messages":[{"role":"user","content":[
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
            {"type":"image","source":{"type":"url","url":"https://x/a.png"}},
            {"type":"image","source":{"type":"file","file_id":"file_1"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="},"title":"T","context":"C"},
            {"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"citations":{"enabled":true}},
            {"type":"document","source":{"type":"content","content":[{"type":"text","text":"inner"}]}},
            {"type":"search_result","source":"https://x","title":"T","content":[{"type":"text","text":"found"}]},
            {"type":"container_upload","file_id":7}]}]"#,
        &[concat!(
            "User: image Data { media_type: \"image/png\", data: \"AA==\" }, image Url(\"https://x/a.png\"), image File(\"file_1\"), ",
            "\"C\", document Some(\"T\") Data { media_type: \"application/pdf\", data: \"AA==\" }, ",
            "document None Text(\"words\"), \"inner\", \"T\\nhttps://x\\nfound\""
        )],
        "messages.content.citations, messages.content.container_upload",
    );
}

#[test]
fn tools_and_thoughts() {
    let foreign = Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() };
    let theirs = Seal::Anthropic { signature: "Eq".into() };
    let texts = ["all of it".to_owned()];
    let assistant = format!(
        r#"{{"role":"assistant","content":[
            {{"type":"thinking","thinking":"a","signature":"EqQB"}},{{"type":"thinking","thinking":"","signature":"EqQC"}},
            {{"type":"thinking","thinking":"b","signature":"{}"}},{{"type":"thinking","thinking":"c","signature":"{}"}},
            {{"type":"thinking","thinking":"d","signature":"ccproxy.1."}},{{"type":"thinking","thinking":"e"}},
            {{"type":"redacted_thinking","data":"xx"}},{{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{{}}}},
            {{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":{{"type":"error"}}}},
            {{"type":"tool_use","id":"toolu_1","name":"f","input":{{"a": 1}}}},{{"type":"tool_use","id":"ccproxy-1-ZnVuY3Rpb25zLmY6MA","name":"g"}}]}}"#,
        foreign.envelope(&[]),
        theirs.envelope(&texts),
    );
    check(
        &format!(
            r#""messages":[{assistant},{{"role":"user","content":[
            {{"type":"tool_result","tool_use_id":"toolu_1","content":"1","is_error":true}},
            {{"type":"tool_result","tool_use_id":"ccproxy-1-ZnVuY3Rpb25zLmY6MA","content":[{{"type":"text","text":"2"}},{{"type":"image","source":{{"type":"url","url":"https://x"}}}},{{"type":"tool_reference","tool_name":"g"}}]}},
            {{"type":"tool_result","tool_use_id":"toolu_3"}}]}}]"#
        ),
        &[
            concat!(
                "Assistant: thinks [\"a\"] Some(Anthropic { signature: \"EqQB\" }), thinks [] Some(Anthropic { signature: \"EqQC\" }), ",
                "thinks [\"b\"] Some(OpenAi { id: Some(\"rs_1\"), encrypted: \"gAAA\" }), ",
                "thinks [\"all of it\"] Some(Anthropic { signature: \"Eq\" }), thinks [\"d\"] None, thinks [\"e\"] None, ",
                "thinks [] Some(Redacted { data: \"xx\" }), calls toolu_1 f({\"a\": 1}), calls functions.f:0 g({})"
            ),
            "User: result toolu_1 true [\"1\"], result functions.f:0 false [\"2\", image Url(\"https://x\"), \"This tool can be called now: g\"], result toolu_3 false []",
        ],
        "messages.content.server_tool_use, messages.content.web_search_tool_result",
    );
}

#[test]
fn tools() {
    let (request, dropped) = read(
        r#"{"model":"m","messages":[{"role":"system","content":[
                {"type":"tool_addition","tool":{"type":"tool_reference","name":"f"}},
                {"type":"tool_addition","tool":{"type":"tool_definition","definition":{"name":"late","input_schema":{"type":"object"}}}},
                {"type":"tool_removal","tool":{"type":"tool_reference","name":"f"}}]}],
            "tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{}}},"strict":true,"defer_loading":true},
                {"type":"custom","name":"g","input_schema":{"type":"object"},"input_examples":[{}],"cache_control":{"type":"ephemeral"}},
                {"type":"web_search_20250305","name":"web_search","max_uses":3}],
            "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}}"#,
    );
    let tools: Vec<String> = request
        .tools
        .iter()
        .map(|tool| match &tool.kind {
            ToolKind::Function { schema, strict } => {
                format!("{} {} {strict:?} {}", tool.name, schema.as_ref().unwrap(), tool.cache.is_some())
            }
            ToolKind::Custom { .. } => panic!(),
            ToolKind::Hosted { kind } => format!("hosted {kind}"),
        })
        .collect();
    assert_eq!(
        tools,
        [
            r#"f {"type":"object","properties":{"a":{}}} Some(false) false"#,
            r#"g {"type":"object"} None true"#,
            "hosted web_search_20250305",
            r#"late {"type":"object"} None false"#,
        ]
    );
    assert_eq!(
        (request.tool_choice, request.parallel_tools),
        (Some(ToolChoice::Named("f".into())), Some(false))
    );
    assert_eq!(dropped, "messages.content.tool_removal, tools.input_examples, tools.strict");
}

#[test]
fn settings() {
    let (request, dropped) = read(
        r#"{"model":"m","messages":[],"max_tokens":5,"stream":true,"temperature":0.5,"top_p":0.9,"top_k":4,"stop_sequences":["a"],
            "metadata":{"user_id":"u"},"service_tier":"standard_only","cache_control":{"type":"ephemeral"},"speed":"standard",
            "output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}},"task_budget":{}},
            "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"inference_geo":"global",
            "container":null,"mcp_servers":[{}],"brand_new":1}"#,
    );
    let sampling =
        Sampling { temperature: Some(0.5), top_p: Some(0.9), top_k: Some(4), ..Sampling::default() };
    assert_eq!((request.sampling, request.max_tokens, request.stream), (sampling, Some(5), true));
    assert_eq!((request.stop, request.user.as_deref()), (vec!["a".to_owned()], Some("u")));
    assert_eq!(request.service_tier.as_deref(), Some("default"));
    assert!(
        matches!(request.format, Some(Format::Schema { strict: Some(true), .. })),
        "{:?}",
        request.format
    );
    assert_eq!(dropped, "brand_new, mcp_servers, output_config.task_budget");
    let (_, dropped) = read(
        r#"{"model":"m","messages":[],"speed":"fast","context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]},"output_format":{"type":"yaml"}}"#,
    );
    assert_eq!(dropped, "context_management, output_format, speed");
}

#[test]
fn reasoning() {
    let check = |fields: &str, effort: Option<Effort>, budget: Option<u64>, shown: bool| {
        let (request, dropped) = read(&format!(r#"{{"model":"m","messages":[],{fields}}}"#));
        assert_eq!(request.reasoning, Some(Reasoning { effort, budget, shown }), "{fields}");
        assert_eq!(dropped, "");
    };
    check(r#""thinking":{"type":"enabled","budget_tokens":4000}"#, None, Some(4000), true);
    check(
        r#""thinking":{"type":"enabled","budget_tokens":4000,"display":"omitted"}"#,
        None,
        Some(4000),
        false,
    );
    check(
        r#""thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"xhigh"}"#,
        Some(Effort::XHigh),
        None,
        false,
    );
    check(r#""thinking":{"type":"adaptive","display":"summarized"}"#, None, None, true);
    check(r#""thinking":{"type":"disabled"}"#, Some(Effort::None), None, false);
    check(r#""output_config":{"effort":"max"}"#, Some(Effort::Max), None, false);
    assert_eq!(read(r#"{"model":"m","messages":[]}"#).0.reasoning, None);
}

#[test]
fn faults() {
    let check = |body: &str, expect: &str| {
        let error = read_request(body.as_bytes(), &mut Dropped::default()).unwrap_err();
        assert_eq!(error.to_string(), expect, "{body}");
    };
    check(r#"{"messages":[]}"#, "model: field required");
    check(r#"{"model":"m"}"#, "messages: field required: a list");
    check(
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":7}]}]}"#,
        "messages.0.content.0.text: invalid type: integer `7`, expected a string",
    );
    check(
        r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user"}]}"#,
        "messages.1.content: field required",
    );
    check(
        r#"{"model":"m","messages":[{"role":"tool","content":"a"}]}"#,
        "messages.0.role: must be user, assistant or system",
    );
    check(
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":""}}]}]}"#,
        "messages.0.content.0.source.media_type: field required",
    );
    check(
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}],"tool_use_id":"a"}]}]}"#,
        "messages.0.content.0.content.0.source: field required",
    );
    check(r#"{"model":"m","messages":[],"tools":[{}]}"#, "tools.0.name: field required");
    check(r#"{"model":"m","messages":[],"tool_choice":{"type":"tool"}}"#, "tool_choice.name: field required");
    check(
        r#"{"model":"m","messages":[],"inference_geo":"eu"}"#,
        "inference_geo: the provider behind this model has nothing like it; leave it out, or ask for another model",
    );
}

#[test]
fn nothing_is_too_deep() {
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(50_000), close.repeat(50_000));
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{open}{close}]}}]}}"#);
        // Whether it is accepted or not.
        let _ = read_request(body.as_bytes(), &mut Dropped::default());
    };
    deep(r#"{"type":"document","source":{"type":"content","content":["#, "]}}");
    deep(r#"{"type":"tool_result","tool_use_id":"a","content":["#, "]}");
    deep(r#"{"type":"search_result","content":["#, "]}");
    deep(r#"{"type":"tool_use","id":"a","name":"f","input":{"a":"#, "0}}");
    deep("[", "]");
}

proptest! {
    /// Whatever stands where.
    #[test]
    fn nothing_breaks_it(picks in prop::collection::vec((0usize..24, 0usize..10), 0..12)) {
        let fields = [
            "system", "messages", "role", "content", "type", "text", "source", "thinking", "signature", "data", "id", "name",
            "input", "tool_use_id", "is_error", "tools", "tool_choice", "output_config", "format", "metadata", "title",
            "citations", "cache_control", "tool",
        ];
        let mut value = r#""tool_result""#.to_owned();
        for (field, shape) in picks {
            let field = fields[field];
            value = match shape {
                0 => format!("[{value}]"),
                1 => format!(r#"[{value},{{"type":"text","text":{value}}}]"#),
                2 => format!(r#"{{"type":"{field}","{field}":{value}}}"#),
                3 => format!(r#"{{"role":"user","content":{value}}}"#),
                4 => format!(r#"{{"type":"tool_result","tool_use_id":"a","content":{value}}}"#),
                5 => format!(r#"{{"type":"thinking","{field}":{value}}}"#),
                6 => "null".to_owned(),
                7 => r#"[{"type":"text","text":"a"}]"#.to_owned(),
                _ => format!(r#"{{"{field}":{value}}}"#),
            };
            if value.len() > 10_000 {
                break;
            }
        }
        for body in [format!(r#"{{"model":"m","messages":[{{"role":"user","content":{value}}}]}}"#), format!(r#"{{"model":"m","messages":[],"tools":{value}}}"#), value] {
            let _ = read_request(body.as_bytes(), &mut Dropped::default());
            let _ = crate::messages::read_answer(body.as_bytes());
        }
    }
}
