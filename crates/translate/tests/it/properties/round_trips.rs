//! What both sides of a pair can say survives the way there and back.

use ccproxy_wire::Dialect;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::gathered::gathered;
use super::played::{self, Dice};
use super::shared::{MODEL, cases, exchange, json, list, others, pair, request, string, translated};
use super::talk::{self, Talk};
use super::told::{self, Answer, Part};

/// A request of the first dialect that the second can say, too.
fn asked() -> impl Strategy<Value = ((Dialect, Dialect), talk::Ground, Talk)> {
    (pair(), any::<bool>()).prop_flat_map(|(pair, developer)| {
        let ground = talk::Ground::of(pair, developer);
        (Just(pair), Just(ground), talk::talk(ground))
    })
}

/// An answer of the first dialect that the second can say, too.
fn answered() -> impl Strategy<Value = ((Dialect, Dialect), Answer)> {
    pair().prop_flat_map(|pair| (Just(pair), told::answer(told::Ground::of(&[pair.0, pair.1]))))
}

/// Between Messages and Responses a seal goes in a foreign field twice, in one envelope within another: who made it
/// gets it [back](seals_come_home), others need not.
fn without_seals(mut answer: Answer) -> Answer {
    for part in &mut answer.parts {
        if let Part::Thinking { seal, .. } = part {
            *seal = None;
        }
    }
    answer
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn requests((pair, ground, talk) in asked(), loose in any::<bool>()) {
        let (here, there) = pair;
        let body = talk::write(here, &talk, loose).to_string();
        let gone = request(here, body.as_bytes(), &ground.profile(there)).unwrap();
        prop_assert!(gone.dropped.is_empty(), "{}", gone.dropped);
        prop_assert_eq!(&talk::read(there, &json(&gone.body)), &talk);
        let back = request(there, &gone.body, &ground.profile(here)).unwrap();
        prop_assert!(back.dropped.is_empty(), "{}", back.dropped);
        let back = json(&back.body);
        prop_assert_eq!(&back["model"], MODEL);
        prop_assert_eq!(talk::read(here, &back), talk);
    }

    #[test]
    fn answers(((here, there), answer) in answered()) {
        let body = told::whole(here, &answer, there);
        let (gone, _) = exchange(there, here).answer(body.to_string().as_bytes()).unwrap();
        let (back, _) = exchange(here, there).answer(&gone).unwrap();
        let (went, came) = (told::read(here, &body), told::read(here, &json(&back)));
        if here == Dialect::Chat || there == Dialect::Chat {
            prop_assert_eq!(came, went);
        } else {
            prop_assert_eq!(without_seals(came), without_seals(went));
        }
    }
}

/// An answer of a provider that seals its thoughts, to a client of another dialect.
fn sealed() -> impl Strategy<Value = ((Dialect, Dialect), Answer)> {
    let pairs: Vec<_> = [Dialect::Messages, Dialect::Responses]
        .into_iter()
        .flat_map(|provider| others(provider).map(move |client| (client, provider)))
        .collect();
    prop::sample::select(pairs).prop_flat_map(|pair| {
        let answer = told::answer(told::Ground::of(&[pair.0, pair.1])).prop_map(|mut answer| {
            // Something has come of the thoughts.
            answer.parts.retain(|part| !matches!(part, Part::Thinking { seal: None, .. }));
            let call = talk::Call { id: "call_last".to_owned(), name: "f".to_owned(), arguments: json!({}) };
            answer.parts.push(Part::Call(call));
            answer
        });
        (Just(pair), answer)
    })
}

/// The next request of a client that goes on from an answer, as its SDK has it.
fn next(client: Dialect, answer: &Value, calls: &[&talk::Call]) -> Value {
    let ids = calls.iter().map(|call| &call.id);
    let mut said = vec![json!({ "role": "user", "content": "hi" })];
    match client {
        Dialect::Messages => {
            let result = |id| json!({ "type": "tool_result", "tool_use_id": id, "content": "r" });
            said.push(json!({ "role": "assistant", "content": answer["content"] }));
            said.push(json!({ "role": "user", "content": ids.map(result).collect::<Value>() }));
            json!({ "model": "mine", "max_tokens": 9, "messages": said })
        }
        Dialect::Chat => {
            let mut message = answer["choices"][0]["message"].clone();
            message["role"] = "assistant".into();
            said.push(message);
            said.extend(ids.map(|id| json!({ "role": "tool", "tool_call_id": id, "content": "r" })));
            json!({ "model": "mine", "messages": said })
        }
        Dialect::Responses => {
            said.extend(list(&answer["output"]).iter().cloned());
            said.extend(
                ids.map(|id| json!({ "type": "function_call_output", "call_id": id, "output": "r" })),
            );
            json!({ "model": "mine", "input": said })
        }
    }
}

/// The sealed thoughts that a provider gets: the text, and the seal.
fn thoughts(provider: Dialect, body: &Value) -> Vec<(String, String)> {
    let blocks = list(&body["messages"]).iter().flat_map(|message| list(&message["content"]));
    let thought = |block: &Value| match block["type"].as_str() {
        Some("thinking") => Some((string(&block["thinking"]), string(&block["signature"]))),
        Some("redacted_thinking") => Some((String::new(), string(&block["data"]))),
        _ => None,
    };
    let items = list(&body["input"]).iter().filter(|item| item["type"] == "reasoning");
    let reasoned = |item: &Value| {
        let texts: Vec<String> = list(&item["summary"]).iter().map(|part| string(&part["text"])).collect();
        (texts.join("\n\n"), string(&item["encrypted_content"]))
    };
    match provider {
        Dialect::Messages => blocks.filter_map(thought).collect(),
        _ => items.map(reasoned).collect(),
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn seals_come_home(((client, provider), answer) in sealed(), seed in any::<u64>()) {
        let body = told::whole(provider, &answer, provider).to_string();
        let (whole, _) = exchange(client, provider).answer(body.as_bytes()).unwrap();
        let mut dice = Dice::new(seed);
        let events = told::told(provider, &answer, provider, &mut dice);
        let stream = played::text(provider, &events, &mut dice);
        let (stream, _) = translated(client, provider, [stream.as_bytes()]);
        let mut calls = Vec::new();
        let mut expect = Vec::new();
        for part in &answer.parts {
            match part {
                Part::Thinking { texts, seal } => expect.push((texts.join("\n\n"), seal.clone().unwrap())),
                Part::Call(call) => calls.push(call),
                Part::Text(_) | Part::Refusal(_) => {}
            }
        }
        for answer in [json(&whole), gathered(client, &stream)] {
            let next = next(client, &answer, &calls).to_string();
            let back = request(client, next.as_bytes(), &ccproxy_translate::Profile::of(provider)).unwrap();
            prop_assert_eq!(thoughts(provider, &json(&back.body)), expect.clone());
        }
    }
}
