use serde_json::value::RawValue;

use super::*;
use crate::Dropped;
use crate::part::{Citation, Media, Part, Source, Text, Thinking, ToolCall, ToolResult};
use crate::request::{Effort, Format, Reasoning, Request, Role, Sampling, Tool, ToolChoice, ToolKind, Turn};
use crate::responses::write_request;
use crate::seal::Seal;
use crate::tools::ToolNames;

fn write(request: &Request) -> (Value, String) {
    write_for(request, &profile())
}

fn write_for(request: &Request, profile: &Profile) -> (Value, String) {
    let mut dropped = Dropped::default();
    let names = ToolNames::of(request, Dialect::Responses);
    let body = write_request(request, &names, profile, &mut dropped).unwrap();
    (json(body), dropped.to_string())
}

fn text(text: &str) -> Part {
    Part::Text(Text { text: text.into(), ..Text::default() })
}

fn call(id: &str, name: &str, arguments: &str, custom: bool) -> Part {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        custom,
        cache: None,
    })
}

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Part {
    Part::ToolResult(ToolResult { id: id.into(), parts, is_error, custom: false, cache: None })
}

fn media(source: Source, name: Option<&str>) -> Media {
    Media { source, name: name.map(str::to_owned), detail: None, cache: None }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

#[test]
fn what_is_read_is_written() {
    let check = |sent: &str, expect: &str, dropped: &str| {
        let translated = through(sent).unwrap();
        assert_eq!(json(&translated.body), json(expect), "{sent}");
        assert_eq!(translated.dropped.to_string(), dropped, "{sent}");
    };
    check(
        r#"{"model":"m","input":"hi"}"#,
        r#"{"model":"theirs","input":[{"type":"message","role":"user","content":"hi"}],"store":false}"#,
        "",
    );
    check(
        r#"{"model":"m","instructions":"be","input":[{"role":"developer","content":"brief"}]}"#,
        r#"{"model":"theirs","instructions":"be","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"brief"}]}],"store":false}"#,
        "",
    );
    check(
        r#"{"model":"m","input":"x","stream":true,"instructions":"be","max_output_tokens":5,"temperature":2.5,"top_p":0.9,
            "reasoning":{"effort":"xhigh","summary":"detailed"},"parallel_tool_calls":false,"user":"u",
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
            "metadata":{"a":"b"},"prompt_cache_key":"k","service_tier":"flex","store":true,"previous_response_id":"resp_1",
            "include":["message.output_text.logprobs"],"tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"f"}}"#,
        r#"{"model":"theirs","instructions":"be","input":[{"type":"message","role":"user","content":"x"}],
            "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}],
            "tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,"max_output_tokens":16,"temperature":2.0,"top_p":0.9,
            "top_logprobs":0,"reasoning":{"effort":"xhigh","summary":"auto"},
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
            "metadata":{"a":"b"},"user":"u","prompt_cache_key":"k","service_tier":"flex","previous_response_id":"resp_1",
            "include":["reasoning.encrypted_content","message.output_text.logprobs"],"store":true,"stream":true}"#,
        "",
    );
    check(
        r#"{"model":"m","input":[{"role":"user","content":"go"},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"},
            {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"a\":1}"},
            {"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"p","input":"text"},
            {"type":"function_call_output","call_id":"call_1","output":"1"},
            {"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"high"}]},
            {"role":"developer","content":"now"},
            {"role":"assistant","content":[{"type":"output_text","text":"see","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":2}]},{"type":"refusal","refusal":"no"}]}]}"#,
        r#"{"model":"theirs","input":[{"type":"message","role":"user","content":"go"},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"},
            {"type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":1}"},
            {"type":"custom_tool_call","call_id":"call_2","name":"p","input":"text"},
            {"type":"function_call_output","call_id":"call_1","output":"1"},
            {"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":"a"},{"type":"input_image","detail":"high","image_url":"data:image/png;base64,AA=="}]},
            {"type":"message","role":"developer","content":[{"type":"input_text","text":"now"}]},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"see","annotations":[{"type":"url_citation","url":"https://x","title":"t","start_index":0,"end_index":2}]},{"type":"refusal","refusal":"no"}]}],
            "include":["reasoning.encrypted_content"],"store":false}"#,
        "",
    );
}

