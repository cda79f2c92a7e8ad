//! The health check of an instance: a fixed request is answered in the process, and the answer is read back.

use std::sync::Arc;

use bytes::Bytes;
use ccproxy_health::{Check, ComponentType, Outcome, Spec, SpecError, check_fn};
use ccproxy_plugin_api::{Call, Instance};
use ccproxy_wire::stream::{Observer, Progress};
use ccproxy_wire::{Dialect, Operation};
use http::{HeaderMap, Method};

use crate::config::Config;
use crate::ids::Ids;
use crate::perform::{Performance, perform};
use crate::reply::NOTICE;
use crate::script::Script;

const BODY: &str =
    r#"{"model":"demo","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"ping"}]}"#;

/// Checks as the plugin hands them over.
type Checks = Vec<(Spec, Arc<dyn Check>)>;

/// The checks of an instance.
pub(crate) fn checks(instance: &Instance) -> Result<Checks, SpecError> {
    let spec = Spec::new("simulator")?
        .component_id(instance.as_str())
        .component_type(ComponentType::Component)
        .affects(&[&instance.endpoints()])?;
    Ok(vec![(spec, check_fn(|| async { self_test(BODY) }))])
}

/// Streams an answer to a fixed request and reads it as a client would.
fn self_test(body: &'static str) -> Outcome {
    let call = Call {
        operation: Operation::Messages,
        method: Method::POST,
        target: "messages".to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        model: "demo".to_owned(),
        stream: true,
    };
    let reel = match perform(&call, &Script::new(&Config::default()), &Ids::of(&call)) {
        Ok(Performance::Stream(reel)) => reel,
        Ok(Performance::Whole(_)) => return Outcome::fail("the simulator does not stream"),
        Err(problem) => return Outcome::fail(format!("the simulator refuses: {}", problem.message)),
    };
    let mut observer = Observer::new(Dialect::Messages);
    reel.into_frames().iter().for_each(|frame| observer.push(&frame.bytes));
    match (observer.progress(), observer.usage().output) {
        (Progress::Complete, Some(1..)) => Outcome::pass().output(NOTICE),
        (progress, output) => {
            Outcome::fail(format!("the simulator's stream is {progress:?} after {output:?} tokens"))
        }
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Status;

    use super::*;

    #[test]
    fn the_self_test_tells_good_from_bad() {
        let check = |body, status, output: &str| {
            let outcome = self_test(body);
            assert_eq!(outcome.status, status);
            assert!(outcome.output.is_some_and(|text| text.contains(output)));
        };
        check(BODY, Status::Pass, "simulator; no model was asked");
        check(
            r#"{"model":"demo","max_tokens":1,"messages":[{"role":"user","content":""}]}"#,
            Status::Fail,
            "stream",
        );
        check("{}", Status::Fail, "max_tokens: Field required");
    }
}
