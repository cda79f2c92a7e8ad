use super::*;
use crate::part::{Source, Thinking};
use crate::request::{Effort, Reasoning, Role, ToolChoice, ToolKind};
use crate::seal::Seal;

fn messages(list: &str) -> Request {
    let (request, dropped) = read(&format!(r#"{{"model":"m","messages":[{list}]}}"#)).unwrap();
    assert_eq!(dropped, "", "{list}");
    request
}

#[test]
fn what_is_read_is_written() {
    let check = |sent: &str, expect: &str, dropped: &str| {
        let translated = through(sent).unwrap();
        assert_eq!(json(&translated.body), json(expect), "{sent}");
        assert_eq!(translated.dropped.to_string(), dropped, "{sent}");
    };
    check(
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":"theirs","messages":[{"role":"user","content":"hi"}]}"#,
        "",
    );
    check(
        r#"{"model":"m","messages":[{"role":"developer","content":"be"},{"role":"user","content":[{"type":"text","text":"see"},
            {"type":"image_url","image_url":{"url":"https://x/a.png","detail":"low"}},{"type":"image_url","image_url":"data:image/png;base64,AA=="},
            {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}},{"type":"file","file":{"file_id":"file_1"}},
            {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}],
            "stream":true,"stream_options":{"include_usage":false},"max_completion_tokens":5,"temperature":3,"top_p":0.9,"frequency_penalty":-3,"presence_penalty":1,
            "seed":7,"stop":"END","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
            "reasoning_effort":"xhigh","verbosity":"low","metadata":{"a":"b"},"store":true,"user":"u","prompt_cache_key":"k","service_tier":"flex",
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"n":1,"logprobs":false,"modalities":["text"]}"#,
        r#"{"model":"theirs","messages":[{"role":"developer","content":"be"},{"role":"user","content":[{"type":"text","text":"see"},
            {"type":"image_url","image_url":{"url":"https://x/a.png","detail":"low"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
            {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}},{"type":"file","file":{"file_id":"file_1"}},
            {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}],
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{}},"strict":true}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"max_completion_tokens":5,
            "temperature":2.0,"top_p":0.9,"frequency_penalty":-2.0,"presence_penalty":1.0,"seed":7,"stop":["END"],
            "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
            "reasoning_effort":"xhigh","verbosity":"low","service_tier":"flex","user":"u","prompt_cache_key":"k","metadata":{"a":"b"},
            "store":true,"stream":true,"stream_options":{"include_usage":true}}"#,
        "",
    );
    check(
        r#"{"model":"m","messages":[{"role":"user","content":"go"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                {"id":"c2","type":"function","function":{"name":"f","arguments":""}},{"id":"c3","type":"custom","custom":{"name":"p","input":"text"}}]},
            {"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
            {"role":"tool","tool_call_id":"c3","content":""},{"role":"user","content":"on"},{"role":"assistant","content":"no","refusal":"never"}]}"#,
        r#"{"model":"theirs","messages":[{"role":"user","content":"go"},
            {"role":"assistant","content":null,"tool_calls":[{"type":"function","id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}},
                {"type":"function","id":"c2","function":{"name":"f","arguments":"{}"}},{"type":"function","id":"c3","function":{"name":"p","arguments":"{\"input\":\"text\"}"}}]},
            {"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":"a\n\nb"},
            {"role":"tool","tool_call_id":"c3","content":""},{"role":"user","content":"on"},{"role":"assistant","content":"no","refusal":"never"}]}"#,
        "",
    );
    // The older form of tools.
    check(
        r#"{"model":"m","messages":[{"role":"assistant","content":"","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"1"}],
            "functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}}"#,
        r#"{"model":"theirs","messages":[{"role":"assistant","content":null,"tool_calls":[{"type":"function","id":"call_0","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_0","content":"1"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false}"#,
        "",
    );
}

