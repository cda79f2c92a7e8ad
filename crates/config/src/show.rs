//! The configuration as it is in force.
