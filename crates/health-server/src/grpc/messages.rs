//! The messages of List, which `tonic-health` does not have yet.

use std::collections::BTreeMap;

use tonic_health::pb::HealthCheckResponse;

/// `HealthListRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListRequest {}

/// `HealthListResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListResponse {
    /// Every service by its name, in a stable order.
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) statuses: BTreeMap<String, HealthCheckResponse>,
}
