//! Parts of items, of a request or an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::item::{Annotation, Breakpoint, Content, Item, Part as Said};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::part::{Cache, Citation, Media, Part, Source, Text, Thinking, ToolCall};
use crate::responses::Spaces;
use crate::seal::Seal;
use crate::{Dropped, read};

/// The parts that stand at this path. Empty text is none.
pub(crate) fn content(content: Content<'_>, path: &str, dropped: &mut Dropped) -> Result<Vec<Part>, Error> {
    let list = match content {
        Content::Text(text) if text.is_empty() => return Ok(Vec::new()),
        Content::Text(text) => {
            return Ok(vec![Part::Text(Text { text: text.into_owned(), ..Text::default() })]);
        }
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

fn part(said: Said<'_>, path: &str, dropped: &mut Dropped) -> Result<Option<Part>, Error> {
    let required = |field: &str| Error::request(format!("{path}.{field}"), "field required");
    let cache = said.prompt_cache_breakpoint.as_ref().and_then(cache);
    Ok(match said.r#type.as_deref() {
        Some("input_text" | "output_text" | "text" | "summary_text" | "reasoning_text") => {
            let text = said.text.ok_or_else(|| required("text"))?.into_owned();
            let citations = said.annotations.into_iter().flatten().filter_map(citation).collect();
            (!text.is_empty()).then_some(Part::Text(Text { text, citations, cache }))
        }
        Some("refusal") => Some(Part::Refusal(said.refusal.ok_or_else(|| required("refusal"))?.into_owned())),
        Some("input_image") => {
            let source = match (said.image_url, said.file_id) {
                (Some(url), _) => Source::of_url(&url.0),
                (None, Some(file)) => Source::File(file.into_owned()),
                (None, None) => return Err(required("image_url")),
            };
            let detail = said.detail.map(Str::into_owned);
            Some(Part::Image(Media { source, name: None, detail, cache }))
        }
        Some("input_file") => {
            let name = said.filename.map(Str::into_owned);
            let source = match (said.file_data, said.file_url, said.file_id) {
                (Some(data), ..) => document(&data, name.as_deref()),
                (None, Some(url), _) => Source::of_url(&url),
                (None, None, Some(file)) => Source::File(file.into_owned()),
                (None, None, None) => return Err(required("file_data")),
            };
            dropped.note_some("input.input_file.detail", said.detail.as_ref());
            Some(Part::Document(Media { source, name, detail: None, cache }))
        }
        Some("input_audio") => {
            let audio = said.input_audio.ok_or_else(|| required("input_audio"))?;
            let media_type = format!("audio/{}", &*audio.format);
            let source = Source::Data { media_type, data: audio.data.into_owned() };
            Some(Part::Audio(Media { source, name: None, detail: None, cache }))
        }
        Some(kind) => {
            dropped.note(format!("input.{kind}"));
            None
        }
        None => return Err(required("type")),
    })
}

/// Anthropic's word for the end of what is worth caching.
fn cache(breakpoint: &Breakpoint<'_>) -> Option<Cache> {
    let json = match breakpoint.ttl.as_deref() {
        Some("12h") => r#"{"type":"ephemeral","ttl":"1h"}"#,
        _ => r#"{"type":"ephemeral"}"#,
    };
    RawValue::from_string(json.to_owned()).ok()
}

/// A file that has come along: a `data:` URL, or plain base64 of which the name tells the type.
fn document(data: &str, name: Option<&str>) -> Source {
    let source = match Source::of_url(data) {
        Source::Url(_) => {
            let media_type = match name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending) {
                Some("txt" | "text" | "log") => "text/plain",
                Some("md") => "text/markdown",
                Some("csv") => "text/csv",
                Some("html" | "htm") => "text/html",
                Some("json") => "application/json",
                _ => "application/pdf",
            };
            Source::Data { media_type: media_type.to_owned(), data: data.to_owned() }
        }
        held => held,
    };
    match &source {
        Source::Data { media_type, data }
            if media_type.starts_with("text/") || media_type == "application/json" =>
        {
            let text = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.map_or(source, Source::Text)
        }
        _ => source,
    }
}

/// What an annotation says, if it names a source.
pub(crate) fn citation(annotation: Annotation<'_>) -> Option<Citation> {
    let citation = Citation {
        url: annotation.url.map(Str::into_owned),
        title: annotation.title.or(annotation.filename).map(Str::into_owned),
        quote: None,
        span: annotation.start_index.zip(annotation.end_index),
        file: annotation.file_id.map(Str::into_owned),
    };
    (citation.url.is_some() || citation.file.is_some()).then_some(citation)
}

/// The thoughts of a reasoning item, if there are any. What comes from a client may hold another maker's seal.
pub(crate) fn thinking(item: Item<'_>, from_client: bool, dropped: &mut Dropped) -> Option<Thinking> {
    let summary = item.summary.into_iter().flatten().map(|part| part.text.into_owned());
    let mut texts: Vec<String> = summary.filter(|text| !text.is_empty()).collect();
    if let Some(Content::Parts(list)) = item.content {
        let said = list.iter().filter_map(|part| serde_json::from_str::<Said<'_>>(part.get()).ok());
        texts.extend(said.filter_map(|part| part.text).filter(|text| !text.is_empty()).map(Str::into_owned));
    }
    let sealed = item.encrypted_content.filter(|seal| !seal.is_empty());
    let seal = match sealed {
        None => None,
        Some(envelope) if from_client && Seal::is_envelope(&envelope) => {
            let opened = Seal::open(&envelope);
            if opened.is_none() {
                dropped.note("input.reasoning.encrypted_content");
            }
            opened.map(|(seal, sealed)| {
                if !sealed.is_empty() {
                    texts = sealed;
                }
                seal
            })
        }
        Some(seal) => Some(Seal::OpenAi { id: item.id.map(Str::into_owned), encrypted: seal.into_owned() }),
    };
    (seal.is_some() || !texts.is_empty()).then_some(Thinking { texts, seal })
}

/// A call of a function, a custom tool, or a search.
pub(crate) fn call(item: Item<'_>, path: &str) -> Result<ToolCall, Error> {
    let id = call_id(&item, path)?;
    let name = called(&item).ok_or_else(|| Error::request(format!("{path}.name"), "field required"))?;
    let custom = item.kind() == "custom_tool_call";
    let arguments = arguments(item, &format!("{path}.arguments"))?;
    Ok(ToolCall { id, name, arguments, custom, cache: None })
}

/// What is called: where it stands in a namespace, both names in one.
pub(crate) fn called(item: &Item<'_>) -> Option<String> {
    let name = item.name.as_deref()?;
    let namespace = item.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    Some(namespace.map_or_else(|| name.to_owned(), |namespace| Spaces::flat(namespace, name)))
}

/// A call's arguments, or a custom tool's input.
pub(crate) fn arguments(item: Item<'_>, path: &str) -> Result<String, Error> {
    if item.kind() == "custom_tool_call" {
        return Ok(item.input.map(Str::into_owned).unwrap_or_default());
    }
    let arguments = match item.arguments {
        Some(text) if text.get().starts_with('"') => read::value::<Str<'_>>(path, text.get())?.into_owned(),
        Some(json) => json.get().to_owned(),
        None => String::new(),
    };
    Ok(if arguments.is_empty() { "{}".to_owned() } else { arguments })
}

/// The id that a call shares with its output; never the item's.
pub(crate) fn call_id(item: &Item<'_>, path: &str) -> Result<String, Error> {
    let id = item.call_id.as_deref().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| Error::request(format!("{path}.call_id"), "field required"))
}
