//! Streams of OpenAI's legacy text completions.

use super::Reel;
use crate::answer::chat::{Usage, finish_reason};
use crate::answer::completions::{Choice, shape};
use crate::ids::Ids;
use crate::reply::Reply;
use crate::request::completions::Request;
use crate::token::pieces;

/// The chunks of a completion, choice by choice.
pub(crate) fn reel(request: &Request, reply: &Reply, ids: &Ids) -> Reel {
    let mut reel = Reel::default();
    for index in 0..request.choices {
        let mut chunk = |text, finish_reason, tokens| {
            let choices = vec![Choice { text, index, logprobs: None, finish_reason }];
            reel.data(&shape(request, ids, choices, None), tokens);
        };
        for piece in pieces(reply.text.as_deref().unwrap_or_default()) {
            chunk(piece, None, 1);
        }
        chunk("", Some(finish_reason(&reply.stop)), 0);
    }
    if request.include_usage {
        let usage = Some(Usage::new(reply.usage, request.choices));
        reel.data(&shape(request, ids, Vec::new(), usage), 0);
    }
    reel.done();
    reel
}
