use std::ops::{Index, IndexMut};

/// Which way a segment goes: as the first segment of its flow went, or back.
///
/// Says nothing about who is client; that is [`super::Roles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the sender of the flow's first segment.
    Forward,
    /// Towards the sender of the flow's first segment.
    Back,
}

impl Way {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Forward, Self::Back];

    /// The other way.
    #[inline]
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::Forward => Self::Back,
            Self::Back => Self::Forward,
        }
    }
}

/// One thing for each way, or for each endpoint: `forward` belongs to the endpoint that sends forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair<T> {
    /// Of the sender of the flow's first segment.
    pub forward: T,
    /// Of the other endpoint.
    pub back: T,
}

impl<T> Index<Way> for Pair<T> {
    type Output = T;
    #[inline]
    fn index(&self, way: Way) -> &T {
        match way {
            Way::Forward => &self.forward,
            Way::Back => &self.back,
        }
    }
}

impl<T> IndexMut<Way> for Pair<T> {
    #[inline]
    fn index_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::Forward => &mut self.forward,
            Way::Back => &mut self.back,
        }
    }
}

impl<T> Pair<T> {
    /// The sender's and the receiver's part of something sent this way.
    #[inline]
    pub fn sender_and_receiver(&mut self, way: Way) -> (&mut T, &mut T) {
        match way {
            Way::Forward => (&mut self.forward, &mut self.back),
            Way::Back => (&mut self.back, &mut self.forward),
        }
    }
}
