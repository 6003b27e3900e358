//! The second look at a capture, for the flows that are to be judged.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::capture::{Capture, Filter, OpenOptions};
use crate::decode::{DecodeLimits, Decoder};
use crate::error::Error;
use crate::flow::{Flow, Flows, Teardown};
use crate::report;
use crate::timeline::{Depth, Gathering, Recording, Timelines};

/// Flows of one address that are looked at to know a host by, beside those that are judged.
const COMPANIONS: usize = 64;

/// Whether all inputs are regular files, which can be read again.
pub fn can_read_again(paths: &[PathBuf]) -> bool {
    paths.iter().all(|path| path.is_file())
}

/// The segments of all flows that did not end well, and the beginnings of enough others to know their hosts by.
///
/// # Errors
/// A filter that does not compile, which the first look would have met.
pub fn gather(
    paths: &[PathBuf],
    filter: Option<Filter>,
    recording: Option<Recording>,
    flows: &Flows,
    is_wanted: impl Fn(&Flow) -> bool,
    memory: usize,
) -> Result<Timelines, Error> {
    let mut gathering = Gathering::new(memory);
    let mut known: HashMap<[u8; 16], usize> = HashMap::new();
    for flow in flows.iter().filter(|flow| is_wanted(flow)) {
        gathering.want(flow, Depth::Whole);
        let ends = &flow.stream.endpoints;
        known.insert(ends.forward.address, 0);
        known.insert(ends.back.address, 0);
    }
    for flow in flows.iter().filter(|flow| !is_wanted(flow)) {
        let ends = &flow.stream.endpoints;
        let mut helps = false;
        for address in [ends.forward.address, ends.back.address] {
            if let Some(companions) = known.get_mut(&address).filter(|companions| **companions < COMPANIONS) {
                *companions += 1;
                helps = true;
            }
        }
        if helps {
            gathering.want(flow, Depth::Beginning);
        }
    }
    if gathering.is_empty() {
        return Ok(Timelines::default());
    }
    match recording {
        Some(recording) => recording.replay(&mut gathering),
        None => {
            let (mut capture, _) = Capture::open(paths, OpenOptions { filter });
            let mut decoder = Decoder::new(DecodeLimits::default());
            while let Some(frame) = capture.next() {
                gathering.look(&mut decoder, &frame);
            }
        }
    }
    Ok(gathering.finish())
}

/// Whether a flow is judged: it has a reset, or did not end well.
pub fn needs_judging(flow: &Flow, flows: &Flows) -> bool {
    !flow.resets().is_empty() || report::Teardown::from(Teardown::of(flow, flows.end)).ended_badly()
}