/// What Claude Code sends, as far as its reader has got.
#[test]
fn from_messages() {
    let turn = |role, parts| Turn { role, parts };
    let thinking = |seal| Part::Thinking(Thinking { texts: vec!["hm".into()], seal });
    let (body, dropped) = write(&Request {
        model: "m".into(),
        turns: vec![
            turn(
                Role::System,
                vec![text("x-anthropic-billing-header: cc_version=1"), text("You are"), text("careful.")],
            ),
            turn(
                Role::User,
                vec![text("look"), Part::Image(media(Source::Url("https://x/a.png".into()), None))],
            ),
            turn(Role::System, vec![text("a reminder")]),
            turn(
                Role::Assistant,
                vec![
                    thinking(Some(Seal::Anthropic { signature: "sig".into() })),
                    text("I look."),
                    call("toolu_1", "Read", "{}", false),
                    call(&"t".repeat(70), "Read", "", false),
                ],
            ),
            turn(
                Role::User,
                vec![
                    result("toolu_1", vec![text("nothing there")], true),
                    result(&"t".repeat(70), vec![], false),
                    text("go on"),
                ],
            ),
            turn(Role::Assistant, vec![thinking(Some(Seal::OpenAi { id: None, encrypted: "gAAA".into() }))]),
        ],
        reasoning: Some(Reasoning { effort: None, budget: Some(10_000), shown: false }),
        user: Some("u".repeat(65)),
        sampling: Sampling { top_k: Some(5), seed: Some(1), ..Sampling::default() },
        stop: vec!["END".into()],
        service_tier: Some("standard_only".into()),
        ..Request::default()
    });
    assert_eq!(dropped, "content.thinking, seed, stop, top_k");
    assert_eq!(body["instructions"], "You are\n\ncareful.");
    assert_eq!((&body["service_tier"], body["user"].as_str().unwrap().len()), (&Value::from("default"), 16));
    assert_eq!(body["reasoning"], json(r#"{"effort":"high"}"#));
    let long = body["input"][4]["call_id"].clone();
    assert!(long.as_str().unwrap().starts_with("call_") && long.as_str().unwrap().len() <= 64);
    let expect = format!(
        r#"[{{"type":"message","role":"user","content":[{{"type":"input_text","text":"look"}},{{"type":"input_image","detail":"auto","image_url":"https://x/a.png"}}]}},
            {{"type":"message","role":"developer","content":[{{"type":"input_text","text":"a reminder"}}]}},
            {{"type":"message","role":"assistant","content":"I look."}},
            {{"type":"function_call","call_id":"toolu_1","name":"Read","arguments":"{{}}"}},
            {{"type":"function_call","call_id":{long},"name":"Read","arguments":"{{}}"}},
            {{"type":"function_call_output","call_id":"toolu_1","output":"Error: nothing there"}},
            {{"type":"function_call_output","call_id":{long},"output":""}},
            {{"type":"message","role":"user","content":"go on"}}]"#
    );
    assert_eq!(body["input"], json(expect));
}

#[test]
fn parts() {
    let check = |part: Part, expect: &str, note: &str| {
        let turns = vec![Turn { role: Role::User, parts: vec![part, text("?")] }];
        let (body, dropped) = write(&Request { turns, ..Request::default() });
        assert_eq!(body["input"][0]["content"], json(expect));
        assert_eq!(dropped, note);
    };
    let with = |part: &str| format!(r#"[{part},{{"type":"input_text","text":"?"}}]"#);
    let data = |media_type: &str| Source::Data { media_type: media_type.into(), data: "AA==".into() };
    check(
        Part::Document(media(data("application/pdf"), Some("A report"))),
        &with(
            r#"{"type":"input_file","filename":"A report.pdf","file_data":"data:application/pdf;base64,AA=="}"#,
        ),
        "",
    );
    check(
        Part::Document(media(Source::Url("https://x/a.pdf".into()), None)),
        &with(r#"{"type":"input_file","file_url":"https://x/a.pdf"}"#),
        "",
    );
    check(
        Part::Document(media(Source::Text("words".into()), Some("title"))),
        &with(r#"{"type":"input_text","text":"title\n\nwords"}"#),
        "",
    );
    check(
        Part::Image(media(Source::File("file_1".into()), None)),
        &with(r#"{"type":"input_image","detail":"auto","file_id":"file_1"}"#),
        "",
    );
    check(
        Part::Audio(media(data("audio/mpeg"), None)),
        &with(r#"{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}}"#),
        "",
    );
    check(Part::Audio(media(Source::Url("https://x".into()), None)), r#""?""#, "content.audio");
}

#[test]
fn results() {
    let check = |parts: Vec<Part>, is_error: bool, expect: &str| {
        let turns = vec![
            Turn { role: Role::Assistant, parts: vec![call("c", "patch", "text", true)] },
            Turn { role: Role::User, parts: vec![result("c", parts, is_error)] },
        ];
        let (body, _) = write(&Request { turns, ..Request::default() });
        // The result of a custom call, even if its reader did not know that it is one.
        assert_eq!(body["input"][1]["type"], "custom_tool_call_output");
        assert_eq!(body["input"][1]["output"], json(expect));
    };
    check(vec![text("a")], false, r#""a""#);
    check(vec![text("error: a")], true, r#""error: a""#);
    check(vec![], true, r#""Error""#);
    check(
        vec![text("a"), text("b")],
        true,
        r#"[{"type":"input_text","text":"Error: a"},{"type":"input_text","text":"b"}]"#,
    );
}

#[test]
fn tools() {
    let tool = |name: &str, kind| Tool { name: name.into(), description: None, kind, cache: None };
    let long = "l".repeat(80);
    let (body, dropped) = write(&Request {
        tools: vec![
            tool(&long, ToolKind::Function { schema: Some(raw(r#"{"type":"object"}"#)), strict: Some(true) }),
            tool(
                "p",
                ToolKind::Custom {
                    format: Some(raw(r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}"#)),
                },
            ),
            tool("q", ToolKind::Custom { format: Some(raw(r#"{"type":"text"}"#)) }),
            tool("web_search", ToolKind::Hosted { kind: "web_search_20250305".into() }),
        ],
        tool_choice: Some(ToolChoice::Named("p".into())),
        parallel_tools: Some(false),
        ..Request::default()
    });
    assert_eq!(dropped, "tools.web_search_20250305");
    assert_eq!(body["tools"][0]["name"].as_str().unwrap().len(), 64);
    assert_eq!(body["tools"][0]["strict"], true);
    assert_eq!(body["tools"][1]["format"], json(r#"{"type":"grammar","syntax":"lark","definition":"x"}"#));
    assert_eq!(body["tools"][2]["format"], json(r#"{"type":"text"}"#));
    assert_eq!(body["tool_choice"], json(r#"{"type":"custom","name":"p"}"#));
    assert_eq!(body["parallel_tool_calls"], false);

    let (body, dropped) = write(&Request {
        tools: vec![tool("", ToolKind::Hosted { kind: "mcp".into() })],
        tool_choice: Some(ToolChoice::Any),
        parallel_tools: Some(false),
        ..Request::default()
    });
    assert_eq!(dropped, "tool_choice, tools.mcp");
    assert_eq!(body, json(r#"{"model":"","input":[],"store":false}"#));
}

#[test]
fn settings() {
    let mut request = Request {
        sampling: Sampling { temperature: Some(1.0), ..Sampling::default() },
        reasoning: Some(Reasoning { effort: Some(Effort::None), budget: None, shown: true }),
        format: Some(Format::Schema { name: None, description: None, schema: raw("{}"), strict: None }),
        service_tier: Some("batch".into()),
        turns: vec![Turn {
            role: Role::Assistant,
            parts: vec![Part::Text(Text {
                text: "t".into(),
                citations: vec![Citation { quote: Some("q".into()), ..Citation::default() }],
                cache: None,
            })],
        }],
        ..Request::default()
    };
    let (body, dropped) = write_for(&request, &Profile { sampling: false, ..profile() });
    assert_eq!(dropped, "content.text.citations, service_tier, temperature");
    assert_eq!(body["reasoning"], json(r#"{"effort":"none"}"#));
    assert_eq!(body["text"], json(r#"{"format":{"type":"json_schema","name":"response","schema":{}}}"#));
    assert!(body.get("include").is_none() && body.get("temperature").is_none());
    request.reasoning = Some(Reasoning { effort: None, budget: None, shown: true });
    let (body, _) = write(&request);
    assert_eq!(body["reasoning"], json(r#"{"summary":"auto"}"#));
    assert_eq!(body["include"], json(r#"["reasoning.encrypted_content"]"#));
}
