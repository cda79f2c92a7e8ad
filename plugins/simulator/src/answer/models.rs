//! The models that the simulator lists. It answers to every other name, too.

use bytes::Bytes;
use ccproxy_wire::Family;
use ccproxy_wire::models::{Model, render_list};

use crate::problem::Problem;

const MODELS: [&[u8]; 2] = [
    br#"{"id":"demo","display_name":"ccproxy simulator (no model)","created":1767225600,"owned_by":"ccproxy-simulator"}"#,
    br#"{"id":"simulator-thinking","display_name":"ccproxy simulator, thinking (no model)","created":1767225600,"owned_by":"ccproxy-simulator"}"#,
];

/// The model that thinks without being asked to.
pub(crate) const THINKING: &str = "simulator-thinking";

fn models() -> Vec<Model> {
    MODELS.iter().filter_map(|json| Model::read(json)).collect()
}

/// All models.
pub(crate) fn list(family: Family) -> Bytes {
    render_list(&models(), family)
}

/// One model.
pub(crate) fn one(id: &str, family: Family) -> Result<Bytes, Problem> {
    match models().iter().find(|model| model.id == id) {
        Some(model) => Ok(model.shape(family).to_string().into()),
        None => Err(match family {
            Family::Anthropic => Problem::not_found(format!("model: {id}")),
            Family::OpenAi => {
                let text = format!("The model '{id}' does not exist or you do not have access to it.");
                Problem::not_found(text).code("model_not_found").param("model")
            }
        }),
    }
}
