//! The JSON Schema of the whole file.
