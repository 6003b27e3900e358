use super::Errno;

/// What happened on the wire, as far as an error text can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The SYN was answered by a reset.
    Refused,
    /// A reset came while connecting or right after the handshake: the speaker does not say which.
    RefusedOrReset,
    /// A reset came on an established connection.
    Reset,
    /// A reset or a FIN came on an established connection: the speaker does not say which.
    ResetOrClosed,
    /// A reset came during the TLS handshake.
    ResetInTls,
    /// The peer had closed by FIN (or reset) before, and this side wrote again.
    WrittenAfterClose,
    /// The peer closed by FIN before it had answered.
    ClosedWithoutAnswer,
    /// The client ended the connection early.
    ClientGone,
    /// Nothing came for too long.
    Silence,
    /// A limit of the speaker itself ran out: nothing need have happened on the wire.
    OwnTimeLimit,
    /// ICMP said that the host or the network cannot be reached, or nobody answered ARP.
    Unreachable,
    /// This side's own system or program ended the connection.
    EndedHere,
    /// The socket was used after its connection had ended.
    UsedAfterEnd,
}

impl Event {
    /// The event in a sentence or two.
    pub fn text(self) -> &'static str {
        match self {
            Self::Refused => "The SYN was answered by a RST: nothing listened on that port, or a firewall rejected it.",
            Self::RefusedOrReset => {
                "The SYN was answered by a RST, or a RST came right after the handshake: the message is the same for both."
            }
            Self::Reset => {
                "A RST came on a connection that was established. The call that was waiting, or the next one, gets this error \
                 once; after it a read gives end of file and a write EPIPE. The error does not say who sent the RST: the peer, \
                 or a device that speaks in its name."
            }
            Self::ResetOrClosed => {
                "The connection ended before the answer was complete, by a RST or by a FIN: the message is the same for both."
            }
            Self::ResetInTls => {
                "A RST came during the TLS handshake. A FIN instead gives an error about an unexpected end."
            }
            Self::WrittenAfterClose => {
                "The peer had closed the connection before, mostly by a FIN: look for it earlier in the capture. The first \
                 write after it still succeeds and draws a RST; the next write gets this error."
            }
            Self::ClosedWithoutAnswer => {
                "The peer sent a FIN, an orderly close, before it had sent an answer. No RST is needed for this error."
            }
            Self::ClientGone => "The client ended the connection, by a RST or a FIN, before it had the whole answer.",
            Self::Silence => {
                "Nothing came: the SYN, or data that were sent again and again, had no answer. There is no RST in this error."
            }
            Self::OwnTimeLimit => {
                "A time limit of the application that logged it ran out. On the wire there may be nothing but a pause, and then \
                 this side's own close."
            }
            Self::Unreachable => {
                "An ICMP error said that there is no way to the host, or nobody on the last link answered for its address."
            }
            Self::EndedHere => {
                "The connection was ended by this side's own system: after retransmissions without answer, or because it was \
                 reset before the program had accepted it."
            }
            Self::UsedAfterEnd => {
                "The socket was used after its connection had ended: an error before this one tells why it ended."
            }
        }
    }

    /// The event that an error number stands for.
    pub fn of(errno: Errno) -> Self {
        match errno {
            Errno::Epipe => Self::WrittenAfterClose,
            Errno::Econnaborted => Self::EndedHere,
            Errno::Econnreset => Self::Reset,
            Errno::Etimedout => Self::Silence,
            Errno::Econnrefused => Self::Refused,
            Errno::Enetreset => Self::Silence,
            Errno::Enotconn => Self::UsedAfterEnd,
            Errno::Ehostunreach | Errno::Enetunreach | Errno::Eacces => Self::Unreachable,
        }
    }

    /// The error number of a blocking call, where one is certain.
    pub fn errno(self) -> Option<Errno> {
        match self {
            Self::Refused => Some(Errno::Econnrefused),
            Self::Reset | Self::ResetInTls => Some(Errno::Econnreset),
            Self::WrittenAfterClose => Some(Errno::Epipe),
            Self::Silence => Some(Errno::Etimedout),
            Self::Unreachable => Some(Errno::Ehostunreach),
            Self::EndedHere => Some(Errno::Econnaborted),
            Self::UsedAfterEnd => Some(Errno::Enotconn),
            Self::RefusedOrReset
            | Self::ResetOrClosed
            | Self::ClosedWithoutAnswer
            | Self::ClientGone
            | Self::OwnTimeLimit => None,
        }
    }
}
