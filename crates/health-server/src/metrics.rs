//! Health as Prometheus metrics.
