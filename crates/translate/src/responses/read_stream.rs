//! A provider's stream.
//!
//! Servers leave out what they like: deltas where the `done` event has all, `done` events where the item is told whole,
//! items where the last event holds the whole answer. So what has been told of each part is counted, and what comes
//! later tells the rest.

use std::collections::{BTreeMap, BTreeSet};

use ccproxy_wire::Usage;
use ccproxy_wire::responses::answer::{Answer, Code, Failure};
use ccproxy_wire::responses::event::{self, Event};
use ccproxy_wire::responses::item::Item;
use ccproxy_wire::responses::{self, Str};
use serde_json::value::RawValue;

use super::open::Open;
use super::told::{Emit, Kinds};
use super::{D, answer};
use crate::delta::{Delta, Trouble};
use crate::error::Error;
use crate::stream::Reader;

type Each<'e> = dyn FnMut(Delta<'_>) + 'e;

/// Where the stream stands.
#[derive(Default)]
pub(crate) struct StreamReader {
    started: bool,
    /// By their place in the output.
    open: BTreeMap<u64, Open>,
    /// The places, ids and calls of items that are whole.
    done: BTreeSet<u64>,
    ids: BTreeSet<String>,
    whole: usize,
    kinds: Kinds,
}

impl Reader for StreamReader {
    fn event(&mut self, name: &str, data: &str, each: &mut Each<'_>) -> Result<(), Error> {
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let broken = |error| Error::answer(D, &error);
        let kind = event::kind(name, data).map_err(broken)?;
        if &*kind == "error" {
            trouble(&serde_json::from_str(data).map_err(broken)?, each);
        } else if kind.0 == "keepalive" && self.started {
            each(Delta::Ping);
        } else if Event::KNOWN.contains(&&*kind) {
            let event: Event<'_> = serde_json::from_str(data).map_err(broken)?;
            self.known(&kind, event, each)?;
        }
        Ok(())
    }

