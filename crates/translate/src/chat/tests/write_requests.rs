use serde_json::value::RawValue;

use super::*;
use crate::part::{Media, Source, Thinking};
use crate::request::{Effort, Format, Reasoning, Role, Sampling, Tool, ToolChoice, ToolKind, Turn};
use crate::seal::Seal;
use crate::tools::ToolNames;

fn write_for(request: &Request, profile: &Profile) -> (Value, String) {
    let mut dropped = Dropped::default();
    let names = ToolNames::of(request, Dialect::Chat);
    let body = crate::chat::write_request(request, &names, profile, &mut dropped).unwrap();
    (json(body), dropped.to_string())
}

fn write(request: &Request) -> (Value, String) {
    write_for(request, &Profile::of(Dialect::Chat))
}

fn turn(role: Role, parts: Vec<Part>) -> Turn {
    Turn { role, parts }
}

fn media(source: Source) -> Media {
    Media { source, name: None, detail: None, cache: None }
}

fn image() -> Part {
    Part::Image(media(Source::Url("https://x/a.png".into())))
}

fn thinking(text: &str) -> Part {
    let seal = Some(Seal::Anthropic { signature: "sig".into() });
    Part::Thinking(Thinking { texts: vec![text.into()], seal })
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// What Claude Code sends.
fn claude_code() -> Request {
    Request {
        model: "m".into(),
        turns: vec![
            turn(
                Role::System,
                vec![text("x-anthropic-billing-header: cc_version=1"), text("You are"), text("careful.")],
            ),
            turn(Role::User, vec![text("look"), text("there")]),
            turn(Role::System, vec![text("a reminder")]),
            turn(
                Role::Assistant,
                vec![
                    thinking("hm"),
                    text("I look."),
                    call("toolu_1", "Read", "{}", false),
                    call(&"t".repeat(41), "Read", "", false),
                ],
            ),
            turn(Role::System, vec![text("hurry")]),
            turn(
                Role::User,
                vec![
                    text("go on"),
                    result("toolu_1", vec![text("nothing"), text("there")], true),
                    result(&"t".repeat(41), vec![image()], false),
                ],
            ),
            turn(Role::Assistant, vec![thinking("nothing said")]),
            turn(Role::User, vec![text("well?")]),
        ],
        ..Request::default()
    }
}

#[test]
fn from_messages() {
    let (body, dropped) = write(&claude_code());
    assert_eq!(dropped, "content.thinking");
    let long = body["messages"][2]["tool_calls"][1]["id"].clone();
    assert!(long.as_str().unwrap().starts_with("call_") && long.as_str().unwrap().len() <= 40);
    let expect = format!(
        r#"[{{"role":"system","content":"You are\n\ncareful."}},
            {{"role":"user","content":"look\n\nthere\n\n<system-reminder>\na reminder\n</system-reminder>"}},
            {{"role":"assistant","content":"I look.","tool_calls":[{{"type":"function","id":"toolu_1","function":{{"name":"Read","arguments":"{{}}"}}}},
                {{"type":"function","id":{long},"function":{{"name":"Read","arguments":"{{}}"}}}}]}},
            {{"role":"tool","content":"Error: nothing\n\nthere","tool_call_id":"toolu_1"}},
            {{"role":"tool","content":"The result follows.","tool_call_id":{long}}},
            {{"role":"user","content":[{{"type":"text","text":"The result of {}:"}},{{"type":"image_url","image_url":{{"url":"https://x/a.png"}}}},
                {{"type":"text","text":"<system-reminder>\nhurry\n</system-reminder>"}},{{"type":"text","text":"go on"}},{{"type":"text","text":"well?"}}]}}]"#,
        "t".repeat(41)
    );
    assert_eq!(body["messages"], json(expect));

    let (body, _) = write_for(&claude_code(), &openai());
    let roles: Vec<&str> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "user", "system", "assistant", "tool", "tool", "user", "system", "user"]);

    let wants = Profile { thoughts: true, ..Profile::of(Dialect::Chat) };
    let (body, _) = write_for(&claude_code(), &wants);
    assert_eq!(body["messages"][2]["reasoning_content"], "hm");
    let (body, _) = write_for(
        &Request {
            turns: vec![
                turn(Role::Assistant, vec![text("a")]),
                turn(Role::User, vec![text("b")]),
                turn(Role::Assistant, vec![call("c", "f", "", false)]),
            ],
            ..Request::default()
        },
        &wants,
    );
    assert_eq!(body["messages"][0].get("reasoning_content"), None);
    assert_eq!(body["messages"][2]["reasoning_content"], "");
}

