//! What libpcap does for us: filters in its syntax, and capturing on interfaces.

mod bpf;
mod devices;
mod interface;
mod version;

pub use bpf::Filter;
pub use devices::{ListedInterface, interfaces};
pub use interface::{CaptureDirection, Interface, InterfaceError, InterfaceOptions};
pub use version::libpcap_version;
