#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ccproxy_fuzz::sse(data));
