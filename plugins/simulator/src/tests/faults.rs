//! Every fault, in every dialect, from the header and from the configuration.

use ccproxy_plugin_api::CallErrorKind;
use ccproxy_wire::Dialect;
use ccproxy_wire::stream::{Observer, Progress};
use http::StatusCode;

use super::{Ask, frames, get, joined, post};

fn of(dialect: Dialect) -> Ask {
    let chat = r#"{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"x"}]}"#;
    match dialect {
        Dialect::Messages => post("messages", chat),
        Dialect::Chat => post("chat/completions", chat),
        Dialect::Responses => post("responses", r#"{"model":"m","input":"x"}"#),
    }
}

const ALL: [Dialect; 3] = [Dialect::Messages, Dialect::Chat, Dialect::Responses];

#[tokio::test]
async fn errors_at_once() {
    let check = async |fault: &str, (anthropic, openai): (u16, u16), kind: &str, code: &str| {
        for dialect in ALL {
            for ask in [of(dialect), of(dialect).streamed()] {
                let got = ask.script(&format!("fault={fault}")).got().await;
                let (status, expect) = match dialect {
                    Dialect::Messages => {
                        (anthropic, format!(r#"{{"type":"error","error":{{"type":"{kind}""#))
                    }
                    _ => (openai, format!(r#""code":{code}}}}}"#)),
                };
                assert_eq!(got.status.as_u16(), status, "{fault} {dialect}");
                assert!(got.body.contains(&expect), "{}", got.body);
                assert!(got.body.contains("simulated"), "{}", got.body);
            }
        }
    };
    check("rate_limit", (429, 429), "rate_limit_error", r#""rate_limit_exceeded""#).await;
    check("overloaded", (529, 503), "overloaded_error", r#""overloaded""#).await;
    check("server_error", (500, 500), "api_error", "null").await;
    check("auth", (401, 401), "authentication_error", r#""invalid_api_key""#).await;
    check("too_long", (400, 400), "invalid_request_error", r#""context_length_exceeded""#).await;
}

#[tokio::test]
async fn rate_limits_show_in_headers() {
    let got = of(Dialect::Messages).script("fault=rate_limit").got().await;
    assert_eq!(got.headers["retry-after"], "1");
    assert_eq!(got.headers["anthropic-ratelimit-requests-remaining"], "0");
    let got = of(Dialect::Chat).script("fault=rate_limit").got().await;
    assert_eq!(got.headers["x-ratelimit-remaining-requests"], "0");
    let got = of(Dialect::Messages).script("fault=too_long").got().await;
    assert!(got.body.contains(r#""message":"prompt is too long: "#));
}

#[tokio::test]
async fn overload_inside_a_stream() {
    for dialect in ALL {
        let got = of(dialect).streamed().script("fault=overloaded_stream").got().await;
        assert_eq!(got.status, StatusCode::OK);
        assert_eq!(got.headers["content-type"], "text/event-stream; charset=utf-8");
        let mut observer = Observer::new(dialect);
        observer.push(got.body.as_bytes());
        assert_eq!(observer.progress(), Progress::Error, "{}", got.body);
        let whole = of(dialect).script("fault=overloaded_stream").got().await;
        assert!(matches!(whole.status.as_u16(), 529 | 503));
    }
}

#[tokio::test]
async fn streams_that_break() {
    for dialect in ALL {
        for after in [0, 1, 5, 1000] {
            let ask = |fault| of(dialect).streamed().script(&format!("fault={fault}, after={after}"));
            let (sent, error) = frames(ask("reset").call().await.unwrap()).await;
            assert_eq!(error.map(|error| error.kind()), Some(CallErrorKind::Reset));
            assert!(after == 1000 || sent.len() == after);

            let (sent, error) = frames(ask("truncate").call().await.unwrap()).await;
            assert_eq!(error, None);
            assert!(after == 1000 || sent.len() == after);
            let mut observer = Observer::new(dialect);
            observer.push(&joined(&sent));
            assert!(matches!(observer.progress(), Progress::Unknown | Progress::Open));

            let (sent, error) = frames(ask("garbage").call().await.unwrap()).await;
            assert_eq!(error, None);
            assert!(sent.last().unwrap().starts_with(b"\x00\xff<html>"));
        }
    }
}

#[tokio::test]
async fn whole_bodies_that_break() {
    for ask in [of(Dialect::Messages), of(Dialect::Chat), of(Dialect::Responses), get("models")] {
        let whole = ask.clone().body().await;
        let (sent, error) = frames(ask.clone().script("fault=reset").call().await.unwrap()).await;
        assert_eq!(error.map(|error| error.kind()), Some(CallErrorKind::Reset));
        assert_eq!(joined(&sent), whole.as_bytes()[..whole.len() / 2]);
        let (sent, error) = frames(ask.clone().script("fault=reset, after=0").call().await.unwrap()).await;
        assert!(error.is_some() && joined(&sent).is_empty());
        let (sent, error) = frames(ask.clone().script("fault=truncate").call().await.unwrap()).await;
        assert!(error.is_none() && joined(&sent).len() == whole.len() / 2);
        let (sent, error) = frames(ask.script("fault=garbage").call().await.unwrap()).await;
        assert!(error.is_none() && serde_json::from_slice::<serde_json::Value>(&joined(&sent)).is_err());
    }
}

#[tokio::test]
async fn a_fault_can_be_configured() {
    let ask = of(Dialect::Chat).config("fault = 'server_error'");
    assert_eq!(ask.clone().got().await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(ask.script("fault=auth").got().await.status, StatusCode::UNAUTHORIZED);
}
