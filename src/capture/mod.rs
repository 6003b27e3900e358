//! Frames from files and pipes, in the order of their merge by time.
//!
//! A frame goes this way: `reader` opens the input and `identify` tells what it is by content, `unpack` takes off a
//! compression on a thread of its own, `source` holds the octets (a `map` of a regular file, else a buffer), `pcap` or
//! `pcapng` walk its records (where mapped, with `scout`s ahead of them), `input` keeps the tally, `merge` joins the inputs, a filter sorts out;
//! where nobody else's turn can come, frames are given out as a `run`.
//! Of one mapped file `lookup` finds frames again by their places.
//! All that takes libpcap stands in `libpcap`; without the feature `live`, `no_libpcap` stands in its place.
//!
//! Nothing here looks into a frame. Damage never fails: what stands in front of it is read, the rest is a [`Problem`].

mod ahead;
mod bytes;
mod error;
mod frames;
mod identify;
mod input;
#[cfg(feature = "live")]
mod libpcap;
mod link_type;
mod lookup;
mod map;
mod merge;
#[cfg(not(feature = "live"))]
mod no_libpcap;
mod pcap;
mod pcapng;
mod progress;
mod reader;
mod record;
mod run;
mod scout;
mod source;
#[cfg(test)]
mod testing;
mod tick;
mod unpack;

pub use ahead::Ahead;
pub use error::InputError;
pub(crate) use error::plain;
pub use frames::Frames;
#[cfg(feature = "live")]
pub(crate) use frames::Label;
#[cfg(feature = "live")]
pub use libpcap::*;
pub use link_type::LinkType;
pub use lookup::{Holder, Lookup};
pub use merge::{Capture, OpenOptions};
#[cfg(not(feature = "live"))]
pub use no_libpcap::*;
pub use progress::Progress;
pub use run::Run;

use crate::tcp::{FrameNumber, Timestamp};

/// One captured frame, borrowed from the memory of its source until the next one is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its place in the whole capture, from 1; blocks of pcapng that Wireshark numbers like frames have numbers as well.
    pub number: FrameNumber,
    /// Which input it came from, from 0 in the order of the command line.
    pub input: u16,
    /// Its place in that input, from 1: Wireshark's `frame.number` there.
    pub input_frame: FrameNumber,
    /// When it was captured; `None` for a pcapng Simple Packet Block.
    pub time: Option<Timestamp>,
    /// How to read `bytes`.
    pub link_type: LinkType,
    /// Octets it had on the line, at least `bytes.len()`.
    pub original_len: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

/// How an input holds its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic pcap, any of its variants.
    Pcap,
    /// pcapng.
    Pcapng,
    /// None: they come from an interface.
    Live,
}

/// How an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames.
    Zstd,
    /// LZ4 frame format.
    Lz4,
}

impl Compression {
    /// Its name as its own tools spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

/// Where an input stopped making sense, and why; what came before it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Octets from the start of the (uncompressed) input.
    pub offset: u64,
    /// One clause in lower case without a full stop.
    pub reason: String,
}

/// What is known of one input once it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSummary {
    /// As typed; `-` for standard input.
    pub path: String,
    /// The container.
    pub format: Format,
    /// The packing, if any.
    pub compression: Option<Compression>,
    /// Link types of its frames, in order of first appearance.
    pub link_types: Vec<LinkType>,
    /// Frames read.
    pub frames: u64,
    /// Size of the input as stored or received, in octets (compressed where it is).
    pub bytes: u64,
    /// The earliest time in it.
    pub first_time: Option<Timestamp>,
    /// The latest time in it.
    pub last_time: Option<Timestamp>,
    /// Frames whose time lies before the frame in front of them.
    pub time_reversals: u64,
    /// Frames cut by the snap length.
    pub cut_frames: u64,
    /// Packets that the capturing kernel dropped, where the file says so (pcapng Interface Statistics Blocks, `isb_ifdrop` plus `isb_osdrop`).
    pub dropped_by_kernel: Option<u64>,
    /// Whether it was read to a proper end.
    pub complete: bool,
    /// What was wrong with it.
    pub problems: Vec<Problem>,
}

impl InputSummary {
    /// Of an input of which nothing has been read.
    pub fn unread(path: String, format: Format) -> Self {
        Self {
            path,
            format,
            compression: None,
            link_types: Vec::new(),
            frames: 0,
            bytes: 0,
            first_time: None,
            last_time: None,
            time_reversals: 0,
            cut_frames: 0,
            dropped_by_kernel: None,
            complete: false,
            problems: Vec::new(),
        }
    }
}
