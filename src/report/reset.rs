use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::names::named;
use super::{Confidence, KernelWord, ResetComparison, Seconds, Stance, Time, Weight};
use crate::tcp::TcpFlags;

/// One episode: RSTs with one claimed sender, one true sender and one mechanism, and their duplicates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reset {
    /// Its frames in ascending order, duplicates included.
    pub frames: Vec<u64>,
    /// Where these frames lie; only with several inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// When its first RST was captured.
    pub time: Option<Time>,
    /// From the segment of this flow before it, in either direction, to its first RST.
    pub after_s: Option<Seconds>,
    /// Whose address and port it bears.
    pub claimed_sender: Side,
    /// The control bits that tell an abort from an answer.
    pub form: Form,
    /// Whether the sequence number of its first RST lay in the receiver's window; `None` where the capture does not tell.
    pub in_window: Option<bool>,
    /// Whether it was the very next one that the receiver expected (RFC 5961 section 3.2); `None` where the capture does not tell.
    pub exact: Option<bool>,
    /// How far the connection had come.
    pub phase: Phase,
    /// Who sent it.
    pub sender: Sender,
    /// How sure that is; `None` for an unknown sender.
    pub confidence: Option<Confidence>,
    /// What the sending stack did.
    pub mechanism: Mechanism,
    /// The device whose resets look like it, of the file of `--knowledge`.
    pub product: Option<Box<str>>,
    /// Routers on the way to the capture point; `None` where not inferred.
    pub hops: Option<Hops>,
    /// Whether its receiver obeyed it; `None` where nobody judged it.
    pub obedience: Option<Obedience>,
    /// What the kernel of an endpoint's host says of it; `None` where none says anything.
    pub kernel: Option<KernelWord>,
    /// What speaks for and against the sender.
    pub evidence: Vec<ResetEvidence>,
    /// For an unknown sender: what capture would tell.
    pub would_decide: Option<&'static str>,
    /// Where it passed and where not; only where captures were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Box<ResetComparison>>,
    /// Its RSTs one by one.
    pub segments: Vec<ResetSegment>,
}

/// Whether a receiver obeyed a reset (RFC 5961 section 3.2, and what it did afterwards).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Obedience {
    /// Whether it did; `None` where the capture does not tell.
    pub obeyed: Option<bool>,
    /// How that is known.
    pub why: &'static str,
}

/// The header fields of one RST segment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ResetSegment {
    /// Its frame.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Time>,
    /// Its control bits as `RST,ACK`.
    #[serde(serialize_with = "as_text")]
    pub flags: TcpFlags,
    /// Sequence number as sent (Wireshark's `tcp.seq_raw`).
    pub seq: u32,
    /// Acknowledgement field as sent, whether or not ACK is set (Wireshark's `tcp.ack_raw`).
    pub ack: u32,
    /// Window field, unscaled.
    pub window: Option<u16>,
    /// Time to live or hop limit on arrival.
    pub ttl: u8,
    /// IP identification.
    pub ip_id: Option<u16>,
    /// Octets of data that it carried.
    pub payload_bytes: u32,
    /// Whether it is a second copy of a packet in another frame.
    pub duplicate: bool,
}

/// A frame in one of several inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The input, from 0 in the order of `capture.inputs`.
    pub input: u16,
    /// The frame in it, from 1: Wireshark's `frame.number` there.
    pub frame: u64,
}

/// One side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Who asked for the connection.
    Client,
    /// Who was asked.
    Server,
}

named!(Side {
    Client "client",
    Server "server",
});

/// Who sent a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// The client's own stack.
    Client,
    /// The server's own stack.
    Server,
    /// Something between them.
    Middlebox,
    /// The capture does not tell, or nobody judged it.
    #[default]
    Unknown,
}

named!(Sender {
    Client "client",
    Server "server",
    Middlebox "middlebox",
    Unknown "unknown",
});

/// The control bits that tell an abort from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RST without ACK.
    Rst,
    /// RST with ACK.
    RstAck,
}

named!(Form {
    Rst "rst",
    RstAck "rst_ack",
});

/// How far a connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A SYN was unanswered.
    Syn,
    /// A SYN-ACK had come, no data and no last ACK of the handshake.
    Handshake,
    /// Established; also any connection whose beginning is not in the capture.
    Data,
    /// One side had sent its FIN.
    Closing,
    /// Both sides had sent their FIN, or a reset had come before.
    Closed,
}

named!(Phase {
    Syn "syn",
    Handshake "handshake",
    Data "data",
    Closing "closing",
    Closed "closed",
});

/// What the sending stack did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// Nobody listened on the port of a SYN.
    NoListener,
    /// A segment met a stack that knew no such connection.
    NoConnection,
    /// A segment met a socket in TIME-WAIT.
    TimeWait,
    /// Data came in after the application had closed.
    DataAfterClose,
    /// The application closed with received data unread.
    AbortUnreadData,
    /// The application or its system aborted.
    Abort,
    /// Keepalive probes went unanswered.
    KeepaliveTimeout,
    /// The accept queue was full.
    BacklogOverflow,
    /// A handshake was answered with an acknowledgement it could not have earned.
    UnacceptableAck,
    /// A packet filter on the claimed host.
    PacketFilter,
    /// No host of the connection made it.
    Forged,
    /// The capture does not tell, or nobody judged it.
    #[default]
    Unknown,
}

named!(Mechanism {
    NoListener "no_listener",
    NoConnection "no_connection",
    TimeWait "time_wait",
    DataAfterClose "data_after_close",
    AbortUnreadData "abort_unread_data",
    Abort "abort",
    KeepaliveTimeout "keepalive_timeout",
    BacklogOverflow "backlog_overflow",
    UnacceptableAck "unacceptable_ack",
    PacketFilter "packet_filter",
    Forged "forged",
    Unknown "unknown",
});

/// Routers between senders and the capture point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hops {
    /// That this reset crossed.
    pub sender: Option<u8>,
    /// That the other packets of the claimed sender crossed.
    pub claimed_sender: Option<u8>,
}

/// Something that speaks for or against a sender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResetEvidence {
    /// Identifier of the clue.
    pub clue: &'static str,
    /// Whether it speaks for or against.
    pub stance: Stance,
    /// For or against whom.
    pub about: Sender,
    /// How strongly.
    pub weight: Weight,
    /// The frames it rests on.
    pub frames: Vec<u64>,
    /// Where these frames lie; only with several inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// One clause or sentence.
    pub text: Cow<'static, str>,
}

pub(super) fn as_text<S: Serializer>(flags: &TcpFlags, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(flags)
}
