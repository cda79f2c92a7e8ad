//! What tests share: a scripted upstream with faults, a running application, the plugin conformance suite.

pub mod upstream;

pub use upstream::ScriptedUpstream;
