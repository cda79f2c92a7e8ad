use std::time::Duration;

use ccproxy_translate::{Exchange, Profile, Progress, Stamp};

use super::*;
use crate::stamps::{self, Stamps};

const SHAPE: Shape = Shape { gap: Duration::from_micros(7), ..Shape::of(5) };

fn pairs() -> impl Iterator<Item = (Dialect, Dialect)> {
    DIALECTS.into_iter().flat_map(|client| DIALECTS.map(|provider| (client, provider)))
}

/// What a translating proxy makes of the request.
fn exchange(client: Dialect, provider: Dialect) -> (Vec<u8>, Exchange) {
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    let asked = request(client, &SHAPE);
    let made =
        ccproxy_translate::request(client, &asked, "gpt-4o-mini", &Profile::of(provider), stamp).unwrap();
    assert_eq!(made.dropped.to_string(), "", "{client} to {provider}");
    (made.body, made.exchange)
}

#[test]
fn bodies_are_json_of_one_kilobyte() {
    for dialect in DIALECTS {
        for body in [request(dialect, &SHAPE), reply(dialect)] {
            assert_eq!(body.len(), SIZE, "{dialect}");
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
        }
        assert!(Signs::of(dialect).are_in(&reply(dialect), &reply_text(dialect)));
        assert!(!Signs::of(dialect).are_in(&reply(dialect), "other words"));
    }
}

#[test]
fn events_are_json_and_say_what_was_written() {
    for dialect in DIALECTS {
        let mut script = Script::new(dialect, 2);
        let stream = [script.write(b"one "), script.write(b"two")].concat();
        assert!(script.is_over());
        let stream = String::from_utf8(stream).unwrap();
        for block in stream.split_terminator("\n\n") {
            let data = block.lines().last().and_then(|line| line.strip_prefix("data: ")).unwrap();
            if data != "[DONE]" {
                serde_json::from_str::<serde_json::Value>(data).unwrap();
            }
        }
        let wholes = stream.matches("\"one two\"").count();
        assert_eq!(wholes, if dialect == Dialect::Responses { 4 } else { 0 });
    }
}

#[test]
fn what_is_asked_for_survives_every_translation() {
    for (client, provider) in pairs() {
        assert_eq!(Shape::read(&exchange(client, provider).0), SHAPE, "{client} to {provider}");
    }
}

#[test]
fn whole_answers_keep_their_signs_in_every_translation() {
    for (client, provider) in pairs() {
        let (body, _) = exchange(client, provider).1.answer(&reply(provider)).unwrap();
        assert!(Signs::of(client).are_in(&body, &reply_text(provider)), "{provider} to {client}");
        let others = DIALECTS.into_iter().filter(|other| *other != client);
        for other in others {
            assert!(!Signs::of(other).are_in(&body, &reply_text(provider)), "{client} is no {other}");
        }
    }
}

#[test]
fn streams_keep_their_signs_in_every_translation() {
    for (client, provider) in pairs() {
        let mut stream = exchange(client, provider).1.stream();
        let (mut script, mut stamps, mut seen) =
            (Script::new(provider, SHAPE.events), Stamps::new(client), 0);
        while !script.is_over() {
            assert!(!stamps.complete());
            let mut out = Vec::new();
            stream.push(&script.write(&stamps::now()), &mut out).unwrap();
            stamps.feed(&out, crate::clock::now_ns(), |age| {
                assert!(age < 1_000_000_000);
                seen += 1;
            });
        }
        assert_eq!(stream.progress(), Progress::Complete, "{provider} to {client}");
        assert_eq!((seen, stamps.complete()), (SHAPE.events, true), "{provider} to {client}");
    }
}
