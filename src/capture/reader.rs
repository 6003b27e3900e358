//! Opens one input, whatever it is stored and packed in, and walks its records.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::error::{Reason, plain};
use super::identify::{Content, HEAD, identify};
use super::map::Map;
use super::pcap::{Pcap, Walk};
use super::pcapng::Pcapng;
use super::record::{Damage, Record};
use super::source::Source;
use super::unpack::{Counted, unpack};
use super::{Compression, Format};

/// The name of standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// An open input.
pub(super) struct Reader {
    pub(super) source: Source,
    container: Container,
    pub(super) compression: Option<Compression>,
    /// Octets of the file as stored; `None` for what is no regular file, which cannot be opened a second time.
    pub(super) size: Option<u64>,
}

#[derive(Clone)]
pub(super) enum Container {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Reader {
    /// Opens the input and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, Reason> {
        if path.as_os_str() == STANDARD_INPUT {
            return Self::stream(io::stdin(), None);
        }
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(Reason::Directory);
        }
        if !about.is_file() {
            return Self::stream(file, None);
        }
        let mut head = Vec::with_capacity(HEAD);
        file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        file.rewind()?;
        // Files that the kernel makes up as they are read, as in /proc, say that they have none.
        let size = Some(about.len()).filter(|size| *size > 0);
        match identify(&head)? {
            Content::Pcap | Content::Pcapng => match file.try_clone().and_then(Map::new) {
                Ok(map) if !map.bytes().is_empty() => Self::plain(Source::map(map), None, size),
                // Some file systems cannot map.
                Ok(_) | Err(_) => Self::stream(file, size),
            },
            Content::Packed(compression) => {
                let taken = Arc::default();
                let packed = Box::new(Counted::new(file, Arc::clone(&taken)));
                Self::packed(packed, taken, compression, size)
            }
        }
    }

    /// Reads what can only be read once from start to end.
    pub(super) fn stream(reader: impl Read + Send + 'static, size: Option<u64>) -> Result<Self, Reason> {
        let taken = Arc::default();
        let mut source = Source::stream(Box::new(Counted::new(reader, Arc::clone(&taken))), Arc::clone(&taken));
        match look(&mut source)? {
            Content::Pcap | Content::Pcapng => Self::plain(source, None, size),
            Content::Packed(compression) => Self::packed(source.into_reader(), taken, compression, size),
        }
    }

    fn packed(
        packed: Box<dyn Read + Send>,
        taken: Arc<AtomicU64>,
        compression: Compression,
        size: Option<u64>,
    ) -> Result<Self, Reason> {
        let plain = unpack(packed, compression, size.is_none())?;
        let packing = compression.name();
        let mut source = Source::stream(plain, taken);
        let opened = look(&mut source).and_then(|content| match content {
            Content::Pcap | Content::Pcapng => Ok(()),
            Content::Packed(_) => Err(Reason::Foreign { what: "packed data", way_out: "unpack it" }),
        });
        let unpackable = source.failure().map(|error| Reason::Unpackable { packing, error: error.to_owned() });
        match opened.and_then(|()| Self::plain(source, Some(compression), size)) {
            Err(inside) => Err(unpackable.unwrap_or(Reason::Packed { packing, inside: Box::new(inside) })),
            opened => opened,
        }
    }

    fn plain(mut source: Source, compression: Option<Compression>, size: Option<u64>) -> Result<Self, Reason> {
        let container = match look(&mut source)? {
            Content::Pcap => Container::Pcap(Pcap::open(&mut source)?),
            Content::Pcapng => Container::Pcapng(Pcapng::open(&mut source)?),
            Content::Packed(_) => return Err(Reason::Unknown(source.rest().iter().take(4).copied().collect())),
        };
        Ok(Self { source, container, compression, size })
    }

    pub(super) fn format(&self) -> Format {
        match self.container {
            Container::Pcap(_) => Format::Pcap,
            Container::Pcapng(_) => Format::Pcapng,
        }
    }

    /// The next record, where it lies at hand as most do; otherwise [`Self::next`] finds it, or says why not.
    #[inline(always)]
    pub(super) fn at_hand(&mut self) -> Option<Record> {
        match &mut self.container {
            Container::Pcap(pcap) => pcap.at_hand(&mut self.source),
            Container::Pcapng(pcapng) => pcapng.at_hand(&mut self.source),
        }
    }

    /// The octets of a record, and the records at hand that begin in front of `until` where each is like the other.
    #[inline(always)]
    pub(super) fn walk(&mut self, record: &Record, until: u64) -> (&[u8], Option<Walk<'_>>) {
        let offset = self.source.offset();
        let (memory, cursor) = self.source.parts();
        let bytes = memory.get(record.at..).and_then(|octets| octets.get(..record.len as usize)).unwrap_or_default();
        let walk = match &mut self.container {
            Container::Pcap(pcap) if offset < until => {
                let until = cursor.saturating_add(usize::try_from(until - offset).unwrap_or(usize::MAX));
                Some(pcap.walk(memory, cursor, until))
            }
            Container::Pcap(_) | Container::Pcapng(_) => None,
        };
        (bytes, walk)
    }

    /// The next record; `None` at a proper end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Damage> {
        match &mut self.container {
            Container::Pcap(pcap) => pcap.next(&mut self.source),
            Container::Pcapng(pcapng) => pcapng.next(&mut self.source),
        }
    }

    /// Its octets and what they are made of, where every record can be found again by its place.
    pub(super) fn into_lookup(self) -> Option<(Map, Container)> {
        let looks_up = match &self.container {
            Container::Pcap(pcap) => pcap.looks_up(),
            Container::Pcapng(pcapng) => pcapng.looks_up(),
        };
        self.source.into_map().filter(|_| looks_up).map(|map| (map, self.container))
    }

    pub(super) fn dropped(&self) -> Option<u64> {
        match &self.container {
            Container::Pcap(_) => None,
            Container::Pcapng(pcapng) => pcapng.dropped(),
        }
    }
}

impl Container {
    /// The record whose octets begin at `at`, which was met before.
    #[inline]
    pub(super) fn again(&mut self, memory: &[u8], at: usize) -> Option<Record> {
        match self {
            Self::Pcap(pcap) => pcap.again(memory, at),
            Self::Pcapng(pcapng) => pcapng.again(memory, at),
        }
    }
}

/// Tells what the source starts with. Waits for four octets, and for more only to name what we cannot read.
fn look(source: &mut Source) -> Result<Content, Reason> {
    source.need(4);
    if let Some(failure) = source.failure() {
        return Err(Reason::Unreadable(failure.to_owned()));
    }
    identify(source.rest()).or_else(|_| {
        source.need(HEAD);
        identify(source.rest())
    })
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(plain(&error))
    }
}
