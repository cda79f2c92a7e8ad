use super::*;
use crate::Dropped;
use crate::messages::write_request;
use crate::part::{Citation, Media, Source};
use crate::request::ToolChoice;

pub(super) fn write(request: &Request) -> (Value, String) {
    let mut dropped = Dropped::default();
    let names = ToolNames::of(request, Dialect::Messages);
    let body = write_request(request, &names, &profile(), &mut dropped).unwrap();
    (json(body), dropped.to_string())
}

pub(super) fn user(words: &str) -> Turn {
    turn(Role::User, vec![text(words)])
}

/// What is said, in short.
fn said(turns: Vec<Turn>) -> (Vec<String>, String) {
    let (body, dropped) = write(&Request { model: "claude-sonnet-4-5".into(), turns, ..Request::default() });
    let block = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].to_string(),
        "tool_use" => format!("calls {} {} {}", block["id"], block["name"], block["input"]),
        "tool_result" => {
            format!("result {} {} {}", block["tool_use_id"], block["is_error"], block["content"])
        }
        "thinking" => format!("thinks {} {}", block["thinking"], block["signature"]),
        other => format!("{other} {block}"),
    };
    let blocks = |list: &Value| list.as_array().unwrap().iter().map(block).collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !body["system"].is_null() {
        said.push(format!("system: {}", blocks(&body["system"])));
    }
    for message in body["messages"].as_array().unwrap() {
        said.push(format!("{}: {}", message["role"].as_str().unwrap(), blocks(&message["content"])));
    }
    (said, dropped)
}

fn check(turns: Vec<Turn>, expect: &[&str], dropped: &str) {
    let shown = format!("{turns:?}");
    assert_eq!(
        said(turns),
        (expect.iter().map(ToString::to_string).collect(), dropped.to_owned()),
        "{shown}"
    );
}

