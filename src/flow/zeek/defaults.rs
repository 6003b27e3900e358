//! What a default run of Zeek is configured with: ports that steer its guesses, and its timers.

use crate::tcp::Duration;

/// Whether Zeek takes the port for a server's: a TCP port for which a script of a default run registers an analyser
/// (`likely_server_ports`; the `ports` of scripts/base/protocols/*/main.zeek as of Zeek 8).
#[rustfmt::skip]
pub fn is_likely_server(port: u16) -> bool {
    matches!(
        port,
        21 | 2811                                                     // FTP, GridFTP
        | 22 | 25 | 587 | 53 | 79                                     // SSH, SMTP, DNS, Finger
        | 80 | 81 | 631 | 1080 | 3128 | 8000 | 8080 | 8888            // HTTP; 1080 is SOCKS too
        | 88 | 135 | 139 | 445 | 143                                  // Kerberos, DCE-RPC, SMB, IMAP
        | 389 | 3268 | 502 | 1434 | 3306 | 1883 | 3389                // LDAP, Modbus, MySQL, MQTT, RDP
        | 443 | 563 | 585 | 614 | 636 | 989 | 990 | 992 | 993 | 995 | 5223 // TLS
        | 5222 | 5269 | 5432 | 6379 | 6666..=6669 | 20000             // XMPP, PostgreSQL, Redis, IRC, DNP3
    )
}

/// The longer patience Zeek has with services where people type (`port_inactivity_timeouts`).
pub fn is_interactive(port: u16) -> bool {
    matches!(port, 21 | 22 | 23 | 513)
}

/// How long Zeek waits for the peer of a first SYN (`tcp_attempt_delay`).
pub const ATTEMPT: Duration = Duration::from_secs(5);
/// The shortest of these times.
pub const SHORTEST: Duration = ATTEMPT;
/// How long a closed connection is kept (`tcp_close_delay`).
pub const CLOSED: Duration = Duration::from_secs(5);
/// How long after its last segment a connection is kept that one side both finished and reset: Zeek looks every 6 s
/// (`tcp_session_timer`) for 5 s of silence (`tcp_connection_linger`), counted from the FIN.
pub const HALF_RESET: Duration = Duration::from_secs(6);
/// How long a connection without a handshake may be silent (Zeek starts every connection with `udp_inactivity_timeout`).
pub const INACTIVE_UNANSWERED: Duration = Duration::from_secs(60);
/// How long a connection may be silent (`tcp_inactivity_timeout`).
pub const INACTIVE: Duration = Duration::from_secs(300);
/// How long a connection to an [interactive](is_interactive) service may be silent.
pub const INACTIVE_INTERACTIVE: Duration = Duration::from_secs(3600);
