//! Reports and frames without the names of those who spoke: for tickets that leave the company.
//!
//! One [`Key`] turns every address, MAC and name into another of its kind, the same wherever it stands: in the
//! [`report`](Key::report) and in the [`frames`](Key::frame) of the evidence file. Addresses keep common prefixes, so that
//! networks stay networks. Times, ports, sequence numbers and lengths stay, since verdicts rest on them.

mod checksum;
mod frame;
mod key;
mod key_file;
mod options;
mod report;
mod text;

pub use key::Key;
pub use key_file::{KeyFileError, of_file};
