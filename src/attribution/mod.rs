//! Who really sent a reset, and how its sender came to send it.
//!
//! A reset's source address is a claim. Every clue is a file: a plain function of the case that says what it sees, how much
//! that counts and in which frames it stands. [`judge`] asks them all and weighs their answers.

mod abort;
mod case;
mod clues;
mod judge;
mod kernel;
mod obedience;
mod origin;
mod signature;
mod stack;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod unseen;
mod verdict;

pub use case::{Case, Suspect};
pub use clues::LOCAL;
pub use judge::{is_contradictory, judge};
pub use obedience::Obedience;
pub use unseen::Unseen;
pub use verdict::{Hops, Judged, Mechanism, Party, Sender};
