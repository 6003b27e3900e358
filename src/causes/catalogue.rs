use std::fmt;
use std::str::FromStr;

macro_rules! catalogue {
    ($($variant:ident, $id:literal, $title:literal, $summary:literal;)*) => {
        /// Why a connection ended badly. Each cause has a page in `docs/causes`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = $summary] $variant,)*
        }

        impl Cause {
            /// All causes: refused, ended by an end, lost, ended by the network, and without a reset.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in reports, in snake case; it never changes its meaning.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// A title of a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What happened, in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }

            /// The page, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/causes/", $id, ".md")),)* }
            }
        }
    };
}

#[rustfmt::skip]
catalogue! {
    RefusedNoListener, "refused_no_listener", "Nothing listens on the port",
        "The host answered the SYN by a reset, because no application listens on that port.";
    RefusedByFirewall, "refused_by_firewall", "Refused by a packet filter",
        "A packet filter answered the SYN by a reset or an ICMP error, and not the server's TCP.";
    IcmpUnreachable, "icmp_unreachable", "Unreachable, says ICMP",
        "An ICMP error said that host, network or port cannot be reached; no reset was sent.";
    BacklogOverflow, "backlog_overflow", "Accept queue full",
        "The handshake's last ACK was answered by a reset, because the server's accept queue was full.";
    ConnectionLimit, "connection_limit", "Too many connections",
        "Connections beyond a number open at once are reset or closed right away; the earlier ones live on.";
    RateLimited, "rate_limited", "Over a rate or a quota",
        "A packet filter rejects what goes beyond so many connections, packets or bytes in a time.";
    ClosedWithUnreadData, "closed_with_unread_data", "Closed with unread data",
        "An application closed its socket while received data lay unread: its kernel sends a reset instead of a FIN.";
    DataAfterClose, "data_after_close", "Data after close",
        "Data reached a side that had closed in both directions: it answers them by a reset.";
    StaleKeepaliveReuse, "stale_keepalive_reuse", "Stale connection used again",
        "A request was sent on a kept-alive connection that the server had closed or was just closing.";
    AbortLinger0, "abort_linger0", "Deliberate abort",
        "An application ended the connection by a reset on purpose, as with SO_LINGER and a time of 0.";
    ClientAbort, "client_abort", "Cancelled by the client",
        "The client gave up while it was connecting or while the answer was still coming.";
    ProcessKilled, "process_killed", "Process killed",
        "The process died, and its kernel ended all its connections in the same instant.";
    ServerRestart, "server_restart", "Service restarted",
        "The service went down with its connections, refused new ones for a while, and came back.";
    ProtocolMismatch, "protocol_mismatch", "Two protocols, or a failed TLS handshake",
        "The sides did not speak the same protocol, or the TLS handshake failed, and one side hung up.";
    TimewaitReset, "timewait_reset", "Leftovers of an old connection",
        "Segments of an old connection met a new one of the same ports, or a socket in TIME-WAIT.";
    PeerLostState, "peer_lost_state", "Peer forgot the connection",
        "The host or the translating router no longer knew the connection: reboot, fail-over or a lost table.";
    IdleTimeoutEndpoint, "idle_timeout_endpoint", "Idle limit of the server",
        "The server ended a connection that had been idle, or too slow, for as long as its own limit allows.";
    IdleTimeoutMiddlebox, "idle_timeout_middlebox", "Idle limit on the path",
        "A firewall, address translation or load balancer forgot the idle connection, or reset it.";
    KeepaliveFailure, "keepalive_failure", "Keepalive without answer",
        "Probes or retransmissions had no answer, so the sender's kernel gave the connection up.";
    InjectedContentFilter, "injected_content_filter", "Reset by a content filter",
        "A device on the path forged or forced a reset because of a name or a word in the request.";
    InjectedBlindOrInvalid, "injected_blind_or_invalid", "Forged reset",
        "A reset was forged for no reason in the content: a guess, a tool that kills connections, or one that came too late.";
    HalfOpenScan, "half_open_scan", "Port scan",
        "One source tried many ports or hosts, and reset every connection at once.";
    HealthCheck, "health_check", "Health check",
        "A load balancer looked whether the port is open, and reset the connection at once.";
    UnansweredSyn, "unanswered_syn", "No answer to the SYN",
        "The SYN was repeated and nothing came back.";
    UnansweredData, "unanswered_data", "No answer to data",
        "Data or probes on an established connection were repeated and nothing came back; no reset was seen.";
}

impl Cause {
    /// Whether this is a special case of `general`: who names it explains by it why the other happened.
    pub fn is_case_of(self, general: Self) -> bool {
        use Cause as C;
        let cases: &[Self] = match general {
            C::RefusedByFirewall => &[C::RateLimited, C::ConnectionLimit],
            C::RefusedNoListener => &[C::HalfOpenScan, C::ServerRestart],
            C::ClosedWithUnreadData => &[
                C::ProcessKilled,
                C::ServerRestart,
                C::ClientAbort,
                C::ConnectionLimit,
                C::ProtocolMismatch,
                C::IdleTimeoutEndpoint,
            ],
            C::AbortLinger0 => &[
                C::HealthCheck,
                C::HalfOpenScan,
                C::ClientAbort,
                C::ConnectionLimit,
                C::ProtocolMismatch,
                C::IdleTimeoutEndpoint,
                C::ProcessKilled,
                C::ServerRestart,
            ],
            C::DataAfterClose => &[
                C::StaleKeepaliveReuse,
                C::IdleTimeoutEndpoint,
                C::ClientAbort,
                C::ProcessKilled,
                C::ServerRestart,
                C::ConnectionLimit,
                C::ProtocolMismatch,
                C::TimewaitReset,
            ],
            C::PeerLostState => &[C::IdleTimeoutMiddlebox, C::ServerRestart],
            C::InjectedBlindOrInvalid => &[C::InjectedContentFilter, C::IdleTimeoutMiddlebox, C::RateLimited],
            _ => &[],
        };
        cases.contains(&self)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Reads an id.
impl FromStr for Cause {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|cause| cause.id() == id);
        found.copied().ok_or_else(|| format!("no cause `{id}`: `tcpautopsy explain` lists them"))
    }
}
