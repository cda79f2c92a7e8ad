//! What is asked for, one thing at a time.

mod chat;
mod messages;
mod responses;

use ccproxy_wire::Dialect;
use serde_json::{Value, json};

/// A thing to ask for.
pub(super) struct Probe {
    field: &'static str,
    /// Which sort of it.
    kind: &'static str,
    /// What has to be there besides.
    upon: Value,
    adds: Value,
    /// Why it may change nothing without anybody's being told.
    pub(super) unneeded: Option<&'static str>,
}

/// The fields of the request that ask for it.
fn probe(field: &'static str, adds: Value) -> Probe {
    Probe { field, kind: "", upon: json!({}), adds, unneeded: None }
}

impl Probe {
    fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    fn upon(mut self, upon: Value) -> Self {
        self.upon = upon;
        self
    }

    fn needless(mut self, reason: &'static str) -> Self {
        self.unneeded = Some(reason);
        self
    }

    pub(super) fn title(&self) -> String {
        match self.kind {
            "" => format!("`{}`", self.field),
            kind => format!("`{}`: {kind}", self.field),
        }
    }

    pub(super) fn adds(&self, field: &str) -> bool {
        self.adds.get(field).is_some()
    }

    pub(super) fn without(&self, client: Dialect) -> Value {
        let mut body = least(client);
        set(&mut body, &self.upon);
        body
    }

    pub(super) fn with(&self, client: Dialect) -> Value {
        let mut body = self.without(client);
        set(&mut body, &self.adds);
        body
    }
}

/// The least that can be asked for.
pub(super) fn least(client: Dialect) -> Value {
    match client {
        Dialect::Messages => messages::least(),
        Dialect::Chat => chat::least(),
        Dialect::Responses => responses::least(),
    }
}

fn set(body: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
}

pub(super) fn of(client: Dialect) -> Vec<Probe> {
    match client {
        Dialect::Messages => messages::all(),
        Dialect::Chat => chat::all(),
        Dialect::Responses => responses::all(),
    }
}

/// A schema that is kept to the letter everywhere.
fn schema() -> Value {
    json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
        "additionalProperties": false })
}