#[test]
fn systems() {
    let check = |profile: &Profile, roles: &[(Role, &str)], expect: &str| {
        let turns = roles.iter().map(|(role, said)| turn(*role, vec![text(said)])).collect();
        let (body, _) = write_for(&Request { turns, ..Request::default() }, profile);
        assert_eq!(body["messages"], json(expect));
    };
    let (system, developer, user) = (Role::System, Role::Developer, Role::User);
    let turns = [(system, "a"), (developer, "b"), (developer, "c"), (user, "d"), (developer, "e")];
    check(
        &openai(),
        &turns,
        r#"[{"role":"system","content":"a"},{"role":"developer","content":"b\n\nc"},{"role":"user","content":"d"},{"role":"developer","content":"e"}]"#,
    );
    check(
        &Profile::of(Dialect::Chat),
        &turns,
        r#"[{"role":"system","content":"a\n\nb\n\nc"},{"role":"user","content":"d\n\n<system-reminder>\ne\n</system-reminder>"}]"#,
    );
    check(
        &openai(),
        &[(system, "x-anthropic-billing-header: 1"), (user, "d")],
        r#"[{"role":"user","content":"d"}]"#,
    );
}

#[test]
fn parts() {
    let check = |part: Part, expect: &str, note: &str| {
        let turns = vec![turn(Role::User, vec![part, image()])];
        let (body, dropped) = write(&Request { turns, ..Request::default() });
        let content = body["messages"][0]["content"].as_array().unwrap();
        assert_eq!(content[..content.len() - 1], *json(expect).as_array().unwrap());
        assert_eq!(dropped, note);
    };
    let named =
        |source: Source, name: &str| Part::Document(Media { name: Some(name.into()), ..media(source) });
    let data = |media_type: &str| Source::Data { media_type: media_type.into(), data: "AA==".into() };
    check(
        named(data("application/pdf"), "A report"),
        r#"[{"type":"file","file":{"filename":"A report.pdf","file_data":"data:application/pdf;base64,AA=="}}]"#,
        "",
    );
    check(named(Source::Text("words".into()), "title"), r#"[{"type":"text","text":"title\n\nwords"}]"#, "");
    check(Part::Document(media(Source::Text("words".into()))), r#"[{"type":"text","text":"words"}]"#, "");
    check(Part::Document(media(Source::Url("https://x/a.pdf".into()))), "[]", "content.document");
    check(Part::Image(media(Source::File("file_1".into()))), "[]", "content.image");
    check(
        Part::Audio(media(data("audio/mpeg"))),
        r#"[{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}}]"#,
        "",
    );
    check(Part::Audio(media(Source::Url("https://x".into()))), "[]", "content.audio");
    check(Part::Refusal("no".into()), r#"[{"type":"text","text":"no"}]"#, "");
}

#[test]
fn results() {
    let check = |parts: Vec<Part>, is_error: bool, expect: &str| {
        let turns = vec![
            turn(Role::Assistant, vec![call("c", "patch", "text", true), Part::Refusal("no".into())]),
            turn(Role::User, vec![result("c", parts, is_error)]),
        ];
        let (body, _) = write(&Request { turns, ..Request::default() });
        assert_eq!(body["messages"][0]["content"], "no");
        assert_eq!(body["messages"][0]["tool_calls"][0]["function"]["arguments"], r#"{"input":"text"}"#);
        assert_eq!(
            body["messages"][1],
            json(format!(r#"{{"role":"tool","tool_call_id":"c","content":{expect}}}"#))
        );
    };
    check(vec![text("a")], false, r#""a""#);
    check(vec![text("error: a")], true, r#""error: a""#);
    check(vec![], true, r#""Error""#);
    check(vec![], false, r#""""#);
}

#[test]
fn tools() {
    let tool = |name: &str, kind| Tool { name: name.into(), description: None, kind, cache: None };
    let long = "l".repeat(80);
    let grammar = r#"{"type":"grammar","syntax":"lark","definition":"x"}"#;
    let (body, dropped) = write(&Request {
        tools: vec![
            tool(&long, ToolKind::Function { schema: Some(raw(r#"{"type":"object"}"#)), strict: Some(true) }),
            tool("p", ToolKind::Custom { format: Some(raw(grammar)) }),
            tool("f", ToolKind::Function { schema: None, strict: Some(false) }),
            tool("web_search", ToolKind::Hosted { kind: "web_search_20250305".into() }),
        ],
        tool_choice: Some(ToolChoice::Named("p".into())),
        parallel_tools: Some(false),
        ..Request::default()
    });
    assert_eq!(dropped, "tools.web_search_20250305");
    assert_eq!(body["tools"].as_array().unwrap().len(), 3);
    assert_eq!(body["tools"][0]["function"]["name"].as_str().unwrap().len(), 64);
    let described = "\n\nThe input has to match this grammar (lark):\nx";
    assert_eq!(body["tools"][1]["function"]["description"], described);
    assert_eq!(body["tools"][1]["function"]["parameters"]["required"], json(r#"["input"]"#));
    assert_eq!(
        body["tools"][2]["function"],
        json(r#"{"name":"f","parameters":{"type":"object","properties":{}}}"#)
    );
    assert_eq!(body["tool_choice"], json(r#"{"type":"function","function":{"name":"p"}}"#));
    assert_eq!(body["parallel_tool_calls"], false);

    let (body, dropped) = write(&Request {
        tools: vec![tool("", ToolKind::Hosted { kind: "mcp".into() })],
        tool_choice: Some(ToolChoice::Any),
        parallel_tools: Some(false),
        ..Request::default()
    });
    assert_eq!(dropped, "tool_choice, tools.mcp");
    assert_eq!(body, json(r#"{"model":"","messages":[]}"#));
}

#[test]
fn settings() {
    let mut request = Request {
        stop: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
        max_tokens: Some(9),
        sampling: Sampling { temperature: Some(1.0), top_k: Some(5), ..Sampling::default() },
        format: Some(Format::Schema {
            name: Some("ä".into()),
            description: None,
            schema: raw("{}"),
            strict: None,
        }),
        service_tier: Some("standard_only".into()),
        metadata: Some(raw(r#"{"a":"b"}"#)),
        logprobs: Some(2),
        user: Some("u".repeat(65)),
        store: Some(false),
        ..Request::default()
    };
    let (body, dropped) = write_for(&request, &Profile { sampling: false, ..Profile::of(Dialect::Chat) });
    assert_eq!(dropped, "logprobs, metadata, stop, temperature, top_k");
    assert_eq!(body["user"].as_str().unwrap().len(), 16);
    assert_eq!(
        body["response_format"],
        json(r#"{"type":"json_schema","json_schema":{"name":"response","schema":{}}}"#)
    );
    assert_eq!((&body["stop"], &body["max_tokens"]), (&json(r#"["a","b","c","d"]"#), &json("9")));
    assert_eq!(body["service_tier"], "default");
    request.format = Some(Format::Json);
    request.service_tier = Some("batch".into());
    let (body, dropped) = write_for(&request, &openai());
    assert_eq!(dropped, "logprobs, metadata, service_tier, stop, top_k");
    assert_eq!(body["response_format"], json(r#"{"type":"json_object"}"#));
    assert_eq!((&body["max_completion_tokens"], body.get("max_tokens")), (&json("9"), None));

    let check = |effort: Option<Effort>, budget: Option<u64>, compatible: Option<&str>, own: Option<&str>| {
        let reasoning = Some(Reasoning { effort, budget, shown: true });
        let request = Request { reasoning, ..Request::default() };
        let said = |profile: &Profile| {
            write_for(&request, profile).0["reasoning_effort"].as_str().map(str::to_owned)
        };
        assert_eq!(said(&Profile::of(Dialect::Chat)).as_deref(), compatible, "{effort:?} {budget:?}");
        assert_eq!(said(&openai()).as_deref(), own, "{effort:?} {budget:?}");
    };
    check(None, None, None, None);
    check(Some(Effort::None), None, Some("none"), Some("none"));
    check(Some(Effort::Minimal), None, Some("low"), Some("minimal"));
    check(Some(Effort::Max), None, Some("high"), Some("max"));
    check(None, Some(10_000), Some("high"), Some("high"));

    let request = Request { previous_response: Some("resp_1".into()), ..Request::default() };
    let mut dropped = Dropped::default();
    let refused = crate::chat::write_request(&request, &ToolNames::default(), &openai(), &mut dropped);
    assert_eq!(refused, Err(Error::NotCarried { field: "previous_response_id".into() }));
}
