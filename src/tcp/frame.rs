use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

/// The place of a frame in the capture, from 1: Wireshark's `frame.number` for one input, the place in the merge for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(NonZeroU64);

impl FrameNumber {
    /// The first frame of a capture.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The frame with this number; `None` for 0.
    #[inline]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number, from 1.
    #[inline]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The frame after this one.
    #[inline]
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl From<NonZeroU32> for FrameNumber {
    fn from(number: NonZeroU32) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
