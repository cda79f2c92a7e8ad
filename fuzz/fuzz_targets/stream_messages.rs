#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ccproxy_fuzz::stream(ccproxy_wire::Dialect::Messages, data));
