//! The conversation of a client's request.

use ccproxy_wire::messages::request::{Message, Request as Body};
use ccproxy_wire::responses::item::Content;

use super::read_blocks;
use crate::Dropped;
use crate::error::Error;
use crate::part::{Part, Text};
use crate::request::{Request, Role, Turn};

pub(super) fn read(body: Body<'_>, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    if let Some(system) = body.system {
        let parts = content(system, "system", request, dropped)?;
        say(request, Role::System, parts);
    }
    let messages = body.messages.ok_or_else(|| Error::request("messages", "field required: a list"))?;
    let last_user = messages.iter().rposition(|message| message.role.as_deref() == Some("user"));
    for (n, message) in messages.into_iter().enumerate() {
        // What was meant for an earlier turn only is in the list still, but not in force.
        let over = message.clear_at.as_deref() == Some("next_user_message") && last_user > Some(n);
        if !over {
            one(message, &format!("messages.{n}"), request, dropped)?;
        }
    }
    Ok(())
}

fn one(message: Message<'_>, path: &str, request: &mut Request, dropped: &mut Dropped) -> Result<(), Error> {
    let role = match message.role.as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        _ => return Err(Error::request(format!("{path}.role"), "must be user, assistant or system")),
    };
    dropped.note_some("messages.output_config", message.output_config.as_ref());
    match message.content {
        Some(said) => {
            let parts = content(said, &format!("{path}.content"), request, dropped)?;
            say(request, role, parts);
            Ok(())
        }
        // A system message may hold settings only.
        None if role == Role::System => Ok(()),
        None => Err(Error::request(format!("{path}.content"), "field required")),
    }
}

fn say(request: &mut Request, role: Role, parts: Vec<Part>) {
    if !parts.is_empty() {
        request.turns.push(Turn { role, parts });
    }
}

/// What stands at this path. Empty text is nothing.
fn content(
    content: Content<'_>,
    path: &str,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<Vec<Part>, Error> {
    let list = match content {
        Content::Text(text) if text.is_empty() => return Ok(Vec::new()),
        Content::Text(text) => {
            return Ok(vec![Part::Text(Text { text: text.into_owned(), ..Text::default() })]);
        }
        Content::Parts(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    for (n, block) in list.into_iter().enumerate() {
        read_blocks::block(block, &format!("{path}.{n}"), &mut parts, request, dropped)?;
    }
    Ok(parts)
}
