//! The prices that are in force.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ccproxy_config::{Mistakes, ModelPrice, Moment, PriceFile, Settings, Vendor, prices_of};
use serde::Serialize;

use crate::price::Price;
use crate::table::Table;

const SHIPPED: &str = include_str!("../prices.toml");

/// Where a price comes from; the lesser goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// `[[pricing.models]]`
    Config,
    /// `pricing.file`
    File,
    /// The table that comes with the program.
    Shipped,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Config => "config",
            Self::File => "file",
            Self::Shipped => "shipped",
        })
    }
}

/// A price and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it is written.
    pub model: ModelPrice,
    /// For arithmetic.
    pub price: Price,
    /// Where it comes from.
    pub from: From,
    /// Who asks it, where that is said.
    pub vendor: Option<Arc<str>>,
    /// Where that was found.
    pub source: Option<Arc<str>>,
    /// When it was so.
    pub date: Option<Moment>,
}

/// The prices that are in force: made from one configuration, asked for each request.
#[derive(Debug)]
pub struct Prices {
    entries: Vec<Entry>,
    layers: [Layer; 3],
    /// Kinds of providers that the shipped table is not about.
    not_of: Vec<String>,
}

/// The prices that come from one place.
#[derive(Debug, Default)]
struct Layer {
    all: Table,
    by_provider: HashMap<Box<str>, Table>,
}

impl Prices {
    /// Reads the table that comes with the program, the configuration's own prices, and the file of prices where there is
    /// one.
    ///
    /// # Errors
    /// Every mistake in the file, and prices of providers that are not there.
    pub fn new(settings: &Settings) -> Result<Self, Mistakes> {
        let shipped = prices_of(Path::new("prices.toml"), SHIPPED)?;
        let file = settings.file_prices()?;
        let mut prices =
            Self { entries: Vec::new(), layers: Default::default(), not_of: shipped.not_of.clone() };
        prices.add(From::Config, None, &settings.pricing.models);
        prices.add_file(From::File, &file);
        prices.add_file(From::Shipped, &shipped);
        Ok(prices)
    }

    fn add_file(&mut self, from: From, file: &PriceFile) {
        self.add(from, None, &file.models);
        for vendor in &file.vendors {
            self.add(from, Some(vendor), &vendor.models);
        }
    }

    fn add(&mut self, from: From, vendor: Option<&Vendor>, models: &[ModelPrice]) {
        let name = vendor.map(|vendor| vendor.name.as_str().into());
        let source: Option<Arc<str>> = vendor.and_then(|vendor| Some(vendor.source.as_deref()?.into()));
        for model in models {
            let number = self.entries.len();
            if let Some(layer) = self.layers.get_mut(from as usize) {
                let table = match &model.provider {
                    None => &mut layer.all,
                    Some(provider) => layer.by_provider.entry(provider.as_str().into()).or_default(),
                };
                std::iter::once(&model.model).chain(&model.also).for_each(|name| table.add(name, number));
            }
            self.entries.push(Entry {
                price: Price::of(model),
                model: model.clone(),
                from,
                vendor: name.clone(),
                source: source.clone(),
                date: vendor.and_then(|vendor| vendor.date),
            });
        }
    }

    /// The price of a provider's model; none where it is not known.
    #[must_use]
    pub fn of(&self, provider: &str, kind: &str, model: &str) -> Option<&Price> {
        self.entry(provider, kind, model).map(|entry| &entry.price)
    }

    /// The same with what is known of it.
    #[must_use]
    pub fn entry(&self, provider: &str, kind: &str, model: &str) -> Option<&Entry> {
        let [config, file, shipped] = &self.layers;
        let found = config.find(provider, model).or_else(|| file.find(provider, model));
        let found = found.or_else(|| {
            let about = !self.not_of.iter().any(|other| other == kind);
            about.then(|| shipped.find(provider, model)).flatten()
        });
        self.entries.get(found?)
    }

    /// Those of the file of prices.
    #[must_use]
    pub fn of_file(&self) -> &[Entry] {
        self.entries
            .chunk_by(|one, next| one.from == next.from)
            .find(|of| of.iter().all(|entry| entry.from == From::File))
            .unwrap_or_default()
    }

    /// All of them, those that go first first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Layer {
    fn find(&self, provider: &str, model: &str) -> Option<usize> {
        let own = self.by_provider.get(provider).and_then(|table| table.find(model));
        own.or_else(|| self.all.find(model))
    }
}

#[cfg(test)]
mod tests;
