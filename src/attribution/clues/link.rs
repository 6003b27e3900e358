//! Which device put the frame on this link, and which way the frame went.

use super::Question;
use crate::attribution::Party;
use crate::decode::Direction;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::timeline::Sighting;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let reset = suspect.sighting()?;
    if suspect.was_translated() {
        return None;
    }
    let name = suspect.case.name(suspect.own());
    let own = suspect.own();
    let all = &suspect.case.timeline.sightings;
    // Copies too: on a router they show both links. Several inputs are of one capture point.
    let sent = || all.iter().filter(|one| one.way == own && !one.segment.flags.rst());
    if let Some(direction) = reset.direction {
        let mut known = sent().filter_map(|one| one.direction).peekable();
        if known.peek().is_some() && known.all(|other| other != direction) {
            let frame = sent().next()?.frame();
            return Some(suspect.forged("direction", Aspect::Device, Weight::Strong, [reset.frame(), frame], || {
                format!("it went the other way through the capturing host than {name}'s packets do")
            }));
        }
    }
    // A router shows each packet as it comes and as it goes.
    let comes_in = |one: &&Sighting| one.direction == Some(Direction::In);
    let is_it = |one: &Sighting| one.segment.seq == suspect.segment().seq;
    let mut came = suspect.other_resets(own).map(|(_, one)| one).filter(comes_in);
    if reset.direction == Some(Direction::Out)
        && !came.any(is_it)
        && let Some(one) = sent().find(comes_in)
    {
        let frame = one.frame();
        return Some(suspect.forged("direction", Aspect::Device, Weight::Strong, [reset.frame(), frame], || {
            format!("it left the capturing host without having come there, as {name}'s packets do")
        }));
    }
    let link = reset.link_source?;
    let mut known = sent().filter_map(|one| Some((one.link_source?, one.frame()))).peekable();
    let &(usual, frame) = known.peek()?;
    if known.any(|(other, _)| other == link) {
        return None;
    }
    Some(suspect.forged("mac", Aspect::Device, Weight::Strong, [reset.frame(), frame], || {
        format!("it came from link address {link}, {name}'s packets come from {usual}")
    }))
}
