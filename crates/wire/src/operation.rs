//! What a client may ask of a provider instance: the table of paths below `/v1/`.

use http::{HeaderMap, Method};

use crate::{Dialect, Family};

/// One kind of request that a provider instance takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `POST messages`
    Messages,
    /// `POST messages/count_tokens`
    CountTokens,
    /// `POST chat/completions`
    ChatCompletions,
    /// `POST responses`
    Responses,
    /// `GET responses`, which asks for a WebSocket.
    ResponsesSocket,
    /// `GET responses/{id}` and `DELETE responses/{id}`
    Response,
    /// `POST embeddings`
    Embeddings,
    /// `POST completions`, the legacy text completions.
    Completions,
    /// `GET models`
    Models,
    /// `GET models/{id}`
    Model,
}

/// What the path table says of a method and a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The operation asked for.
    Found(Operation),
    /// The path exists, for other methods: the value of `Allow`.
    WrongMethod(&'static str),
    /// There is no such path.
    Unknown,
}

impl Operation {
    /// Finds the operation for a path below `/v1/`, without its leading slash or query.
    #[must_use]
    pub fn find(method: &Method, path: &str) -> Match {
        let (operation, allow) = match path.strip_suffix('/').unwrap_or(path) {
            "messages" => (Self::Messages, "POST"),
            "messages/count_tokens" => (Self::CountTokens, "POST"),
            "chat/completions" => (Self::ChatCompletions, "POST"),
            "responses" if method == Method::GET => (Self::ResponsesSocket, "GET, POST"),
            "responses" => (Self::Responses, "GET, POST"),
            "embeddings" => (Self::Embeddings, "POST"),
            "completions" => (Self::Completions, "POST"),
            "models" => (Self::Models, "GET, HEAD"),
            path => match path.split_once('/') {
                Some(("models", id)) if stays(id, true) => (Self::Model, "GET, HEAD"),
                Some(("responses", id)) if stays(id, false) => (Self::Response, "GET, DELETE"),
                _ => return Match::Unknown,
            },
        };
        if allow.split(", ").any(|allowed| allowed == method.as_str()) {
            Match::Found(operation)
        } else {
            Match::WrongMethod(allow)
        }
    }

    /// The dialect whose request and answer bodies the operation has, if it has one.
    #[must_use]
    pub fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Messages | Self::CountTokens => Some(Dialect::Messages),
            Self::ChatCompletions => Some(Dialect::Chat),
            Self::Responses | Self::ResponsesSocket | Self::Response => Some(Dialect::Responses),
            Self::Embeddings | Self::Completions | Self::Models | Self::Model => None,
        }
    }

    /// The family whose errors the client expects.
    #[must_use]
    pub fn family(self, headers: &HeaderMap) -> Family {
        match self {
            Self::Models | Self::Model => Family::of_headers(headers),
            Self::Embeddings | Self::Completions => Family::OpenAi,
            Self::Messages
            | Self::CountTokens
            | Self::ChatCompletions
            | Self::Responses
            | Self::ResponsesSocket
            | Self::Response => self.dialect().map_or(Family::OpenAi, Dialect::family),
        }
    }

    /// Whether the request has a JSON body that names a model.
    #[must_use]
    pub fn has_body(self) -> bool {
        !matches!(self, Self::ResponsesSocket | Self::Response | Self::Models | Self::Model)
    }

    /// A short name for logs, metrics and errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
            Self::ChatCompletions => "chat/completions",
            Self::Responses => "responses",
            Self::ResponsesSocket => "responses (WebSocket)",
            Self::Response => "responses/{id}",
            Self::Embeddings => "embeddings",
            Self::Completions => "completions",
            Self::Models => "models",
            Self::Model => "models/{id}",
        }
    }
}

/// The path of a model, by its name as it is.
#[must_use]
pub fn model_path(name: &str) -> String {
    let mut path = "models/".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// Whether whoever decodes what follows a folder's name, as often as they like, still is in that folder, and at a name
/// that is text. `deep` says whether the name may have slashes, of which none may follow another.
fn stays(id: &str, deep: bool) -> bool {
    let Ok(id) = String::from_utf8(decoded(id)) else { return false };
    let is_name = |segment: &str| {
        // Some servers take what follows a semicolon for a remark.
        let name = segment.split(';').next().unwrap_or_default();
        !matches!(name, "" | "." | "..") && !segment.chars().any(char::is_control)
    };
    id.split(['/', '\\']).all(is_name) && (deep || !id.contains(['/', '\\']))
}

/// Decodes the escapes of a URL, and those that come to light with it.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        bytes.push(byte);
        while let Some(byte) = escaped(&bytes) {
            bytes.truncate(bytes.len() - 3);
            bytes.push(byte);
        }
    }
    bytes
}

/// What the escape stands for that these bytes end in.
fn escaped(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low] = bytes.last_chunk()? else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_models() {
        assert_eq!(model_path("meta/llama-3.1:8b"), "models/meta/llama-3.1:8b");
        assert_eq!(model_path("a b?c#d\r\né%2e"), "models/a%20b%3Fc%23d%0D%0A%C3%A9%252e");
    }

    #[test]
    fn paths() {
        let check = |method: Method, path: &str, expect| {
            assert_eq!(Operation::find(&method, path), expect, "{method} {path}")
        };
        check(Method::POST, "messages", Match::Found(Operation::Messages));
        check(Method::POST, "messages/", Match::Found(Operation::Messages));
        check(Method::POST, "messages/count_tokens", Match::Found(Operation::CountTokens));
        check(Method::GET, "messages", Match::WrongMethod("POST"));
        check(Method::POST, "responses", Match::Found(Operation::Responses));
        check(Method::GET, "responses", Match::Found(Operation::ResponsesSocket));
        check(Method::DELETE, "responses", Match::WrongMethod("GET, POST"));
        check(Method::DELETE, "responses/resp_1", Match::Found(Operation::Response));
        check(Method::GET, "responses/resp_1/more", Match::Unknown);
        check(Method::GET, "models", Match::Found(Operation::Models));
        check(Method::HEAD, "models", Match::Found(Operation::Models));
        check(Method::GET, "models/meta/llama-3", Match::Found(Operation::Model));
        check(Method::GET, "models/", Match::Found(Operation::Models));
        check(Method::GET, "models/a..b", Match::Found(Operation::Model));
        check(Method::GET, "models/meta%2Fllama-3.1", Match::Found(Operation::Model));
        check(Method::GET, "models/100%25-sure;v=1%", Match::Found(Operation::Model));
        for path in [
            "models/..",
            "models/../files",
            "models/a/%2e%2E/files",
            "models/..%2Ffiles",
            "models/./a",
            "models//a",
            "models/a%2f%2fb",
            "models/%252e%25252E/files",
            "models/%%32%65./files",
            "models/..;x/files",
            "models/%c0%ae%c0%ae/files",
            "models/a%0d%0ax: y",
            "models/a%00",
            "models/a%C2%85",
        ] {
            check(Method::GET, path, Match::Unknown);
        }
        for path in
            ["..", "%2e.", "..%2ffiles", "..%5Cfiles", "a%2fcancel", "a%252fcancel", "a\\\\b", "a%5cb"]
        {
            check(Method::DELETE, &format!("responses/{path}"), Match::Unknown);
        }
        check(Method::GET, "", Match::Unknown);
        check(Method::POST, "audio/speech", Match::Unknown);
    }
}
