//! Conversations, made of what both sides of a pair can say. Each dialect writes one as its clients do, and reads one from
//! what providers get.

mod chat;
mod common;
mod messages;
mod responses;

use ccproxy_wire::Dialect;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

pub(super) use common::Ground;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Talk {
    pub(super) system: Option<String>,
    pub(super) turns: Vec<Turn>,
    pub(super) tools: Vec<Tool>,
    pub(super) choice: Choice,
    /// Whether several tools may be called at a time.
    pub(super) parallel: bool,
    pub(super) settings: Settings,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    User(Vec<Said>),
    /// The operator, in mid-conversation.
    Operator(String),
    Assistant {
        text: Option<String>,
        calls: Vec<Call>,
    },
    /// What tools say: the id of each call, and the result.
    Results(Vec<(String, Vec<Said>)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Text(String),
    /// A URL, of `data:` where the bytes are here.
    Image(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) schema: Value,
    pub(super) strict: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Choice {
    /// The same as not to say anything.
    Auto,
    Any,
    None,
    Named(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub(super) stream: bool,
    pub(super) limit: Option<u64>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) stop: Vec<String>,
    pub(super) effort: Option<String>,
    /// Whether the thoughts are to be read.
    pub(super) shown: bool,
    pub(super) format: Option<Format>,
    pub(super) verbosity: Option<String>,
    pub(super) user: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) cache_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Format {
    Json,
    Schema { name: String, description: Option<String>, schema: Value, strict: Option<bool> },
}

/// Writes a request as a client of this dialect does; `loose` in the longer of the forms that there are.
pub(super) fn write(dialect: Dialect, talk: &Talk, loose: bool) -> Value {
    match dialect {
        Dialect::Messages => messages::write(talk, loose),
        Dialect::Chat => chat::write(talk, loose),
        Dialect::Responses => responses::write(talk, loose),
    }
}

/// Reads a request that a provider of this dialect gets.
pub(super) fn read(dialect: Dialect, body: &Value) -> Talk {
    match dialect {
        Dialect::Messages => messages::read(body),
        Dialect::Chat => chat::read(body),
        Dialect::Responses => responses::read(body),
    }
}

pub(super) fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z\"\\\\ \n\t<>&é\u{1f980}]{0,16}[a-z]"
}

pub(super) fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,20}"
}

fn image() -> impl Strategy<Value = String> {
    prop_oneof![
        "https://x\\.y/[a-z]{1,8}\\.png",
        "data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]{4}){1,4}",
    ]
}

/// Texts and images; texts that follow each other are one.
fn said(least: usize) -> impl Strategy<Value = Vec<Said>> {
    let one = prop_oneof![3 => text().prop_map(Said::Text), 1 => image().prop_map(Said::Image)];
    vec(one, least..4).prop_map(|mut said| {
        said.dedup_by(|a, b| matches!((a, b), (Said::Text(_), Said::Text(_))));
        said
    })
}

