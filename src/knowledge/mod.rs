//! What is known beforehand: tables with their sources, and look-ups in them. Data, not code.

pub mod declared;
pub mod errors;
pub mod idle_timeouts;
pub mod kernel_reasons;
pub mod signatures;
pub mod ttl;
