//! Unpacking on a thread of its own: gzip, zstd, lz4 in, plain octets out, a few blocks ahead of the reader.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::Compression;

/// What one turn hands over: large enough that handing over costs nothing, small enough for the second-level cache.
const BLOCK: usize = 256 << 10;
/// What one call unpacks: libzstd does not give out what it unpacked in a call that met damage.
const STEP: usize = 16 << 10;
/// Blocks in flight: the packer works ahead of a reader that is busy for a moment.
const AHEAD: usize = 4;

/// Starts unpacking `packed` and returns the plain octets. Dropping the reader ends the thread at its next block.
///
/// With `eager`, what is there is handed over at once, as a pipe wants it; otherwise in full blocks.
pub(super) fn unpack(
    packed: Box<dyn Read + Send>,
    compression: Compression,
    eager: bool,
) -> io::Result<Box<dyn Read + Send>> {
    let (full_sender, full) = sync_channel(AHEAD);
    let (empty, empty_receiver) = channel();
    thread::Builder::new().name("unpack".into()).spawn(move || {
        let packed = BufReader::with_capacity(BLOCK, packed);
        let run = match compression {
            Compression::Gzip => {
                pump(flate2::bufread::MultiGzDecoder::new(packed), eager, &full_sender, &empty_receiver)
            }
            Compression::Zstd => {
                zstd::Decoder::with_buffer(packed).and_then(|plain| pump(plain, eager, &full_sender, &empty_receiver))
            }
            Compression::Lz4 => pump(Lz4Frames::new(packed), eager, &full_sender, &empty_receiver),
        };
        // Whoever hung up does not want to know how it ended.
        let _ = full_sender.send(match run {
            Ok(()) => Block::End,
            Err(error) => Block::Failed(describe(compression, &error)),
        });
    })?;
    Ok(Box::new(Plain { full, empty, block: Vec::new(), at: 0, filled: 0, over: false }))
}

enum Block {
    /// A block and how much of it is filled.
    Octets(Vec<u8>, usize),
    End,
    Failed(io::Error),
}

fn pump(mut plain: impl Read, eager: bool, full: &SyncSender<Block>, empty: &Receiver<Vec<u8>>) -> io::Result<()> {
    loop {
        let mut block = empty.try_recv().unwrap_or_else(|_| vec![0; BLOCK]);
        let mut filled = 0;
        let end = loop {
            let step = filled..BLOCK.min(filled + STEP);
            match plain.read(block.get_mut(step).unwrap_or_default()) {
                Ok(0) => break Some(Ok(())),
                Ok(read) => {
                    filled += read;
                    if eager || filled == BLOCK {
                        break None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(Err(error)),
            }
        };
        if filled > 0 && full.send(Block::Octets(block, filled)).is_err() {
            return Ok(());
        }
        if let Some(end) = end {
            return end;
        }
    }
}

/// Says what the crates leave out.
fn describe(compression: Compression, error: &io::Error) -> io::Error {
    let name = compression.name();
    io::Error::new(
        error.kind(),
        match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the {name} data ends early"),
            _ if error.raw_os_error().is_some() => super::error::plain(error),
            _ => format!("the {name} data is damaged ({})", error.to_string().to_lowercase()),
        },
    )
}

/// The reader's end.
struct Plain {
    full: Receiver<Block>,
    empty: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    filled: usize,
    over: bool,
}

impl Read for Plain {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.filled {
            if self.over {
                return Ok(0);
            }
            match self.full.recv() {
                Ok(Block::Octets(next, filled)) => {
                    let used = std::mem::replace(&mut self.block, next);
                    if !used.is_empty() {
                        // Nobody takes it back once the thread is done.
                        let _ = self.empty.send(used);
                    }
                    (self.at, self.filled) = (0, filled);
                }
                Ok(Block::End) => {
                    self.over = true;
                    return Ok(0);
                }
                Ok(Block::Failed(error)) => {
                    self.over = true;
                    return Err(error);
                }
                Err(_) => {
                    self.over = true;
                    return Err(io::Error::other("unpacking stopped without a reason"));
                }
            }
        }
        let read = self.block.get(self.at..self.filled).unwrap_or_default().read(into)?;
        self.at += read;
        Ok(read)
    }
}

