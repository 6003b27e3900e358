//! All integration tests, in one binary.

mod output;
mod report;
mod support;
mod wireshark;
