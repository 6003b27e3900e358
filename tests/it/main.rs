//! All integration tests, in one binary.

mod architecture;
mod browser;
mod capture;
mod cli;
mod decode;
mod formats;
mod incidents;
mod output;
mod pages;
mod program;
mod readme;
mod report;
mod robust;
mod same;
mod samples;
mod shared;
mod support;
mod wireshark;
mod zeek;
