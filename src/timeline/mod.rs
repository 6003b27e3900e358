//! What passed, segment by segment, in the flows that are to be judged.
//!
//! Following every flow must be cheap, so the flow table keeps no segments. Few flows need judging; once they are known, a
//! second look at the capture tells theirs: [by where they lie](Again) in a mapped file, which a [log](Log) of the first look
//! says, or [gathered](Gathering) from all that is read again, or of a pipe from what was [recorded](Recording).

mod again;
mod archive;
mod asked;
mod found;
mod gather;
mod log;
mod members;
mod recording;
mod sighting;
#[cfg(test)]
mod tests;

pub use again::Again;
pub use archive::Archive;
pub use found::Found;
pub use gather::{Gathering, Keeper, Timelines};
pub use log::{Log, Selection, Steps};
pub use members::{Depth, Members};
pub use recording::Recording;
pub use sighting::{Sighting, Timeline};
