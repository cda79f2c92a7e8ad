//! Provider kind simulator: a deterministic provider inside the program.
