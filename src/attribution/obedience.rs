//! Whether the receiver obeyed a reset.
//!
//! By RFC 5961 section 3.2 it must if the sequence number is exactly the next one, asks by a challenge ACK if it lies
//! elsewhere in the window, and ignores it outside. What it did afterwards tells more. PAWS spares resets (RFC 7323
//! section 5.2).

use super::case::Suspect;
use crate::flow::Phase;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obedience {
    /// Whether it did; `None` where the capture does not tell.
    pub obeyed: Option<bool>,
    /// One clause.
    pub why: &'static str,
}

/// What the receiver of a reset did.
pub(super) fn of(suspect: &Suspect<'_>) -> Obedience {
    let (case, reset, peer) = (suspect.case, suspect.reset, suspect.peer());
    let said = |obeyed, why| Obedience { obeyed, why };
    if suspect.heard().is_some_and(|heard| heard.accepted) {
        return said(Some(true), "its receiver's kernel reports that it accepted it (tcp_receive_reset)");
    }
    if reset.phase == Phase::Closed {
        return said(Some(false), "the connection had ended before");
    }
    // Segments under way towards the capture point when the reset passed prove nothing.
    let round_trip = case.round_trip_to(peer);
    let sent = suspect.received();
    let went_on = suspect.later(peer).find(|one| {
        let late = suspect.since_of(one).zip(round_trip).is_some_and(|(since, least)| since.0 > least.0);
        late && !one.segment.flags.syn() && sent.is_some_and(|sent| one.segment.seq_end().after(sent))
    });
    if went_on.is_some() && reset.exact != Some(true) {
        return said(Some(false), "its receiver sent new data more than a round trip later");
    }
    if case.flow.ends[reset.way].fin_end() == Some(reset.segment.seq.add(1)) {
        return said(
            Some(true),
            "its sequence number is that of its sender's FIN, which Linux accepts (tcp_reset_check)",
        );
    }
    match (reset.exact, reset.in_window) {
        (Some(true), _) => said(Some(true), "its sequence number is the next one its receiver expects"),
        (_, Some(false)) => said(Some(false), "its sequence number lies outside the receiver's window"),
        (Some(false), Some(true)) => said(
            Some(false),
            "its sequence number lies in the window but is not the next one: RFC 5961 asks for a challenge ACK",
        ),
        _ => said(None, "the capture does not show what the receiver expected"),
    }
}
