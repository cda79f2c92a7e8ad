//! The manual of the configuration, made from the schema.
