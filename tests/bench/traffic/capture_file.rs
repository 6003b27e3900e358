//! The file: classic pcap with microseconds, or pcapng with one interface and nanoseconds.

use std::fs::File;
use std::io::{self, Write};

use super::frame::Frame;
use super::payload::Payload;

const BUFFER: usize = 1 << 20;
const LINKTYPE_ETHERNET: u16 = 1;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic.
    Pcap,
    /// The block format.
    Pcapng,
}

/// A capture being written.
pub struct CaptureFile {
    file: File,
    buffer: Vec<u8>,
    format: Format,
    snaplen: usize,
    flushed: u64,
}

impl CaptureFile {
    /// Creates the file and writes what comes before the first frame.
    pub fn create(path: &str, format: Format, snaplen: usize) -> io::Result<Self> {
        let mut buffer = Vec::with_capacity(BUFFER + 2 * super::payload::LONGEST);
        let snap = (snaplen as u32).to_le_bytes();
        match format {
            Format::Pcap => {
                buffer.extend(0xa1b2_c3d4_u32.to_le_bytes());
                buffer.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                buffer.extend(snap);
                buffer.extend(u32::from(LINKTYPE_ETHERNET).to_le_bytes());
            }
            Format::Pcapng => {
                // Section header: byte-order magic, version 1.0, length of the section unknown.
                buffer.extend(0x0a0d_0d0a_u32.to_le_bytes());
                buffer.extend(28_u32.to_le_bytes());
                buffer.extend(0x1a2b_3c4d_u32.to_le_bytes());
                buffer.extend([1, 0, 0, 0]);
                buffer.extend([0xff; 8]);
                buffer.extend(28_u32.to_le_bytes());
                // Interface: link type, snap length, if_tsresol 9 (nanoseconds), end of options.
                buffer.extend(1_u32.to_le_bytes());
                buffer.extend(32_u32.to_le_bytes());
                buffer.extend(LINKTYPE_ETHERNET.to_le_bytes());
                buffer.extend([0, 0]);
                buffer.extend(snap);
                buffer.extend([9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
                buffer.extend(32_u32.to_le_bytes());
            }
        }
        Ok(CaptureFile { file: File::create(path)?, buffer, format, snaplen, flushed: 0 })
    }

    /// Appends a frame, cut at the snap length; `time` is in nanoseconds since the epoch.
    pub fn write(&mut self, time: u64, frame: &Frame, pool: &Payload) -> io::Result<()> {
        let length = frame.length();
        let kept = length.min(self.snaplen);
        let headers = kept.min(frame.headers.len());
        let lengths = [(kept as u32).to_le_bytes(), (length as u32).to_le_bytes()];
        let padding = match self.format {
            Format::Pcap => {
                self.put(&((time / 1_000_000_000) as u32).to_le_bytes());
                self.put(&((time % 1_000_000_000 / 1000) as u32).to_le_bytes());
                0
            }
            Format::Pcapng => {
                let padding = kept.wrapping_neg() % 4;
                self.put(&6_u32.to_le_bytes());
                self.put(&((32 + kept + padding) as u32).to_le_bytes());
                self.put(&0_u32.to_le_bytes());
                self.put(&((time >> 32) as u32).to_le_bytes());
                self.put(&(time as u32).to_le_bytes());
                padding
            }
        };
        self.put(lengths.as_flattened());
        self.put(&frame.headers[..headers]);
        self.put(&pool.bytes(frame.payload)[..kept - headers]);
        if self.format == Format::Pcapng {
            self.put(&[0; 3][..padding]);
            self.put(&((32 + kept + padding) as u32).to_le_bytes());
        }
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left; returns the size of the file in bytes.
    pub fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.flushed)
    }

    fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
