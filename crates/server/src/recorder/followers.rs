//! Several who follow the messages of one exchange.

use std::sync::Arc;

use bytes::Bytes;
use ccproxy_plugin_api::{Call, Messages};
use http::{HeaderMap, Method, StatusCode, Uri};

struct All(Vec<Arc<dyn Messages>>);

/// One who hands on to all of them.
pub(super) fn together(mut followers: Vec<Arc<dyn Messages>>) -> Option<Arc<dyn Messages>> {
    match followers.len() {
        0 | 1 => followers.pop(),
        _ => Some(Arc::new(All(followers))),
    }
}

impl Messages for All {
    fn request(&self, method: &Method, target: &Uri, headers: &HeaderMap, body: &Bytes) {
        self.0.iter().for_each(|follower| follower.request(method, target, headers, body));
    }

    fn call(&self, attempt: u8, provider: &str, call: &Call) {
        self.0.iter().for_each(|follower| follower.call(attempt, provider, call));
    }

    fn answer(&self, attempt: u8, status: StatusCode, headers: &HeaderMap) {
        self.0.iter().for_each(|follower| follower.answer(attempt, status, headers));
    }

    fn answer_body(&self, attempt: u8, bytes: &Bytes) {
        self.0.iter().for_each(|follower| follower.answer_body(attempt, bytes));
    }

    fn response(&self, status: StatusCode, headers: &HeaderMap) {
        self.0.iter().for_each(|follower| follower.response(status, headers));
    }

    fn response_body(&self, bytes: &Bytes) {
        self.0.iter().for_each(|follower| follower.response_body(bytes));
    }
}
