//! A panic is a log line, and no more than that.

use std::any::Any;
use std::panic::{self, PanicHookInfo};

/// Has every panic logged instead of printed.
pub(crate) fn log() {
    panic::set_hook(Box::new(line));
}

fn line(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(target: "panic", thread, location, "{}", message(panic.payload()));
}

/// A text that was put together at run time may hold anything, a secret included; one of the source cannot.
fn message(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("a panic (its message is not logged)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use crate::form::tests::logged;

    #[test]
    fn a_panic_is_one_line_without_what_may_be_secret() {
        let secret = String::from("hush");
        let check = |panic: &dyn Fn(), expect: &str| {
            let text = logged(Form::Json, "info", || {
                log();
                let caught = panic::catch_unwind(panic::AssertUnwindSafe(panic));
                let _ = panic::take_hook();
                assert!(caught.is_err());
            });
            assert_eq!(text.lines().count(), 1, "{text}");
            let line: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(line["message"], expect);
            assert_eq!(line["target"], "panic");
            assert!(line["location"].as_str().unwrap().contains("panics.rs:"), "{text}");
            assert!(!text.contains("hush"), "{text}");
        };
        check(&|| panic!("the cache is upside down"), "the cache is upside down");
        check(&|| panic!("key {secret}"), "a panic (its message is not logged)");
        check(&|| panic::panic_any(secret.clone()), "a panic (its message is not logged)");
    }
}
