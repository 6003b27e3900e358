//! Log lines and times as somebody pastes them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::cli;

fuzz_target!(|text: &str| {
    for option in ["--log-line", "--from", "--around", "--endpoint", "--server", "--memory"] {
        let _ = cli::parse(["tcpautopsy", option, text, "a.pcap"].map(Into::into));
    }
});
