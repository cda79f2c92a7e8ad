//! `[pricing]`, and the files of prices.

mod read;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::dollars::Dollars;
use crate::pattern::Pattern;

pub(super) use read::check;
pub use read::prices_of;

/// What tokens cost, where that is not as the table has it that comes with the program (docs/PRICING.md). `ccproxy pricing
/// show` prints what is in force, `ccproxy pricing check` what has no price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pricing {
    /// A file with prices, in the form of the table that comes with the program; they go before those of that table. A
    /// relative path begins at the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Prices that go before those of the file.
    pub models: Vec<ModelPrice>,
}

/// What a model costs, in US dollars for a million tokens. `free = true`, or `input` and `output`, have to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// The provider's name for the model, `*` standing for any run of characters. It is compared with the whole name and
    /// with what is left of it without a path before it, a date or a version behind it; the longest pattern wins.
    pub model: Pattern,
    /// Other names for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Pattern>,
    /// The one provider instance that has this price. It goes before prices for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// It costs nothing, on purpose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// The prompt, without what the two keys below are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Dollars>,
    /// What is generated, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Dollars>,
    /// The part of the prompt that is read from the provider's cache; `input` where it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Dollars>,
    /// The part of the prompt that is written to the provider's cache, for the shortest time there is; `input` where it is
    /// not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Dollars>,
    /// What a request with a long prompt costs, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub long: Vec<LongPrice>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a request costs whose prompt has more than so many tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// The prompt has more tokens than this, cached ones included.
    pub above: u64,
    /// As above.
    pub input: Dollars,
    /// As above.
    pub output: Dollars,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Dollars>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Dollars>,
}

/// A file of prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceFile {
    /// Kinds of providers whose models have no price of this file, whatever they are called.
    pub not_of: Vec<String>,
    /// Prices by who asks them.
    pub vendors: Vec<Vendor>,
    /// Prices without that.
    pub models: Vec<ModelPrice>,
}

/// Who asks some prices, and where that was found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// What it is called.
    pub name: String,
    /// Where the prices were found.
    #[serde(default)]
    pub source: Option<String>,
    /// When they were what they are.
    #[serde(default)]
    pub date: Option<Moment>,
    /// The prices.
    #[serde(default)]
    pub models: Vec<ModelPrice>,
}
