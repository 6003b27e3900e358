//! The second look at a capture, for the flows that are to be judged.

use std::collections::HashMap;
use std::path::PathBuf;

use super::pipeline;
use crate::capture::{Capture, Filter, OpenOptions};
use crate::decode::{DecodeLimits, Decoder};
use crate::error::Error;
use crate::flow::{Flow, Flows, Roles, Teardown};
use crate::report;
use crate::tcp::{FrameNumber, Segment, Timestamp};
use crate::timeline::{Depth, Found, Gathering, Members, Recording, Timelines};

/// Flows of one address that are looked at to know a host by, beside those that are judged.
const COMPANIONS: usize = 16;

/// Whether all inputs are regular files, which can be read again.
pub fn can_read_again(paths: &[PathBuf]) -> bool {
    paths.iter().all(|path| path.is_file())
}

/// Asks for the segments of the flows that are wanted, and for the profiles of enough others to know their hosts by.
/// Keeps at most `memory` octets.
pub fn ask(flows: &Flows, is_wanted: impl Fn(&Flow) -> bool, memory: usize) -> Gathering {
    let mut gathering = Gathering::new(memory);
    let mut known: HashMap<[u8; 16], Known> = HashMap::new();
    let wanted = |with_reset| flows.iter().filter(move |flow| flow.resets().is_empty() != with_reset);
    // Those with a reset first: a flood of requests that nobody answers must not take the room that they need.
    for flow in wanted(true).chain(wanted(false)).filter(|flow| is_wanted(flow)) {
        gathering.want(flow, Depth::Whole);
        let ends = &flow.stream.endpoints;
        for address in [ends.forward.address, ends.back.address] {
            known.entry(address).or_default().asked |= was_reset_for_asking(flow);
        }
    }
    for flow in flows.iter().filter(|flow| !is_wanted(flow)) {
        let ends = &flow.stream.endpoints;
        let mut helps = None;
        for address in [ends.forward.address, ends.back.address] {
            if let Some(known) = known.get_mut(&address).filter(|known| known.companions < COMPANIONS) {
                known.companions += 1;
                helps = helps.max(Some(if known.asked { Depth::Opening } else { Depth::Profile }));
            }
        }
        if let Some(depth) = helps {
            gathering.want(flow, depth);
        }
    }
    gathering
}

/// An address that flows to be judged have.
#[derive(Default)]
struct Known {
    /// Other flows that it is known by.
    companions: usize,
    /// A connection with it was reset when its client had just asked: what others asked for may tell why.
    asked: bool,
}

/// Whether the client had spoken last when a reset came.
fn was_reset_for_asking(flow: &Flow) -> bool {
    flow.turn_at_reset().is_some_and(|turn| turn.way == Roles::of(flow).from_client)
}

/// The segments of all flows that did not end well, and the profiles of enough others to know their hosts by.
///
/// # Errors
/// When the operating system gives no second thread.
pub fn gather(
    paths: &[PathBuf],
    filter: Option<Filter>,
    recording: Option<Recording>,
    flows: &Flows,
    is_wanted: impl Fn(&Flow) -> bool,
    memory: usize,
    threads: usize,
) -> Result<Timelines, Error> {
    let mut gathering = ask(flows, is_wanted, memory);
    if gathering.is_empty() {
        return Ok(Timelines::default());
    }
    match recording {
        Some(recording) => recording.replay(&mut gathering),
        None => {
            let (mut capture, _) = Capture::open(paths, OpenOptions { filter });
            let mut decoder = Decoder::new(DecodeLimits::default());
            let (members, mut keeper) = gathering.halves();
            let fill = |found: &mut Found| {
                found.clear();
                while !found.is_full() {
                    let Some(frame) = capture.next() else { return !found.is_empty() };
                    found.look(members, &mut decoder, &frame);
                }
                true
            };
            pipeline::hand_over(threads, fill, |found| keeper.keep(found)).map_err(Error::Thread)?;
        }
    }
    Ok(gathering.finish())
}

