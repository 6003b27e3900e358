//! tcpautopsy: who reset this TCP connection, and why.
#![doc = ""]

pub mod capture;
pub mod decode;
pub mod flow;
pub mod tcp;
