//! Frames from a network interface, by libpcap.
//!
//! Reading never waits, since libpcap's own waiting may not come back at its timeout where nothing arrives: whoever reads
//! polls the descriptor first.

use std::os::fd::{AsFd, BorrowedFd};

use pcap::{Active, Device, Linktype, Precision};

use crate::capture::{Frame, Frames, LinkType};
use crate::tcp::{FrameNumber, Timestamp};

/// The name of the interface that stands for all of them (Linux).
const ANY: &str = "any";

/// DLT_LINUX_SLL2, which unlike its first version says at which interface a frame was seen.
const SLL2: Linktype = Linktype(276);

/// How long the kernel may hold frames back to hand them over together, milliseconds. A verdict waits for much longer.
const GATHERED_FOR: i32 = 50;

/// Frames taken by one call, so that nobody waits long for the memory that they go to.
const AT_ONCE: usize = 4096;

/// How to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceOptions {
    /// Octets kept of each frame.
    pub snaplen: i32,
    /// Octets of the kernel's buffer.
    pub buffer: i32,
    /// Whether to take in frames for others, too.
    pub promiscuous: bool,
    /// Which way frames must go.
    pub direction: CaptureDirection,
    /// A filter in libpcap's syntax, run by the kernel.
    pub bpf: Option<String>,
}

/// Which way frames go that are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptureDirection {
    /// Both ways.
    #[default]
    Both,
    /// To this host.
    In,
    /// From this host.
    Out,
}

/// An open interface.
pub struct Interface {
    handle: pcap::Capture<Active>,
    link_type: LinkType,
    nanoseconds: bool,
    /// Frames dropped so far, and the kernel's counter when that was last looked at: it has 32 bits.
    dropped: u64,
    counter: u32,
}

/// Why an interface could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceError {
    /// There is none of this name; these there are.
    Missing(Vec<String>),
    /// This user may not capture.
    Rights(String),
    /// It is not up.
    Down(String),
    /// The filter does not compile for its link type.
    Filter(String),
    /// Anything else, in libpcap's words.
    Other(String),
}

impl Interface {
    /// Opens the interface with this name.
    ///
    /// # Errors
    /// Where that is not possible, and why.
    pub fn open(name: &str, options: &InterfaceOptions) -> Result<Self, InterfaceError> {
        let failed = |error: pcap::Error| classify(name, plain(error));
        // Elsewhere libpcap knows microseconds alone, and would not say which it took.
        let nanoseconds = cfg!(target_os = "linux");
        let inactive = pcap::Capture::from_device(name)
            .map_err(failed)?
            .snaplen(options.snaplen)
            .buffer_size(options.buffer)
            // All interfaces at once cannot be told to, which libpcap takes for a failure.
            .promisc(options.promiscuous && name != ANY)
            .timeout(GATHERED_FOR)
            .precision(if nanoseconds { Precision::Nano } else { Precision::Micro });
        let mut handle = inactive.open().map_err(failed)?;
        if name == ANY {
            // Old kernels and libraries have only the first version.
            let _ = handle.set_datalink(SLL2);
        }
        if let Some(bpf) = &options.bpf {
            handle.filter(bpf, true).map_err(|error| InterfaceError::Filter(plain(error)))?;
        }
        let direction = match options.direction {
            CaptureDirection::Both => None,
            CaptureDirection::In => Some(pcap::Direction::In),
            CaptureDirection::Out => Some(pcap::Direction::Out),
        };
        if let Some(direction) = direction {
            handle.direction(direction).map_err(failed)?;
        }
        let link_type = link_type(handle.get_datalink());
        let handle = handle.setnonblock().map_err(failed)?;
        Ok(Self { handle, link_type, nanoseconds, dropped: 0, counter: 0 })
    }

    /// How to read its frames.
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// What can be polled for frames.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// Adds the frames at hand to `frames` and counts them in `number`; how many they are, zero where none is.
    ///
    /// # Errors
    /// Where the interface went down or away, in libpcap's words.
    pub fn read(&mut self, number: &mut u64, frames: &mut Frames) -> Result<usize, String> {
        let (link_type, unit) = (self.link_type, if self.nanoseconds { 1 } else { 1000 });
        let take = |packet: pcap::Packet<'_>| {
            *number += 1;
            let Some(number) = FrameNumber::new(*number) else { return };
            let time = &packet.header.ts;
            // Of the same width everywhere but on systems of 32 bits.
            #[allow(clippy::useless_conversion)]
            let (seconds, parts) = (i64::from(time.tv_sec), i64::from(time.tv_usec));
            let nanos = seconds.saturating_mul(1_000_000_000).saturating_add(parts.saturating_mul(unit));
            frames.push(&Frame {
                number,
                input: 0,
                input_frame: number,
                time: Some(Timestamp::from_nanos(nanos)),
                link_type,
                original_len: packet.header.len.max(packet.header.caplen),
                bytes: packet.data,
            });
        };
        self.handle.dispatch(Some(AT_ONCE), take).map_err(|error| clause(&plain(error)))
    }

    /// Frames that the kernel has dropped since it was opened, for want of room in its buffer.
    pub fn dropped(&mut self) -> u64 {
        if let Ok(stat) = self.handle.stats() {
            self.dropped += u64::from(stat.dropped.wrapping_sub(self.counter));
            self.counter = stat.dropped;
        }
        self.dropped
    }
}

/// What libpcap means by a text. Its binding keeps no number.
fn classify(name: &str, text: String) -> InterfaceError {
    let says = |word: &str| text.to_ascii_lowercase().contains(word);
    if says("permission") || says("not permitted") {
        return InterfaceError::Rights(text);
    }
    if says("not up") || says("is down") {
        return InterfaceError::Down(text);
    }
    let known: Vec<String> =
        Device::list().map_or_else(|_| Vec::new(), |all| all.into_iter().map(|one| one.name).collect());
    if known.iter().any(|known| known == name) { InterfaceError::Other(text) } else { InterfaceError::Missing(known) }
}

/// A sentence of libpcap as a clause.
fn clause(text: &str) -> String {
    let mut characters = text.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn plain(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    }
}

/// The number in files for libpcap's own (pcap/dlt.h); the other way round stands in `bpf.rs`.
fn link_type(dlt: Linktype) -> LinkType {
    LinkType(match dlt.0 {
        11 => 100,
        12 => 101,
        15 => 102,
        16 => 103,
        19 => 106,
        same => u16::try_from(same).unwrap_or(u16::MAX),
    })
}
