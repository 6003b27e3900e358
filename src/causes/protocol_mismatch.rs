//! The sides did not speak the same protocol, or a TLS handshake failed.

use super::question::Question;
use super::{Candidate, Cause};
use crate::application::Mismatch;
use crate::attribution::{Judged, Mechanism, Sender};
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    // A device that resets would explain the end by itself, and so would a packet filter.
    let explains =
        |verdict: &Judged| verdict.sender == Sender::Middlebox || verdict.mechanism == Mechanism::PacketFilter;
    if story.verdict().is_some_and(explains) {
        return None;
    }
    // A misunderstanding makes a program close; it does not make its host forget the connection.
    if let Some(decisive) = story.by_host()
        && decisive.verdict.mechanism == Mechanism::NoConnection
        && story.fin(decisive.reset.way).is_none()
    {
        return None;
    }
    let candidate = |sentence: &dyn Fn() -> String| question.candidate(Cause::ProtocolMismatch, sentence);
    let spoken =
        |protocol: Option<crate::application::Protocol>| protocol.map_or("another protocol", |known| known.name());
    Some(match story.application.mismatch.as_ref()? {
        Mismatch::TlsAnsweredInPlain { answer, frame } => candidate(&|| {
            format!(
                "the client began TLS, and the server answered with {}: TLS to a port of plain text",
                spoken(*answer)
            )
        })
        .because(
            Aspect::Declared,
            if answer.is_some() { Weight::Decisive } else { Weight::Moderate },
            [*frame],
            "a ClientHello was answered by something else than TLS",
        )
        .advise("let the client connect without TLS, or to the port on which the server speaks TLS"),
        Mismatch::PlainAnsweredInTls { spoken: what, frame } => {
            candidate(&|| format!("the client spoke {} to a port on which the server speaks TLS", spoken(*what)))
                .because(Aspect::Declared, Weight::Decisive, [*frame], "what was no TLS was answered by a TLS alert")
                .advise("let the client use TLS (https:// in place of http://), or the port for plain text")
        }
        Mismatch::TlsExpected { frame } => {
            candidate(&|| "the server said that it expects TLS, and the client did not use it".to_owned())
                .because(Aspect::Declared, Weight::Decisive, [*frame], "the server says so in plain text")
                .advise("let the client use TLS (https:// in place of http://)")
        }
        Mismatch::Alert(alert) => {
            let who = story.name(alert.by);
            candidate(&|| format!("the TLS handshake failed: {who} sent the alert {}", alert.name()))
                .because(
                    Aspect::Declared,
                    Weight::Decisive,
                    [alert.frame],
                    || format!("a fatal alert from {who} ended the handshake"),
                )
                .advise("compare TLS versions, cipher suites, certificates and their chain on both sides: `openssl s_client -connect`")
        }
        Mismatch::TwoProtocols { client, server, frame } => {
            candidate(&|| format!("the client spoke {} and the server {}", client.name(), server.name()))
                .because(
                    Aspect::Declared,
                    Weight::Decisive,
                    [*frame],
                    "the first bytes of both sides belong to two protocols",
                )
                .advise("look whether the client has the right port")
        }
        Mismatch::Port { spoken, port } => candidate(&|| {
            format!(
                "the client spoke {} to port {port}, which belongs to something else, and had no answer",
                spoken.name()
            )
        })
        .because(Aspect::Declared, Weight::Weak, [], || format!("{} is not what port {port} is for", spoken.name()))
        .advise("look whether the client has the right port"),
    })
}
