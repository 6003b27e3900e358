//! Verdicts by situation. The captures are taken between the hosts unless a trace says otherwise: the client is 4 routers and
//! 1 ms away, the server 7 routers and 20 ms.

mod aborts;
mod clues;
mod compared;
mod degraded;
mod mechanisms;
mod obedience;
mod signatures;
mod stacks;
mod traps;

use super::testing::{Scene, clue, verdict};
use super::{Judged, Mechanism, Party, Sender};
use crate::evidence::{Confidence, Weight};

const SYN: &str = "
    c ttl 60
    s ttl 57
    0  c S  0 win 64240 mss 1460 sackok wscale 7
";

const HANDSHAKE: &str = "
    20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
    21 c A  1 ack 1
";

/// The verdict on the last reset of an established connection.
fn established(rest: &str) -> Judged {
    verdict(&format!("{SYN}{HANDSHAKE}{rest}"))
}

/// The verdict on the last reset after a connection request.
fn asked(rest: &str) -> Judged {
    verdict(&format!("{SYN}{rest}"))
}

/// Whether something speaks for forgery, and how strongly.
fn against_host(judged: &Judged, name: &str) -> Option<Weight> {
    clue(judged, name).filter(|piece| piece.about == Party::Middlebox).map(|piece| piece.weight)
}

/// Whether something speaks for the host, and how strongly.
fn for_host(judged: &Judged, name: &str) -> Option<Weight> {
    clue(judged, name).filter(|piece| piece.about == Party::Host).map(|piece| piece.weight)
}
