//! Blocks of a client's request.

use ccproxy_wire::messages::block::{Block, Citation as Cited, Source as Place};
use ccproxy_wire::responses::Str;
use ccproxy_wire::responses::item::Content;
use serde_json::value::RawValue;

use super::{ids, read_tools};
use crate::error::Error;
use crate::part::{Cache, Citation, Media, Part, Source, Text, Thinking, ToolCall, ToolResult};
use crate::request::Request;
use crate::seal::Seal;
use crate::{Dropped, read};

/// Adds what a block says.
pub(super) fn block(
    json: &RawValue,
    path: &str,
    parts: &mut Vec<Part>,
    request: &mut Request,
    dropped: &mut Dropped,
) -> Result<(), Error> {
    let block: Block<'_> = read::typed(path, json.get())?;
    match block.r#type.as_deref() {
        Some("thinking") => parts.extend(thinking(block).map(Part::Thinking)),
        Some("redacted_thinking") => {
            let data = required(block.data, path, "data")?;
            let seal = Some(Seal::Redacted { data });
            parts.push(Part::Thinking(Thinking { texts: Vec::new(), seal }));
        }
        Some("tool_use") => parts.push(Part::ToolCall(call(block, path)?)),
        Some("tool_result") => parts.push(Part::ToolResult(result(block, path, dropped)?)),
        Some("tool_addition") => {
            let tool = block.tool.ok_or_else(|| Error::request(format!("{path}.tool"), "field required"))?;
            read_tools::later(tool, &format!("{path}.tool"), request, dropped)?;
        }
        // What the provider once made of all before, and now says instead of it.
        Some("compaction") => {
            if let Some(Content::Text(summary)) = block.content {
                parts.push(text(summary.into_owned(), cache(block.cache_control)));
            }
        }
        _ => said(block, path, parts, dropped)?,
    }
    Ok(())
}

/// What may stand in a tool's result, too.
fn said(block: Block<'_>, path: &str, parts: &mut Vec<Part>, dropped: &mut Dropped) -> Result<(), Error> {
    match block.r#type.as_deref() {
        Some("document") => document(&block, path, parts, dropped),
        Some("search_result") => {
            parts.push(search_result(block, path, dropped)?);
            Ok(())
        }
        _ => simple(block, path, parts, dropped),
    }
}

/// What may stand in any of these: no block is in another of its sort, however deep.
fn simple(block: Block<'_>, path: &str, parts: &mut Vec<Part>, dropped: &mut Dropped) -> Result<(), Error> {
    match block.r#type.as_deref() {
        Some("text") => {
            let text = required(block.text, path, "text")?;
            if !text.is_empty() {
                let cache = cache(block.cache_control);
                parts.push(Part::Text(Text { text, citations: citations(block.citations), cache }));
            }
        }
        Some("image") => parts.extend(media(&block, path)?.map(Part::Image)),
        Some("tool_reference") => {
            let name = required(block.tool_name, path, "tool_name")?;
            parts.push(text(format!("This tool can be called now: {name}"), None));
        }
        Some(kind) => dropped.note(format!("messages.content.{kind}")),
        None => return Err(Error::request(format!("{path}.type"), "field required")),
    }
    Ok(())
}

/// The same of a list.
fn simples(
    list: Vec<&RawValue>,
    path: &str,
    parts: &mut Vec<Part>,
    dropped: &mut Dropped,
) -> Result<(), Error> {
    for (n, json) in list.into_iter().enumerate() {
        let path = format!("{path}.{n}");
        simple(read::typed(&path, json.get())?, &path, parts, dropped)?;
    }
    Ok(())
}

fn required(value: Option<Str<'_>>, path: &str, field: &str) -> Result<String, Error> {
    value.map(Str::into_owned).ok_or_else(|| Error::request(format!("{path}.{field}"), "field required"))
}

fn cache(control: Option<&RawValue>) -> Option<Cache> {
    control.map(ToOwned::to_owned)
}

fn text(text: String, cache: Option<Cache>) -> Part {
    Part::Text(Text { text, citations: Vec::new(), cache })
}

/// The thoughts of a block. One seal is in the envelope of another maker, the next is Anthropic's own, and those that
/// nobody has sealed [say so](super::UNSEALED).
fn thinking(block: Block<'_>) -> Option<Thinking> {
    let mut texts: Vec<String> =
        block.thinking.map(Str::into_owned).into_iter().filter(|text| !text.is_empty()).collect();
    let seal = match block.signature.filter(|signature| !signature.is_empty()) {
        Some(signature) if Seal::is_envelope(&signature) => Seal::open(&signature).map(|(seal, sealed)| {
            if !sealed.is_empty() {
                texts = sealed;
            }
            seal
        }),
        signature => signature.map(|signature| Seal::Anthropic { signature: signature.into_owned() }),
    };
    (seal.is_some() || !texts.is_empty()).then_some(Thinking { texts, seal })
}

