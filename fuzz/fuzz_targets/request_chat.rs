#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ccproxy_fuzz::request(ccproxy_wire::Dialect::Chat, data));
