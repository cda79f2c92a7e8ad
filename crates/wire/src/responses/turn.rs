//! A request that goes on with an earlier one, as the frames of the WebSocket and `previous_response_id` ask for.
//!
//! Source: the guides "WebSocket mode" and "Conversation state" (developers.openai.com/api/docs/guides).

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Str;
use crate::RequestError;

/// The items of a conversation, each as it came.
pub type Items = Vec<Box<RawValue>>;

/// What a request asks for, in a frame or by POST.
#[derive(Debug)]
pub struct Turn<'a> {
    fields: Vec<(Str<'a>, &'a RawValue)>,
    /// The answer that it goes on from.
    pub previous: Option<Str<'a>>,
    /// Whether the model is to answer; if not, the state is prepared only.
    pub generate: bool,
    /// Whether its answer is to be kept; yes, if it does not say.
    pub store: Option<bool>,
}

/// What belongs to the socket and not to the request.
const OF_THE_SOCKET: [&str; 5] = ["type", "generate", "stream", "background", "stream_id"];

impl<'a> Turn<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`RequestError`] if it is no JSON object of the type `response.create`, or one of the fields read here is not of
    /// its type.
    pub fn read(frame: &'a str) -> Result<Self, RequestError> {
        let turn = Self::of(frame.as_bytes())?;
        if turn.read_field::<Str<'_>>("type", "\"response.create\"")?.as_deref() != Some("response.create") {
            return Err(RequestError::WrongType { field: "type", expected: "\"response.create\"" });
        }
        if turn.field("stream_id").is_some_and(|id| id.get() != "null") {
            let expected = "left out: one response at a time is answered on a connection";
            return Err(RequestError::WrongType { field: "stream_id", expected });
        }
        let generate = turn.read_field("generate", "true or false")?.unwrap_or(true);
        Ok(Self { generate, ..turn })
    }

    /// Reads the body of a POST.
    ///
    /// # Errors
    /// [`RequestError`] if it is no JSON object, or one of the fields read here is not of its type.
    pub fn of(body: &'a [u8]) -> Result<Self, RequestError> {
        let Fields(fields) =
            serde_json::from_slice(body).map_err(|error| RequestError::Json(error.to_string()))?;
        let turn = Self { fields, previous: None, generate: true, store: None };
        let previous = turn.read_field("previous_response_id", "a string")?;
        let store = turn.read_field("store", "true or false")?;
        Ok(Self { previous, store, ..turn })
    }

    /// The items of `input`; a text is the user's.
    ///
    /// # Errors
    /// [`RequestError`] if it is neither a text nor a list.
    pub fn input(&self) -> Result<Items, RequestError> {
        let wrong = RequestError::WrongType { field: "input", expected: "a string or a list" };
        let Some(input) = self.field("input").filter(|input| input.get() != "null") else {
            return Ok(Items::new());
        };
        if let Ok(items) = serde_json::from_str::<Items>(input.get()) {
            return Ok(items);
        }
        let content: Str<'_> = serde_json::from_str(input.get()).map_err(|_| wrong.clone())?;
        let message = UserMessage { r#type: "message", role: "user", content: &content };
        Ok(vec![serde_json::value::to_raw_value(&message).map_err(|_| wrong)?])
    }

    /// The body that asks by POST for what the frame asks for, streamed: with the items of a conversation for its own
    /// where the earlier answer that it goes on from is known here, or as it is.
    #[must_use]
    pub fn body(&self, whole: Option<&[Box<RawValue>]>) -> Vec<u8> {
        let of_the_socket = |name: &str| OF_THE_SOCKET.contains(&name);
        let resolved = |name: &str| whole.is_some() && matches!(name, "previous_response_id" | "input");
        self.written("\"stream\":true", whole, |name| of_the_socket(name) || resolved(name))
    }

    /// The body of a POST for a provider that keeps nothing: these items, and nothing of what is kept here.
    #[must_use]
    pub fn resolved(&self, whole: &[Box<RawValue>]) -> Vec<u8> {
        self.written("", Some(whole), |name| matches!(name, "previous_response_id" | "input" | "store"))
    }

    fn written(
        &self,
        first: &str,
        input: Option<&[Box<RawValue>]>,
        left_out: impl Fn(&str) -> bool,
    ) -> Vec<u8> {
        let mut fields = Vec::with_capacity(self.fields.len() + 2);
        fields.extend((!first.is_empty()).then(|| first.to_owned()));
        for (name, value) in self.fields.iter().filter(|(name, _)| !left_out(name)) {
            fields.push(format!("{}:{}", serde_json::to_string(&**name).unwrap_or_default(), value.get()));
        }
        if let Some(items) = input {
            let items: Vec<&str> = items.iter().map(|item| item.get()).collect();
            fields.push(format!("\"input\":[{}]", items.join(",")));
        }
        format!("{{{}}}", fields.join(",")).into_bytes()
    }

    fn field(&self, wanted: &str) -> Option<&'a RawValue> {
        self.fields.iter().rev().find(|(name, _)| &**name == wanted).map(|(_, value)| *value)
    }

    fn read_field<T: Deserialize<'a>>(
        &self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, RequestError> {
        let read = |value: &'a RawValue| serde_json::from_str(value.get());
        let value = self.field(field).map_or(Ok(None), read);
        value.map_err(|_| RequestError::WrongType { field, expected })
    }
}

/// What of an answer is there to be gone on from.
#[derive(Debug)]
pub struct Said {
    /// `resp_…`
    pub id: String,
    /// Its items, but for reasoning that only whoever made it could read again.
    pub items: Items,
}

