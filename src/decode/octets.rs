//! Octets of which some may be missing.

use super::Undecoded;

/// What is left of a packet behind the headers read so far: the octets captured, and how many there were on the line.
///
/// The two differ where the snap length cut the frame. Every read is checked; a read that fails says whose fault it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Octets<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl<'a> Octets<'a> {
    /// `bytes` of a packet that had `len` octets on the line; a `len` below what was captured is no limit.
    #[inline]
    pub fn new(bytes: &'a [u8], len: usize) -> Self {
        Self { bytes, len: len.max(bytes.len()) }
    }

    /// Octets on the line.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// The captured ones.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// `N` octets at `offset`.
    #[inline]
    pub fn read<const N: usize>(self, offset: usize) -> Result<[u8; N], Undecoded> {
        match self.bytes.get(offset..).and_then(|rest| rest.first_chunk()) {
            Some(&chunk) => Ok(chunk),
            None => Err(self.missing(offset.saturating_add(N))),
        }
    }

    /// The octet at `offset`.
    #[inline]
    pub fn u8(self, offset: usize) -> Result<u8, Undecoded> {
        self.read(offset).map(|[octet]| octet)
    }

    /// The two octets at `offset` in network byte order.
    #[inline]
    pub fn u16(self, offset: usize) -> Result<u16, Undecoded> {
        self.read(offset).map(u16::from_be_bytes)
    }

    /// The four octets at `offset` in network byte order.
    #[inline]
    pub fn u32(self, offset: usize) -> Result<u32, Undecoded> {
        self.read(offset).map(u32::from_be_bytes)
    }

    /// The first `N` octets and what follows them, where they were captured.
    #[inline]
    pub fn split_first<const N: usize>(self) -> Option<(&'a [u8; N], Self)> {
        let (first, bytes) = self.bytes.split_first_chunk()?;
        Some((first, Self { bytes, len: self.len - N }))
    }

    /// What follows the first `count` octets.
    #[inline]
    pub fn skip(self, count: usize) -> Result<Self, Undecoded> {
        match self.bytes.get(count..) {
            Some(bytes) => Ok(Self { bytes, len: self.len - count }),
            None => Err(self.missing(count)),
        }
    }

    /// At most the first `len` octets: a length field of the packet ends it before the frame ends.
    #[inline]
    pub fn limit(self, len: usize) -> Self {
        Self { bytes: self.bytes.get(..len).unwrap_or(self.bytes), len: self.len.min(len) }
    }

    /// Why the first `needed` octets cannot be read.
    #[cold]
    pub fn missing(self, needed: usize) -> Undecoded {
        if needed <= self.len { Undecoded::Cut } else { Undecoded::Malformed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_read_says_whose_fault_it_was() {
        let octets = Octets::new(&[1, 2, 3], 4);
        assert_eq!(octets.u16(1), Ok(0x0203));
        assert_eq!(octets.u16(2), Err(Undecoded::Cut));
        assert_eq!(octets.u16(3), Err(Undecoded::Malformed));
        assert_eq!(octets.u16(usize::MAX), Err(Undecoded::Malformed));
    }

    #[test]
    fn length_on_the_line_follows_skips_and_limits() {
        let octets = Octets::new(&[1, 2, 3], 10);
        assert_eq!(octets.skip(2).unwrap().len(), 8);
        assert_eq!(octets.split_first().map(|(first, rest)| (*first, rest.len())), Some(([1, 2], 8)));
        assert!(octets.split_first::<4>().is_none());
        assert_eq!(octets.skip(4).unwrap_err(), Undecoded::Cut);
        assert_eq!((octets.limit(2).len(), octets.limit(2).bytes()), (2, &[1, 2][..]));
        assert_eq!((octets.limit(5).len(), octets.limit(5).bytes()), (5, &[1, 2, 3][..]));
        assert_eq!(Octets::new(&[1, 2], 0).len(), 2);
    }
}
