//! pcap and pcapng, whole and in pieces: the same frames, and the same damage.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy_fuzz::walk;

fuzz_target!(|data: &[u8]| {
    // What damaged packing yields depends on how much the unpacker was given at a time; `packed` looks at that.
    if matches!(
        data,
        [0x1f, 0x8b, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [0x04, 0x22, 0x4d, 0x18, ..]
            | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    ) {
        return;
    }
    let whole = walk(data, usize::MAX);
    assert_eq!(whole, walk(data, 7));
});
