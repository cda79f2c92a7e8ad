//! What holds for every stream of a provider.

use ccproxy_translate::Progress;
use ccproxy_wire::Dialect;
use ccproxy_wire::sse::Events;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::gathered::gathered;
use super::played::{self, Dice};
use super::shared::{PATCH, cases, events, exchange, is_end, json as parsed, list, pair, translated};
use super::talk;
use super::told::{self, Answer, Ground, Part};

/// An answer that is streamed.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub(super) client: Dialect,
    pub(super) provider: Dialect,
    /// Whose the seals are, where that is to be said.
    maker: Dialect,
    answer: Answer,
    pub(super) events: Vec<Value>,
    pub(super) text: String,
}

pub(super) fn played() -> impl Strategy<Value = Played> {
    pair().prop_flat_map(|(client, provider)| {
        (told::answer(Ground::of(&[provider])), any::<u64>()).prop_map(move |(answer, seed)| {
            let mut dice = Dice::new(seed);
            let maker = if dice.once_in(2) { Dialect::Messages } else { Dialect::Responses };
            let events = told::told(provider, &answer, maker, &mut dice);
            let text = played::text(provider, &events, &mut dice);
            Played { client, provider, maker, answer, events, text }
        })
    })
}

impl Played {
    fn translated<'a>(&self, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Progress) {
        translated(self.client, self.provider, chunks)
    }
}

/// The bytes, cut at these places.
fn cut(bytes: &[u8], mut cuts: Vec<usize>) -> impl Iterator<Item = &[u8]> {
    cuts.iter_mut().for_each(|cut| *cut %= bytes.len() + 1);
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let ends: Vec<(usize, usize)> = cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    ends.into_iter().map(|(from, to)| &bytes[from..to])
}

/// Whether a provider's own end has come, as far as the bytes go. Chat's servers may leave out the last word once they
/// have told why the answer ends.
fn has_ended(provider: Dialect, bytes: &[u8]) -> bool {
    let mut ended = false;
    let mut look = |_: &str, data: &str| {
        let reason = serde_json::from_str::<Value>(data)
            .is_ok_and(|chunk| chunk["choices"][0]["finish_reason"].is_string());
        ended |= is_end(data) || (provider == Dialect::Chat && reason);
    };
    let mut events = Events::default();
    events.push(bytes, &mut look);
    events.finish(&mut look);
    ended
}

/// What a provider says when it cannot go on.
fn error(provider: Dialect, message: &str) -> Value {
    match provider {
        Dialect::Messages => {
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": message } })
        }
        Dialect::Chat => json!({ "error": { "message": message, "type": "server_error", "code": null } }),
        Dialect::Responses => {
            let error = json!({ "code": "server_error", "message": message });
            json!({ "type": "response.failed", "response": { "status": "failed", "error": error } })
        }
    }
}

/// As many bytes of a stream can be cut in two everywhere.
const SHORT: usize = 1000;

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn put_together_it_is_the_whole_answer(played in played()) {
        let Played { client, provider, maker, answer, text, .. } = &played;
        let (out, progress) = played.translated([text.as_bytes()]);
        prop_assert_eq!(progress, Progress::Complete);
        let gathered = gathered(*client, &out);
        let whole = told::whole(*provider, answer, *maker).to_string();
        let (whole, _) = exchange(*client, *provider).answer(whole.as_bytes()).unwrap();
        let whole = parsed(&whole);
        prop_assert_eq!(told::read(*client, &gathered), told::read(*client, &whole));
        // Clients know their custom tools as what they are.
        let patches = answer.parts.iter().filter(|part| matches!(part, Part::Call(call) if call.name == PATCH)).count();
        let calls = [&whole["choices"][0]["message"]["tool_calls"], &whole["output"]].into_iter().flat_map(list);
        let custom = calls.filter(|call| ["custom", "custom_tool_call"].iter().any(|kind| call["type"] == *kind)).count();
        prop_assert_eq!(custom, if *client == Dialect::Messages { 0 } else { patches });
        prop_assert_eq!(gathered, whole);
    }

    #[test]
    fn splits_do_not_matter(played in played(), cuts in vec(vec(any::<usize>(), 1..8), 8)) {
        let bytes = played.text.as_bytes();
        let whole = played.translated([bytes]);
        prop_assert_eq!(&played.translated(bytes.chunks(1)), &whole);
        for cuts in cuts {
            prop_assert_eq!(&played.translated(cut(bytes, cuts.clone())), &whole, "{:?}", cuts);
        }
    }

    #[test]
    fn an_error_is_the_end(played in played(), place in any::<usize>(), message in talk::text()) {
        let Played { client, provider, mut events, .. } = played;
        events.insert(place % events.len(), error(provider, &message));
        let text = played::text(provider, &events, &mut Dice::new(0));
        let (out, progress) = translated(client, provider, [text.as_bytes()]);
        prop_assert_eq!(progress, Progress::Failed);
        let told = super::shared::events(&out);
        let told: Vec<Value> = told.iter().map(|(_, data)| parsed(data.as_bytes())).collect();
        let mut rest = told.iter().skip_while(|event| !event["error"].is_object());
        prop_assert_eq!(rest.next().map(|event| &event["error"]["message"]), Some(&Value::from(message)));
        // Responses has two events for it, of which the second needs a beginning.
        let rest: Vec<&Value> = rest.map(|event| &event["type"]).collect();
        let begun = client == Dialect::Responses && told.len() > 1;
        prop_assert_eq!(rest, vec!["response.failed"; usize::from(begun)]);
    }

    #[test]
    fn what_is_cut_does_not_look_complete(played in played(), places in vec(any::<usize>(), 16)) {
        let Played { client, provider, text, .. } = &played;
        let bytes = text.as_bytes();
        for place in places {
            let head = &bytes[..place % (bytes.len() + 1)];
            let (out, progress) = played.translated([head]);
            let told = events(&out).iter().any(|(_, data)| is_end(data));
            prop_assert_eq!(told, progress == Progress::Complete);
            prop_assert!(!told || has_ended(*provider, head), "{:?} of {}", client, String::from_utf8_lossy(head));
        }
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn no_split_in_two_matters(played in played().prop_filter("long", |played| played.text.len() <= SHORT)) {
        let bytes = played.text.as_bytes();
        let whole = played.translated([bytes]);
        for at in 1..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            prop_assert_eq!(&played.translated([head, tail]), &whole, "at {}", at);
        }
    }
}
