//! A client's request.

use ccproxy_wire::responses::item::Content;
use ccproxy_wire::responses::request::{Format as Asked, Request as Body, TextConfig};
use ccproxy_wire::responses::{Str, request};

use super::{read_items, read_tools};
use crate::error::Error;
use crate::part::{Part, Text};
use crate::request::{Effort, Format, Reasoning, Request, Role, Sampling, Turn};
use crate::{Dropped, read};

/// Without these a request would mean something else, and nobody but OpenAI knows what they name.
const ELSEWHERE: [&str; 2] = ["conversation", "prompt"];

pub(crate) fn read_request(body: &[u8], dropped: &mut Dropped) -> Result<Request, Error> {
    let mut body: Body<'_> = read::body(body)?;
    if let Some(field) = ELSEWHERE.iter().find(|field| body.others.iter().any(|other| other == *field)) {
        return Err(Error::NotCarried { field: (*field).to_owned() });
    }
    if body.background == Some(true) {
        return Err(Error::NotCarried { field: "background".to_owned() });
    }
    let mut request = Request {
        model: body.model.take().ok_or_else(|| Error::request("model", "field required"))?.into_owned(),
        stream: body.stream.unwrap_or(false),
        parallel_tools: body.parallel_tool_calls,
        max_tokens: body.max_output_tokens,
        sampling: Sampling { temperature: body.temperature, top_p: body.top_p, ..Sampling::default() },
        reasoning: reasoning(body.reasoning.take(), dropped),
        service_tier: body.service_tier.take().map(Str::into_owned),
        metadata: body.metadata.map(ToOwned::to_owned),
        prompt_cache_key: body.prompt_cache_key.take().map(Str::into_owned),
        store: body.store,
        previous_response: body.previous_response_id.take().map(Str::into_owned),
        others: others(&mut body),
        ..Request::default()
    };
    text(body.text.take(), &mut request, dropped)?;
    user(&mut body, &mut request, dropped);
    include(&body, &mut request, dropped);
    read_tools::add(body.tools.as_deref().unwrap_or_default(), "tools", &mut request, dropped)?;
    conversation(&mut body, &mut request, dropped)?;
    // Last, for it may leave out tools.
    if let Some(choice) = body.tool_choice {
        read_tools::choice(choice, &mut request)?;
    }
    Ok(request)
}

/// The fields that no other dialect has.
fn others(body: &mut Body<'_>) -> Vec<String> {
    let mut others = std::mem::take(&mut body.others);
    let mut note = |there: bool, field: &str| {
        if there {
            others.push(field.to_owned());
        }
    };
    note(body.max_tool_calls.is_some(), "max_tool_calls");
    note(body.truncation.as_deref().is_some_and(|truncation| truncation != "disabled"), "truncation");
    let obfuscation = body.stream_options.and_then(|options| options.include_obfuscation);
    note(obfuscation == Some(true), "stream_options.include_obfuscation");
    others
}

fn conversation(body: &mut Body<'_>, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let mut say = |role, text: String| {
        let parts = vec![Part::Text(Text { text, ..Text::default() })];
        request.turns.push(Turn { role, parts });
    };
    if let Some(instructions) = body.instructions.take().filter(|text| !text.is_empty()) {
        say(Role::System, instructions.into_owned());
    }
    match body.input.take() {
        Some(Content::Text(text)) => say(Role::User, text.into_owned()),
        Some(Content::Parts(items)) => read_items::read(&items, request, dropped)?,
        None if request.previous_response.is_some() => {}
        None => return Err(Error::request("input", "field required: a string or a list of items")),
    }
    Ok(())
}

fn reasoning(asked: Option<request::Reasoning<'_>>, dropped: &mut Dropped) -> Option<Reasoning> {
    let asked = asked?;
    dropped.note_some("reasoning.context", asked.context.as_ref());
    dropped.note_some("reasoning.mode", asked.mode.as_ref().filter(|mode| &***mode != "standard"));
    let effort = asked.effort.as_deref().map(Effort::parse);
    if effort == Some(None) {
        dropped.note("reasoning.effort");
    }
    let shown = asked.summary.or(asked.generate_summary).is_some();
    let effort = effort.flatten();
    (effort.is_some() || shown).then_some(Reasoning { effort, budget: None, shown })
}

fn text(asked: Option<TextConfig<'_>>, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let Some(TextConfig { format: asked, verbosity }) = asked else { return Ok(()) };
    request.verbosity = verbosity.map(Str::into_owned);
    let Some(Asked { r#type, name, description, schema, strict }) = asked else { return Ok(()) };
    request.format = match r#type.as_deref() {
        None | Some("text") => None,
        Some("json_object") => Some(Format::Json),
        Some("json_schema") => Some(Format::Schema {
            name: name.map(Str::into_owned),
            description: description.map(Str::into_owned),
            schema: schema.ok_or_else(|| Error::request("text.format.schema", "field required"))?.to_owned(),
            strict,
        }),
        Some(other) => {
            dropped.note(format!("text.format.{other}"));
            None
        }
    };
    Ok(())
}

/// The end user has two names, of which the newer one counts.
fn user(body: &mut Body<'_>, request: &mut Request, dropped: &mut Dropped) {
    let (newer, older) = (body.safety_identifier.take(), body.user.take());
    if newer.is_some() && older.is_some() && newer != older {
        dropped.note("user");
    }
    request.user = newer.or(older).map(Str::into_owned);
}

fn include(body: &Body<'_>, request: &mut Request, dropped: &mut Dropped) {
    request.logprobs = body.top_logprobs.filter(|alternatives| *alternatives > 0);
    for wanted in body.include.iter().flatten() {
        match &**wanted {
            // Always given.
            "reasoning.encrypted_content" => {}
            "message.output_text.logprobs" => request.logprobs = Some(body.top_logprobs.unwrap_or(0)),
            other => dropped.note(format!("include.{other}")),
        }
    }
}
