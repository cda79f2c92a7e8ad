//! The dialects on the wire: what must be read of a request, an answer, a stream; pure.
