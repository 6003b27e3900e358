//! Numbers of TLS and what they are called, as IANA registers them
//! ([parameters](https://www.iana.org/assignments/tls-parameters/),
//! [extensions](https://www.iana.org/assignments/tls-extensiontype-values/)).

use super::super::declared::Reason;

// TLS ContentType.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const DATA: u8 = 23;
pub(super) const HEARTBEAT: u8 = 24;

// TLS HandshakeType.
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;

// TLS ExtensionType Values.
pub(super) const SERVER_NAME: u32 = 0;
pub(super) const ALPN: u32 = 16;
pub(super) const SUPPORTED_VERSIONS: u32 = 43;

// TLS Alerts: a description, a level (RFC 8446 section 6).
pub(super) const CLOSE_NOTIFY: u8 = 0;
pub(super) const FATAL: u8 = 2;

pub(super) const TLS_1_3: u16 = 0x0304;

/// Whether a version is TLS 1.3 or a draft of it.
pub(super) fn is_1_3(version: u16) -> bool {
    version == TLS_1_3 || version >> 8 == 0x7f
}

/// `TLS 1.2`.
pub(super) fn version(number: u16) -> String {
    match number {
        0x0002 => "SSL 2.0".to_owned(),
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=TLS_1_3 => format!("TLS 1.{}", number - 0x0301),
        draft @ 0x7f00..=0x7fff => format!("TLS 1.3 draft {}", draft & 0xff),
        other => format!("TLS version {other:#06x}"),
    }
}

/// The message of a handshake (IANA, TLS HandshakeType).
pub(super) fn handshake(kind: u8) -> &'static str {
    match kind {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        4 => "NewSessionTicket",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        22 => "CertificateStatus",
        _ => "handshake message",
    }
}

/// The description of an alert (IANA, TLS Alerts).
pub(super) fn description(code: u8) -> &'static str {
    match code {
        CLOSE_NOTIFY => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => "alert of an unknown kind",
    }
}

pub(super) fn reason(code: u8) -> Reason {
    match code {
        41..=46 | 48 | 49 | 111..=116 => Reason::Refused,
        80 | 90 => Reason::Other,
        _ => Reason::Protocol,
    }
}
