//! The timestamps of an abort, beside the host's clock.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    // Some stacks fill in 0 where no connection is left to take a clock from.
    let (value, _) = segment.options.timestamps().filter(|&(value, _)| value != 0)?;
    let last = suspect.earlier(suspect.own()).find(|one| one.segment.options.timestamps().is_some());
    let name = suspect.case.name(suspect.own());
    let Some(last) = last else {
        let spoke = suspect.earlier(suspect.own()).next()?;
        return Some(suspect.forged(
            "timestamps",
            Aspect::Form,
            Weight::Strong,
            [segment.frame, spoke.frame()],
            || format!("it has timestamps, and {name} does not use them"),
        ));
    };
    let (before, _) = last.segment.options.timestamps()?;
    let advance = value.wrapping_sub(before) as i32;
    let frames = [last.frame(), segment.frame];
    if advance < 0 {
        return Some(suspect.forged("timestamps", Aspect::Form, Weight::Strong, frames, || {
            format!("its timestamp lies {} ticks behind {name}'s clock", advance.unsigned_abs())
        }));
    }
    // Stacks tick once in 1 ms to 1 s (RFC 7323 section 5.4); which it is shows over a longer stretch of the flow.
    let first = suspect.earlier(suspect.own()).filter(|one| one.segment.options.timestamps().is_some()).last()?;
    let (began, _) = first.segment.options.timestamps()?;
    let ran = last.time()?.since(first.time()?).as_secs_f64();
    let waited = suspect.since(last)?.as_secs_f64();
    if ran < 0.1 {
        return None;
    }
    let rate = f64::from(before.wrapping_sub(began)) / ran;
    let expected = rate * waited;
    let off = (f64::from(advance) - expected).abs();
    if off > expected * 0.5 + rate * 0.1 + 2.0 {
        return Some(suspect.forged("timestamps", Aspect::Form, Weight::Moderate, frames, || {
            format!(
                "its timestamp is {advance} ticks after {name}'s last, where its clock would have come to {expected:.0}"
            )
        }));
    }
    Some(suspect.genuine("timestamps", Aspect::Form, Weight::Weak, frames, || {
        format!("its timestamp goes on with {name}'s clock")
    }))
}
