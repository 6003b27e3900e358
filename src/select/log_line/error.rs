//! The error that a log line complains of, by the words that languages and servers use for it.

use std::fmt;

/// What an application saw of a connection's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedError {
    /// A reset arrived: `ECONNRESET`.
    Reset,
    /// A write after a reset had arrived: `EPIPE`.
    BrokenPipe,
    /// A reset answered the SYN: `ECONNREFUSED`.
    Refused,
    /// The own side gave up the connection: `ECONNABORTED`.
    Aborted,
    /// No answer: `ETIMEDOUT`.
    TimedOut,
    /// The connection closed in the middle of a message; by FIN or by RST, the line does not say.
    ClosedEarly,
}

/// Needles in lower case; the first that is found decides, so the more telling ones stand first.
const WORDS: [(LoggedError, &[&str]); 6] = [
    (
        LoggedError::Reset,
        &[
            "econnreset",
            "reset by peer",
            "connection reset",
            "errno 104",
            "(104:",
            "code: 104",
            "10054",
            "forcibly closed by the remote host",
            "upstream_reset",
            "tcp reset",
        ],
    ),
    (LoggedError::BrokenPipe, &["epipe", "broken pipe", "brokenpipe", "errno 32]", "(32:", "code: 32,"]),
    (
        LoggedError::Refused,
        &[
            "econnrefused",
            "connection refused",
            "connectionrefused",
            "actively refused",
            "errno 111",
            "(111:",
            "code: 111",
            "10061",
        ],
    ),
    (LoggedError::Aborted, &["econnaborted", "connection abort", "errno 103", "(103:", "10053"]),
    (
        LoggedError::TimedOut,
        &[
            "etimedout",
            "timed out",
            "errno 110",
            "(110:",
            "i/o timeout",
            "code: 110",
            "10060",
            "sockettimeoutexception",
            "failed to respond",
        ],
    ),
    (
        LoggedError::ClosedEarly,
        &[
            "socket hang up",
            "unexpected eof",
            "unexpected end of file",
            "prematurely closed",
            "premature end",
            "premature close",
            "closed the connection unexpectedly",
            "closed connection without response",
            "closed before message completed",
            "empty reply from server",
            "remotedisconnected",
        ],
    ),
];

impl LoggedError {
    /// The error that `line` names, if it is one of these.
    pub fn find(line: &str) -> Option<Self> {
        let line = line.to_ascii_lowercase();
        WORDS.into_iter().find(|(_, words)| words.iter().any(|word| line.contains(word))).map(|(error, _)| error)
    }

    /// The name of the error number in POSIX, or a few words where there is none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "ECONNRESET",
            Self::BrokenPipe => "EPIPE",
            Self::Refused => "ECONNREFUSED",
            Self::Aborted => "ECONNABORTED",
            Self::TimedOut => "ETIMEDOUT",
            Self::ClosedEarly => "closed early",
        }
    }
}

impl fmt::Display for LoggedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_known_by_the_words_of_many_languages() {
        for (line, expected) in [
            ("ConnectionResetError: [Errno 104] Connection reset by peer", Some(LoggedError::Reset)),
            ("Error: read ECONNRESET", Some(LoggedError::Reset)),
            (
                "System.Net.Sockets.SocketException (10054): An existing connection was forcibly closed",
                Some(LoggedError::Reset),
            ),
            ("Os { code: 104, kind: ConnectionReset, message: \"...\" }", Some(LoggedError::Reset)),
            ("write: broken pipe", Some(LoggedError::BrokenPipe)),
            ("java.net.ConnectException: Connection refused", Some(LoggedError::Refused)),
            ("connect() failed (111: Unknown) while connecting to upstream", Some(LoggedError::Refused)),
            ("dial tcp: i/o timeout", Some(LoggedError::TimedOut)),
            ("Software caused connection abort: socket write error", Some(LoggedError::Aborted)),
            ("Error: socket hang up", Some(LoggedError::ClosedEarly)),
            ("GET / 200 OK", None),
        ] {
            assert_eq!(LoggedError::find(line), expected, "{line}");
        }
    }
}
