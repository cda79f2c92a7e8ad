//! The calls of a client's stream: one goes on at a time, the others wait for their turn.
//!
//! The dialect numbers them and so could have them all at once, but the SDKs take a call for whole when the next begins.

use std::collections::VecDeque;

use ccproxy_wire::chat::event::{CallDelta, CustomDelta, Delta, FunctionDelta};

use crate::Exchange;
use crate::custom::Unpacker;
use crate::delta::Kind;

#[derive(Default)]
pub(super) struct Calls {
    going: VecDeque<Call>,
    /// How many have begun.
    begun: usize,
}

struct Call {
    part: usize,
    index: usize,
    id: String,
    name: String,
    form: Form,
    /// Takes the input out of the arguments where the provider knows functions only.
    unpacker: Option<Unpacker>,
    /// What waits for its turn.
    held: String,
    told: bool,
    said: bool,
    closed: bool,
}

/// How the client knows the tool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Function,
    Custom,
    /// The older form of a function.
    Older,
}

impl Calls {
    pub(super) fn open(&mut self, part: usize, kind: &Kind<'_>, exchange: &Exchange) {
        let Kind::ToolCall { id, name, custom } = kind else { return };
        let name = exchange.tools.clients(name);
        let packed = !custom && exchange.tools.is_custom(name);
        let form = match () {
            () if *custom || packed => Form::Custom,
            () if exchange.tools.are_functions() => Form::Older,
            () => Form::Function,
        };
        self.going.push_back(Call {
            part,
            index: self.begun,
            id: id.clone().into_owned(),
            name: name.to_owned(),
            form,
            unpacker: packed.then(Unpacker::default),
            held: String::new(),
            told: false,
            said: false,
            closed: false,
        });
        self.begun += 1;
    }

    pub(super) fn add(&mut self, part: usize, arguments: &str) {
        if let Some(call) = self.going.iter_mut().find(|call| call.part == part) {
            call.held.push_str(arguments);
        }
    }

    pub(super) fn close(&mut self, part: usize) {
        if let Some(call) = self.going.iter_mut().find(|call| call.part == part) {
            call.closed = true;
        }
    }

    pub(super) fn close_all(&mut self) {
        self.going.iter_mut().for_each(|call| call.closed = true);
    }

    /// Tells what can be told by now.
    pub(super) fn tell(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        while let Some(call) = self.going.front_mut() {
            call.tell(each);
            if !call.closed {
                return;
            }
            self.going.pop_front();
        }
    }
}

impl Call {
    fn tell(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        // The older form has room for one.
        if self.form == Form::Older && self.index > 0 {
            return;
        }
        if !std::mem::replace(&mut self.told, true) {
            each(self.delta(true, ""));
        }
        let held = std::mem::take(&mut self.held);
        let mut text = match &mut self.unpacker {
            Some(unpacker) => unpacker.push(&held),
            None => held,
        };
        if self.closed {
            if let Some(unpacker) = &mut self.unpacker {
                text.push_str(&unpacker.finish());
            } else if self.form != Form::Custom && text.is_empty() && !self.said {
                text.push_str("{}");
            }
        }
        if !text.is_empty() {
            self.said = true;
            each(self.delta(false, &text));
        }
    }

    fn delta<'a>(&'a self, first: bool, text: &'a str) -> Delta<'a> {
        let name = first.then_some(&*self.name);
        if self.form == Form::Older {
            let function_call = Some(FunctionDelta { name, arguments: text });
            return Delta { function_call, ..Delta::default() };
        }
        let (r#type, function, custom) = match self.form {
            Form::Custom => ("custom", None, Some(CustomDelta { name, input: text })),
            _ => ("function", Some(FunctionDelta { name, arguments: text }), None),
        };
        let (id, r#type) = (first.then_some(&*self.id), first.then_some(r#type));
        let call = CallDelta { index: self.index, id, r#type, function, custom };
        Delta { tool_calls: Some([call]), ..Delta::default() }
    }
}
