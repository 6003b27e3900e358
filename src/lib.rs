//! tcpautopsy: who reset this TCP connection, and why.

pub mod capture;
pub mod cli;
pub mod decode;
pub mod error;
pub mod flow;
pub mod output;
pub mod report;
pub mod run;
pub mod notes;
pub mod progress;
pub mod select;
pub mod tcp;
