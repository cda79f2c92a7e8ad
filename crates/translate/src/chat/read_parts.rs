//! Parts and calls, of a request or an answer.

use ccproxy_wire::chat::message::{File, Part as Said, ToolCall as Asked, UrlCitation};
use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::item::{Breakpoint, Content};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::part::{Cache, Citation, Media, Part, Source, Text, Thinking, ToolCall};
use crate::{Dropped, read};

/// The parts that stand at this path. Empty text is none.
pub(super) fn content(content: Content<'_>, path: &str, dropped: &mut Dropped) -> Result<Vec<Part>, Error> {
    let list = match content {
        Content::Text(said) => return Ok(text(said.into_owned(), None).into_iter().collect()),
        Content::Parts(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    for (n, said) in list.into_iter().enumerate() {
        let path = format!("{path}.{n}");
        let said: Said<'_> = read::typed(&path, said.get())?;
        parts.extend(part(said, &path, dropped)?);
    }
    Ok(parts)
}

fn text(text: String, cache: Option<Cache>) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Text(Text { text, citations: Vec::new(), cache }))
}

fn part(said: Said<'_>, path: &str, dropped: &mut Dropped) -> Result<Option<Part>, Error> {
    let required = |field: &str| Error::request(format!("{path}.{field}"), "field required");
    let cache = said.cache_control.map(ToOwned::to_owned);
    let cache = cache.or_else(|| said.prompt_cache_breakpoint.as_ref().and_then(breakpoint));
    Ok(match said.r#type.as_deref() {
        Some("text" | "input_text" | "output_text") => {
            text(said.text.ok_or_else(|| required("text"))?.into_owned(), cache)
        }
        Some("refusal") => Some(Part::Refusal(said.refusal.ok_or_else(|| required("refusal"))?.into_owned())),
        Some("image_url") => {
            let image = said.image_url.ok_or_else(|| required("image_url"))?;
            let detail = image.detail.map(Str::into_owned);
            Some(Part::Image(Media { source: Source::of_url(&image.url), name: None, detail, cache }))
        }
        Some("input_audio") => {
            let audio = said.input_audio.ok_or_else(|| required("input_audio"))?;
            let media_type = format!("audio/{}", &*audio.format);
            let source = Source::Data { media_type, data: audio.data.into_owned() };
            Some(Part::Audio(Media { source, name: None, detail: None, cache }))
        }
        Some("file") => {
            let file = said.file.ok_or_else(|| required("file"))?;
            let media = document(file, cache).ok_or_else(|| required("file.file_data"))?;
            Some(Part::Document(media))
        }
        Some("thinking") => {
            let thought = said.thinking.map(plain).unwrap_or_default();
            (!thought.is_empty()).then(|| Part::Thinking(Thinking { texts: vec![thought], seal: None }))
        }
        Some(kind) => {
            dropped.note(format!("messages.content.{kind}"));
            None
        }
        None => return Err(required("type")),
    })
}

fn document(file: File<'_>, cache: Option<Cache>) -> Option<Media> {
    let name = file.filename.map(Str::into_owned);
    let source = match (file.file_data, file.file_id) {
        (Some(data), _) => Source::of_file(&data, name.as_deref()),
        (None, Some(id)) => Source::File(id.into_owned()),
        (None, None) => return None,
    };
    Some(Media { source, name, detail: None, cache })
}

/// Anthropic's word for OpenAI's mark.
fn breakpoint(breakpoint: &Breakpoint<'_>) -> Option<Cache> {
    let json = match breakpoint.ttl.as_deref() {
        Some("12h") => r#"{"type":"ephemeral","ttl":"1h"}"#,
        _ => r#"{"type":"ephemeral"}"#,
    };
    RawValue::from_string(json.to_owned()).ok()
}

/// All that is text of a content.
pub(super) fn plain(content: Content<'_>) -> String {
    match content {
        Content::Text(text) => text.into_owned(),
        Content::Parts(list) => {
            let parts = list.iter().filter_map(|part| serde_json::from_str::<Said<'_>>(part.get()).ok());
            parts.filter_map(|part| part.text).map(Str::into_owned).collect()
        }
    }
}

/// A call under this id, if it has a name.
pub(super) fn call(asked: Asked<'_>, id: String) -> Option<ToolCall> {
    let (name, arguments, custom) = match (asked.custom, asked.function) {
        (Some(custom), _) => (custom.name, custom.input.map(Str::into_owned).unwrap_or_default(), true),
        (None, Some(function)) => {
            let arguments = function.text().into_owned();
            let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
            (function.name, arguments, false)
        }
        (None, None) => return None,
    };
    let name = name.filter(|name| !name.is_empty())?.into_owned();
    Some(ToolCall { id, name, arguments, custom, cache: None })
}

/// A source, if it has an address.
pub(super) fn citation(cited: UrlCitation<'_>) -> Option<Citation> {
    Some(Citation {
        url: Some(cited.url?.into_owned()),
        title: cited.title.map(Str::into_owned).filter(|title| !title.is_empty()),
        quote: cited.content.0.map(std::borrow::Cow::into_owned),
        // An empty span says that nobody knows.
        span: cited.start_index.zip(cited.end_index).filter(|(start, end)| start < end),
        file: None,
    })
}
