//! What `--version --verbose` says.

use crate::capture;
use crate::report::{FLOW_SCHEMA, SCHEMA};

/// Versions of the program, of the libraries that it does not bring itself, and of what it writes.
pub(super) fn long() -> String {
    format!(
        "tcpautopsy {}\n{}\nfeatures: {}\nreads pcap and pcapng, plain or in gzip, zstd or lz4\nwrites {SCHEMA} and {FLOW_SCHEMA}\n\
         built for {}-{}{}\n",
        env!("CARGO_PKG_VERSION"),
        capture::libpcap_version(),
        if cfg!(feature = "live") { "live" } else { "none" },
        std::env::consts::ARCH,
        std::env::consts::OS,
        if cfg!(debug_assertions) { ", not optimised" } else { "" }
    )
}