#[test]
fn what_is_not_carried() {
    let check = |fields: &str, dropped: &str| {
        let body = format!(r#"{{"model":"m","messages":[],{fields}}}"#);
        let (_, got) = read(&body).unwrap_or_else(|error| panic!("{fields}: {error}"));
        assert_eq!(got, dropped, "{fields}");
    };
    check(r#""n":1,"stop":null,"tools":null,"seed":null,"brand_new":null,"functions":[]"#, "");
    check(r#""logit_bias":{"1":2},"top_logprobs":2,"logprobs":true"#, "logit_bias, logprobs, top_logprobs");
    check(
        r#""modalities":["text","audio"],"audio":{"voice":"x"},"prediction":{}"#,
        "audio, modalities, prediction",
    );
    check(r#""web_search_options":{},"brand_new":1"#, "brand_new, web_search_options");
    check(r#""stream_options":{"include_obfuscation":true,"new":1}"#, "stream_options.include_obfuscation");
    check(r#""response_format":{"type":"grammar"}"#, "response_format.grammar");
    check(r#""reasoning_effort":"enormous""#, "reasoning_effort");
    check(r#""user":"a","safety_identifier":"b""#, "user");
    check(r#""max_tokens":1,"max_completion_tokens":2"#, "max_tokens");
    let (_, dropped) = read(
        r#"{"model":"m","messages":[{"role":"user","name":"Ann","content":[{"type":"video_url","video_url":[1]},{"type":"text","text":"x"}]},
            {"role":"assistant","audio":{"id":"a"},"content":"x","reasoning_details":[{"type":"reasoning.encrypted","data":"x","format":"google-gemini-v1"}]}]}"#,
    )
    .unwrap();
    assert_eq!(
        dropped,
        "messages.audio, messages.content.video_url, messages.name, messages.reasoning_details"
    );
}

#[test]
fn faults() {
    let check = |body: &str, field: &str| {
        let error = read(body).err().unwrap_or_else(|| panic!("{body}"));
        assert_eq!(error.field(), Some(field), "{body}: {error}");
    };
    let message =
        |message: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":""}},{message}]}}"#);
    check(r#"{"messages":[]}"#, "model");
    check(r#"{"model":"m"}"#, "messages");
    check(r#"{"model":"m","messages":7}"#, "messages");
    check(r#"{"model":"m","messages":[],"n":2}"#, "n");
    check(r#"{"model":"m","messages":[],"stop":7}"#, "stop");
    check(r#"{"model":"m","messages":[],"tools":[{"type":"function"}]}"#, "tools.0.function");
    check(r#"{"model":"m","messages":[],"tools":[{"function":{}}]}"#, "tools.0.function.name");
    check(r#"{"model":"m","messages":[],"tools":[{"type":"custom","custom":{}}]}"#, "tools.0.custom.name");
    check(r#"{"model":"m","messages":[],"functions":[{}]}"#, "functions.0.name");
    check(r#"{"model":"m","messages":[],"tool_choice":"perhaps"}"#, "tool_choice");
    check(r#"{"model":"m","messages":[],"tool_choice":{"type":"function"}}"#, "tool_choice");
    check(
        r#"{"model":"m","messages":[],"response_format":{"type":"json_schema"}}"#,
        "response_format.json_schema",
    );
    check(
        r#"{"model":"m","messages":[],"response_format":{"type":"json_schema","json_schema":{"name":"n"}}}"#,
        "response_format.json_schema.schema",
    );
    check(&message(r#"{"content":"x"}"#), "messages.1.role");
    check(&message(r#"{"role":"wizard","content":"x"}"#), "messages.1.role");
    check(&message(r#"{"role":"user"}"#), "messages.1.content");
    check(&message(r#"{"role":"user","content":7}"#), "messages.1.content");
    check(&message(r#"{"role":"user","content":[{"type":"text"}]}"#), "messages.1.content.0.text");
    check(&message(r#"{"role":"user","content":[{"type":"text","text":7}]}"#), "messages.1.content.0.text");
    check(&message(r#"{"role":"user","content":[{"text":"x"}]}"#), "messages.1.content.0.type");
    check(
        &message(r#"{"role":"user","content":[{"type":"image_url","image_url":{}}]}"#),
        "messages.1.content.0.image_url",
    );
    check(
        &message(r#"{"role":"user","content":[{"type":"file","file":{}}]}"#),
        "messages.1.content.0.file.file_data",
    );
    check(&message(r#"{"role":"tool","content":"x"}"#), "messages.1.tool_call_id");
    check(&message(r#"{"role":"function","name":"f","content":"x"}"#), "messages.1.role");
    check(
        &message(r#"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}"#),
        "messages.1.tool_calls.0.id",
    );
    check(
        &message(r#"{"role":"assistant","tool_calls":[{"id":"c","function":{}}]}"#),
        "messages.1.tool_calls.0.function.name",
    );
    check(
        &message(r#"{"role":"assistant","tool_calls":[{"id":"c"}]}"#),
        "messages.1.tool_calls.0.function.name",
    );
}

#[test]
fn turns() {
    let request = messages(
        r#"{"role":"system","content":[{"type":"text","text":"be","cache_control":{"type":"ephemeral"}},{"type":"text","text":"good","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]},
            {"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"b"}]},
            {"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":{"a":1}}}]},
            {"role":"tool","tool_call_id":"c1","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
            {"role":"tool","tool_call_id":"c2","name":"f"},{"role":"user","content":"x"},{"role":"assistant","content":null}"#,
    );
    let roles: Vec<(Role, usize)> = request.turns.iter().map(|turn| (turn.role, turn.parts.len())).collect();
    let user = Role::User;
    assert_eq!(
        roles,
        [(Role::System, 2), (user, 1), (Role::Assistant, 2), (Role::Assistant, 1), (user, 2), (user, 1)]
    );
    let [Part::Text(first), Part::Text(second)] = &*request.turns[0].parts else { panic!() };
    assert_eq!(first.cache.as_ref().unwrap().get(), r#"{"type":"ephemeral"}"#);
    assert_eq!(second.cache.as_ref().unwrap().get(), r#"{"type":"ephemeral","ttl":"1h"}"#);
    let [Part::ToolCall(call)] = &*request.turns[3].parts else { panic!() };
    assert_eq!(call.arguments, r#"{"a":1}"#);
    let [Part::ToolResult(image), Part::ToolResult(nothing)] = &*request.turns[4].parts else { panic!() };
    assert!(matches!(&*image.parts, [Part::Image(media)] if matches!(media.source, Source::Data { .. })));
    assert!(nothing.parts.is_empty());
}

#[test]
fn thoughts() {
    let check = |fields: &str, expect: &[(&[&str], Option<Seal>)]| {
        let request = messages(&format!(r#"{{"role":"assistant","content":"x",{fields}}}"#));
        let read: Vec<(&[String], Option<Seal>)> = request.turns[0]
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Thinking(Thinking { texts, seal }) => Some((texts.as_slice(), seal.clone())),
                _ => None,
            })
            .collect();
        let expect: Vec<(Vec<String>, Option<Seal>)> = expect
            .iter()
            .map(|(texts, seal)| (texts.iter().map(|text| (*text).to_owned()).collect(), seal.clone()))
            .collect();
        let expect: Vec<(&[String], Option<Seal>)> =
            expect.iter().map(|(texts, seal)| (texts.as_slice(), seal.clone())).collect();
        assert_eq!(read, expect, "{fields}");
    };
    let anthropic = || Some(Seal::Anthropic { signature: "sig".into() });
    let redacted = || Some(Seal::Redacted { data: "x".into() });
    let openai = || Some(Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() });
    let text =
        r#"{"type":"reasoning.text","text":"hm","signature":"sig","format":"anthropic-claude-v1","index":0}"#;
    let hidden = r#"{"type":"reasoning.encrypted","data":"x","format":"anthropic-claude-v1","index":1}"#;
    let sealed = r#"{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":2}"#;
    check(r#""reasoning_content":"hm""#, &[(&["hm"], None)]);
    check(r#""reasoning":"hm""#, &[(&["hm"], None)]);
    check(r#""reasoning":"","reasoning_content":null,"reasoning_details":null"#, &[]);
    check(r#""reasoning":{"odd":1},"reasoning_details":"odd""#, &[]);
    check(&format!(r#""reasoning_content":"hm","reasoning_details":[{text}]"#), &[(&["hm"], anthropic())]);
    check(&format!(r#""reasoning_details":[{text},{hidden}]"#), &[(&["hm"], anthropic()), (&[], redacted())]);
    // Pieces of a stream, as they came.
    check(
        r#""reasoning_details":[{"type":"reasoning.text","text":"h","index":0},{"type":"reasoning.text","text":"m","index":0},
            {"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":0},{"type":"reasoning.text","text":"so","index":1}]"#,
        &[(&["hm"], anthropic()), (&["so"], None)],
    );
    check(
        r#""reasoning_details":[{"type":"reasoning.text","text":"a","index":0},{"type":"reasoning.text","text":"","index":1},
            {"type":"reasoning.text","text":"b","index":1}]"#,
        &[(&["a"], None), (&["b"], None)],
    );
    check(
        r#""reasoning_details":[{"type":"reasoning.text","text":"hm"},{"type":"reasoning.text","signature":"sig"}]"#,
        &[(&["hm"], anthropic())],
    );
    check(
        &format!(
            r#""reasoning_details":[{{"type":"reasoning.summary","summary":"a","index":0}},{{"type":"reasoning.summary","summary":"b","index":0}},
                {{"type":"reasoning.summary","summary":"c","index":1}},{sealed}]"#
        ),
        &[(&["ab", "c"], openai())],
    );
    check(&format!(r#""reasoning":"hm","reasoning_details":[{sealed}]"#), &[(&["hm"], openai())]);
    let envelope = anthropic().unwrap().envelope(&["the whole".to_owned()]);
    check(
        &format!(
            r#""reasoning_details":[{{"type":"reasoning.text","text":"the","signature":"{envelope}"}}]"#
        ),
        &[(&["the whole"], anthropic())],
    );
}

#[test]
fn settings() {
    let fields = |fields: &str| read(&format!(r#"{{"model":"m","messages":[],{fields}}}"#)).unwrap().0;
    let reasoning = |asked: &str, effort: Option<Effort>, budget: Option<u64>, shown: bool| {
        assert_eq!(fields(asked).reasoning, Some(Reasoning { effort, budget, shown }), "{asked}");
    };
    reasoning(r#""reasoning_effort":"high""#, Some(Effort::High), None, true);
    reasoning(r#""reasoning_effort":"none""#, Some(Effort::None), None, false);
    reasoning(r#""reasoning":{"effort":"low","exclude":true}"#, Some(Effort::Low), None, false);
    reasoning(r#""reasoning":{"max_tokens":2000}"#, None, Some(2000), true);
    reasoning(r#""reasoning":{"enabled":true}"#, None, None, true);
    reasoning(r#""reasoning":{"enabled":false}"#, Some(Effort::None), None, false);
    reasoning(r#""thinking":{"type":"enabled","budget_tokens":2000}"#, None, Some(2000), true);
    reasoning(r#""thinking":{"type":"disabled"}"#, Some(Effort::None), None, false);
    reasoning(r#""thinking":{"type":"adaptive"},"reasoning_effort":"low""#, Some(Effort::Low), None, true);
    reasoning(r#""include_reasoning":true"#, None, None, true);
    assert_eq!(fields(r#""include_reasoning":false,"reasoning":{}"#).reasoning, None);
    assert_eq!(fields(r#""max_tokens":5"#).max_tokens, Some(5));
    assert_eq!(fields(r#""max_tokens":-1,"top_k":-1"#).max_tokens, None);
    assert_eq!(fields(r#""stop":["a","","b"]"#).stop, ["a", "b"]);
    assert!(fields(r#""stream_options":{"include_usage":true}"#).stream_usage);
    assert_eq!(fields(r#""tool_choice":"required""#).tool_choice, Some(ToolChoice::Any));
    let request = fields(
        r#""tools":[{"type":"function","function":{"name":"a"}},{"type":"custom","custom":{"name":"b","format":{"type":"text"}}},{"type":"web_search","function":null},
            {"type":"function","function":{"name":"c"},"cache_control":{"type":"ephemeral"}}],
            "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"c"}},{"type":"custom","custom":{"name":"b"}}]}}"#,
    );
    let names: Vec<&str> = request.tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!((names, request.tool_choice), (vec!["b", "c"], Some(ToolChoice::Any)));
    assert!(
        matches!(request.tools[0].kind, ToolKind::Custom { format: Some(_) })
            && request.tools[1].cache.is_some()
    );
}
