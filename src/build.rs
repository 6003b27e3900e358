//! Says in one line what to install where libpcap is missing, instead of a page of linker output.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
    println!("cargo::rerun-if-env-changed=PKG_CONFIG_PATH");
    // `LIBPCAP_LIBDIR` is how the pcap crate is told of a libpcap in an unusual place.
    if std::env::var_os("LIBPCAP_LIBDIR").is_some() || !cfg!(target_os = "linux") {
        return;
    }
    let linker = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let found = Command::new(linker)
        .args(["-print-file-name=libpcap.so"])
        .output()
        // A compiler prints the bare name back when it does not find the file.
        .map(|out| String::from_utf8_lossy(&out.stdout).trim() != "libpcap.so");
    if let Ok(false) = found {
        println!(
            "cargo::error=libpcap's development files are missing: run `apt-get install libpcap-dev` \
             (Fedora: `dnf install libpcap-devel`, Alpine: `apk add libpcap-dev`), \
             or set LIBPCAP_LIBDIR to the directory that holds libpcap.so"
        );
    }
}
