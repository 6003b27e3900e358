//! Whole numbers out of a capture's octets, in either byte order, without panics.

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    #[inline]
    pub(super) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    #[inline]
    pub(super) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// Several numbers; asks for the order once.
    #[inline]
    pub(super) fn u32s<const N: usize>(self, octets: [[u8; 4]; N]) -> [u32; N] {
        match self {
            Self::Little => octets.map(u32::from_le_bytes),
            Self::Big => octets.map(u32::from_be_bytes),
        }
    }

    #[inline]
    pub(super) fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }
}

/// The `N` octets at `at`; `None` where there are fewer.
#[inline]
pub(super) fn octets<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// `length` with its padding to a multiple of four.
pub(super) fn padded(length: u64) -> u64 {
    length.saturating_add(3) & !3
}
