//! What the same event looks like in languages and programs.

use super::Event;

/// The texts for one event; `None` where the program shows no error of its own, or none is known. `A->B`, `HOST` and `N` stand
/// for what the program fills in.
///
/// Refusals, resets and closes were read from Python 3.11, Node.js 20, OpenJDK 17, Rust 1.95, curl 7.88 and nginx 1.22 on Linux.
/// Go, .NET, time-outs and unreachable hosts are put together from users' reports and the systems' own texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// The exception of Python.
    pub python: Option<&'static str>,
    /// The error of Go.
    pub go: Option<&'static str>,
    /// The exception of Java.
    pub java: Option<&'static str>,
    /// The error of Node.js.
    pub node: Option<&'static str>,
    /// `std::io::Error` of Rust.
    pub rust: Option<&'static str>,
    /// The exception of .NET on Windows.
    pub dotnet: Option<&'static str>,
    /// The message of curl.
    pub curl: Option<&'static str>,
    /// The error log of nginx where it is the client of an upstream.
    pub nginx: Option<&'static str>,
}

impl Messages {
    /// The texts for this event; all empty where languages show nothing of their own.
    pub fn of(event: Event) -> Self {
        match event {
            Event::Refused => Self {
                python: Some("ConnectionRefusedError: [Errno 111] Connection refused"),
                go: Some("dial tcp HOST: connect: connection refused"),
                java: Some("java.net.ConnectException: Connection refused"),
                node: Some("connect ECONNREFUSED HOST"),
                rust: Some("Connection refused (os error 111)"),
                dotnet: Some("No connection could be made because the target machine actively refused it"),
                curl: Some("curl: (7) Couldn't connect to server"),
                nginx: Some("connect() failed (111: Connection refused) while connecting to upstream"),
            },
            Event::Reset => Self {
                python: Some("ConnectionResetError: [Errno 104] Connection reset by peer"),
                go: Some("read tcp A->B: read: connection reset by peer"),
                java: Some("java.net.SocketException: Connection reset"),
                node: Some("read ECONNRESET"),
                rust: Some("Connection reset by peer (os error 104)"),
                dotnet: Some("An existing connection was forcibly closed by the remote host"),
                curl: Some("curl: (56) Recv failure: Connection reset by peer"),
                nginx: Some(
                    "recv() failed (104: Connection reset by peer) while reading response header from upstream",
                ),
            },
            Event::ResetInTls => Self {
                python: Some("ConnectionResetError: [Errno 104] Connection reset by peer"),
                curl: Some("curl: (35) Recv failure: Connection reset by peer"),
                nginx: Some(
                    "peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking to upstream",
                ),
                ..Self::default()
            },
            Event::WrittenAfterClose => Self {
                python: Some("BrokenPipeError: [Errno 32] Broken pipe"),
                go: Some("write tcp A->B: write: broken pipe"),
                java: Some("java.net.SocketException: Broken pipe"),
                rust: Some("Broken pipe (os error 32)"),
                ..Self::default()
            },
            Event::ClosedWithoutAnswer => Self {
                python: Some("http.client.RemoteDisconnected: Remote end closed connection without response"),
                java: Some("java.net.SocketException: Unexpected end of file from server"),
                node: Some("socket hang up"),
                curl: Some("curl: (52) Empty reply from server"),
                nginx: Some("upstream prematurely closed connection while reading response header from upstream"),
                ..Self::default()
            },
            Event::Silence => Self {
                python: Some("TimeoutError: [Errno 110] Connection timed out"),
                go: Some("read tcp A->B: read: connection timed out"),
                node: Some("read ETIMEDOUT"),
                rust: Some("Connection timed out (os error 110)"),
                nginx: Some("upstream timed out (110: Connection timed out) while connecting to upstream"),
                ..Self::default()
            },
            Event::Unreachable => Self {
                python: Some("OSError: [Errno 113] No route to host"),
                go: Some("dial tcp HOST: connect: no route to host"),
                node: Some("connect EHOSTUNREACH HOST"),
                rust: Some("No route to host (os error 113)"),
                ..Self::default()
            },
            Event::RefusedOrReset
            | Event::ResetOrClosed
            | Event::ClientGone
            | Event::OwnTimeLimit
            | Event::EndedHere
            | Event::UsedAfterEnd => Self::default(),
        }
    }

    /// The texts that there are, each with the name of its language or program.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [
            ("Python", self.python),
            ("Go", self.go),
            ("Java", self.java),
            ("Node.js", self.node),
            ("Rust", self.rust),
            (".NET", self.dotnet),
            ("curl", self.curl),
            ("nginx", self.nginx),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
    }
}
