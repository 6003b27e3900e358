//! The IPv4 identification, beside what the host's stack counts.

use super::Question;
use crate::attribution::Party;
use crate::attribution::stack::{self, SKIPPED};
use crate::evidence::{Aspect, Evidence, Weight};
use crate::flow::Form;
use crate::tcp::Duration;

/// So many packets one after the other show that the counter is the connection's own.
const STEADY: usize = 4;

/// By how much a counter that the whole host shares may have moved while the connection rested.
const SHARED: u16 = 4096;

/// A rest in which other connections of the host may have sent.
const REST: Duration = Duration::from_secs(1);

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let id = segment.ip_id?;
    let name = suspect.case.name(suspect.own());
    let before: Vec<(u16, _)> = suspect
        .earlier(suspect.own())
        .filter(|one| !one.segment.flags.syn())
        .filter_map(|one| Some((one.segment.ip_id?, one.frame())))
        .take(4)
        .collect();
    let (last, frame) = *before.first()?;
    let counts = last != 0
        && before.windows(2).all(|pair| match pair {
            [later, earlier] => later.0.wrapping_sub(earlier.0) <= SKIPPED,
            _ => true,
        });
    if let Some(again) = suspect.later(suspect.own()).find(|one| one.segment.ip_id == Some(id) && id != 0) {
        return Some(suspect.forged("ip_id", Aspect::Device, Weight::Decisive, [segment.frame, again.frame()], || {
            format!("{name} used IP-ID {id:#06x} itself afterwards, so the reset did not take it from its counter")
        }));
    }
    let step = id.wrapping_sub(last);
    let rested = suspect
        .earlier(suspect.own())
        .next()
        .and_then(|one| suspect.since(one))
        .is_some_and(|rest| rest.0 >= REST.0 && before.len() < STEADY);
    let frames = [frame, segment.frame];
    match suspect.reset.form() {
        Form::RstAck if counts && stack::goes_on(last, id) => {
            Some(suspect.genuine("ip_id", Aspect::Device, Weight::Moderate, frames, || {
                format!("IP-ID {id:#06x} goes on with {name}'s counter for this connection ({last:#06x} before)")
            }))
        }
        // Windows counts for all connections together.
        Form::RstAck if step < SHARED && rested => None,
        Form::RstAck if counts && before.len() > 1 => {
            Some(suspect.forged("ip_id", Aspect::Device, Weight::Strong, frames, || {
                format!("IP-ID {id:#06x} is not of {name}'s counter for this connection ({last:#06x} before)")
            }))
        }
        // Linux since 2018 sends what it has no connection for with 0 (commit 431280eebed9).
        Form::Rst if id == 0 => None,
        // Before, it drew from a counter of the whole host.
        Form::Rst if counts && before.len() > 1 && !stack::goes_on(last, id) => {
            Some(suspect.forged("ip_id", Aspect::Device, Weight::Weak, frames, || {
                format!("IP-ID {id:#06x}, neither 0 nor of {name}'s counter ({last:#06x} before)")
            }))
        }
        _ => None,
    }
}
