//! A frame's octets as a TCP segment, an ICMP error about one, or a note why neither. Cannot fail.
//!
//! From the link type inwards every header leads to the next one, through tags, labels and tunnels, to the innermost TCP
//! header. What is around the innermost IP header is the segment's path. The plain frame has a short way of its own,
//! which leaves everything else to the long one.
//!
//! Not here: checksums (a captured one is often left to the network card), decryption, and any opinion about the segment.

mod counts;
mod ether;
mod fast;
mod fragments;
mod gre;
mod icmp;
mod ip;
mod link;
mod octets;
mod paths;
mod ppp;
mod tcp;
#[cfg(test)]
pub(crate) mod testing;
mod udp;
mod view;
mod walk;
mod wifi;

pub use counts::{DecodeCounts, Undecoded};
pub use fragments::DecodeLimits;
pub use paths::{Layer, Paths, Tunnel};
pub use view::{Direction, Fragment, LinkAddress, View};

use fragments::Fragments;
use octets::Octets;
use walk::{State, Walk};

use crate::capture::Frame;
use crate::tcp::{IcmpError, Segment};

/// What one frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // copied once into a batch; boxing would cost an allocation a packet
pub enum Decoded {
    /// A TCP segment.
    Segment(Segment),
    /// An ICMP error that quotes a TCP segment.
    IcmpError(IcmpError),
    /// Something else, counted.
    Other,
}

/// Turns frames, in the order of the capture, into what they say of TCP.
///
/// It keeps fragments that wait for their rest, and the paths seen.
pub struct Decoder(State);

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(limits: DecodeLimits) -> Self {
        Self(State {
            paths: Paths::new(),
            fragments: Fragments::new(limits),
            counts: DecodeCounts::default(),
            layers: Vec::new(),
            plain: Vec::new(),
            view: View::default(),
            fragment: None,
        })
    }

    /// A decoder for another look at the same frames, in any order, which knows the paths of this one. Of a fragmented packet it
    /// sees nothing.
    pub fn again(&self) -> Self {
        let mut again = Self::new(DecodeLimits::default());
        again.0.paths = self.0.paths.clone();
        again
    }

    /// What `frame` says.
    pub fn decode(&mut self, frame: &Frame<'_>) -> Decoded {
        let mut segments = Vec::new();
        match self.decode_into(frame, &mut segments) {
            Some(error) => Decoded::IcmpError(error),
            None => segments.pop().map_or(Decoded::Other, Decoded::Segment),
        }
    }

    /// As [`Self::decode`], but a segment is put at the end of `segments`, where it is written only once.
    #[inline(always)]
    pub fn decode_into(&mut self, frame: &Frame<'_>, segments: &mut Vec<Segment>) -> Option<IcmpError> {
        if self.decode_plain(frame, segments) { None } else { self.decode_other(frame, segments) }
    }

    /// As [`Self::decode_into`], of a plain frame only; whether it was one. The rest is for [`Self::decode_other`].
    #[inline(always)]
    pub fn decode_plain(&mut self, frame: &Frame<'_>, segments: &mut Vec<Segment>) -> bool {
        let is_plain = fast::plain(frame, &mut self.0, segments).is_some();
        self.0.counts.segments += u64::from(is_plain);
        is_plain
    }

    /// As [`Self::decode_into`], of a frame that was not plain.
    pub fn decode_other(&mut self, frame: &Frame<'_>, segments: &mut Vec<Segment>) -> Option<IcmpError> {
        match self.decode_any(*frame) {
            Decoded::Segment(segment) => segments.push(segment),
            Decoded::IcmpError(error) => return Some(error),
            Decoded::Other => {}
        }
        None
    }

    /// The segment in `frame` with what else its headers say, if it is one and `is_wanted`.
    ///
    /// For a second look at frames: it counts nothing that [`Self::counts`] could be asked for.
    #[inline]
    pub fn view(&mut self, frame: &Frame<'_>, is_wanted: impl FnOnce(&Segment) -> bool) -> Option<(Segment, View)> {
        self.show(frame, is_wanted, |segment, view| (*segment, view.clone()))
    }

    /// As [`Self::view`], what `look` makes of it where it lies: it is too large to be moved about.
    #[inline]
    pub fn show<R>(
        &mut self,
        frame: &Frame<'_>,
        is_wanted: impl FnOnce(&Segment) -> bool,
        look: impl FnOnce(&Segment, &View) -> R,
    ) -> Option<R> {
        let mut plain = std::mem::take(&mut self.0.plain);
        plain.clear();
        let is_plain = fast::plain(frame, &mut self.0, &mut plain).is_some();
        let seen = match plain.first().filter(|_| is_plain) {
            Some(segment) => is_wanted(segment).then(|| look(segment, &fast::view(frame, segment).unwrap_or_default())),
            None => match self.decode_any(*frame) {
                Decoded::Segment(segment) if is_wanted(&segment) => Some(look(&segment, &self.0.view)),
                _ => None,
            },
        };
        self.0.plain = plain;
        seen
    }

    /// What `frame` says, and where in it things lie: of an ICMP error the quoted data.
    pub fn look(&mut self, frame: &Frame<'_>) -> (Decoded, View) {
        let mut plain = std::mem::take(&mut self.0.plain);
        plain.clear();
        let is_plain = fast::plain(frame, &mut self.0, &mut plain).is_some();
        let segment = plain.first().copied().filter(|_| is_plain);
        self.0.plain = plain;
        self.0.fragment = None;
        if let Some((segment, view)) = segment.and_then(|segment| Some((segment, fast::view(frame, &segment)?))) {
            self.0.counts.segments += 1;
            return (Decoded::Segment(segment), view);
        }
        let decoded = self.decode_any(*frame);
        (decoded, self.0.view.clone())
    }

    /// Of the frame that was [looked](Self::look) at last, the part of a packet that it is, also where it made the packet whole.
    pub fn fragment(&self) -> Option<Fragment> {
        self.0.fragment
    }

    /// What became of the frames so far.
    pub fn counts(&self) -> &DecodeCounts {
        &self.0.counts
    }

    /// What [`Segment::path`] refers to.
    pub fn paths(&self) -> &Paths {
        &self.0.paths
    }

    /// As [`Self::decode`], by the long way.
    #[inline(never)]
    fn decode_any(&mut self, frame: Frame<'_>) -> Decoded {
        self.0.view = View::default();
        self.0.fragment = None;
        let data = Octets::new(frame.bytes, frame.original_len as usize);
        let read = Walk::new(&frame, &mut self.0).link(frame.link_type.0.into(), data);
        let counts = &mut self.0.counts;
        match read {
            Ok(Decoded::Segment(_)) => counts.segments += 1,
            Ok(Decoded::IcmpError(_)) => counts.icmp_errors += 1,
            Ok(Decoded::Other) => {}
            Err(reason) => {
                *counts.undecoded.entry(reason).or_default() += 1;
                if reason == Undecoded::LinkType {
                    *counts.link_types.entry(frame.link_type).or_default() += 1;
                }
            }
        }
        read.unwrap_or(Decoded::Other)
    }
}
