//! Compressed captures: what comes out is a capture, damage, or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy_fuzz::walk;

fuzz_target!(|data: &[u8]| {
    walk(data, usize::MAX);
});
