//! Configuration: file, environment and flags into one typed value, every mistake reported at once with its place.
