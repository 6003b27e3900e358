use super::obedience::Obedience;
use crate::evidence::{Confidence, Evidence};
use crate::flow::Way;
use crate::tcp::FrameNumber;
use crate::witness::Heard;

/// The two hypotheses about a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The host in whose name it came: its stack, or a packet filter on it.
    Host,
    /// Something that speaks in its name.
    Middlebox,
}

/// Who sent a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The client's host.
    Client,
    /// The server's host.
    Server,
    /// A device that is neither.
    Middlebox,
    /// The capture does not tell.
    Unknown,
}

/// What the sending stack did; `resets.md` section 1.8 of the project's design and Linux `enum sk_rst_reason` have the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Answered a SYN for a port where nobody listens (`NO_SOCKET`).
    NoListener,
    /// Answered a segment of a connection it does not know (`NO_SOCKET`, `TCP_FLAGS`).
    NoConnection,
    /// A time-wait socket answered (`TCP_TIMEWAIT_SOCKET`).
    TimeWait,
    /// Data came after both directions had been closed (`TCP_ABORT_ON_DATA`).
    DataAfterClose,
    /// Closed with data unread (`TCP_ABORT_ON_CLOSE`).
    AbortUnreadData,
    /// Aborted by the application or the system (`TCP_STATE`, `TCP_ABORT_ON_LINGER`, `TCP_DISCONNECT_WITH_DATA`).
    Abort,
    /// Gave up after unanswered probes (`TCP_KEEPALIVE_TIMEOUT`).
    KeepaliveTimeout,
    /// The accept queue was full (`INVALID_SYN`).
    BacklogOverflow,
    /// Asked for a connection and got an impossible acknowledgement (`TCP_INVALID_ACK_SEQUENCE`).
    UnacceptableAck,
    /// A packet filter on the claimed host.
    PacketFilter,
    /// No host of the connection made it.
    Forged,
    /// The capture does not tell.
    Unknown,
}

/// Routers between senders and the capture point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hops {
    /// That the reset crossed.
    pub sender: u8,
    /// That other packets of the claimed sender crossed; `None` where there are none.
    pub claimed_sender: Option<u8>,
}

/// The verdict on one RST segment.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its frame.
    pub frame: FrameNumber,
    /// Which way it went.
    pub way: Way,
    /// Whether a live socket's abort (RST with ACK) rather than an answer.
    pub is_active: bool,
    /// Which hypothesis holds.
    pub party: Option<Party>,
    /// Who that is.
    pub sender: Sender,
    /// How sure that is; `None` where the sender is unknown.
    pub confidence: Option<Confidence>,
    /// What its sender did.
    pub mechanism: Mechanism,
    /// What it may have done as well: only hidden state decides between the two.
    pub or_else: Option<Mechanism>,
    /// How far the senders are.
    pub hops: Option<Hops>,
    /// What speaks for and against it.
    pub evidence: Vec<Evidence<Party>>,
    /// Whether its receiver obeyed it.
    pub obedience: Option<Obedience>,
    /// What the kernel of an endpoint's host says of it.
    pub heard: Option<Box<Heard>>,
    /// For an unknown sender: what capture would decide.
    pub would_decide: Option<&'static str>,
    /// The decimal logarithm of the odds that it was forged.
    pub log_odds: f64,
}

impl Judged {
    /// Whether the reset ended its receiver's connection.
    pub fn has_ended_it(&self) -> bool {
        self.obedience.is_some_and(|obedience| obedience.obeyed == Some(true))
    }
}