fn call(block: Block<'_>, path: &str) -> Result<ToolCall, Error> {
    Ok(ToolCall {
        id: ids::theirs(required(block.id, path, "id")?),
        name: required(block.name, path, "name")?,
        arguments: block.input.map_or("{}", RawValue::get).to_owned(),
        custom: false,
        cache: cache(block.cache_control),
    })
}

fn result(block: Block<'_>, path: &str, dropped: &mut Dropped) -> Result<ToolResult, Error> {
    let mut parts = Vec::new();
    match block.content {
        Some(Content::Text(said)) if !said.is_empty() => parts.push(text(said.into_owned(), None)),
        Some(Content::Parts(list)) => {
            for (n, json) in list.into_iter().enumerate() {
                let path = format!("{path}.content.{n}");
                said(read::typed(&path, json.get())?, &path, &mut parts, dropped)?;
            }
        }
        _ => {}
    }
    Ok(ToolResult {
        id: ids::theirs(required(block.tool_use_id, path, "tool_use_id")?),
        parts,
        is_error: block.is_error.unwrap_or(false),
        custom: false,
        cache: cache(block.cache_control),
    })
}

/// A document, after what is said of it. One that is made of blocks is these.
fn document(
    block: &Block<'_>,
    path: &str,
    parts: &mut Vec<Part>,
    dropped: &mut Dropped,
) -> Result<(), Error> {
    if block.citations.is_some_and(|citations| citations.get().contains("true")) {
        dropped.note("messages.content.citations");
    }
    let context = block.context.as_deref().filter(|context| !context.is_empty());
    parts.extend(context.map(|context| text(context.to_owned(), None)));
    if let Some(media) = media(block, path)? {
        parts.push(Part::Document(media));
        return Ok(());
    }
    let source: Place<'_> = place(block, path)?;
    match source.content {
        Some(Content::Parts(list)) => simples(list, &format!("{path}.source.content"), parts, dropped),
        _ => Ok(()),
    }
}

fn place<'a>(block: &Block<'a>, path: &str) -> Result<Place<'a>, Error> {
    let path = format!("{path}.source");
    let json = block.source.ok_or_else(|| Error::request(path.as_str(), "field required"))?;
    read::value(&path, json.get())
}

/// An image or a document; none of one that is made of blocks.
fn media(block: &Block<'_>, path: &str) -> Result<Option<Media>, Error> {
    let place = place(block, path)?;
    let within = format!("{path}.source");
    let source = match place.r#type.as_deref() {
        Some("base64") => Source::Data {
            media_type: required(place.media_type, &within, "media_type")?,
            data: required(place.data, &within, "data")?,
        },
        Some("url") => Source::of_url(&required(place.url, &within, "url")?),
        Some("file") => Source::File(required(place.file_id, &within, "file_id")?),
        Some("text") => Source::Text(required(place.data, &within, "data")?),
        Some("content") => match place.content {
            Some(Content::Text(text)) => Source::Text(text.into_owned()),
            Some(Content::Parts(_)) => return Ok(None),
            None => return Err(Error::request(format!("{within}.content"), "field required")),
        },
        _ => {
            return Err(Error::request(
                format!("{within}.type"),
                "must be base64, url, file, text or content",
            ));
        }
    };
    let name = block.title.as_deref().map(str::to_owned);
    Ok(Some(Media { source, name, detail: None, cache: cache(block.cache_control) }))
}

/// A passage that the client has found: its title, where it is from, and its text.
fn search_result(block: Block<'_>, path: &str, dropped: &mut Dropped) -> Result<Part, Error> {
    let source = block.source.map(|json| read::value::<Str<'_>>(&format!("{path}.source"), json.get()));
    let head = [block.title.map(Str::into_owned), source.transpose()?.map(Str::into_owned)];
    let mut found: Vec<Part> = Vec::new();
    if let Some(Content::Parts(list)) = block.content {
        simples(list, &format!("{path}.content"), &mut found, dropped)?;
    }
    let passages = found.into_iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.text),
        _ => None,
    });
    let whole: Vec<String> = head.into_iter().flatten().chain(passages).collect();
    Ok(text(whole.join("\n"), cache(block.cache_control)))
}

/// What a text names as its sources.
pub(super) fn citations(json: Option<&RawValue>) -> Vec<Citation> {
    let list: Vec<Cited<'_>> =
        json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default();
    list.into_iter().map(citation).collect()
}

/// What one of them names. The place in a document is no place in the text.
pub(super) fn citation(cited: Cited<'_>) -> Citation {
    let address = |source: &Str<'_>| source.starts_with("http://") || source.starts_with("https://");
    Citation {
        url: cited.url.or(cited.source.filter(address)).map(Str::into_owned),
        title: cited.title.or(cited.document_title).map(Str::into_owned),
        quote: cited.cited_text.map(Str::into_owned),
        span: None,
        file: cited.file_id.map(Str::into_owned),
    }
}
