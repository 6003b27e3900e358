//! All integration tests, in one binary.

mod architecture;
mod capture;
mod decode;
