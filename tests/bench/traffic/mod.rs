//! The traffic of the generated captures: what connections do, their segments, the frames around them, the file.

pub mod background;
pub mod capture_file;
pub mod connection;
pub mod frame;
pub mod generator;
pub mod payload;
pub mod random;
pub mod script;
pub mod truth;
