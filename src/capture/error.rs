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
        let (path, file) = match self.path.as_str() {
            // A command that names the way out needs a file.
            "-" => ("standard input", "FILE"),
            path => (path, path),
        };
        match &self.reason {
            Reason::Unreadable(error) => write!(f, "cannot read {path}: {error}"),
            Reason::Directory => write!(f, "{path} is a directory: name the captures in it ({path}/*)"),
            Reason::Empty => {
                write!(f, "{path} is empty: not even a capture header was written; record it again")
            }
            Reason::CutHeader { octets, of } => {
                write!(f, "{path} ends within its file header, after {octets} of {of} bytes; record or copy it again")
            }
            Reason::Foreign { what, way_out } => write!(f, "{path} is {what}; {}", way_out.replace("FILE", file)),
            Reason::Unknown(start) => write!(
                f,
                "{path} is not a capture: it starts with {}, which is neither pcap nor pcapng nor packed in gzip, zstd \
                 or lz4; if Wireshark can open it, convert it with `editcap -F pcapng {file} OUT.pcapng`",
                Start(start)
            ),
            Reason::Unsupported(what) => {
                write!(f, "{path} is {what}, which nothing here can read; convert it where it was recorded")
            }
            Reason::Packed { packing, inside } => match inside.as_ref() {
                Reason::Foreign { what, .. } => write!(f, "{path} is {what}, packed in {packing}; unpack it first"),
                Reason::Unknown(start) => write!(
                    f,
                    "{path} is packed in {packing}, but not a capture: unpacked it starts with {}, which is neither \
                     pcap nor pcapng; name a capture",
                    Start(start)
                ),
                other => write!(f, "{}", Self::new(&format!("{path}, unpacked from {packing},"), other.clone())),
            },
            Reason::Unpackable { packing, error } => {
                write!(f, "{path} is packed in {packing} and cannot be unpacked: {error}; copy it again")
            }
            Reason::StandardInputTwice => write!(f, "{path} can be read only once: name `-` once"),
            Reason::TooMany => write!(f, "{path} is one input too many: name at most {}", usize::from(u16::MAX)),
        }
    }
}

impl Reason {
    /// In one line, for the input named `path`.
    pub(super) fn at(&self, path: &str) -> String {
        InputError::new(path, self.clone()).to_string()
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
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, reason: Reason, expected: &str) {
        assert_eq!(reason.at(path), expected);
    }

    #[test]
    fn a_way_out_names_the_file_or_stands_for_one() {
        let xz = Reason::Foreign { what: "packed in xz", way_out: "unpack it: `xz -dc FILE | tcpautopsy -`" };
        check("a.xz", xz.clone(), "a.xz is packed in xz; unpack it: `xz -dc a.xz | tcpautopsy -`");
        check("-", xz, "standard input is packed in xz; unpack it: `xz -dc FILE | tcpautopsy -`");
    }

    #[test]
    fn what_was_packed_is_named_with_its_packing() {
        let packed = |inside| Reason::Packed { packing: "gzip", inside: Box::new(inside) };
        let tar = Reason::Foreign { what: "a tar archive", way_out: "unpack it with `tar -xf FILE`" };
        check("a.tgz", packed(tar), "a.tgz is a tar archive, packed in gzip; unpack it first");
        let cut = Reason::CutHeader { octets: 3, of: 24 };
        let expected =
            "a, unpacked from gzip, ends within its file header, after 3 of 24 bytes; record or copy it again";
        check("a", packed(cut), expected);
    }

    #[test]
    fn the_number_of_a_system_error_is_left_out() {
        let error = io::Error::from_raw_os_error(13);
        check("a", error.into(), "cannot read a: Permission denied");
    }
}
