//! The bytes that segments carry: slices of one pool, whose checksums are known without reading them again.

use super::random::Random;

/// Longer than the largest super-frame, so that a slice can start anywhere in the first part.
const POOL: usize = 1 << 20;
/// The largest slice.
pub const LONGEST: usize = 65_536;
const TEXT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\": 1, \"name\": \"example\"}\n";
/// Share of the pool that is text, in blocks: captures of real traffic compress a little.
const TEXT_SHARE: f64 = 0.3;
const BLOCK: usize = 256;

/// A slice of the pool.
#[derive(Clone, Copy, Default)]
pub struct Slice {
    start: usize,
    /// Its length in bytes.
    pub length: usize,
}

/// The pool, and the sum of its 16-bit words up to each even place.
pub struct Payload {
    bytes: Vec<u8>,
    sums: Vec<u64>,
}

impl Payload {
    /// Fills the pool.
    pub fn new(random: &mut Random) -> Self {
        let mut bytes = Vec::with_capacity(POOL);
        while bytes.len() < POOL {
            if random.chance(TEXT_SHARE) {
                bytes.extend(TEXT.iter().cycle().take(BLOCK));
            } else {
                bytes.extend((0..BLOCK / 8).flat_map(|_| random.bits().to_le_bytes()));
            }
        }
        let mut sums = vec![0];
        let mut sum = 0;
        for word in bytes.chunks_exact(2) {
            sum += u64::from(u16::from_be_bytes([word[0], word[1]]));
            sums.push(sum);
        }
        Payload { bytes, sums }
    }

    /// A slice of this length, at most `LONGEST`, from anywhere.
    pub fn slice(&self, length: usize, random: &mut Random) -> Slice {
        let length = length.min(LONGEST);
        let start = random.below(((POOL - LONGEST) / 2) as u32) as usize * 2;
        Slice { start, length }
    }

    /// The bytes of a slice.
    pub fn bytes(&self, slice: Slice) -> &[u8] {
        &self.bytes[slice.start..slice.start + slice.length]
    }

    /// The sum of a slice's 16-bit words, an odd last byte padded with zero, as RFC 1071 wants it.
    pub fn sum(&self, slice: Slice) -> u64 {
        let end = slice.start + slice.length;
        let words = self.sums[end / 2] - self.sums[slice.start / 2];
        if slice.length % 2 == 1 { words + (u64::from(self.bytes[end - 1]) << 8) } else { words }
    }
}