#[test]
fn turns_alternate() {
    let order = |role, words: &str| turn(role, vec![text(words)]);
    check(
        vec![
            order(Role::System, "be"),
            order(Role::Developer, "good"),
            user("a"),
            order(Role::Developer, "now"),
            user("b"),
            turn(Role::Assistant, vec![text("c")]),
            turn(Role::Assistant, vec![text(" \n"), text("d")]),
            order(Role::System, "again"),
        ],
        &[
            r#"system: "be", "good""#,
            r#"user: "a", "<system>\nnow\n</system>", "b""#,
            r#"assistant: "c", "d""#,
            r#"user: "<system>\nagain\n</system>""#,
        ],
        "",
    );
    // A user begins.
    check(
        vec![order(Role::Assistant, "Hello! What is it?"), user("a")],
        &[r#"user: "Continue.""#, r#"assistant: "Hello! What is it?""#, r#"user: "a""#],
        "",
    );
    check(vec![order(Role::System, "say hello")], &[r#"user: "say hello""#], "");
    // A beginning to go on from has no white space at its end, nor thoughts in it.
    check(
        vec![user("a"), turn(Role::Assistant, vec![sealed("hm"), text("b \n")])],
        &[r#"user: "a""#, r#"assistant: "b""#],
        "",
    );
}

#[test]
fn nothing_to_say() {
    let mut dropped = Dropped::default();
    for turns in [vec![], vec![user(" ")]] {
        let request = Request { turns, ..Request::default() };
        let error = write_request(&request, &ToolNames::default(), &profile(), &mut dropped).unwrap_err();
        assert_eq!(error.field(), Some("messages"));
    }
}

#[test]
fn calls_and_results() {
    let calls = turn(
        Role::Assistant,
        vec![
            text("so"),
            call("a", "f", r#"{"x": 1}"#),
            call("b", "f", " "),
            call("c", "f", "null"),
            call("d", "f", "[1"),
        ],
    );
    // Results come first, in order, and each call has one.
    check(
        vec![
            user("go"),
            calls,
            turn(Role::User, vec![text("and")]),
            turn(Role::Developer, vec![text("mind")]),
            turn(
                Role::User,
                vec![result("b", vec![text("2")]), result("a", vec![]), result("c", vec![text("3")])],
            ),
        ],
        &[
            r#"user: "go""#,
            r#"assistant: "so", calls "a" "f" {"x":1}, calls "b" "f" {}, calls "c" "f" {}, calls "d" "f" {"input":"[1"}"#,
            concat!(
                r#"user: result "a" null null, result "b" null [{"type":"text","text":"2"}], result "c" null [{"type":"text","text":"3"}], "#,
                r#"result "d" true [{"type":"text","text":"There is no result of this call."}], "and", "<system>\nmind\n</system>""#
            ),
        ],
        "",
    );
    // A call at the end; a result that comes late; one of no call; ids that others take, and twice.
    check(
        vec![
            turn(Role::User, vec![result("x", vec![text("0")])]),
            turn(Role::Assistant, vec![call("f:0", "f", "{}")]),
            turn(Role::Assistant, vec![call("late", "f", "{}")]),
            user("meanwhile"),
            turn(Role::Assistant, vec![text("yes"), call("f:0", "f", "{}")]),
            turn(Role::User, vec![result("late", vec![text("L")]), result("f:0", vec![text("1")])]),
            turn(Role::User, vec![result("f:0", vec![text("2")])]),
            turn(Role::Assistant, vec![call("", "f", "{}")]),
        ],
        &[
            r#"user: "The result of a call that is not known:", "0""#,
            r#"assistant: calls "f_0" "f" {}, calls "late" "f" {}"#,
            r#"user: result "f_0" null [{"type":"text","text":"1"}], result "late" null [{"type":"text","text":"L"}], "meanwhile""#,
            r#"assistant: "yes", calls "f_0_2" "f" {}"#,
            r#"user: result "f_0_2" null [{"type":"text","text":"2"}]"#,
            r#"assistant: calls "call" "f" {}"#,
            r#"user: result "call" true [{"type":"text","text":"There is no result of this call."}]"#,
        ],
        "",
    );
}

#[test]
fn tools_that_are_called_are_declared() {
    let turns = vec![
        user("go"),
        turn(Role::Assistant, vec![call("a", "böse", "{}")]),
        turn(Role::User, vec![result("a", vec![])]),
    ];
    let (body, _) = write(&Request { turns, ..Request::default() });
    assert_eq!(body["tools"][0]["name"], body["messages"][1]["content"][0]["name"]);
    assert_eq!(body["tools"][0]["input_schema"], json(r#"{"type":"object"}"#));
    assert_eq!(body["tool_choice"], json(r#"{"type":"none"}"#));
}

#[test]
fn thoughts_and_other_parts() {
    let foreign = Seal::OpenAi { id: None, encrypted: "g".into() };
    let redacted =
        Part::Thinking(Thinking { texts: vec![], seal: Some(Seal::Redacted { data: "r".into() }) });
    let cited = Part::Text(Text {
        text: "c".into(),
        citations: vec![Citation { url: Some("https://x".into()), ..Citation::default() }],
        cache: None,
    });
    check(
        vec![
            user("go"),
            turn(
                Role::Assistant,
                vec![
                    sealed("hm"),
                    redacted,
                    thinking("no", Some(foreign)),
                    thinking("un", None),
                    cited,
                    Part::Refusal("R".into()),
                ],
            ),
            user("on"),
        ],
        &[
            r#"user: "go""#,
            r#"assistant: thinks "hm" "EqQB", redacted_thinking {"type":"redacted_thinking","data":"r"}, "c", "R""#,
            r#"user: "on""#,
        ],
        "content.text.citations, content.thinking",
    );
}

#[test]
fn media() {
    let media = |source, name: Option<&str>, detail: Option<&str>| Media {
        source,
        name: name.map(str::to_owned),
        detail: detail.map(str::to_owned),
        cache: None,
    };
    let data =
        |media_type: &str, data: &str| Source::Data { media_type: media_type.into(), data: data.into() };
    let check = |part: Part, expect: &str, dropped: &str| {
        let shown = format!("{part:?}");
        let turns = vec![turn(Role::User, vec![part])];
        let (body, noted) = write(&Request { turns, ..Request::default() });
        assert_eq!(body["messages"][0]["content"], json(format!("[{expect}]")), "{shown}");
        assert_eq!(noted, dropped, "{shown}");
    };
    check(
        Part::Image(media(data("image/jpg", "AA=="), None, Some("low"))),
        r#"{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA=="}}"#,
        "content.image.detail",
    );
    check(
        Part::Image(media(Source::Url("https://x".into()), None, Some("high"))),
        r#"{"type":"image","source":{"type":"url","url":"https://x"}}"#,
        "",
    );
    check(
        Part::Image(media(Source::File("file_1".into()), None, None)),
        r#"{"type":"image","source":{"type":"file","file_id":"file_1"}}"#,
        "",
    );
    check(
        Part::Document(media(data("application/octet-stream", "AA=="), Some("a.PDF"), None)),
        r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="},"title":"a.PDF"}"#,
        "",
    );
    check(
        Part::Document(media(data("text/csv", "YSxi"), None, None)),
        r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b"}}"#,
        "",
    );
    check(
        Part::Document(media(Source::Url("https://x/a.pdf".into()), None, None)),
        r#"{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}}"#,
        "",
    );
    let refused = |part: Part, field: &str| {
        let request = Request { turns: vec![turn(Role::User, vec![part])], ..Request::default() };
        let error = write_request(&request, &ToolNames::default(), &profile(), &mut Dropped::default());
        assert_eq!(error.unwrap_err().field(), Some(field));
    };
    refused(Part::Document(media(data("application/zip", "/w=="), None, None)), "content.document");
    refused(Part::Audio(media(data("audio/wav", "AA=="), None, None)), "content.audio");
}

#[test]
fn tools() {
    let custom = |format: Option<&str>| Tool {
        name: "patch".into(),
        description: Some("d".into()),
        kind: ToolKind::Custom { format: format.map(raw) },
        cache: None,
    };
    let check = |tool: Tool, expect: &str, dropped: &str| {
        let shown = format!("{tool:?}");
        let (body, noted) =
            write(&Request { turns: vec![user("a")], tools: vec![tool], ..Request::default() });
        let tools = if expect.is_empty() { Value::Null } else { json(format!("[{expect}]")) };
        assert_eq!((&body["tools"], noted.as_str()), (&tools, dropped), "{shown}");
    };
    let strict = ToolKind::Function { schema: Some(raw(r#"{ "type":"object"}"#)), strict: Some(true) };
    check(
        Tool {
            name: "f".into(),
            description: Some("d".into()),
            kind: strict,
            cache: Some(raw(r#"{"type":"ephemeral"}"#)),
        },
        r#"{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}}"#,
        "",
    );
    check(function("f", None), r#"{"name":"f","input_schema":{"type":"object","properties":{}}}"#, "");
    check(function("f", Some("{ }")), r#"{"name":"f","input_schema":{"type":"object"}}"#, "");
    check(
        function("f", Some(r#"{"properties":{}}"#)),
        r#"{"name":"f","input_schema":{"type":"object","properties":{}}}"#,
        "",
    );
    check(
        function("f", Some("null")),
        r#"{"name":"f","input_schema":{"type":"object","properties":{}}}"#,
        "",
    );
    let free = r#""input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;
    check(custom(None), &format!(r#"{{"name":"patch","description":"d",{free}}}"#), "");
    check(custom(Some(r#"{"type":"text"}"#)), &format!(r#"{{"name":"patch","description":"d",{free}}}"#), "");
    let described = r#"d\n\nThe input has to match this grammar (lark):\nstart: \"x\""#;
    for format in [
        r#"{"type":"grammar","syntax":"lark","definition":"start: \"x\""}"#,
        r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"x\""}}"#,
    ] {
        check(custom(Some(format)), &format!(r#"{{"name":"patch","description":"{described}",{free}}}"#), "");
    }
    let hosted = ToolKind::Hosted { kind: "web_search".into() };
    check(Tool { name: String::new(), description: None, kind: hosted, cache: None }, "", "tools.web_search");
    let twice = Request {
        turns: vec![user("a")],
        tools: vec![function("f", None), function("f", None)],
        ..Request::default()
    };
    assert_eq!(write(&twice).1, "tools.f");
}

#[test]
fn a_custom_tool_is_called_with_its_input() {
    let custom = Part::ToolCall(ToolCall {
        id: "a".into(),
        name: "patch".into(),
        arguments: "*** \"Begin\"".into(),
        custom: true,
        cache: None,
    });
    let turns = vec![user("a"), turn(Role::Assistant, vec![custom])];
    let (body, _) = write(&Request { turns, ..Request::default() });
    assert_eq!(body["messages"][1]["content"][0]["input"], json(r#"{"input":"*** \"Begin\""}"#));
}

#[test]
fn choices() {
    let check =
        |choice: Option<ToolChoice>, parallel: Option<bool>, tools: usize, expect: &str, dropped: &str| {
            let tools = [function("f g", None), function("h", None)].into_iter().take(tools).collect();
            let request = Request {
                model: "claude-sonnet-4-5".into(),
                turns: vec![user("a")],
                tools,
                tool_choice: choice.clone(),
                parallel_tools: parallel,
                ..Request::default()
            };
            let (body, noted) = write(&request);
            let expect = if expect.is_empty() { Value::Null } else { json(expect) };
            assert_eq!((&body["tool_choice"], noted.as_str()), (&expect, dropped), "{choice:?}");
        };
    let name = ToolNames::of(&Request::default(), Dialect::Messages).theirs("f g");
    check(None, None, 2, "", "");
    check(None, Some(true), 2, "", "");
    check(None, Some(false), 2, r#"{"type":"auto","disable_parallel_tool_use":true}"#, "");
    check(Some(ToolChoice::Auto), None, 2, r#"{"type":"auto"}"#, "");
    check(Some(ToolChoice::Any), Some(false), 2, r#"{"type":"any","disable_parallel_tool_use":true}"#, "");
    check(Some(ToolChoice::None), Some(false), 2, r#"{"type":"none"}"#, "");
    check(
        Some(ToolChoice::Named("f g".into())),
        None,
        2,
        &format!(r#"{{"type":"tool","name":"{name}"}}"#),
        "",
    );
    check(Some(ToolChoice::Named("i".into())), None, 2, r#"{"type":"auto"}"#, "tool_choice");
    check(Some(ToolChoice::Any), None, 0, "", "tool_choice");
    check(Some(ToolChoice::None), None, 0, "", "");
}

#[test]
fn caching() {
    let marked = |words: &str| {
        Part::Text(Text {
            text: words.into(),
            cache: Some(raw(r#"{"type":"ephemeral","ttl":"1h"}"#)),
            ..Text::default()
        })
    };
    let turns = vec![
        turn(Role::System, vec![marked("s")]),
        turn(Role::User, vec![marked("1"), marked("2"), marked("3"), marked("4")]),
    ];
    let (body, dropped) = write(&Request { turns, prompt_cache_key: Some("k".into()), ..Request::default() });
    assert_eq!(body["system"][0]["cache_control"]["ttl"], "1h");
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let marks: Vec<bool> = blocks.iter().map(|block| !block["cache_control"].is_null()).collect();
    assert_eq!((marks, dropped.as_str()), (vec![true, true, true, false], "cache_control"));
    assert!(body["cache_control"].is_null());
    let request =
        Request { turns: vec![user("a")], prompt_cache_key: Some("k".into()), ..Request::default() };
    assert_eq!(write(&request).0["cache_control"], json(r#"{"type":"ephemeral"}"#));
}
