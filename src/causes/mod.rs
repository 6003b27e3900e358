//! Why connections end badly.

mod catalogue;

pub use catalogue::Cause;
