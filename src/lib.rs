//! tcpautopsy: who reset this TCP connection, and why.

pub mod capture;
pub mod cli;
pub mod decode;
pub mod error;
pub mod flow;
pub mod notes;
pub mod output;
pub mod progress;
pub mod report;
pub mod run;
pub mod select;
pub mod tcp;
