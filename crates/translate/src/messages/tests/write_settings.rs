use super::write_requests::{user, write};
use super::*;
use crate::Dropped;
use crate::messages::write_request;
use crate::request::{Effort, Format, Reasoning, Sampling, ToolChoice};

fn asked(effort: Option<Effort>, budget: Option<u64>) -> Option<Reasoning> {
    Some(Reasoning { effort, budget, shown: false })
}

/// A request to go on after a call, with or without thoughts before it.
fn looping(model: &str, parts: Vec<Part>) -> Request {
    let turns = vec![user("go"), turn(Role::Assistant, parts), turn(Role::User, vec![result("a", vec![])])];
    let tools = vec![function("f", None)];
    Request {
        model: model.into(),
        turns,
        tools,
        reasoning: asked(Some(Effort::High), None),
        ..Request::default()
    }
}

fn of(model: &str) -> Request {
    Request { model: model.into(), turns: vec![user("a")], ..Request::default() }
}

/// What is said of thinking: `thinking`, `output_config`, `tool_choice`, and what is dropped.
fn check(request: &Request, thinking: &str, config: &str, dropped: &str) {
    let (body, noted) = write(request);
    let value = |text: &str| if text.is_empty() { Value::Null } else { json(text) };
    assert_eq!(
        (&body["thinking"], &body["output_config"], noted.as_str()),
        (&value(thinking), &value(config), dropped),
        "{request:?}"
    );
}

