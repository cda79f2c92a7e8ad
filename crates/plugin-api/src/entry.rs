//! How a plugin names itself: one constant, its typed configuration erased behind function pointers.

use std::sync::Arc;

use ccproxy_config::{Mistakes, ModelRule, Section};
use ccproxy_health::{Check, Spec};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::{Instance, Provider};

/// A kind of provider, as its crate declares it.
pub trait Plugin {
    /// The `kind` in the configuration.
    const KIND: &'static str;
    /// One line for people.
    const DESCRIPTION: &'static str;
    /// The keys of `[providers.NAME]` besides `kind`.
    type Config: DeserializeOwned + JsonSchema;

    /// Builds an instance from its configuration, without any I/O.
    ///
    /// # Errors
    /// A message a key, for what the types of [`Self::Config`] cannot say.
    fn build(instance: &Instance, config: Self::Config) -> Result<Built, Vec<KeyError>>;
}

/// A value that is of the right type and still wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError {
    /// The key below the instance's section, dotted.
    pub key: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// What building gives: the provider and what watches it.
pub struct Built {
    /// The instance.
    pub provider: Arc<dyn Provider>,
    /// Its health checks; a provider without checks is a visible decision.
    pub checks: Vec<(Spec, Arc<dyn Check>)>,
    /// Whether the upstream can be reached, found out without a request: the server asks while no traffic tells. None
    /// for a provider that has no upstream, or no way to tell.
    pub reachability: Option<Arc<dyn Check>>,
    /// How the client's names of models become the provider's, in order.
    pub model_mappings: Vec<ModelRule>,
}

/// One line of the program's list of plugins.
#[derive(Clone, Copy)]
pub struct PluginEntry {
    /// The `kind` in the configuration.
    pub kind: &'static str,
    /// One line for people.
    pub description: &'static str,
    /// The version of the plugin's crate.
    pub version: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
    build: fn(&Instance, &Section) -> Result<Built, Mistakes>,
}

impl PluginEntry {
    /// The entry of a plugin.
    #[must_use]
    pub const fn of<P: Plugin>(version: &'static str) -> Self {
        Self {
            kind: P::KIND,
            description: P::DESCRIPTION,
            version,
            schema: |generator| generator.root_schema_for::<P::Config>(),
            build: build::<P>,
        }
    }

    /// The JSON Schema of the plugin's configuration.
    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.schema)(&mut SchemaGenerator::default())
    }

    /// Builds an instance from its section of the configuration.
    ///
    /// # Errors
    /// Every mistake of the section, each with its place.
    pub fn build(&self, instance: &Instance, section: &Section) -> Result<Built, Mistakes> {
        (self.build)(instance, section)
    }
}

fn build<P: Plugin>(instance: &Instance, section: &Section) -> Result<Built, Mistakes> {
    let config = section.read::<P::Config>()?;
    P::build(instance, config).map_err(|errors| {
        Mistakes::new(errors.into_iter().map(|error| section.mistake(error.key, error.message)).collect())
    })
}
