//! `conn_state`: the whole connection in one word.

use std::fmt;

use super::side::State;

/// Zeek's summary of a connection (scripts/base/protocols/conn/main.zeek).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnState {
    /// A SYN, and nothing came back.
    S0,
    /// Established, and not ended.
    S1,
    /// Established and ended by both sides.
    Sf,
    /// The SYN was answered by a RST, or no data was ever sent and both sides reset.
    Rej,
    /// The originator ended, the responder did not.
    S2,
    /// The responder ended, the originator did not.
    S3,
    /// The originator reset.
    Rsto,
    /// The responder reset.
    Rstr,
    /// The originator sent a SYN and then a RST, and the responder nothing that establishes.
    Rstos0,
    /// The responder reset, and of the originator no handshake was seen.
    Rstrh,
    /// The originator ended, and of the responder no handshake was seen.
    Sh,
    /// The responder ended, and of the originator no handshake was seen.
    Shr,
    /// None of these; mostly traffic in midstream.
    Oth,
}

/// As Zeek writes it.
impl fmt::Display for ConnState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::S0 => "S0",
            Self::S1 => "S1",
            Self::Sf => "SF",
            Self::Rej => "REJ",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::Rsto => "RSTO",
            Self::Rstr => "RSTR",
            Self::Rstos0 => "RSTOS0",
            Self::Rstrh => "RSTRH",
            Self::Sh => "SH",
            Self::Shr => "SHR",
            Self::Oth => "OTH",
        })
    }
}

/// The summary of an originator and a responder in these states.
pub fn summarise(originator: State, responder: State, no_data: bool, history: impl FnOnce() -> String) -> ConnState {
    let unseen = |state| matches!(state, State::Inactive | State::Partial);
    match (originator, responder) {
        (State::SynSent | State::SynAckSent, State::Reset) => ConnState::Rej,
        (State::Reset, State::Reset) if no_data => ConnState::Rej,
        (_, State::Reset) if unseen(originator) => ConnState::Rstrh,
        (_, State::Reset) => ConnState::Rstr,
        (State::Reset, _) if unseen(responder) => {
            if is_abandoned_attempt(&history()) {
                ConnState::Rstos0
            } else {
                ConnState::Oth
            }
        }
        (State::Reset, _) => ConnState::Rsto,
        (State::Closed, State::Closed) => ConnState::Sf,
        (State::Closed, _) => {
            if unseen(responder) {
                ConnState::Sh
            } else {
                ConnState::S2
            }
        }
        (_, State::Closed) => {
            if unseen(originator) {
                ConnState::Shr
            } else {
                ConnState::S3
            }
        }
        (State::SynSent, State::Inactive) => ConnState::S0,
        (State::Established, State::Established) => ConnState::S1,
        _ => ConnState::Oth,
    }
}

/// The originator's SYN, then its RST, and between them nothing else of the originator that matters.
fn is_abandoned_attempt(history: &str) -> bool {
    let history = history.strip_prefix('^').unwrap_or(history);
    let Some(after_syn) = history.strip_prefix('S') else { return false };
    let until_reset = after_syn.split_once('R').map(|(between, _)| between);
    until_reset.is_some_and(|between| !between.contains(['H', 'A', 'F', 'G', 'I', 'Q']))
}