impl Said {
    /// Reads the data of the event that ends a stream well; `None` of any other.
    #[must_use]
    pub fn read(data: &str) -> Option<Self> {
        Self::of(ended(data)?)
    }

    /// Reads a whole answer; `None` if it has no id, as an error has none.
    #[must_use]
    pub fn of(answer: &str) -> Option<Self> {
        let response: Response<'_> = serde_json::from_str(answer).ok()?;
        let items = response.output.into_iter().filter(|item| can_be_said_again(item.get()));
        Some(Self { id: response.id.into_owned(), items: items.map(ToOwned::to_owned).collect() })
    }
}

/// The whole answer in the data of the event that ends a stream well; `None` of any other.
#[must_use]
pub fn ended(data: &str) -> Option<&str> {
    let end: End<'_> = serde_json::from_str(data).ok()?;
    let well = matches!(&*end.r#type, "response.completed" | "response.incomplete");
    end.response.filter(|_| well).map(RawValue::get)
}

fn can_be_said_again(item: &str) -> bool {
    let Ok(item) = serde_json::from_str::<Head<'_>>(item) else { return false };
    &*item.r#type != "reasoning" || item.encrypted_content.is_some_and(|content| !content.is_empty())
}

#[derive(Serialize)]
struct UserMessage<'a> {
    r#type: &'static str,
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct End<'a> {
    #[serde(borrow)]
    r#type: Str<'a>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow, default)]
    output: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    r#type: Str<'a>,
    #[serde(borrow, default)]
    encrypted_content: Option<Str<'a>>,
}

/// An error as the socket tells it.
///
/// ```
/// use ccproxy_wire::responses::turn::error_frame;
/// let body = r#"{"error":{"type":"invalid_request_error","code":null,"message":"no","param":null}}"#;
/// let frame = error_frame(400, body.as_bytes(), [("retry-after", "2")].into_iter());
/// let frame: serde_json::Value = serde_json::from_str(&frame)?;
/// assert_eq!((frame["type"].as_str(), frame["status"].as_u64()), (Some("error"), Some(400)));
/// assert_eq!((frame["error"]["message"].as_str(), frame["headers"]["retry-after"].as_str()), (Some("no"), Some("2")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn error_frame<'h>(
    status: u16,
    body: &[u8],
    headers: impl Iterator<Item = (&'h str, &'h str)>,
) -> String {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let told = serde_json::from_slice::<Body<'_>>(body).map(|body| body.error.get());
    // A provider's page that is no JSON helps nobody.
    let error = told.unwrap_or(
        r#"{"type":"api_error","code":null,"message":"the provider's error could not be read","param":null}"#,
    );
    let headers: std::collections::BTreeMap<&str, &str> = headers.collect();
    let headers = serde_json::to_string(&headers).unwrap_or_default();
    format!(r#"{{"type":"error","status":{status},"error":{error},"headers":{headers}}}"#)
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(Str<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_becomes_the_body_of_a_post() {
        let frame = r#"{"type":"response.create","model":"m","input":"hi","generate":true,"x_new":[1.50]}"#;
        let turn = Turn::read(frame).unwrap();
        assert!(turn.generate && turn.previous.is_none());
        let body = turn.body(None);
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"stream":true,"model":"m","input":"hi","x_new":[1.50]}"#
        );
    }

    #[test]
    fn what_was_said_before_comes_first() {
        let end = r#"{"type":"response.completed","response":{"id":"resp_1","output":[
            {"type":"reasoning","id":"rs_1","summary":[]},
            {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"sealed"},
            {"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}}"#;
        let said = Said::read(end).unwrap();
        assert_eq!((said.id.as_str(), said.items.len()), ("resp_1", 2));
        let frame = r#"{"type":"response.create","previous_response_id":"resp_1","model":"m","input":"on"}"#;
        let turn = Turn::read(frame).unwrap();
        assert_eq!(turn.previous.as_deref(), Some("resp_1"));
        let mut whole = said.items;
        whole.extend(turn.input().unwrap());
        let body = String::from_utf8(turn.body(Some(&whole))).unwrap();
        assert!(
            body.starts_with(r#"{"stream":true,"model":"m","input":[{"type":"reasoning","id":"rs_2""#),
            "{body}"
        );
        assert!(body.ends_with(r#"{"type":"message","role":"user","content":"on"}]}"#), "{body}");
    }

    #[test]
    fn a_post_goes_to_who_keeps_nothing() {
        let body =
            br#"{"model":"m","previous_response_id":"resp_1","store":true,"input":"on","stream":false}"#;
        let turn = Turn::of(body).unwrap();
        assert!(turn.store == Some(true) && turn.previous.as_deref() == Some("resp_1"));
        assert_eq!(
            String::from_utf8(turn.resolved(&[])).unwrap(),
            r#"{"model":"m","stream":false,"input":[]}"#
        );
        assert_eq!(Turn::of(br#"{"store":null}"#).unwrap().store, None);
        assert!(Turn::of(br#"{"store":1}"#).unwrap_err().to_string().starts_with("store: must be"));
    }

    #[test]
    fn what_is_no_frame_says_what_is_wrong() {
        let wrong = |frame: &str| Turn::read(frame).unwrap_err().to_string();
        assert!(wrong("[]").contains("not a valid JSON object"));
        assert!(wrong(r#"{"type":"response.steer"}"#).starts_with("type: must be"));
        assert!(wrong(r#"{"type":"response.create","generate":1}"#).starts_with("generate: must be"));
        assert!(wrong(r#"{"type":"response.create","stream_id":"a"}"#).starts_with("stream_id: must be"));
    }
}
