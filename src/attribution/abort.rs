//! Why a live socket was aborted: data unread, probes unanswered, or the application's wish.

use super::Mechanism;
use super::case::Suspect;
use super::origin::received_data;
use crate::tcp::SeqNum;

/// Repetitions or probes without any answer after which a stack that gives up must have meant them: one may be a
/// coincidence.
const UNANSWERED: usize = 2;

/// What kind of abort, and why in a clause. `sent`: the highest number that the sender had sent.
pub(super) fn kind(suspect: &Suspect<'_>, sent: SeqNum) -> (Mechanism, String) {
    let name = suspect.case.name(suspect.own());
    let peer = suspect.case.name(suspect.peer());
    let unanswered = suspect
        .case
        .timeline
        .before(suspect.place)
        .filter(|one| one.is_ordinary())
        .take_while(|one| one.way == suspect.own())
        .filter(|one| one.segment.seq.before(sent))
        .count();
    if unanswered > UNANSWERED {
        return (
            Mechanism::KeepaliveTimeout,
            format!("{name} had asked {unanswered} times without an answer, and gave up"),
        );
    }
    let last_own = suspect.earlier(suspect.own()).find(|one| one.segment.payload_len > 0);
    let last_peer = suspect.earlier(suspect.peer()).find(|one| one.segment.payload_len > 0);
    let unread = match (last_own, last_peer) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(own), Some(peer)) => peer.frame() > own.frame(),
    };
    if unread && received_data(suspect).is_some() {
        return (Mechanism::AbortUnreadData, format!("{name} closed while data from {peer} lay unread"));
    }
    (Mechanism::Abort, format!("{name} aborted a live connection"))
}
