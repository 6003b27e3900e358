//! Error texts by words that stand in them, the special before the general.

use super::Event;

/// A text that programs print.
pub(super) struct Saying {
    /// What stands in it, in small letters, all of it.
    pub(super) words: &'static [&'static str],
    /// Who prints it.
    pub(super) speaker: &'static str,
    /// What it means.
    pub(super) event: Event,
    /// What it is often taken for.
    pub(super) trap: Option<&'static str>,
}

const fn saying(words: &'static [&'static str], speaker: &'static str, event: Event) -> Saying {
    Saying { words, speaker, event, trap: None }
}

const fn trap(words: &'static [&'static str], speaker: &'static str, event: Event, trap: &'static str) -> Saying {
    Saying { words, speaker, event, trap: Some(trap) }
}

#[rustfmt::skip]
pub(super) const SAYINGS: &[Saying] = &[
    // Programs that hide what happened.
    trap(&["socket hang up"], "Node.js", Event::ClosedWithoutAnswer,
        "Its code is ECONNRESET, but there was no reset: the peer closed by FIN."),
    trap(&["header parser received no bytes"], "java.net.http", Event::ResetOrClosed,
        "The reset that may be behind it is not shown."),
    saying(&["remote end closed connection without response"], "Python", Event::ClosedWithoutAnswer),
    saying(&["remotedisconnected"], "Python", Event::ClosedWithoutAnswer),
    saying(&["unexpected end of file from server"], "Java", Event::ClosedWithoutAnswer),
    saying(&["empty reply from server"], "curl", Event::ClosedWithoutAnswer),
    // nginx.
    saying(&["prematurely closed connection"], "nginx", Event::ClosedWithoutAnswer),
    saying(&["peer closed connection in ssl handshake"], "nginx", Event::ResetInTls),
    saying(&["upstream timed out", "while connecting"], "nginx", Event::Silence),
    trap(&["upstream timed out"], "nginx", Event::OwnTimeLimit,
        "The 110 in it is nginx's own limit (proxy_read_timeout, 60 s by default), and not the kernel's."),
    saying(&["connect() failed", "connection refused"], "nginx", Event::Refused),
    trap(&["recv() failed", "connection reset by peer", "reading upstream"], "nginx", Event::Reset,
        "The client has had its status line, 200 maybe, before the body was cut."),
    saying(&["recv() failed", "connection reset by peer"], "nginx", Event::Reset),
    // Envoy and Istio.
    saying(&["upstream connect error", "connection termination"], "Envoy", Event::ResetOrClosed),
    saying(&["upstream connect error", "connection failure"], "Envoy", Event::RefusedOrReset),
    saying(&["disconnect/reset before headers"], "Envoy", Event::ResetOrClosed),
    // curl, by number.
    saying(&["curl: (35)"], "curl", Event::ResetInTls),
    trap(&["curl: (7)"], "curl", Event::RefusedOrReset,
        "It looks like a refusal, but a reset between the handshake and the first use is reported the same way."),
    trap(&["couldn't connect to server"], "curl", Event::RefusedOrReset,
        "It looks like a refusal, but a reset between the handshake and the first use is reported the same way."),
    saying(&["curl: (52)"], "curl", Event::ClosedWithoutAnswer),
    saying(&["curl: (56)"], "curl", Event::Reset),
    saying(&["connection was reset"], "curl on Windows, browsers", Event::Reset),
    // Browsers (chromium net_error_list.h).
    saying(&["err_connection_reset"], "Chromium", Event::Reset),
    saying(&["err_connection_refused"], "Chromium", Event::Refused),
    saying(&["err_connection_closed"], "Chromium", Event::ClosedWithoutAnswer),
    saying(&["err_empty_response"], "Chromium", Event::ClosedWithoutAnswer),
    saying(&["err_connection_timed_out"], "Chromium", Event::Silence),
    // Windows and .NET.
    saying(&["forcibly closed by the remote host"], "Windows, .NET", Event::Reset),
    saying(&["actively refused it"], "Windows, .NET", Event::Refused),
    saying(&["aborted by the software in your host"], "Windows, .NET", Event::EndedHere),
    saying(&["did not properly respond after a period of time"], "Windows, .NET", Event::Silence),
    saying(&["specified network name is no longer available"], "Windows", Event::Reset),
    // Languages and systems.
    saying(&["connectionreseterror"], "Python", Event::Reset),
    saying(&["connectionrefusederror"], "Python", Event::Refused),
    saying(&["brokenpipeerror"], "Python", Event::WrittenAfterClose),
    saying(&["connectionabortederror"], "Python", Event::EndedHere),
    saying(&["connection reset by peer"], "Unix systems and most languages", Event::Reset),
    saying(&["connectionreset"], "Rust, .NET", Event::Reset),
    saying(&["connectionrefused"], "Rust, .NET", Event::Refused),
    trap(&["connection reset"], "Java and others", Event::Reset,
        "Java says `Connection reset` on a read and `Connection reset by peer` on a write: the cause is the same."),
    saying(&["reset by peer"], "Unix systems and most languages", Event::Reset),
    saying(&["broken pipe"], "Unix systems and most languages", Event::WrittenAfterClose),
    saying(&["brokenpipe"], "Rust", Event::WrittenAfterClose),
    saying(&["connection refused"], "Unix systems and most languages", Event::Refused),
    saying(&["connection timed out"], "Unix systems and most languages", Event::Silence),
    saying(&["operation timed out"], "macOS, FreeBSD", Event::Silence),
    trap(&["i/o timeout"], "Go", Event::OwnTimeLimit, "The limit is a deadline of the application, and not the kernel's."),
    trap(&["context deadline exceeded"], "Go", Event::OwnTimeLimit,
        "The limit is a deadline of the application, and not the kernel's."),
    saying(&["no route to host"], "Unix systems and most languages", Event::Unreachable),
    saying(&["software caused connection abort"], "Unix systems and most languages", Event::EndedHere),
    saying(&["network dropped connection on reset"], "Unix systems and most languages", Event::Silence),
    saying(&["socket is not connected"], "BSD, macOS", Event::UsedAfterEnd),
    saying(&["endpoint is not connected"], "Linux", Event::UsedAfterEnd),
    saying(&["unexpected eof"], "Go, OpenSSL, Rust", Event::ClosedWithoutAnswer),
];

/// Exit codes of curl that speak of the end of a connection.
pub(super) const CURL: [(i32, Event); 4] =
    [(7, Event::RefusedOrReset), (35, Event::ResetInTls), (52, Event::ClosedWithoutAnswer), (56, Event::Reset)];

/// The first two letters of HAProxy's termination state, where a connection ended early (configuration manual, 8.5): who or what
/// ended the session, and in which phase it was.
pub(super) const HAPROXY: [(&str, Event); 11] = [
    ("CC", Event::ClientGone),
    ("CD", Event::ClientGone),
    ("CH", Event::ClientGone),
    ("cD", Event::OwnTimeLimit),
    ("cH", Event::OwnTimeLimit),
    ("cR", Event::OwnTimeLimit),
    ("SC", Event::Refused),
    ("SD", Event::ResetOrClosed),
    ("SH", Event::ResetOrClosed),
    ("sD", Event::OwnTimeLimit),
    ("sH", Event::OwnTimeLimit),
];
