//! Why an input cannot be read at all, in one line that names the way out.

use std::fmt;
use std::io;

/// An input that was left out, and why. Its text is one line without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    path: String,
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The operating system's word.
    Unreadable(String),
    Directory,
    Empty,
    /// Fewer octets than the file header has.
    CutHeader {
        octets: usize,
        of: usize,
    },
    /// Something we know by name, and what to do about it.
    Foreign {
        what: &'static str,
        way_out: &'static str,
    },
    /// Starts with these octets.
    Unknown(Vec<u8>),
    /// A capture, of a kind that nothing reads.
    Unsupported(String),
    /// Packed, and what was inside is the reason.
    Packed {
        packing: &'static str,
        inside: Box<Reason>,
    },
    /// Packed, and damaged before anything came out.
    Unpackable {
        packing: &'static str,
        error: String,
    },
    /// Standard input, once more.
    StandardInputTwice,
    /// More inputs than there are numbers for.
    TooMany,
}

impl InputError {
    pub(super) fn new(path: &str, reason: Reason) -> Self {
        Self { path: path.to_owned(), reason }
    }

    /// The input as it was typed.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl std::error::Error for InputError {}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "-" => self.reason.fmt_for("standard input", f),
            path => self.reason.fmt_for(path, f),
        }
    }
}

impl Reason {
    /// In one line, for the input named `path`.
    pub(super) fn at(&self, path: &str) -> String {
        InputError::new(path, self.clone()).to_string()
    }

    fn fmt_for(&self, path: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot read {path}: {error}"),
            Self::Directory => write!(f, "{path} is a directory, name the captures in it ({path}/*)"),
            Self::Empty => {
                write!(f, "{path} is empty, not even the header of a capture was written; record it again")
            }
            Self::CutHeader { octets, of } => {
                write!(f, "{path} ends within its file header, after {octets} of {of} octets; record or copy it again")
            }
            Self::Foreign { what, way_out } => write!(f, "{path} is {what}, {}", way_out.replace("FILE", path)),
            Self::Unknown(start) => write!(
                f,
                "{path} is not a capture: it starts with {}, which is neither pcap nor pcapng nor packed in gzip, zstd \
                 or lz4; if Wireshark can open it, convert it with `editcap -F pcapng {path} OUT.pcapng`",
                Start(start)
            ),
            Self::Unsupported(what) => {
                write!(f, "{path} is {what}, which nothing here can read; convert it where it was recorded")
            }
            Self::Packed { packing, inside } => {
                write!(f, "{path} is packed in {packing}, and ")?;
                inside.fmt_for("what is inside", f)
            }
            Self::Unpackable { packing, error } => {
                write!(f, "{path} is packed in {packing} and cannot be unpacked: {error}; copy it again")
            }
            Self::StandardInputTwice => write!(f, "{path} can be read only once, name `-` once"),
            Self::TooMany => write!(f, "{path} is one input too many, name at most {}", usize::from(u16::MAX)),
        }
    }
}

/// The first octets of a file: as text where they are text, else in hexadecimal.
struct Start<'a>(&'a [u8]);

impl fmt::Display for Start<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) if text.bytes().all(|octet| octet.is_ascii_graphic() || octet == b' ') => write!(f, "'{text}'"),
            _ => {
                for (i, octet) in self.0.iter().enumerate() {
                    write!(f, "{}{octet:02x}", if i == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}

/// The text of an error without the number that the standard library appends to it.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
