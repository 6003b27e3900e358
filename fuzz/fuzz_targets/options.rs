//! TCP options, against a walk by index.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::tcp::TcpOptions;

/// Whether the list ends where it says, and the last maximum segment size in it.
fn slow(octets: &[u8]) -> (bool, Option<u16>) {
    let (mut at, mut mss) = (0, None);
    loop {
        match octets.get(at) {
            None | Some(0) => return (true, mss),
            Some(1) => at += 1,
            Some(kind) => {
                let Some(&length) = octets.get(at + 1) else { return (false, mss) };
                if length < 2 || at + usize::from(length) > octets.len() {
                    return (false, mss);
                }
                if (*kind, length) == (2, 4) {
                    mss = Some(u16::from(octets[at + 2]) << 8 | u16::from(octets[at + 3]));
                }
                at += usize::from(length);
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (options, clean) = TcpOptions::parse(data);
    assert_eq!((clean, options.mss()), slow(data));
});
