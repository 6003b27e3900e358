use std::collections::BTreeMap;

use serde::Serialize;

use super::names::named;
use super::{KernelTrace, Time};
use crate::capture;

/// What was read, and what was not understood or had to be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Capture {
    /// The inputs, in the order of the command line.
    pub inputs: Vec<Input>,
    /// Inputs of which nothing could be read.
    pub skipped_inputs: Vec<SkippedInput>,
    /// Frames read.
    pub frames: u64,
    /// The filter that frames had to pass to be looked at, as typed.
    pub bpf: Option<String>,
    /// Frames that did not pass it.
    pub filtered_frames: u64,
    /// Frames that carried a TCP segment, duplicates included.
    pub tcp_segments: u64,
    /// Those of them with the RST bit, duplicates included.
    pub rst_segments: u64,
    /// Flows followed, whether or not they are listed.
    pub flows: u64,
    /// Frames that might have carried TCP but could not be read so far; the sum of `undecoded`.
    pub undecoded_frames: u64,
    /// The same by reason, a snake_case identifier.
    pub undecoded: BTreeMap<String, u64>,
    /// Link types that cannot be decoded.
    pub unsupported_link_types: Vec<UnsupportedLinkType>,
    /// Frames recognised as a second copy of another frame.
    pub duplicate_frames: u64,
    /// IP fragments.
    pub fragments: Fragments,
    /// ICMP and ICMPv6 errors that quote a TCP segment.
    pub icmp_errors: u64,
    /// Those of them about a connection of which no segment was captured, so that no flow has them.
    pub icmp_without_flow: u64,
    /// Frames with several packets in one (802.11 A-MSDU), of which only the first TCP segment was read.
    pub aggregated_frames: u64,
    /// Packets that the capturing kernel dropped, where the inputs say so.
    pub dropped_by_kernel: Option<u64>,
    /// One octet of data in so many was acknowledged and is not in the capture; `None` where none is missing, or captures are compared.
    pub missed_one_in: Option<u64>,
    /// Whether acknowledgements lie before what they acknowledge, so that nothing within some milliseconds has an order.
    pub disordered: bool,
    /// What the bounds on memory left out.
    pub dropped: Dropped,
    /// Where on the path the capture was taken; `None` while that is not inferred.
    pub vantage: Option<Vantage>,
    /// The kernel's trace that was joined with it.
    pub kernel_trace: Option<KernelTrace>,
}

/// One file, pipe or device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// As typed; `-` for standard input.
    pub path: String,
    /// SHA-256 of the file as stored, in hexadecimal; `None` where it was not asked for, or the input is no file.
    pub sha256: Option<String>,
    /// The container.
    pub format: Format,
    /// The packing, if any.
    pub compression: Option<Compression>,
    /// Names of its link types in order of first appearance, as libpcap spells them; a number where there is no name.
    pub link_types: Vec<String>,
    /// Frames read.
    pub frames: u64,
    /// Octets as stored or received, compressed where it is.
    pub bytes: u64,
    /// The earliest time in it.
    pub first_time: Option<Time>,
    /// The latest time in it.
    pub last_time: Option<Time>,
    /// Frames whose time lies before that of the frame in front of them.
    pub time_reversals: u64,
    /// Frames cut by the snap length.
    pub cut_frames: u64,
    /// Whether it was read to a proper end.
    pub complete: bool,
    /// What was wrong with it.
    pub problems: Vec<Problem>,
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

named!(Format {
    Pcap "pcap",
    Pcapng "pcapng",
    Live "live",
});

/// How an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// LZ4 frame format.
    Lz4,
}

named!(Compression {
    Gzip "gzip",
    Zstd "zstd",
    Lz4 "lz4",
});

/// Where an input stopped making sense, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Octets from the start of the uncompressed input.
    pub offset: u64,
    /// One clause in lower case without a full stop.
    pub reason: String,
}

/// An input of which nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkippedInput {
    /// As typed.
    pub path: String,
    /// One clause in lower case without a full stop.
    pub reason: String,
}

/// A link type that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsupportedLinkType {
    /// Its LINKTYPE_ number.
    pub number: u16,
    /// Its name as libpcap spells it.
    pub name: Option<String>,
    /// Frames that had it.
    pub frames: u64,
}

/// What became of IP fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fragments {
    /// Fragments seen.
    pub fragments: u64,
    /// Packets put together from them.
    pub reassembled: u64,
    /// Packets of which fragments were missing, overlapped, or came later than memory could wait.
    pub incomplete: u64,
}

/// What the bounds on memory left out of the report. All zero where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Flows ended early to make room; segments that came later count as a flow of their own.
    pub flows_evicted: u64,
    /// Flows that belong in `flows` but are only counted.
    pub flows_not_listed: u64,
    /// Resets that are only counted, their flow having too many.
    pub resets_not_listed: u64,
    /// Segments of more flows with the same addresses and ports, in different VLANs or tunnels, than are told apart.
    pub segments_not_told_apart: u64,
    /// Frames in more kinds of VLANs and tunnels than are told apart: they count as of one kind.
    pub frames_of_untold_layers: u64,
    /// Segments of a pipe that could not be kept for the second look, so that flows of then are judged by less.
    pub segments_not_recorded: u64,
    /// Flows that are judged by a part of their segments, or by none.
    pub flows_judged_by_less: u64,
    /// ICMP errors that are only counted.
    pub icmp_not_listed: u64,
}

/// Where on the path a capture was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vantage {
    /// Whom it is near.
    pub near: Near,
    /// How that is known.
    pub why: String,
}

/// Whom a capture point is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// The clients.
    Client,
    /// The servers.
    Server,
    /// Neither.
    Between,
    /// The capture does not tell.
    Unknown,
}

named!(Near {
    Client "client",
    Server "server",
    Between "between",
    Unknown "unknown",
});

impl From<capture::Format> for Format {
    fn from(format: capture::Format) -> Self {
        match format {
            capture::Format::Pcap => Self::Pcap,
            capture::Format::Pcapng => Self::Pcapng,
            capture::Format::Live => Self::Live,
        }
    }
}

impl From<capture::Compression> for Compression {
    fn from(compression: capture::Compression) -> Self {
        match compression {
            capture::Compression::Gzip => Self::Gzip,
            capture::Compression::Zstd => Self::Zstd,
            capture::Compression::Lz4 => Self::Lz4,
        }
    }
}

impl From<capture::Problem> for Problem {
    fn from(capture::Problem { offset, reason }: capture::Problem) -> Self {
        Self { offset, reason }
    }
}
