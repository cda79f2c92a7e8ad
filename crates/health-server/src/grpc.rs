//! The gRPC health protocol, `grpc.health.v1`.
