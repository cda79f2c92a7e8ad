//! From a request to the answer's body: one function an operation, none of which waits.

use bytes::Bytes;
use ccproxy_plugin_api::Call;
use ccproxy_wire::{Family, Operation};

use crate::answer::{self, json};
use crate::ids::Ids;
use crate::problem::Problem;
use crate::reply::compose;
use crate::request;
use crate::script::Script;
use crate::stream::{self, Reel};

/// What is answered with 200.
#[derive(Debug)]
pub(crate) enum Performance {
    Whole(Bytes),
    Stream(Reel),
}

/// Answers a call.
pub(crate) fn perform(call: &Call, script: &Script, ids: &Ids) -> Result<Performance, Problem> {
    let family = call.operation.family(&call.headers);
    match call.operation {
        Operation::Messages => messages(call, script, ids),
        Operation::CountTokens => {
            let input_tokens = request::messages::Request::count(&call.body)?;
            Ok(Performance::Whole(json(&answer::messages::Count { input_tokens })))
        }
        Operation::ChatCompletions => chat(call, script, ids),
        Operation::Responses => responses(call, script, ids),
        Operation::Completions => completions(call, script, ids),
        Operation::Embeddings => {
            let request = request::embeddings::Request::read(&call.body)?;
            Ok(Performance::Whole(json(&answer::embeddings::list(&request))))
        }
        Operation::Models => Ok(Performance::Whole(answer::models::list(family))),
        Operation::Model => answer::models::one(last_of_path(call), family).map(Performance::Whole),
        Operation::Response | Operation::ResponsesSocket => {
            let id = last_of_path(call);
            let text = format!("Response with id '{id}' not found: the simulator stores nothing.");
            Err(Problem::not_found(text).param("id"))
        }
    }
}

fn messages(call: &Call, script: &Script, ids: &Ids) -> Result<Performance, Problem> {
    let request = request::messages::Request::read(&call.body, &call.headers)?;
    let reply = compose(Family::Anthropic, &request.ask, script, ids)?;
    Ok(if request.ask.stream {
        Performance::Stream(stream::messages::reel(&request, &reply, ids))
    } else {
        Performance::Whole(json(&answer::messages::message(&request, &reply, ids)))
    })
}

fn chat(call: &Call, script: &Script, ids: &Ids) -> Result<Performance, Problem> {
    let request = request::chat::Request::read(&call.body)?;
    let reply = compose(Family::OpenAi, &request.ask, script, ids)?;
    Ok(if request.ask.stream {
        Performance::Stream(stream::chat::reel(&request, &reply, ids))
    } else {
        Performance::Whole(json(&answer::chat::completion(&request, &reply, ids)))
    })
}

fn responses(call: &Call, script: &Script, ids: &Ids) -> Result<Performance, Problem> {
    let request = request::responses::Request::read(&call.body)?;
    let reply = compose(Family::OpenAi, &request.ask, script, ids)?;
    Ok(if request.ask.stream {
        Performance::Stream(stream::responses::reel(&request, &reply, ids))
    } else {
        Performance::Whole(json(&answer::responses::response(&request, &reply, ids)))
    })
}

fn completions(call: &Call, script: &Script, ids: &Ids) -> Result<Performance, Problem> {
    let request = request::completions::Request::read(&call.body)?;
    let reply = compose(Family::OpenAi, &request.ask, script, ids)?;
    Ok(if request.ask.stream {
        Performance::Stream(stream::completions::reel(&request, &reply, ids))
    } else {
        Performance::Whole(json(&answer::completions::completion(&request, &reply, ids)))
    })
}

/// What stands behind the collection's name: an id, in which `/` may occur.
fn last_of_path(call: &Call) -> &str {
    let path = call.target.split('?').next().unwrap_or_default();
    path.split_once('/').map_or("", |(_, id)| id.trim_end_matches('/'))
}
