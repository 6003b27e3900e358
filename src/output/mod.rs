//! A report as octets for people and programs: one file a format, all of them functions of the report alone.
//!
//! Nothing here looks at a capture, reads the environment, or decides where the octets go; a closed pipe is the caller's
//! matter. Text that came from a packet or a file name passes through [`sanitize()`] on its way to a terminal.

mod clock;
mod comments;
mod compared;
pub mod csv;
mod frames;
pub mod html;
pub mod interfaces;
pub mod json;
mod line;
pub mod markdown;
pub mod ndjson;
mod notes;
mod order;
mod page;
mod pieces;
mod proof;
mod rungs;
mod sanitize;
pub mod show;
pub mod table;
mod verdict;
mod words;

pub use clock::Zone;
pub use comments::comments;
pub use line::LineOptions;
pub use line::of as line;
pub use page::page;
pub use sanitize::sanitize;
