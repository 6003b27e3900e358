//! Says in one line what to do where libpcap is missing or of no use, instead of a page of compiler or linker output.
//!
//! The pcap crate's own build does not notice: it only compiles. Looks where the linker and pkg-config look, and stays
//! silent where it cannot tell (another linker, another system, cross-compilation): then the linker has the word.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    for variable in ["LIBPCAP_LIBDIR", "PKG_CONFIG_PATH", "CC"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if env::var_os("CARGO_FEATURE_LIVE").is_none() {
        return;
    }
    if env::var_os("CARGO_CFG_UNIX").is_none() {
        println!("cargo::error=watching interfaces takes a Unix: build with --no-default-features, to read captures");
        return;
    }
    // `LIBPCAP_LIBDIR` is how the pcap crate is told of a libpcap in an unusual place.
    if env::var_os("LIBPCAP_LIBDIR").is_some() || !cfg!(target_os = "linux") || env::var("HOST") != env::var("TARGET") {
        return;
    }
    if linker_finds("libpcap.so") == Some(false) && linker_finds("libpcap.a") == Some(false) && !pkg_config_finds() {
        println!(
            "cargo::error=libpcap's development files are missing: run `sudo apt-get install libpcap-dev` \
             (Fedora: `dnf install libpcap-devel`, Alpine: `apk add libpcap-dev`), \
             set LIBPCAP_LIBDIR to the directory that holds libpcap.so, or add --no-default-features to do without it: \
             then captures are read, and neither interfaces watched nor filters understood"
        );
    }
}

/// Whether the linker's usual folders hold this file; `None` where there is no compiler to ask.
fn linker_finds(file: &str) -> Option<bool> {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let answer = Command::new(compiler).arg(format!("-print-file-name={file}")).output().ok()?;
    // A compiler prints the bare name back when it does not find the file.
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim() != file)
}

/// Whether the pcap crate will learn from pkg-config where libpcap is.
fn pkg_config_finds() -> bool {
    Command::new("pkg-config").args(["--exists", "libpcap"]).status().is_ok_and(|status| status.success())
}