#[test]
fn efforts_and_budgets() {
    let with =
        |model: &str, max_tokens: Option<u64>, reasoning| Request { max_tokens, reasoning, ..of(model) };
    let (old, new) = ("claude-haiku-4-5", "claude-opus-4-8");
    check(&of(old), "", "", "");
    check(
        &with(old, None, asked(Some(Effort::Low), None)),
        r#"{"type":"enabled","budget_tokens":2048}"#,
        "",
        "",
    );
    check(&with(old, None, asked(None, Some(5000))), r#"{"type":"enabled","budget_tokens":5000}"#, "", "");
    check(&with(old, None, asked(None, None)), r#"{"type":"enabled","budget_tokens":8192}"#, "", "");
    // The budget is a part of the limit, and not a small one.
    check(
        &with(old, Some(4000), asked(Some(Effort::Max), None)),
        r#"{"type":"enabled","budget_tokens":2976}"#,
        "",
        "",
    );
    check(&with(old, Some(4000), asked(None, Some(1))), r#"{"type":"enabled","budget_tokens":1024}"#, "", "");
    check(&with(old, Some(2047), asked(Some(Effort::Low), None)), "", "", "reasoning");
    check(&with(old, None, asked(Some(Effort::None), None)), "", "", "");
    check(&with("claude-3-haiku-20240307", None, asked(Some(Effort::Low), None)), "", "", "reasoning");
    check(&with("glm-5", None, asked(Some(Effort::None), None)), r#"{"type":"disabled"}"#, "", "");

    check(
        &with(new, Some(16), asked(Some(Effort::XHigh), None)),
        r#"{"type":"adaptive"}"#,
        r#"{"effort":"xhigh"}"#,
        "",
    );
    check(&with(new, None, asked(None, Some(8192))), r#"{"type":"adaptive"}"#, r#"{"effort":"medium"}"#, "");
    let shown = Some(Reasoning { effort: None, budget: None, shown: true });
    check(&with(new, None, shown), r#"{"type":"adaptive","display":"summarized"}"#, "", "");
    check(&with(new, None, asked(Some(Effort::None), None)), "", "", "");
    check(&with("claude-opus-5", None, asked(Some(Effort::None), None)), r#"{"type":"disabled"}"#, "", "");
    check(
        &with("claude-sonnet-5-5", None, asked(Some(Effort::None), None)),
        r#"{"type":"between_tools"}"#,
        "",
        "",
    );
    check(
        &with("claude-opus-5-5", None, asked(Some(Effort::None), None)),
        "",
        r#"{"effort":"low"}"#,
        "reasoning",
    );
}

#[test]
fn thoughts_in_a_loop() {
    let called = || call("a", "f", "{}");
    let budget = r#"{"type":"enabled","budget_tokens":16384}"#;
    check(&looping("claude-sonnet-4-5", vec![sealed("hm"), called()]), budget, "", "");
    check(&looping("claude-sonnet-4-5", vec![called()]), "", "", "reasoning");
    let foreign = thinking("hm", Some(Seal::OpenAi { id: None, encrypted: "g".into() }));
    check(&looping("claude-sonnet-4-5", vec![foreign, called()]), "", "", "content.thinking, reasoning");
    // Newer models do not mind.
    check(&looping("claude-opus-4-7", vec![called()]), r#"{"type":"adaptive"}"#, r#"{"effort":"high"}"#, "");
    // Nor do older ones once somebody else has spoken.
    let mut over = looping("claude-sonnet-4-5", vec![called()]);
    over.turns.extend([turn(Role::Assistant, vec![text("done")]), user("next")]);
    check(&over, budget, "", "");
    let mut begun = looping("claude-sonnet-4-5", vec![called()]);
    begun.turns.extend([turn(Role::Assistant, vec![text("I")])]);
    check(&begun, "", "", "reasoning");
    // They think once at the beginning of a turn.
    let mut second = looping("claude-sonnet-4-5", vec![sealed("hm"), called()]);
    second.turns.extend([
        turn(Role::Assistant, vec![call("b", "f", "{}")]),
        turn(Role::User, vec![result("b", vec![])]),
    ]);
    check(&second, budget, "", "");
}

#[test]
fn forced_tools() {
    let check = |model: &str, choice: &str, thinking: &str, config: &str, dropped: &str| {
        let request = Request {
            tools: vec![function("f", None)],
            tool_choice: Some(ToolChoice::Any),
            reasoning: asked(Some(Effort::Max), None),
            ..of(model)
        };
        check(&request, thinking, config, dropped);
        assert_eq!(write(&request).0["tool_choice"]["type"], choice, "{model}");
    };
    check("claude-haiku-4-5", "any", "", "", "reasoning");
    check("claude-opus-4-8", "any", "", r#"{"effort":"high"}"#, "reasoning");
    check("claude-haiku-5-5", "any", r#"{"type":"disabled"}"#, r#"{"effort":"high"}"#, "reasoning");
    check("claude-opus-5-5", "auto", r#"{"type":"adaptive"}"#, r#"{"effort":"max"}"#, "tool_choice");
}

#[test]
fn the_end_of_a_conversation() {
    let check = |model: &str, expect: &str| {
        let turns = vec![user("a"), turn(Role::Assistant, vec![text("b ")])];
        let (body, _) = write(&Request { turns, ..of(model) });
        assert_eq!(body["messages"].as_array().unwrap().last().unwrap(), &json(expect), "{model}");
    };
    check("claude-sonnet-4-5", r#"{"role":"assistant","content":[{"type":"text","text":"b"}]}"#);
    check("claude-sonnet-4-6", r#"{"role":"user","content":[{"type":"text","text":"Continue."}]}"#);
}

#[test]
fn sampling() {
    let check = |model: &str, reasoning: Option<Reasoning>, asked: Sampling, expect: &str, dropped: &str| {
        let (body, noted) = write(&Request { sampling: asked, reasoning, ..of(model) });
        let expect = json(expect);
        for field in ["temperature", "top_p", "top_k"] {
            assert_eq!(body[field], expect[field], "{model} {asked:?}");
        }
        assert_eq!(noted, dropped, "{model} {asked:?}");
    };
    let all = |temperature, top_p| Sampling {
        temperature: Some(temperature),
        top_p: Some(top_p),
        top_k: Some(5),
        ..Sampling::default()
    };
    let thinks = || asked(Some(Effort::Low), None);
    check(
        "claude-3-haiku",
        None,
        all(2.0, 0.5),
        r#"{"temperature":1.0,"top_p":0.5,"top_k":5}"#,
        "temperature",
    );
    check("claude-haiku-4-5", None, all(0.5, 0.5), r#"{"temperature":0.5,"top_k":5}"#, "top_p");
    check("claude-haiku-4-5", None, all(1.0, 0.5), r#"{"top_p":0.5,"top_k":5}"#, "");
    check("claude-haiku-4-5", None, all(1.0, 1.0), r#"{"temperature":1.0,"top_k":5}"#, "");
    check("claude-haiku-4-5", thinks(), all(0.5, 0.96), r#"{"top_p":0.96}"#, "temperature, top_k");
    check("claude-haiku-4-5", thinks(), all(1.0, 0.5), "{}", "top_k, top_p");
    check("claude-opus-5-5", None, all(0.5, 0.5), "{}", "temperature, top_k, top_p");
    check("claude-opus-5-5", None, Sampling { top_k: None, ..all(1.0, 1.0) }, "{}", "");
    // The version of the API may refuse what the model would take.
    let mut dropped = Dropped::default();
    let request = Request { sampling: all(0.5, 0.5), ..of("claude-haiku-4-5") };
    let profile = Profile { sampling: false, ..profile() };
    let body = write_request(&request, &ToolNames::default(), &profile, &mut dropped).unwrap();
    assert_eq!(
        (&json(body)["temperature"], dropped.to_string().as_str()),
        (&Value::Null, "temperature, top_k, top_p")
    );
}

#[test]
fn everything_else() {
    let request = Request {
        max_tokens: None,
        stream: true,
        sampling: Sampling {
            frequency_penalty: Some(0.5),
            presence_penalty: Some(0.0),
            seed: Some(1),
            ..Sampling::default()
        },
        stop: vec!["a".into(), "\n".into()],
        format: Some(Format::Json),
        verbosity: Some("medium".into()),
        logprobs: Some(1),
        service_tier: Some("default".into()),
        user: Some("u".into()),
        metadata: Some(raw("{}")),
        store: Some(false),
        ..of("claude-opus-4-6")
    };
    let (body, dropped) = write(&request);
    assert_eq!(
        body,
        json(
            r#"{"model":"claude-opus-4-6","max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],
                "stop_sequences":["a"],"metadata":{"user_id":"u"},"service_tier":"standard_only","stream":true}"#
        )
    );
    assert_eq!(dropped, "frequency_penalty, logprobs, metadata, response_format, seed, stop");
    let schema = || {
        Some(Format::Schema {
            name: Some("n".into()),
            description: None,
            schema: raw(r#"{"type":"object"}"#),
            strict: Some(true),
        })
    };
    let (body, dropped) =
        write(&Request { format: schema(), service_tier: Some("flex".into()), ..of("claude-opus-4-6") });
    assert_eq!(
        body["output_config"],
        json(r#"{"format":{"type":"json_schema","schema":{"type":"object"}}}"#)
    );
    assert_eq!(dropped, "service_tier");
    let (body, dropped) =
        write(&Request { format: schema(), user: Some("u".repeat(300)), ..of("claude-3-opus") });
    assert_eq!(
        (body["metadata"]["user_id"].as_str().unwrap().len(), dropped.as_str()),
        (16, "response_format")
    );
    let request = Request { previous_response: Some("resp_1".into()), ..of("m") };
    let error =
        write_request(&request, &ToolNames::default(), &profile(), &mut Dropped::default()).unwrap_err();
    assert_eq!(error.field(), Some("previous_response_id"));
}