/// The flow that a frame belongs to, as a segment or as an ICMP error about one; `None` where it belongs to none.
pub fn flow_with_frame(
    paths: &[PathBuf],
    filter: Option<Filter>,
    recording: Option<&Recording>,
    flows: &Flows,
    frame: u64,
) -> Option<u64> {
    let frame = FrameNumber::new(frame)?;
    let mut members = Members::default();
    for flow in flows.iter() {
        if flow.detail.iter().flat_map(|detail| &detail.icmp).any(|icmp| icmp.error.frame == frame) {
            return Some(flow.id);
        }
        if (flow.first_frame..=flow.stream.last_frame).contains(&frame) {
            members.add(flow, Depth::Whole);
        }
    }
    let segment = match recording {
        Some(recording) => recording.segment(frame).copied(),
        None => segment_in(paths, filter, frame),
    };
    members.flow_of(&segment?)
}

/// The segment in a frame.
pub fn segment_in(paths: &[PathBuf], filter: Option<Filter>, wanted: FrameNumber) -> Option<Segment> {
    let (mut capture, _) = Capture::open(paths, OpenOptions { filter });
    let mut decoder = Decoder::new(DecodeLimits::default());
    while let Some(frame) = capture.next() {
        // All frames before it are decoded, too: paths are numbered and fragments put together as they come.
        let seen = decoder.view(&frame, |_| true);
        if frame.number >= wanted {
            return seen.map(|(segment, _)| segment).filter(|segment| segment.frame == wanted);
        }
    }
    None
}

/// Where the segments of these flows belong, for a third look.
pub fn members(flows: &Flows, is_wanted: impl Fn(&Flow) -> bool) -> Members {
    let mut members = Members::default();
    flows.iter().filter(|flow| is_wanted(flow)).for_each(|flow| members.add(flow, Depth::Whole));
    members
}

/// Whether a flow is judged: it has a reset, or did not end well.
pub fn needs_judging(flow: &Flow, flows: &Flows) -> bool {
    has_something_to_judge(flow, flows.end)
}

/// The same where only the latest time of the capture is at hand.
pub fn has_something_to_judge(flow: &Flow, end: Option<Timestamp>) -> bool {
    !flow.resets().is_empty() || report::Teardown::from(Teardown::of(flow, end)).ended_badly()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::testing::segment;
    use crate::flow::{FlowTable, Limits};
    use crate::tcp::{Endpoint, TcpFlags};

    #[test]
    fn a_flood_of_requests_does_not_take_the_room_of_a_reset() {
        const FLOOD: u64 = 500;
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let keyer = table.keyer();
        let mut segments = Vec::new();
        for at in 0..FLOOD {
            let source = Endpoint::v4([10, 0, 0, 1], 1000 + at as u16);
            segments.push(Segment { source, flags: TcpFlags::SYN, ..segment(at + 1, at as i64) });
        }
        let source = Endpoint::v4([10, 0, 0, 2], 1000);
        segments.push(Segment { source, flags: TcpFlags::SYN, ..segment(FLOOD + 1, 1000) });
        segments.push(Segment { source, flags: TcpFlags::RST, ..segment(FLOOD + 2, 2000) });
        segments.iter().for_each(|segment| table.segments(&[*segment], &[keyer.key(segment)]));
        let flows = table.finish();
        let mut gathering = ask(&flows, |_| true, 30_000);
        segments.iter().for_each(|segment| gathering.take(*segment, &crate::decode::View::default(), &[]));
        let timelines = gathering.finish();
        let kept = |flow: &&Flow| timelines.get(flow.id).is_some();
        let (with, without): (Vec<_>, Vec<_>) = flows.iter().partition(|flow| !flow.resets().is_empty());
        assert_eq!((with.len(), with.iter().filter(|flow| kept(flow)).count()), (1, 1));
        assert!(without.iter().filter(|flow| kept(flow)).count() < without.len(), "there was no room for all");
        assert!(timelines.incomplete > 0);
    }
}
