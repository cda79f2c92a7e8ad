//! Parts of a user's message in a request for a provider.

use std::borrow::Cow;

use ccproxy_wire::chat::body::{File, ImageUrl, Part as Written};
use ccproxy_wire::responses::body::Audio;

use crate::Dropped;
use crate::part::{Media, Part, Source};

/// What goes in.
pub(super) fn input<'a>(part: &'a Part, dropped: &mut Dropped) -> Option<Written<'a>> {
    let written = match part {
        Part::Text(text) if text.is_billing() => return None,
        Part::Text(text) => Some(Written::Text { text: Cow::Borrowed(&text.text) }),
        Part::Refusal(text) => Some(Written::Text { text: text.into() }),
        Part::Image(image) => image_of(image),
        Part::Document(document) => file(document),
        Part::Audio(Media { source: Source::Data { media_type, data }, .. }) => {
            let format = media_type.strip_prefix("audio/").unwrap_or(media_type);
            let format = if format == "mpeg" { "mp3" } else { format };
            Some(Written::InputAudio { input_audio: Audio { data, format } })
        }
        Part::Audio(_) | Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => None,
    };
    if written.is_none() {
        dropped.note(match part {
            Part::Image(_) => "content.image",
            Part::Document(_) => "content.document",
            Part::Audio(_) => "content.audio",
            _ => "content",
        });
    }
    written
}

/// There is no image but by its URL.
fn image_of(image: &Media) -> Option<Written<'_>> {
    let url = image.source.url()?;
    Some(Written::ImageUrl { image_url: ImageUrl { url, detail: image.detail.as_deref() } })
}

/// There is no document by its URL.
fn file(document: &Media) -> Option<Written<'_>> {
    let name = document.name.as_deref().filter(|name| !name.is_empty());
    let file = match &document.source {
        // Few models read files of plain text; every one reads text.
        Source::Text(text) => {
            let text = name.map_or(Cow::Borrowed(text.as_str()), |name| format!("{name}\n\n{text}").into());
            return Some(Written::Text { text });
        }
        Source::Data { media_type, .. } => File {
            filename: Some(file_name(name, media_type)),
            file_data: document.source.url(),
            file_id: None,
        },
        Source::File(id) => File { file_id: Some(id), ..File::default() },
        Source::Url(_) => return None,
    };
    Some(Written::File { file })
}

/// OpenAI goes by the name's ending.
fn file_name<'a>(name: Option<&'a str>, media_type: &str) -> Cow<'a, str> {
    let name = name.unwrap_or("document");
    match media_type {
        "application/pdf" if !name.to_ascii_lowercase().ends_with(".pdf") => format!("{name}.pdf").into(),
        _ => name.into(),
    }
}
