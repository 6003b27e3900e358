//! One source tried many ports or hosts, and wanted none of the connections.

use std::collections::BTreeSet;

use super::diagnose::Question;
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
    let near = question.near_client();
    let dataless = || near.clone().filter(|other| !other.has_data && other.reset.is_some());
    let targets: BTreeSet<_> = dataless().map(|other| (other.server.address, other.server.port)).collect();
    let frame = decisive.reset.segment.frame;
    let mut candidate = question
        .candidate(Cause::HalfOpenScan, || match targets.len() {
            0 | 1 => "the client asked for a connection and sent nothing, as a port scan does".to_owned(),
            count => format!("the client tried {count} ports or hosts without sending anything: a port scan"),
        })
        .advise("find out who runs scans from this address; for the service itself nothing is wrong");
    let syn = story.raw_syn();
    if let Some(syn) = syn {
        candidate = candidate.because(
            Aspect::Form,
            Weight::Moderate,
            [syn.frame()],
            "no operating system's SYN is as bare as this one: it was made by a scanner",
        );
    }
    if targets.len() >= TARGETS {
        candidate = candidate.because(
            Aspect::Company,
            Weight::Decisive,
            dataless().filter_map(|other| other.reset).take(6),
            || format!("{} ports or hosts were tried from the same address, and no data was sent", targets.len()),
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
}
