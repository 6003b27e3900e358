//! pcap and pcapng, whole and in pieces: the same frames, and the same damage.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy_fuzz::walk;

fuzz_target!(|data: &[u8]| {
    let whole = walk(data, usize::MAX);
    assert_eq!(whole, walk(data, 7));
});
