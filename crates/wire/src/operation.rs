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
            path if leaves_its_folder(path) => return Match::Unknown,
            path => match path.split_once('/') {
                Some(("models", id)) if !id.is_empty() => (Self::Model, "GET, HEAD"),
                Some(("responses", id)) if !id.is_empty() && !id.contains('/') => {
                    (Self::Response, "GET, DELETE")
                }
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

/// Whether a segment of the path is `.` or `..`, however written: a server that resolves it would find itself at
/// another path than the one that was allowed.
fn leaves_its_folder(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
    path.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for path in
            ["models/..", "models/../files", "models/a/%2e%2E/files", "models/..%2Ffiles", "models/./a"]
        {
            check(Method::GET, path, Match::Unknown);
        }
        for path in ["responses/..", "responses/%2e.", "responses/..%2ffiles", "responses/..%5Cfiles"] {
            check(Method::DELETE, path, Match::Unknown);
        }
        check(Method::GET, "", Match::Unknown);
        check(Method::POST, "audio/speech", Match::Unknown);
    }
}
