//! Which libpcap is at work.

use std::ffi::{CStr, c_char};

// The crate `pcap` links the library and does not pass this on.
#[allow(unsafe_code)]
unsafe extern "C" {
    safe fn pcap_lib_version() -> *const c_char;
}

/// What the library says of itself: `libpcap version 1.10.5 (with TPACKET_V3)`.
pub fn libpcap_version() -> String {
    let text = pcap_lib_version();
    if text.is_null() {
        return "libpcap".to_owned();
    }
    // SAFETY: the library returns a string that ends with a zero octet and is never freed (pcap_lib_version(3PCAP)).
    #[allow(unsafe_code)]
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().into_owned()
}
