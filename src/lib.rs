//! tcpautopsy: who reset this TCP connection, and why.
#![doc = ""]

pub mod capture;
pub mod cli;
pub mod decode;
pub mod error;
pub mod notes;
pub mod progress;
pub mod select;
pub mod tcp;
