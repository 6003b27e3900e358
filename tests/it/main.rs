//! All integration tests, in one binary.

mod architecture;
mod capture;
mod decode;
mod output;
mod report;
mod support;
mod wireshark;