/// A run of lz4 frames. The crate decodes one at a time, takes a frame that ends between two blocks for complete, and
/// knows no skippable frames; all three are made good here.
struct Lz4Frames<R: BufRead> {
    frame: Option<lz4_flex::frame::FrameDecoder<Watched<R>>>,
    between: Option<Watched<R>>,
}

/// Remembers that the end was met, and gives back the magic number that was read to look at it.
struct Watched<R> {
    again: io::Cursor<[u8; 4]>,
    reader: R,
    ended: bool,
}

const LZ4_MAGIC: u32 = 0x184d_2204;
const LZ4_SKIPPABLE: u32 = 0x184d_2a50;

impl<R: BufRead> Lz4Frames<R> {
    fn new(reader: R) -> Self {
        let mut again = io::Cursor::new([0; 4]);
        again.set_position(4);
        Self { frame: None, between: Some(Watched { again, reader, ended: false }) }
    }

    /// Goes on to the next frame that holds data; `false` at a proper end.
    fn next_frame(&mut self) -> io::Result<bool> {
        let Some(mut watched) = self.between.take() else { return Ok(false) };
        loop {
            if watched.reader.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let mut magic = [0; 4];
            watched.reader.read_exact(&mut magic)?;
            let number = u32::from_le_bytes(magic);
            if number == LZ4_MAGIC {
                watched.again = io::Cursor::new(magic);
                self.frame = Some(lz4_flex::frame::FrameDecoder::new(watched));
                return Ok(true);
            }
            if number & !0xf != LZ4_SKIPPABLE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "something else follows the last frame"));
            }
            let mut length = [0; 4];
            watched.reader.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut watched.reader.by_ref().take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(into)?;
                if read > 0 || into.is_empty() {
                    return Ok(read);
                }
                if frame.get_ref().ended {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.between = self.frame.take().map(lz4_flex::frame::FrameDecoder::into_inner);
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match self.again.read(into)? {
            0 => self.reader.read(into)?,
            again => again,
        };
        self.ended |= read == 0 && !into.is_empty();
        Ok(read)
    }
}

/// Counts what is taken out of a file or pipe.
pub(super) struct Counted<R> {
    reader: R,
    taken: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(super) fn new(reader: R, taken: Arc<AtomicU64>) -> Self {
        Self { reader, taken }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::bytes::Order;
    use super::super::error::Reason;
    use super::super::testing::{Taken, Writer, check, walk, walk_in_pieces, whole};
    use super::*;

    const ALL: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Lz4];
    const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x03\0\0\0abc";

