//! What all headers share on the way through a frame.

use super::fragments::Fragments;
use super::ip::IpHeader;
use super::paths::{Layer, Paths, Tunnel};
use super::view::{Fragment, View};
use super::{DecodeCounts, Decoded, Undecoded};
use crate::capture::Frame;
use crate::tcp::{PathId, Segment};

/// Headers within headers that a frame may have, each VLAN tag, label and IP header counted.
///
/// The deepest of real captures (a pseudowire with two tags in an L2TP in a VLAN) need a dozen.
const MAX_DEPTH: usize = 32;

/// What a header led to.
pub(super) type Read = Result<Decoded, Undecoded>;

/// What outlives a frame.
pub(super) struct State {
    pub paths: Paths,
    pub fragments: Fragments,
    pub counts: DecodeCounts,
    /// Of the present frame, outermost first; kept for its memory.
    pub layers: Vec<Layer>,
    /// Of the present frame, as far as the long way has come.
    pub view: View,
    /// Of the present frame, as far as the long way has come: the outermost packet that it is a part of.
    pub fragment: Option<Fragment>,
    /// Room for one segment of the short way; kept for its memory.
    pub plain: Vec<Segment>,
}

impl State {
    /// The layers so far, as a number.
    pub fn path(&mut self) -> PathId {
        let path = self.paths.intern(&self.layers);
        self.or_overflow(path)
    }

    /// The path of one VLAN tag.
    #[inline]
    pub fn single_vlan(&mut self, id: u16) -> PathId {
        let path = self.paths.single_vlan(id);
        self.or_overflow(path)
    }

    #[inline]
    fn or_overflow(&mut self, path: Option<PathId>) -> PathId {
        path.unwrap_or_else(|| {
            self.counts.path_overflow += 1;
            Paths::overflow()
        })
    }
}

/// The way through the headers of one frame, from the outside in. Every header is a method, next to its relatives.
pub(super) struct Walk<'w> {
    pub frame: &'w Frame<'w>,
    pub state: &'w mut State,
    depth: usize,
}

impl<'w> Walk<'w> {
    pub fn new(frame: &'w Frame<'w>, state: &'w mut State) -> Self {
        state.layers.clear();
        Self { frame, state, depth: 0 }
    }

    /// One header deeper.
    pub fn enter(&mut self) -> Result<(), Undecoded> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Undecoded::TooDeep) } else { Ok(()) }
    }

    /// One layer deeper.
    pub fn push(&mut self, layer: Layer) -> Result<(), Undecoded> {
        self.enter()?;
        self.state.layers.push(layer);
        Ok(())
    }

    /// One tunnel deeper.
    pub fn push_tunnel(&mut self, kind: Tunnel, outer: &IpHeader) -> Result<(), Undecoded> {
        self.push(Layer::Tunnel { kind, source: outer.source(), destination: outer.destination() })
    }

    /// For what does not say what it carries: the first reading that makes sense, else what the last one said.
    pub fn first_of(&mut self, readings: &[&dyn Fn(&mut Self) -> Read]) -> Read {
        let (depth, layers) = (self.depth, self.state.layers.len());
        let mut last = Err(Undecoded::NotIp);
        for reading in readings {
            self.depth = depth;
            self.state.layers.truncate(layers);
            last = reading(self);
            if !matches!(last, Err(Undecoded::Malformed | Undecoded::NotIp | Undecoded::TooDeep)) {
                break;
            }
        }
        last
    }
}
