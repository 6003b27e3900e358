//! tcpautopsy: who reset this TCP connection, and why.
#![doc = ""]

pub mod capture;
pub mod decode;
pub mod output;
pub mod report;
pub mod tcp;
