//! The listener, the pipeline from request to relayed answer, and the pages about ourselves.
