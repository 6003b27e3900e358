//! One source tried many ports or hosts, and wanted none of the connections.

use std::collections::BTreeSet;

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;

/// So many different ports or hosts make a scan (Zeek's scan detection begins at 15 ports of a host, 25 hosts; a single
/// capture is shorter than its five minutes).
const TARGETS: usize = 6;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    if !story.is_dataless() {
        return None;
    }
    let half_open = story.from_client() && decisive.reset.phase == Phase::Handshake;
    let connected =
        story.from_client() && decisive.reset.phase == Phase::Data && decisive.verdict.mechanism == Mechanism::Abort;
    let refused = decisive.verdict.mechanism == Mechanism::NoListener;
    if !half_open && !connected && !refused {
        return None;
    }
    let frame = decisive.reset.segment.frame;
    let bare = story.raw_syn().map(|syn| syn.frame());
    question.of_others(move |others| {
        let near = others.near_client();
        let dataless = || near.clone().filter(|other| !other.has_data && other.reset.is_some());
        // As many as make a scan where nobody asks how many there were.
        let targets = |most: usize| {
            let mut targets = BTreeSet::new();
            let mut all = dataless().map(|other| (other.server.address, other.server.port));
            while targets.len() < most
                && let Some(target) = all.next()
            {
                targets.insert(target);
            }
            targets.len()
        };
        let mut candidate = others
            .candidate(Cause::HalfOpenScan, || match targets(usize::MAX) {
                0 | 1 => "the client asked for a connection and sent nothing, as a port scan does".to_owned(),
                count => format!("the client tried {count} ports or hosts without sending anything: a port scan"),
            })
            .advise("find out who runs scans from this address; for the service itself nothing is wrong");
        if let Some(syn) = bare {
            candidate = candidate.because(
                Aspect::Form,
                Weight::Moderate,
                [syn],
                "no operating system's SYN is as bare as this one: it was made by a scanner",
            );
        }
        // Fewer connections have no more targets.
        if dataless().nth(TARGETS - 1).is_some() && targets(TARGETS) >= TARGETS {
            candidate = candidate.because(
                Aspect::Company,
                Weight::Decisive,
                dataless().filter_map(|other| other.reset).take(6),
                || {
                    let targets = targets(usize::MAX);
                    format!("{targets} ports or hosts were tried from the same address, and no data was sent")
                },
            );
        }
        if half_open {
            candidate = candidate.because(
                Aspect::Aftermath,
                Weight::Weak,
                [frame],
                "the client reset as soon as the port proved open",
            );
        }
        (!candidate.balance().is_empty()).then_some(candidate)
    })
}
