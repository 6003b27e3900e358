//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod hosts;
mod vantage;

pub use hosts::{Host, Hosts};
pub use vantage::{Near, Vantage};

/// Built once from all timelines, then only read.
#[derive(Default)]
pub struct Surroundings {
    /// What is known of each address.
    pub hosts: Hosts,
    /// Where the capture was taken.
    pub vantage: Vantage,
}
