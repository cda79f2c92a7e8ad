//! One request and its answer.

use ccproxy_wire::{Dialect, Usage};

use crate::answer::Answer;
use crate::error::Error;
use crate::request::Request;
use crate::stream::Stream;
use crate::tools::ToolNames;
use crate::{Dropped, chat, mend, messages, responses};

/// What a provider takes, where those of one dialect differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What it speaks.
    pub dialect: Dialect,
    /// Whether it takes `temperature`, `top_p` and `top_k`. Anthropic's do not from the version 2026-10-21 on.
    pub sampling: bool,
    /// Chat: whether the limit is called `max_completion_tokens`, as OpenAI's own models want it, or `max_tokens`.
    pub max_completion_tokens: bool,
    /// Chat: whether the role `developer` is known, and what else only OpenAI's own models take.
    pub developer: bool,
    /// Chat: whether the model's thoughts go back to it as `reasoning_content`. DeepSeek's and Moonshot's models refuse to
    /// go on after a call of a tool without them; others refuse the field.
    pub thoughts: bool,
    /// What the provider takes besides.
    pub limits: Limits,
}

impl Profile {
    /// What every provider of a dialect takes.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            sampling: true,
            max_completion_tokens: false,
            developer: false,
            thoughts: false,
            limits: Limits::default(),
        }
    }
}

/// Numbers that a dialect wants and a client need not have said.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Messages: how many tokens to ask for at most where the client does not say; the field is required there.
    pub max_tokens: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_tokens: 32_000 }
    }
}

/// What an answer is called and dated by where its provider tells neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Letters, digits, `_` and `-`; other for every request.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
}

/// A request for the provider.
#[derive(Debug)]
pub struct Translated {
    /// In the provider's dialect.
    pub body: Vec<u8>,
    /// What could not be carried.
    pub dropped: Dropped,
    /// What to do with the answer.
    pub exchange: Exchange,
}

/// What the answer's translation has to know of the request.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) client: Dialect,
    pub(crate) provider: Dialect,
    /// The client's name of the model.
    pub(crate) model: String,
    pub(crate) tools: ToolNames,
    /// Chat: whether the client wants the usage at the end of a stream.
    pub(crate) stream_usage: bool,
    /// Responses: what its answers repeat of the request.
    pub(crate) echo: responses::Echo,
    pub(crate) stamp: Stamp,
    /// Responses: the id of an answer that is kept.
    pub(crate) kept: Option<String>,
}

/// Translates a request, asking the provider for its own `model`.
///
/// # Errors
/// [`Error`] if the body is not the client's dialect, or wants what would mean something else without a field that
/// the provider does not have. The client is at fault.
pub fn request(
    client: Dialect,
    body: &[u8],
    model: &str,
    profile: &Profile,
    stamp: Stamp,
) -> Result<Translated, Error> {
    let mut dropped = Dropped::default();
    let mut asked: Request = match client {
        Dialect::Messages => messages::read_request(body, &mut dropped)?,
        Dialect::Chat => chat::read_request(body, &mut dropped)?,
        Dialect::Responses => responses::read_request(body, &mut dropped)?,
    };
    if !asked.says_something() {
        let field = if client == Dialect::Responses { "input" } else { "messages" };
        return Err(Error::request(field, "something that can be answered is required"));
    }
    // Messages has its own way; and what is kept elsewhere may hold the calls.
    if profile.dialect != Dialect::Messages && asked.previous_response.is_none() {
        mend::mend(&mut asked.turns);
    }
    let exchange = Exchange {
        client,
        provider: profile.dialect,
        model: std::mem::replace(&mut asked.model, model.to_owned()),
        tools: ToolNames::of(&asked, profile.dialect),
        stream_usage: asked.stream_usage,
        echo: if client == Dialect::Responses {
            responses::Echo::of(body, std::mem::take(&mut asked.spaces))
        } else {
            responses::Echo::default()
        },
        stamp,
        kept: None,
    };
    let mut unsaid = Dropped::default();
    let written = match profile.dialect {
        Dialect::Messages => messages::write_request(&asked, &exchange.tools, profile, &mut unsaid),
        Dialect::Chat => chat::write_request(&asked, &exchange.tools, profile, &mut unsaid),
        Dialect::Responses => responses::write_request(&asked, &exchange.tools, profile, &mut unsaid),
    };
    let body = written.map_err(|error| error.in_words_of(client))?;
    dropped.add(&unsaid, client);
    asked.others.iter().for_each(|field| dropped.note(field));
    Ok(Translated { body, dropped, exchange })
}

impl Exchange {
    /// The dialect of the client.
    #[must_use]
    pub fn client(&self) -> Dialect {
        self.client
    }

    /// Has an answer of Responses say what was decided before the translation: whether it is kept, then under this id
    /// (letters and digits), since not every provider has another for each answer; and from which one it goes on.
    pub fn keeps(&mut self, id: Option<String>, previous: Option<&str>) {
        let fields = self.echo.fields_mut();
        fields.say("store", id.is_some());
        fields.say("previous_response_id", previous);
        self.kept = id;
    }

    /// Translates a whole answer; gives its usage, too.
    ///
    /// # Errors
    /// [`Error`] if the body is not the provider's dialect. The provider is at fault.
    pub fn answer(&self, body: &[u8]) -> Result<(Vec<u8>, Usage), Error> {
        let answer: Answer = match self.provider {
            Dialect::Messages => messages::read_answer(body)?,
            Dialect::Chat => chat::read_answer(body)?,
            Dialect::Responses => responses::read_answer(body)?,
        };
        let usage = answer.usage;
        let body = match self.client {
            Dialect::Messages => messages::write_answer(answer, self),
            Dialect::Chat => chat::write_answer(answer, self),
            Dialect::Responses => responses::write_answer(answer, self),
        };
        Ok((body, usage))
    }

    /// The translation of a stream that is about to begin.
    #[must_use]
    pub fn stream(self) -> Stream {
        Stream::new(self)
    }
}