/// The arguments of a call.
pub(super) fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
        vec(text(), 0..3).prop_map(Value::from),
    ];
    btree_map("[a-z\"é]{1,5}", leaf, 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// A schema to which all can keep.
fn schema() -> impl Strategy<Value = Value> {
    btree_map("[a-z]{1,6}", select(&["string", "integer", "boolean"][..]), 0..3).prop_map(|fields| {
        let required: Vec<&String> = fields.keys().collect();
        let properties: serde_json::Map<String, Value> =
            fields.iter().map(|(name, kind)| (name.clone(), json!({ "type": kind }))).collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    })
}

fn tool() -> impl Strategy<Value = Tool> {
    (word(), option::of(text()), schema(), any::<bool>())
        .prop_map(|(name, description, schema, strict)| Tool { name, description, schema, strict })
}

/// What the assistant says, and what is said to that.
#[derive(Debug, Clone)]
struct Step {
    text: Option<String>,
    calls: Vec<(Index, Value, Vec<Said>)>,
    operator: Option<String>,
    reply: Option<Vec<Said>>,
}

fn step() -> impl Strategy<Value = Step> {
    let calls = vec((any::<Index>(), object(), said(0)), 0..4);
    (option::of(text()), calls, option::weighted(0.2, text()), option::of(said(1)))
        .prop_map(|(text, calls, operator, reply)| Step { text, calls, operator, reply })
}

fn settings() -> impl Strategy<Value = Settings> {
    let share = || option::of((0u32..100).prop_map(|n| f64::from(n) / 100.0));
    let efforts = select(&["none", "minimal", "low", "medium", "high", "xhigh", "max"][..]);
    let levels = select(&["low", "medium", "high"][..]);
    let format = prop_oneof![
        Just(Format::Json),
        (word(), option::of(text()), schema(), option::of(any::<bool>())).prop_map(
            |(name, description, schema, strict)| Format::Schema { name, description, schema, strict }
        ),
    ];
    let first = (any::<bool>(), option::of(16u64..100_000), share(), share(), btree_set(text(), 0..4));
    let second = (option::of(efforts), any::<bool>(), option::of(format), option::of(levels));
    let third = (option::of(word()), option::of(select(&["auto", "default"][..])), option::of(word()));
    (first, second, third).prop_map(
        |(
            (stream, limit, temperature, top_p, stop),
            (effort, shown, format, verbosity),
            (user, tier, cache_key),
        )| Settings {
            stream,
            limit,
            temperature,
            top_p,
            stop: stop.into_iter().collect(),
            effort: effort.map(str::to_owned),
            shown,
            format,
            verbosity: verbosity.map(str::to_owned),
            user,
            tier: tier.map(str::to_owned),
            cache_key,
        },
    )
}

/// A conversation that stays on this ground.
pub(super) fn talk(ground: Ground) -> impl Strategy<Value = Talk> {
    let said = (option::of(text()), said(1), vec(step(), 0..4));
    let tools = (vec(tool(), 0..3), 0..4u8, any::<bool>());
    (said, tools, settings()).prop_map(
        move |((system, first, steps), (mut tools, choice, parallel), settings)| {
            tools.sort_by(|a, b| a.name.cmp(&b.name));
            tools.dedup_by(|a, b| a.name == b.name);
            let choice = match (choice, tools.first()) {
                (1, Some(_)) => Choice::Any,
                (2, Some(_)) => Choice::None,
                (3, Some(tool)) => Choice::Named(tool.name.clone()),
                _ => Choice::Auto,
            };
            let turns = turns(first, steps, &tools);
            ground.common(Talk { system, turns, tools, choice, parallel, settings })
        },
    )
}

/// The turns, so that each call has an id of its own and is answered, and the last word is not the assistant's.
fn turns(first: Vec<Said>, steps: Vec<Step>, tools: &[Tool]) -> Vec<Turn> {
    let mut turns = vec![Turn::User(first)];
    let mut ids = (0..).map(|n| format!("call_{n}"));
    for Step { text, calls, operator, reply } in steps {
        let calls = calls.into_iter().filter(|_| !tools.is_empty());
        let (calls, results): (Vec<_>, Vec<_>) = calls
            .map(|(tool, arguments, result)| {
                let id = ids.next().unwrap();
                (Call { id: id.clone(), name: tool.get(tools).name.clone(), arguments }, (id, result))
            })
            .unzip();
        let text = text.or_else(|| calls.is_empty().then(|| "ok".to_owned()));
        turns.push(Turn::Assistant { text, calls });
        let reply = reply.or_else(|| results.is_empty().then(|| vec![Said::Text("go on".to_owned())]));
        turns.extend((!results.is_empty()).then_some(Turn::Results(results)));
        turns.extend(operator.map(Turn::Operator));
        turns.extend(reply.map(Turn::User));
    }
    turns
}
