//! The small stable boundary between the server and its plugins.
