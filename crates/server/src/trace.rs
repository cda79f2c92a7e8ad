//! W3C Trace Context: from the client through us to the provider.

use ccproxy_record::{SpanId, TraceContext, TraceId};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Names the trace, the caller's span and whether the trace is kept.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What those before us have to say of their trace.
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The trace that a request is part of: the client's, or a new one, which is kept if `samples` says so.
pub(crate) fn of(headers: &HeaderMap, samples: impl FnOnce(TraceId) -> bool) -> TraceContext {
    let told = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).and_then(read);
    let (trace, parent, sampled) = match told {
        Some((trace, parent, sampled)) => (trace, Some(parent), sampled),
        None => {
            let trace = new_trace();
            (trace, None, samples(trace))
        }
    };
    TraceContext { trace, span: new_span(), parent, sampled }
}

/// Tells the provider that it is asked under a new span, which is returned.
pub(crate) fn pass_on(context: &TraceContext, headers: &mut HeaderMap) -> SpanId {
    let span = new_span();
    if context.parent.is_none() {
        // It belongs to a trace that could not be gone on with.
        headers.remove(TRACESTATE);
    }
    let flags = u8::from(context.sampled);
    if let Ok(value) = HeaderValue::try_from(format!("00-{}-{span}-{flags:02x}", context.trace)) {
        headers.insert(TRACEPARENT, value);
    }
    span
}

/// `version-trace-parent-flags`; what a later version adds after that is not read.
fn read(value: &str) -> Option<(TraceId, SpanId, bool)> {
    let mut parts = value.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let byte = |text: &str| u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
    match byte(version)? {
        0xff => return None,
        0 if parts.next().is_some() => return None,
        _ => {}
    }
    Some((trace.parse().ok()?, parent.parse().ok()?, byte(flags)? & 1 == 1))
}

fn new_trace() -> TraceId {
    loop {
        if let Some(id) = TraceId::new(fastrand::u128(..)) {
            return id;
        }
    }
}

fn new_span() -> SpanId {
    loop {
        if let Some(id) = SpanId::new(fastrand::u64(..)) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents() {
        let check = |value: &str, expect: Option<bool>| {
            assert_eq!(read(value).map(|(_, _, sampled)| sampled), expect, "{value}");
        };
        let parent = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        check(&format!("00-{parent}-01"), Some(true));
        check(&format!("00-{parent}-00"), Some(false));
        check(&format!("00-{parent}-01-more"), None);
        check(&format!("cc-{parent}-01-more"), Some(true));
        check(&format!("ff-{parent}-01"), None);
        check(&format!("00-{parent}"), None);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None);
        check("", None);
    }

    #[test]
    fn the_state_passes_on_with_the_trace_it_belongs_to() {
        let check = |parent: &'static str, expect: bool| {
            let parent = HeaderValue::from_static(parent);
            let state = HeaderValue::from_static("vendor=1");
            let mut headers = HeaderMap::from_iter([(TRACEPARENT, parent), (TRACESTATE, state.clone())]);
            let context = of(&headers, |_| true);
            pass_on(&context, &mut headers);
            assert_eq!(headers.get(TRACESTATE), expect.then_some(&state), "{context:?}");
        };
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false);
    }

    #[test]
    fn a_provider_is_asked_under_a_span_of_the_same_trace() {
        let mut headers = HeaderMap::new();
        let context = of(&headers, |_| true);
        let span = pass_on(&context, &mut headers);
        let next = of(&headers, |_| false);
        assert_eq!((next.trace, next.parent, next.sampled), (context.trace, Some(span), true));
        assert_ne!(next.span, span);
    }
}
