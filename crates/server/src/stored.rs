//! The responses that are kept for clients whose providers keep none, within a bound of memory and of time.
//!
//! They are this process's: another replica, or the next start, does not know them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_config::Translation;
use ccproxy_wire::responses::turn::{Items, Said, ended};
use ccproxy_wire::sse::Events;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// Nothing is kept for longer, whatever the configuration says: ten years.
const MAX_TTL: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A response, and all that was said up to its end.
pub(crate) struct Stored {
    pub(crate) answer: Bytes,
    pub(crate) items: Items,
}

/// The client's name, and the response's.
type Key = (String, String);

/// What is kept. Each client has its own.
#[derive(Clone)]
pub(crate) struct Responses(Option<Cache<Key, Arc<Stored>>>);

impl Responses {
    pub(crate) fn new(settings: &Translation) -> Self {
        let (limit, ttl) = (settings.store_limit.bytes(), settings.store_ttl.min(MAX_TTL));
        Self((limit > 0 && !ttl.is_zero()).then(|| cache(limit, ttl)))
    }

    /// Whether anything is kept at all.
    pub(crate) fn keep(&self) -> bool {
        self.0.is_some()
    }

    /// Whether an answer to a conversation of this many bytes can be kept: it, too, needs room.
    pub(crate) fn have_room_for(&self, bytes: usize) -> bool {
        let limit = self.0.as_ref().and_then(|cache| cache.policy().max_capacity());
        limit.is_some_and(|limit| bytes as u64 <= limit / 2)
    }

    pub(crate) fn get(&self, client: &str, id: &str) -> Option<Arc<Stored>> {
        self.0.as_ref()?.get(&key(client, id))
    }

    pub(crate) fn remove(&self, client: &str, id: &str) {
        if let Some(cache) = &self.0 {
            cache.invalidate(&key(client, id));
        }
    }

    /// Keeps a whole answer, which ends the conversation of these items.
    fn insert(&self, client: String, mut items: Items, answer: &[u8]) {
        let said = std::str::from_utf8(answer).ok().and_then(Said::of);
        if let (Some(cache), Some(said)) = (&self.0, said) {
            items.extend(said.items);
            // A copy takes no more room than is counted.
            let answer = Bytes::copy_from_slice(answer);
            cache.insert((client, said.id), Arc::new(Stored { answer, items }));
        }
    }
}

fn key(client: &str, id: &str) -> Key {
    (client.to_owned(), id.to_owned())
}

fn cache(limit: u64, ttl: Duration) -> Cache<Key, Arc<Stored>> {
    // What is kept last is what the client goes on from, so it must come in whatever was asked for often.
    let cache = Cache::builder().max_capacity(limit).time_to_live(ttl).eviction_policy(EvictionPolicy::lru());
    cache.weigher(|key, stored: &Arc<Stored>| weight(key, stored)).build()
}

/// Bytes, with some for what the cache itself needs.
fn weight((client, id): &Key, stored: &Stored) -> u32 {
    const EACH: usize = 16;
    const ENTRY: usize = 256;
    let items: usize = stored.items.iter().map(|item| item.get().len() + EACH).sum();
    u32::try_from(ENTRY + client.len() + id.len() + stored.answer.len() + items).unwrap_or(u32::MAX)
}

/// An answer on its way that is to be kept.
pub(crate) struct Keep {
    pub(crate) responses: Responses,
    pub(crate) client: String,
    /// What it answers.
    pub(crate) items: Items,
}

impl Keep {
    /// It has come whole.
    pub(crate) fn whole(self, answer: &[u8]) {
        self.responses.insert(self.client, self.items, answer);
    }

    /// These events are the last of a stream; the very last has the whole answer in it, if the stream has ended well.
    pub(crate) fn streamed(self, events: &[u8]) {
        let mut last = String::new();
        Events::default().push(events, |_, data| data.clone_into(&mut last));
        if let Some(answer) = ended(&last) {
            self.whole(answer.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_config::ByteSize;

    use super::*;

    fn responses(limit: u64, ttl: Duration) -> Responses {
        let store_limit = ByteSize::new(limit);
        Responses::new(&Translation { store_limit, store_ttl: ttl, ..Translation::default() })
    }

    fn insert(responses: &Responses, id: &str, text: &str) {
        let answer = format!(r#"{{"id":"{id}","output":[{{"type":"message","content":"{text}"}}]}}"#);
        responses.insert("alice".to_owned(), Items::new(), answer.as_bytes());
    }

    #[test]
    fn each_client_has_its_own() {
        let responses = responses(1 << 20, Duration::from_secs(60));
        insert(&responses, "resp_1", "hi");
        assert_eq!(responses.get("alice", "resp_1").unwrap().items.len(), 1);
        responses.remove("bob", "resp_1");
        assert!(responses.get("bob", "resp_1").is_none() && responses.get("alice", "resp_1").is_some());
        responses.remove("alice", "resp_1");
        assert!(responses.get("alice", "resp_1").is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let responses = responses(64 << 10, Duration::from_secs(60));
        let text = "x".repeat(4 << 10);
        (0..100).for_each(|n| insert(&responses, &format!("resp_{n}"), &text));
        let cache = responses.0.as_ref().unwrap();
        cache.run_pending_tasks();
        assert!(cache.weighted_size() <= 64 << 10, "{}", cache.weighted_size());
        assert!(responses.get("alice", "resp_99").is_some() && responses.get("alice", "resp_0").is_none());
    }

    #[test]
    fn time_is_bounded() {
        let kept = |ttl| {
            let responses = Responses(Some(cache(1 << 20, ttl)));
            insert(&responses, "resp_1", "hi");
            responses.get("alice", "resp_1").is_some()
        };
        assert!(kept(MAX_TTL) && !kept(Duration::ZERO));
    }

    #[test]
    fn nothing_may_be_kept() {
        for (limit, ttl) in [(0, Duration::MAX), (1 << 20, Duration::ZERO)] {
            let responses = responses(limit, ttl);
            insert(&responses, "resp_1", "hi");
            assert!(!responses.keep() && !responses.have_room_for(0));
            assert!(responses.get("alice", "resp_1").is_none());
        }
    }

    #[test]
    fn one_conversation_does_not_push_all_others_out() {
        let responses = responses(1000, Duration::MAX);
        assert!(responses.have_room_for(500) && !responses.have_room_for(501));
    }
}
