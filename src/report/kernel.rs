use serde::Serialize;

use super::Seconds;
use super::names::named;
use crate::tcp::Duration;
use crate::witness::{Heard, Log, Testimony};

/// The trace of a host's kernel that was joined with the capture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelTrace {
    /// The file as typed.
    pub path: String,
    /// The name of the trace's clock, where the trace tells it.
    pub clock: Option<String>,
    /// Its reports on resets that the host sent.
    pub sent: u64,
    /// Its reports on resets that the host accepted.
    pub received: u64,
    /// Those of both that are about a captured reset.
    pub joined: u64,
    /// Events that the kernel or its reader lost, as far as they were counted.
    pub lost: u64,
    /// From the trace's clock to that of the capture, at its beginning; `None` where they could not be compared.
    pub offset_s: Option<Seconds>,
    /// How they were compared.
    pub offset_from: Option<OffsetFrom>,
    /// Why the trace could not be joined: one clause.
    pub problem: Option<String>,
}

/// How the clocks of a trace and of a capture were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetFrom {
    /// The wall clock's time stands in the trace.
    Marks,
    /// Reports and captured resets have the same addresses and ports, always so far apart.
    Matches,
}

named!(OffsetFrom {
    Marks "marks",
    Matches "matches",
});

impl KernelTrace {
    /// What there is to say of a log.
    pub fn new(path: String, log: &Log, testimony: &Testimony) -> Self {
        let clock = testimony.clock.as_ref().and_then(|clock| clock.as_ref().ok());
        let problem = testimony.clock.as_ref().and_then(|clock| clock.as_ref().err());
        Self {
            path,
            clock: log.clock().map(str::to_owned),
            sent: log.sent,
            received: log.received,
            joined: testimony.joined,
            lost: log.lost,
            offset_s: clock.map(|clock| Seconds(Duration(clock.first_difference()))),
            offset_from: clock.map(|clock| if clock.from_marks { OffsetFrom::Marks } else { OffsetFrom::Matches }),
            problem: problem.map(|problem| problem.why().to_owned()),
        }
    }
}

/// What the kernel of an endpoint's host says of a reset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelWord {
    /// Whether the claimed sender's kernel says that its TCP sent it; `None` where that kernel says nothing of it.
    pub sent: Option<bool>,
    /// Why, by the kernel's name for it (Linux `enum sk_rst_reason`).
    pub reason: Option<String>,
    /// The state of the socket that sent it.
    pub state: Option<&'static str>,
    /// The program whose call led to it.
    pub process: Option<Process>,
    /// Whether the receiver's kernel says that it accepted it; `None` where it does not say so.
    pub accepted: Option<bool>,
}

/// A program on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Its name, of at most 15 octets.
    pub name: String,
    /// Its number.
    pub pid: u32,
}

impl From<&Heard> for KernelWord {
    fn from(heard: &Heard) -> Self {
        let word = heard.sent.as_ref();
        Self {
            sent: word.map(|_| true).or(heard.silence.map(|_| false)),
            reason: word.and_then(|word| word.reason.clone()),
            state: word.and_then(|word| word.state),
            process: word
                .and_then(|word| word.process.as_ref())
                .map(|process| Process { name: process.name.clone(), pid: process.pid }),
            accepted: heard.accepted.then_some(true),
        }
    }
}
