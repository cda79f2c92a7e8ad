//! Streams of OpenAI Responses.

use serde::Serialize;

use super::Reel;
use crate::answer::responses::{Item, Part, Response, in_progress, is_complete, items, response};
use crate::ids::Ids;
use crate::reply::Reply;
use crate::request::responses::Request;
use crate::token::pieces;

#[derive(Debug, Serialize)]
struct Numbered<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    sequence_number: u64,
}

/// Events about the whole response and its items, and those about one place in an item.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Event<'a> {
    #[serde(rename = "response.created")]
    Created { response: Response<'a> },
    #[serde(rename = "response.in_progress")]
    InProgress { response: Response<'a> },
    #[serde(rename = "response.completed")]
    Completed { response: Response<'a> },
    #[serde(rename = "response.incomplete")]
    Incomplete { response: Response<'a> },
    #[serde(rename = "response.output_item.added")]
    ItemAdded { output_index: usize, item: &'a Item<'a> },
    #[serde(rename = "response.output_item.done")]
    ItemDone { output_index: usize, item: &'a Item<'a> },
    #[serde(rename = "response.content_part.added")]
    PartAdded { item_id: &'a str, output_index: usize, content_index: usize, part: Part<'a> },
    #[serde(rename = "response.content_part.done")]
    PartDone { item_id: &'a str, output_index: usize, content_index: usize, part: Part<'a> },
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        item_id: &'a str,
        output_index: usize,
        content_index: usize,
        delta: &'a str,
        logprobs: [(); 0],
    },
    #[serde(rename = "response.output_text.done")]
    TextDone { item_id: &'a str, output_index: usize, content_index: usize, text: &'a str, logprobs: [(); 0] },
    #[serde(rename = "response.reasoning_summary_part.added")]
    SummaryAdded { item_id: &'a str, output_index: usize, summary_index: usize, part: Part<'a> },
    #[serde(rename = "response.reasoning_summary_part.done")]
    SummaryDone { item_id: &'a str, output_index: usize, summary_index: usize, part: Part<'a> },
    #[serde(rename = "response.reasoning_summary_text.delta")]
    SummaryTextDelta { item_id: &'a str, output_index: usize, summary_index: usize, delta: &'a str },
    #[serde(rename = "response.reasoning_summary_text.done")]
    SummaryTextDone { item_id: &'a str, output_index: usize, summary_index: usize, text: &'a str },
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta { item_id: &'a str, output_index: usize, delta: &'a str },
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone { item_id: &'a str, output_index: usize, name: &'a str, arguments: &'a str },
}

/// The events of a response.
pub(crate) fn reel(request: &Request, reply: &Reply, ids: &Ids) -> Reel {
    let mut writer = Writer { reel: Reel::default(), next: 0 };
    writer.event(&Event::Created { response: in_progress(request, ids) });
    writer.event(&Event::InProgress { response: in_progress(request, ids) });
    for (index, item) in items(request, reply, ids).iter().enumerate() {
        writer.event(&Event::ItemAdded { output_index: index, item: &opened(item) });
        match item {
            Item::Reasoning { id, summary, .. } => writer.summary(id, index, summary),
            Item::Message { id, content, .. } => writer.content(id, index, content),
            Item::FunctionCall { id, name, arguments, .. } => writer.arguments(id, index, name, arguments),
        }
        writer.event(&Event::ItemDone { output_index: index, item });
    }
    let response = response(request, reply, ids);
    writer.event(&if is_complete(reply) {
        Event::Completed { response }
    } else {
        Event::Incomplete { response }
    });
    writer.reel
}

/// An item as it begins: without its contents.
fn opened<'a>(item: &Item<'a>) -> Item<'a> {
    let mut opened = item.clone();
    match &mut opened {
        Item::Reasoning { summary, .. } => summary.clear(),
        Item::Message { status, content, .. } => {
            *status = "in_progress";
            content.clear();
        }
        Item::FunctionCall { status, arguments, .. } => (*status, *arguments) = ("in_progress", ""),
    }
    opened
}

struct Writer {
    reel: Reel,
    next: u64,
}

impl Writer {
    fn event(&mut self, event: &Event<'_>) {
        self.delta(event, 0);
    }

    fn delta(&mut self, event: &Event<'_>, tokens: u32) {
        self.reel.event(&Numbered { event, sequence_number: self.next }, tokens);
        self.next += 1;
    }

    fn summary(&mut self, item_id: &str, output_index: usize, parts: &[Part<'_>]) {
        for (summary_index, part) in parts.iter().enumerate() {
            let text = text_of(part);
            let empty = Part::SummaryText { text: "" };
            self.event(&Event::SummaryAdded { item_id, output_index, summary_index, part: empty });
            for delta in pieces(text) {
                self.delta(&Event::SummaryTextDelta { item_id, output_index, summary_index, delta }, 1);
            }
            self.event(&Event::SummaryTextDone { item_id, output_index, summary_index, text });
            self.event(&Event::SummaryDone { item_id, output_index, summary_index, part: part.clone() });
        }
    }

    fn content(&mut self, item_id: &str, output_index: usize, parts: &[Part<'_>]) {
        for (content_index, part) in parts.iter().enumerate() {
            let text = text_of(part);
            let empty = Part::output_text("");
            self.event(&Event::PartAdded { item_id, output_index, content_index, part: empty });
            for delta in pieces(text) {
                let event = Event::TextDelta { item_id, output_index, content_index, delta, logprobs: [] };
                self.delta(&event, 1);
            }
            self.event(&Event::TextDone { item_id, output_index, content_index, text, logprobs: [] });
            self.event(&Event::PartDone { item_id, output_index, content_index, part: part.clone() });
        }
    }

    fn arguments(&mut self, item_id: &str, output_index: usize, name: &str, arguments: &str) {
        for delta in pieces(arguments) {
            self.delta(&Event::ArgumentsDelta { item_id, output_index, delta }, 1);
        }
        self.event(&Event::ArgumentsDone { item_id, output_index, name, arguments });
    }
}

fn text_of<'a>(part: &Part<'a>) -> &'a str {
    match part {
        Part::SummaryText { text } | Part::OutputText { text, .. } => text,
    }
}
