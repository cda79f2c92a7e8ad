//! How an upstream is spoken to; several provider kinds share it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pem_file::PemFile;

/// Whom to trust as the provider, and what to show it. The files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// A file of authorities to trust beside the system's, such as that of a company's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PemFile>,
    /// The certificate to show, where the provider asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientIdentity>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientIdentity {
    /// The file of the certificate, with those between it and its authority behind it.
    pub cert: PemFile,
    /// The file of its private key.
    pub key: PemFile,
}

/// Whether HTTP/2 is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Http2 {
    /// HTTP/1.1: each request has a connection of its own.
    #[default]
    Off,
    /// Where the provider offers it and the URL is `https://`; up to 64 requests share a connection.
    Auto,
}
