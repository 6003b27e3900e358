//! Everything that speaks for and against a verdict, in the order in which formats number it.

use super::words;
use crate::report::{Flow, Location};

/// A piece of evidence, of the cause or of a sender.
pub(super) struct Proof<'a> {
    /// How much it counts, which way, and for what.
    pub(super) rank: String,
    /// The frames it rests on.
    pub(super) frames: &'a [u64],
    /// Where they lie, with several inputs.
    pub(super) locations: &'a [Location],
    /// One clause.
    pub(super) text: &'a str,
}

/// The evidence of the cause, then that of the senders.
pub(super) fn of(flow: &Flow) -> Vec<Proof<'_>> {
    let causes = flow.diagnosis.iter().flat_map(|diagnosis| &diagnosis.evidence).map(|one| Proof {
        rank: format!("{}, {} the cause", one.weight, one.stance),
        frames: &one.frames,
        locations: &one.locations,
        text: &one.text,
    });
    let senders = flow.resets.iter().flat_map(|reset| &reset.evidence).map(|one| Proof {
        rank: format!("{}, {} {} as sender", one.weight, one.stance, words::who(one.about)),
        frames: &one.frames,
        locations: &one.locations,
        text: &one.text,
    });
    causes.chain(senders).collect()
}