    /// Nobody leaves out the last event but who was cut short.
    fn end(&mut self, _each: &mut Each<'_>) {}
}

impl StreamReader {
    fn known(&mut self, kind: &str, event: Event<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        let kind = kind.strip_prefix("response.").unwrap_or(kind);
        match kind {
            "created" | "queued" | "in_progress" => self.start(event.response.as_ref(), each),
            "completed" | "incomplete" => self.finish(kind, &event.response.unwrap_or_default(), each)?,
            "failed" => {
                let error = event.response.and_then(|response| response.error).unwrap_or_default();
                fail(&error, "the provider reports a failure and does not say which", each);
            }
            "cancelled" => fail(&Failure::default(), "the provider cancelled the answer", each),
            _ => {
                self.start(None, each);
                self.item_event(kind, event, each)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, response: Option<&Answer<'_>>, each: &mut Each<'_>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let nothing = Answer::default();
        let response = response.unwrap_or(&nothing);
        each(Delta::Start {
            id: response.id.as_deref().unwrap_or_default().into(),
            model: response.model.as_deref().unwrap_or_default().into(),
            created: answer::created(response.created_at),
            service_tier: response.service_tier.as_deref().map(Into::into),
        });
    }

    fn item_event(&mut self, kind: &str, event: Event<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        match (kind, event.item) {
            ("output_item.added", Some(item)) => {
                let index = event.output_index.unwrap_or_else(|| self.next());
                self.added(index, &read_item(item)?, each);
            }
            ("output_item.done", Some(item)) => {
                let item = read_item(item)?;
                let index = self.place(event.output_index, item.id.as_deref());
                self.whole(index, item, each)?;
            }
            _ => {
                let index = self.place(event.output_index, event.item_id.as_deref());
                if !self.done.contains(&index) {
                    let mut emit = Emit { kinds: &mut self.kinds, each };
                    self.open.entry(index).or_default().event(kind, event, &mut emit)?;
                }
            }
        }
        Ok(())
    }

    /// The place of the item that an event is about: what it says, else that of the item whose id it tells.
    fn place(&self, said: Option<u64>, id: Option<&str>) -> u64 {
        let by_id = || {
            let is_it = |open: &Open| id.is_some() && open.item_id() == id;
            self.open.iter().find(|(_, open)| is_it(open)).map(|(index, _)| *index)
        };
        let last = || self.open.keys().next_back().copied();
        said.or_else(by_id).or_else(last).unwrap_or_else(|| self.next())
    }

    /// The place after all.
    fn next(&self) -> u64 {
        let last = self.open.keys().next_back().max(self.done.last());
        last.map_or(0, |last| last.saturating_add(1))
    }

    /// An item begins. Where one is open at the same place, the server does not number them: that one is over.
    fn added(&mut self, index: u64, item: &Item<'_>, each: &mut Each<'_>) {
        let mut emit = Emit { kinds: &mut self.kinds, each };
        let known = self.open.get(&index).is_some_and(|open| open.is_other_than(item));
        if let Some(mut other) = known.then(|| self.open.remove(&index)).flatten() {
            other.close(&mut emit);
        }
        self.done.remove(&index);
        self.open.entry(index).or_default().begin(item, &mut emit);
    }

    /// An item is whole.
    fn whole(&mut self, index: u64, item: Item<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        if self.done.contains(&index) && self.is_told(&item) {
            return Ok(());
        }
        let mut emit = Emit { kinds: &mut self.kinds, each };
        let mut open = match self.open.remove(&index) {
            Some(mut other) if other.is_other_than(&item) => {
                other.close(&mut emit);
                Open::default()
            }
            open => open.unwrap_or_default(),
        };
        self.ids.extend(names(&item).map(str::to_owned));
        open.complete(item, &mut emit)?;
        self.done.insert(index);
        self.whole += 1;
        Ok(())
    }

    fn is_told(&self, item: &Item<'_>) -> bool {
        names(item).any(|name| self.ids.contains(name))
    }

    fn finish(&mut self, kind: &str, response: &Answer<'_>, each: &mut Each<'_>) -> Result<(), Error> {
        self.start(Some(response), each);
        let usage = response.usage();
        self.rest(response.output.as_deref().unwrap_or_default(), each)?;
        let mut emit = Emit { kinds: &mut self.kinds, each };
        for (_, mut open) in std::mem::take(&mut self.open) {
            open.close(&mut emit);
        }
        if usage != Usage::default() {
            each(Delta::Usage(usage));
        }
        if let Some(tier) = response.service_tier.as_deref() {
            each(Delta::Served(tier.into()));
        }
        let reason = response.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
        let status = if kind == "incomplete" { Some(kind) } else { response.status.as_deref() };
        each(Delta::Stop(answer::ended(status, reason, self.kinds.calls, self.kinds.refused)));
        each(Delta::End);
        Ok(())
    }

    /// The items of the whole answer that have not been told.
    fn rest(&mut self, output: &[&RawValue], each: &mut Each<'_>) -> Result<(), Error> {
        for (index, item) in (0..).zip(output) {
            let item = read_item(item)?;
            let told = self.done.contains(&index) || self.is_told(&item) || self.whole >= output.len();
            if !told {
                self.whole(index, item, each)?;
            }
        }
        Ok(())
    }
}

fn names<'i>(item: &'i Item<'_>) -> impl Iterator<Item = &'i str> {
    [item.id.as_deref(), item.call_id.as_deref()].into_iter().flatten().filter(|name| !name.is_empty())
}

fn read_item(item: &RawValue) -> Result<Item<'_>, Error> {
    responses::read(item.get()).map_err(|error| Error::answer(D, &error))
}

fn trouble(event: &event::Trouble<'_>, each: &mut Each<'_>) {
    let plain = Failure {
        code: event.code.clone(),
        message: event.message.clone(),
        param: event.param.clone(),
        r#type: None,
    };
    fail(
        event.error.as_ref().unwrap_or(&plain),
        "the provider reports an error and does not say which",
        each,
    );
}

/// The class of a failure that is the request's fault, where only its code is told. To try again does not help.
fn class(code: &str) -> Option<&'static str> {
    let is_request = match code {
        "context_length_exceeded" | "data_residency_mismatch" | "bio_policy" => true,
        "misalignment_policy_violation" | "failed_to_download_image" => true,
        "unsupported_image_media_type" | "empty_image_file" => true,
        code => code.starts_with("invalid_") || code.starts_with("image_"),
    };
    is_request.then_some("invalid_request_error")
}

fn fail(failure: &Failure<'_>, otherwise: &str, each: &mut Each<'_>) {
    each(Delta::Error(failed(failure, otherwise)));
}

/// What the provider says of its failure.
pub(super) fn failed(failure: &Failure<'_>, otherwise: &str) -> Trouble<'static> {
    let own = |text: &Option<Str<'_>>| text.as_deref().map(|text| text.to_owned().into());
    let code = failure.code.as_ref().map(|Code(code)| &**code);
    let class = code.map(|code| class(code).unwrap_or(code));
    Trouble {
        kind: own(&failure.r#type).unwrap_or_else(|| class.unwrap_or("server_error").to_owned().into()),
        code: code.map(|code| code.to_owned().into()),
        message: own(&failure.message).unwrap_or_else(|| otherwise.to_owned().into()),
        param: own(&failure.param),
    }
}
