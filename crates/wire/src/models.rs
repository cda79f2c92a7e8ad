//! Lists of models in the shapes of both families.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Family;

/// A model as a list shows it: its id, and whatever else the provider said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The name that requests use.
    pub id: String,
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Map<String, Value>>,
}

impl Model {
    /// A model of which only the name and its owner are known.
    #[must_use]
    pub fn new(id: &str, owner: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("owned_by".to_owned(), owner.into());
        Self { id: id.to_owned(), fields }
    }

    /// Reads one model of either family's shape.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        Self::of_fields(serde_json::from_slice(json).ok()?)
    }

    /// The same model under another name.
    #[must_use]
    pub fn renamed(mut self, id: &str) -> Self {
        self.fields.insert("id".to_owned(), id.into());
        Self { id: id.to_owned(), ..self }
    }

    /// Reads a list of either family's shape; entries without an id are left out.
    #[must_use]
    pub fn read_list(json: &[u8]) -> Option<Vec<Self>> {
        let list: List = serde_json::from_slice(json).ok()?;
        Some(list.data.into_iter().filter_map(Self::of_fields).collect())
    }

    fn of_fields(fields: Map<String, Value>) -> Option<Self> {
        let id = fields.get("id")?.as_str()?.to_owned();
        Some(Self { id, fields })
    }

    /// The model in a family's shape; fields of the other family that have no place in it stay, they harm nobody.
    #[must_use]
    pub fn shape(&self, family: Family) -> Value {
        let mut shaped = Map::new();
        shaped.insert("id".to_owned(), self.id.as_str().into());
        match family {
            Family::Anthropic => {
                shaped.insert("type".to_owned(), "model".into());
                shaped.insert("display_name".to_owned(), self.id.as_str().into());
                shaped.insert("created_at".to_owned(), self.created_at().into());
            }
            Family::OpenAi => {
                shaped.insert("object".to_owned(), "model".into());
                shaped.insert("created".to_owned(), self.created().into());
                shaped.insert("owned_by".to_owned(), self.owner().into());
            }
        }
        for (key, value) in &self.fields {
            shaped.insert(key.clone(), value.clone());
        }
        Value::Object(shaped)
    }

    /// Seconds since 1970, from either family's field; 0 where neither is there.
    fn created(&self) -> i64 {
        let named = self.fields.get("created").and_then(Value::as_i64);
        named.or_else(|| seconds(self.fields.get("created_at")?.as_str()?)).unwrap_or(0)
    }

    /// RFC 3339, from either family's field.
    fn created_at(&self) -> String {
        match self.fields.get("created_at").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => date(self.created()),
        }
    }

    fn owner(&self) -> &str {
        self.fields.get("owned_by").and_then(Value::as_str).unwrap_or("anthropic")
    }
}

/// A whole list in a family's shape, on one page.
#[must_use]
pub fn render_list(models: &[Model], family: Family) -> Bytes {
    let data: Vec<Value> = models.iter().map(|model| model.shape(family)).collect();
    let mut list = Map::new();
    match family {
        Family::Anthropic => {
            let edge = |model: Option<&Model>| model.map_or(Value::Null, |model| model.id.as_str().into());
            list.insert("data".to_owned(), data.into());
            list.insert("has_more".to_owned(), false.into());
            list.insert("first_id".to_owned(), edge(models.first()));
            list.insert("last_id".to_owned(), edge(models.last()));
        }
        Family::OpenAi => {
            list.insert("object".to_owned(), "list".into());
            list.insert("data".to_owned(), data.into());
        }
    }
    Value::Object(list).to_string().into()
}

/// Seconds since 1970 of an RFC 3339 time in UTC; its fraction is dropped.
fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANTHROPIC: &str = r#"{"data":[{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2026-02-04T00:00:00Z","new_field":1}],"has_more":false}"#;
    const OPENAI: &str = r#"{"object":"list","data":[{"id":"gpt-x","object":"model","created":1770163200,"owned_by":"openai"}]}"#;

    #[test]
    fn both_shapes_from_both() {
        let check = |list: &str, family, key: &str, expect: Value| {
            let models = Model::read_list(list.as_bytes()).expect("a list");
            let shaped: Value = serde_json::from_slice(&render_list(&models, family)).expect("JSON");
            assert_eq!(shaped.pointer(key), Some(&expect), "{shaped}");
        };
        check(ANTHROPIC, Family::Anthropic, "/data/0/display_name", "Claude X".into());
        check(ANTHROPIC, Family::Anthropic, "/data/0/new_field", 1.into());
        check(ANTHROPIC, Family::OpenAi, "/data/0/created", 1_770_163_200.into());
        check(ANTHROPIC, Family::OpenAi, "/data/0/owned_by", "anthropic".into());
        check(ANTHROPIC, Family::OpenAi, "/data/0/object", "model".into());
        check(OPENAI, Family::Anthropic, "/data/0/created_at", "2026-02-04T00:00:00Z".into());
        check(OPENAI, Family::Anthropic, "/data/0/display_name", "gpt-x".into());
        check(OPENAI, Family::Anthropic, "/has_more", false.into());
        check(OPENAI, Family::Anthropic, "/last_id", "gpt-x".into());
    }
}