    fn pack(compression: Compression, plain: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packer.write_all(plain).unwrap();
                packer.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(plain, 1).unwrap(),
            Compression::Lz4 => {
                let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
                packer.write_all(plain).unwrap();
                packer.finish().unwrap()
            }
        }
    }

    /// Frames that do not compress to nothing.
    fn capture<const SIZE: usize>(frames: u32) -> (Vec<u8>, Vec<Taken>) {
        let mut file = Writer::new(Order::Little).pcap();
        let mut taken = Vec::new();
        let mut noise = 1u32;
        for i in 0..frames {
            let mut bytes = [0; SIZE];
            for octet in &mut bytes {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *octet = (noise >> 24) as u8;
            }
            file = file.record(i, 0, &bytes, SIZE as u32);
            taken.push(whole(i64::from(i) * 1_000_000_000, &bytes));
        }
        (file.bytes, taken)
    }

    #[test]
    fn one_member_or_many() {
        let (plain, frames) = capture::<300>(9);
        for compression in ALL {
            check(&pack(compression, &plain), &frames);
            let parts: Vec<_> = plain.chunks(500).flat_map(|part| pack(compression, part)).collect();
            check(&parts, &frames);
        }
    }

    #[test]
    fn more_than_the_blocks_in_flight_hold() {
        let (plain, frames) = capture::<300>(6000);
        assert!(plain.len() > BLOCK * (AHEAD + 2));
        for compression in ALL {
            let walked = walk_in_pieces(&pack(compression, &plain), 100_000).unwrap();
            assert!(walked.frames == frames && walked.damage.is_none());
        }
    }

    #[test]
    fn skippable_frames_are_skipped() {
        let (plain, frames) = capture::<50>(2);
        for compression in [Compression::Zstd, Compression::Lz4] {
            let packed = pack(compression, &plain);
            check(&[&packed, SKIPPABLE].concat(), &frames);
            // Octet by octet nothing but the first four can be looked at, and zstd is the better guess.
            let first = [SKIPPABLE, &packed].concat();
            assert_eq!(walk_in_pieces(&first, usize::MAX).unwrap().frames, frames);
        }
    }

    #[test]
    fn cut_anywhere_everything_before_is_read_and_the_cut_is_noticed() {
        let (plain, frames) = capture::<50>(3);
        for compression in ALL {
            // The last octets of gzip and lz4 are checks of what has been read.
            let parts: Vec<Vec<u8>> = plain.chunks(130).map(|part| pack(compression, part)).collect();
            let packed = parts.concat();
            let mut ends: Vec<usize> = Vec::new();
            for part in &parts {
                ends.push(ends.last().unwrap_or(&0) + part.len());
            }
            for cut in 0..packed.len() {
                let Ok(walked) = walk_in_pieces(&packed[..cut], usize::MAX) else { continue };
                assert!(frames.starts_with(&walked.frames), "{compression:?} cut at {cut}");
                let damage = walked.damage.map(|(_, reason)| reason);
                let reason = damage.unwrap_or_else(|| panic!("{compression:?} cut at {cut} of {ends:?}"));
                assert!(ends.contains(&cut) || reason.contains("ends early"), "{compression:?} cut at {cut}: {reason}");
            }
        }
    }

    #[test]
    fn flipped_anywhere_nothing_panics_and_the_good_frames_come_first() {
        let (plain, frames) = capture::<50>(3);
        for compression in ALL {
            let packed = pack(compression, &plain);
            for at in 0..packed.len() {
                let mut flipped = packed.clone();
                flipped[at] ^= 0x10;
                if let Ok(walked) = walk_in_pieces(&flipped, usize::MAX)
                    && walked.damage.is_none()
                {
                    assert_eq!(walked.frames.len(), frames.len(), "{compression:?} flipped at {at}");
                }
            }
        }
    }

    #[test]
    fn what_follows_the_last_member_is_damage() {
        let (plain, frames) = capture::<50>(2);
        for compression in ALL {
            let walked = walk(&[pack(compression, &plain), b"something else".to_vec()].concat());
            assert_eq!(walked.frames, frames);
            let (offset, reason) = walked.damage.unwrap();
            assert_eq!(offset, plain.len() as u64);
            assert!(reason.contains(&format!("the {} data is damaged", compression.name())), "{reason}");
        }
    }

    #[test]
    fn what_is_inside_is_named() {
        for compression in ALL {
            let packing = compression.name();
            let opened = |packed: &[u8]| walk_in_pieces(packed, usize::MAX).unwrap_err();
            let unknown = Box::new(Reason::Unknown(b"Hell".to_vec()));
            assert_eq!(opened(&pack(compression, b"Hello")), Reason::Packed { packing, inside: unknown });
            let twice = opened(&pack(compression, &pack(Compression::Gzip, b"Hello")));
            assert!(twice.at("x").contains("is packed data, packed in"), "{}", twice.at("x"));
            let broken = pack(compression, b"Hello")[..12].to_vec();
            assert!(matches!(opened(&broken), Reason::Unpackable { .. }), "{:?}", opened(&broken));
        }
    }
}
