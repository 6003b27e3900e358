//! The saved trace of a kernel that `--kernel-trace` names.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::cli::Options;
use crate::error::Error;
use crate::notes::Notes;
use crate::witness::{Log, MOST_EVENTS, Testimony};

/// Octets of a line that are kept; the longest known, of a format file, has about 3,000.
const MOST_LINE: usize = 16_384;

/// Octets that a report takes, and what it is compared with.
const EVENT: u64 = 512;

/// One part in so many of the memory is for them.
const SHARE: u64 = 8;

/// What a host's kernel reported.
pub struct Witness {
    /// The file as typed, or what else the reports come from.
    pub name: String,
    /// The reports.
    pub log: Log,
}

impl Witness {
    /// The reports in a file, the latest that fit into so many octets.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(path: &Path, memory: u64) -> Result<Self, Error> {
        let failed = |source| Error::KernelTrace { path: path.to_owned(), source };
        let most = usize::try_from(memory / EVENT).unwrap_or(usize::MAX).min(MOST_EVENTS);
        let mut log = Log::new(most);
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        while let Some(line) = next_line(&mut reader).map_err(failed)? {
            log.take(&line);
        }
        Ok(Self { name: path.display().to_string(), log })
    }
}

/// Octets of memory for the reports of a file, if there are to be any.
pub fn share(options: &Options) -> u64 {
    options.kernel_trace.as_ref().map_or(0, |_| (options.memory / SHARE).min(MOST_EVENTS as u64 * EVENT))
}

/// Says on standard error what a reader must know of the reports.
pub fn tell(Witness { name, log }: &Witness, testimony: &Testimony, notes: Notes) {
    if let Some(Err(problem)) = &testimony.clock {
        notes.warn(format_args!("{name} could not be joined with the capture: {}", problem.why()));
    }
    if log.lost > 0 {
        notes.warn(format_args!("{name}: {} events were lost; a report that is missing may be one of them", log.lost));
    }
    if log.unread > 0 {
        notes.warn(format_args!("{name}: {} reports on resets could not be read", log.unread));
    }
    notes.tell(format_args!(
        "{name}: {} resets sent, {} accepted; {} of these reports are about captured resets",
        log.sent, log.received, testimony.joined
    ));
}

/// The next line, cut where it is too long; `None` at the end.
pub fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok((!line.is_empty()).then_some(line));
        }
        let end = buffer.iter().position(|&octet| octet == b'\n');
        let whole = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = MOST_LINE - line.len().min(MOST_LINE);
        line.extend_from_slice(whole.get(..room).unwrap_or(whole));
        let used = whole.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_none_is_missed() {
        let long = vec![b'x'; 3 * MOST_LINE];
        let text = [b"one\n\n", long.as_slice(), b"\nlast"].concat();
        let mut reader = BufReader::with_capacity(1000, text.as_slice());
        let mut lengths = Vec::new();
        while let Some(line) = next_line(&mut reader).expect("memory can be read") {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [3, 0, MOST_LINE, 4]);
    }
}
