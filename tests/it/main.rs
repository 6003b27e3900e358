//! All integration tests, in one binary.

mod anonymize;
mod architecture;
mod browser;
mod capture;
mod cli;
mod compare;
mod continuations;
mod decode;
mod evidence;
mod fit;
mod formats;
mod incidents;
mod knowledge;
mod ladder;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod live_beside;
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
mod terminal;
mod wireshark;
mod witness;
mod words;
mod zeek;
