//! What tests share: a scripted upstream with faults, a running application, the plugin conformance suite.
