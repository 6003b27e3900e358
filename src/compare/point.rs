use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::flow::{Flow, Flows, Way};
use crate::tcp::{Endpoint, Timestamp};

/// One place on the path, with all that was captured there.
pub struct Point<'a> {
    /// Packets that the capturing kernel dropped, where the file says so.
    pub dropped: Option<u64>,
    /// Whether flows were ended early to bound memory, so that some are missing.
    pub evicted: bool,
    flows: Vec<&'a Flow>,
    addresses: HashMap<[u8; 16], Heard, RandomState>,
}

/// When an address was heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// First and last time of its flows.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Whether it sent anything.
    pub spoke: bool,
}

impl<'a> Point<'a> {
    /// A point with these flows.
    pub fn new(flows: &'a Flows, dropped: Option<u64>) -> Self {
        let mut addresses: HashMap<[u8; 16], Heard, RandomState> = HashMap::default();
        for flow in flows.iter() {
            for way in Way::BOTH {
                let end = flow.stream.endpoints[way];
                let heard = addresses.entry(end.address).or_default();
                heard.spoke |= flow.stream.sides[way].spoke();
                heard.take(flow);
            }
        }
        Self { dropped, evicted: !flows.totals.evicted.is_empty(), flows: flows.iter().collect(), addresses }
    }

    /// Its flows, in the order in which they began.
    pub fn flows(&self) -> &[&'a Flow] {
        &self.flows
    }

    /// The flow at this place.
    pub fn flow(&self, index: usize) -> Option<&'a Flow> {
        self.flows.get(index).copied()
    }

    /// What was heard of the address of an endpoint.
    pub fn heard(&self, end: Endpoint) -> Option<&Heard> {
        self.addresses.get(&end.address)
    }
}

impl Heard {
    fn take(&mut self, flow: &Flow) {
        if let Some((first, last)) = flow.first_time.zip(flow.last_time()) {
            self.span = Some(self.span.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
        }
    }
}
