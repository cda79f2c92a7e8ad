//! What a provider says of its failure.

use std::borrow::Cow;

use ccproxy_wire::chat::answer::Failure;
use ccproxy_wire::responses::Str;

use crate::delta::Trouble;

/// The failure in the words that the others have. Some servers number their codes as HTTP does: clients know words only.
pub(super) fn of<'a>(failure: &Failure<'a>) -> Trouble<'a> {
    let code = failure.code.map(|code| match serde_json::from_str::<Str<'a>>(code.get()) {
        Ok(Str(word)) => word,
        Err(_) => Cow::Borrowed(code.get()),
    });
    let by_number = match code.as_deref() {
        Some("429") => Some("rate_limit_exceeded"),
        Some("503" | "529") => Some("overloaded_error"),
        Some("400") => Some("invalid_request_error"),
        _ => None,
    };
    let code = code.filter(|code| !code.bytes().all(|byte| byte.is_ascii_digit()));
    let kind = by_number.map(Cow::Borrowed).or_else(|| failure.r#type.0.clone());
    let message = failure.message.0.clone();
    Trouble {
        kind: kind.unwrap_or(Cow::Borrowed("server_error")),
        message: message.unwrap_or(Cow::Borrowed("the provider reports an error and does not say which")),
        param: failure.param.0.clone(),
        code,
    }
}
