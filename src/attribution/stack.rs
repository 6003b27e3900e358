//! What kind of stack the claimed host runs, as far as its ordinary segments tell.
//!
//! What a reset must look like is known best of Linux. Others abort by a bare RST, as RFC 9293 section 3.10.5 words it, or
//! leave the timestamps out, which RFC 7323 section 3.2 lets them.

use super::case::Suspect;
use crate::knowledge::ttl;

/// Identifications that a counter of one connection may have skipped where segments between were not captured.
pub(super) const SKIPPED: u16 = 16;

/// Whether one identification follows another by such a counter, next but for those that it skipped.
pub(super) fn goes_on(before: u16, after: u16) -> bool {
    (1..=SKIPPED).contains(&after.wrapping_sub(before))
}

/// Identifications that are enough to tell.
const LOOKED_AT: usize = 16;

/// What Linux and the BSDs begin a packet's time to live with.
const UNIX_TTL: u8 = 64;

/// Whether the host numbers the packets of one connection as Linux does (`inet_id`, one by one, Don't Fragment set) with its
/// initial time to live; `None` where it sent too little to tell.
pub(super) fn is_linux(suspect: &Suspect<'_>) -> Option<bool> {
    let own = || suspect.of_claimed_sender().filter(|one| !one.segment.flags.syn());
    if suspect.of_claimed_sender().any(|one| ttl::initial(one.segment.ttl) != UNIX_TTL) {
        return Some(false);
    }
    let mut ids = own().filter_map(|one| one.segment.ip_id).take(LOOKED_AT);
    let mut last = ids.next()?;
    let (mut several, mut counts, mut any) = (false, true, last != 0);
    for next in ids {
        // A copy or a reordered packet may step back.
        counts &= next.wrapping_sub(last) <= SKIPPED || last.wrapping_sub(next) <= SKIPPED;
        any |= next != 0;
        (several, last) = (true, next);
    }
    several.then(|| counts && any && own().all(|one| one.segment.dont_fragment))
}
