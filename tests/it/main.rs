//! All integration tests, in one binary.

mod anonymize;
mod architecture;
mod browser;
mod capture;
mod cli;
mod continuations;
mod decode;
mod evidence;
mod formats;
mod incidents;
mod ladder;
mod output;
mod pages;
mod program;
mod readme;
mod report;
mod robust;
mod same;
mod samples;
mod shared;
mod show;
mod support;
mod wireshark;
mod zeek;
