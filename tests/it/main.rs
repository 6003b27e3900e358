//! All integration tests, in one binary.

mod capture;
mod decode;
mod zeek;
