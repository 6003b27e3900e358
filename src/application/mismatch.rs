//! Why two sides did not understand each other.

use super::stream::Stream;
use super::tls::Alert;
use super::{Application, Protocol, Talk, progress};
use crate::tcp::FrameNumber;

/// Why.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// A ClientHello was answered by something else than TLS.
    TlsAnsweredInPlain {
        /// What it was, if that is known.
        answer: Option<Protocol>,
        /// The frame of the answer.
        frame: FrameNumber,
    },
    /// What was no TLS was answered by TLS, which can only be an alert.
    PlainAnsweredInTls {
        /// What the client spoke, if that is known.
        spoken: Option<Protocol>,
        /// The frame of the answer.
        frame: FrameNumber,
    },
    /// The server says in plain text that it expects TLS.
    TlsExpected {
        /// The frame in which it says so.
        frame: FrameNumber,
    },
    /// The handshake ended in a fatal alert.
    Alert(Alert),
    /// The sides speak two known protocols.
    TwoProtocols {
        /// The client's.
        client: Protocol,
        /// The server's.
        server: Protocol,
        /// The frame of whoever spoke second.
        frame: FrameNumber,
    },
    /// The client spoke what does not belong to this port, and had no answer.
    Port {
        /// What it spoke.
        spoken: Protocol,
        /// The port.
        port: u16,
    },
}

/// Ports on which TLS begins at once (IANA's service names), and 8443, which every application server takes for HTTPS.
const TLS_PORTS: [u16; 17] =
    [443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 5671, 6514, 6697, 8443, 8883];

/// Ports of protocols that begin in plain text (IANA's service names).
const PLAIN_PORTS: [u16; 14] = [21, 22, 23, 25, 53, 80, 110, 119, 143, 389, 3306, 5432, 6379, 8080];

/// The content type of a TLS alert (RFC 8446 section 5.1).
const ALERT: u8 = 21;

/// What the sides' first octets say, where the protocol's own reader found nothing.
pub(super) fn between(found: &Application, talk: &Talk<'_>) -> Option<Mismatch> {
    // Only the beginning of a connection shows what it begins with.
    if !talk.client.from_start || !talk.server.from_start {
        return None;
    }
    let first = |stream: &Stream<'_>| {
        let octets = stream.opening();
        stream.piece_at(stream.start()).filter(|_| !octets.is_empty()).map(|piece| piece.frame)
    };
    let asked = first(&talk.client)?;
    let Some(frame) = first(&talk.server) else {
        let spoken = found.client.filter(|_| talk.server.is_empty())?;
        let ports: &[u16] = if spoken == Protocol::Tls { &PLAIN_PORTS } else { &TLS_PORTS };
        return ports.contains(&talk.port).then_some(Mismatch::Port { spoken, port: talk.port });
    };
    match (found.client, found.server) {
        (client, server) if client == server => None,
        (Some(Protocol::Tls), answer) if frame > asked => Some(Mismatch::TlsAnsweredInPlain { answer, frame }),
        // A handshake that went on was understood, as a ClientHello in the form of SSL 2.0 is (RFC 5246 appendix E.2).
        (None, Some(Protocol::Tls)) if !talk.server.opening().starts_with(&[ALERT]) => None,
        (spoken, Some(Protocol::Tls)) => Some(Mismatch::PlainAnsweredInTls { spoken, frame }),
        (Some(client), Some(server)) => Some(Mismatch::TwoProtocols { client, server, frame: frame.max(asked) }),
        _ => None,
    }
}

impl Mismatch {
    /// The phrase of progress where nothing but the mismatch was under way.
    pub(super) fn progress(&self, found: &Application, talk: &Talk<'_>) -> Option<String> {
        let (answer, request) = match self {
            Self::TlsAnsweredInPlain { answer, .. } => (
                answer.map_or_else(|| "something that is no TLS".to_owned(), |answer| answer.name().to_owned()),
                super::tls::HELLO_OF_CLIENT.to_owned(),
            ),
            Self::PlainAnsweredInTls { .. } => {
                let alert = found.declared.last().map(|declared| format!(" ({})", declared.text));
                let request = found.last_request.as_ref().map(|request| request.what.clone());
                (
                    format!("a TLS alert{}", alert.unwrap_or_default()),
                    request.unwrap_or_else(|| "what was no TLS".to_owned()),
                )
            }
            _ => return None,
        };
        let last = talk.server.piece_before(i64::MAX)?;
        let what = format!("the server answered {request} by {answer}");
        Some(progress::ago(last.time, talk.end, &what))
    }
}
