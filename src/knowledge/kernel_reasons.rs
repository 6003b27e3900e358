//! The reasons that Linux gives for the resets it sends: `enum sk_rst_reason` of `include/net/rstreason.h`, since Linux 6.10
//! (for aborts of live sockets since 6.12), as the tracepoint `tcp:tcp_send_reset` prints them.

/// What a kernel's reason means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelReason {
    /// Its name in the trace.
    pub name: &'static str,
    /// What it means: one clause.
    pub meaning: &'static str,
    /// Only a call of a program leads to it, so that the program which was running is the one that made the call.
    pub by_call: bool,
}

/// All reasons that say something.
pub const REASONS: [KernelReason; 23] = [
    passive("NO_SOCKET", "no socket of this host fits the segment that it answers"),
    passive("TCP_INVALID_ACK_SEQUENCE", "it answers an acknowledgement of something that was never sent"),
    passive("TCP_RFC7323_PAWS", "it answers a segment whose timestamp is too old"),
    passive("TCP_TOO_OLD_ACK", "it answers an acknowledgement that is too old"),
    passive("TCP_ACK_UNSENT_DATA", "it answers an acknowledgement of data that was never sent"),
    passive("TCP_FLAGS", "it answers a segment whose flags fit nothing that its socket waits for"),
    passive("TCP_OLD_ACK", "it answers an acknowledgement that is too old"),
    passive("TCP_ABORT_ON_DATA", "data came after the application had closed"),
    passive("TCP_TIMEWAIT_SOCKET", "only a time-wait socket was left to answer"),
    passive(
        "INVALID_SYN",
        "the handshake's last segment found no room in the accept queue, or a SYN came inside a connection",
    ),
    by_call("TCP_ABORT_ON_CLOSE", "the application closed with received data unread"),
    by_call("TCP_ABORT_ON_LINGER", "the application closed, and its socket was told not to linger (TCP_LINGER2)"),
    passive("TCP_ABORT_ON_MEMORY", "memory for sockets, or the number of closed ones, was exhausted"),
    by_call("TCP_STATE", "the connection was aborted on purpose: SO_LINGER 0, disconnect, or from outside as by ss -K"),
    passive("TCP_KEEPALIVE_TIMEOUT", "its probes stayed unanswered"),
    by_call("TCP_DISCONNECT_WITH_DATA", "the application disconnected with data unsent"),
    passive("MPTCP_RST_EUNSPEC", "Multipath TCP gave up a path, for no reason that it names"),
    passive("MPTCP_RST_EMPTCP", "an error of Multipath TCP"),
    passive("MPTCP_RST_ERESOURCE", "Multipath TCP lacked resources"),
    passive("MPTCP_RST_EPROHIBIT", "Multipath TCP was forbidden this path"),
    passive("MPTCP_RST_EWQ2BIG", "Multipath TCP had too much data outstanding"),
    passive("MPTCP_RST_EBADPERF", "this path of Multipath TCP was too slow"),
    passive("MPTCP_RST_EMIDDLEBOX", "Multipath TCP found a middlebox in the way"),
];

const fn passive(name: &'static str, meaning: &'static str) -> KernelReason {
    KernelReason { name, meaning, by_call: false }
}

const fn by_call(name: &'static str, meaning: &'static str) -> KernelReason {
    KernelReason { name, meaning, by_call: true }
}

/// What a name stands for; `None` for a name that says nothing (`NOT_SPECIFIED`) or that is not known here.
pub fn reason(name: &str) -> Option<&'static KernelReason> {
    REASONS.iter().find(|reason| reason.name == name)
}

/// The states of a socket that the trace names; `UNKNOWN` stands for none.
const STATES: [&str; 12] = [
    "TCP_ESTABLISHED",
    "TCP_SYN_SENT",
    "TCP_SYN_RECV",
    "TCP_FIN_WAIT1",
    "TCP_FIN_WAIT2",
    "TCP_TIME_WAIT",
    "TCP_CLOSE",
    "TCP_CLOSE_WAIT",
    "TCP_LAST_ACK",
    "TCP_LISTEN",
    "TCP_CLOSING",
    "TCP_NEW_SYN_RECV",
];

/// The state of this name, if there is one.
pub fn state(name: &str) -> Option<&'static str> {
    STATES.into_iter().find(|state| *state == name)
}
