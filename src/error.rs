//! What stops the program, and the exit codes.
//!
//! Damage in a capture stops nothing: it is data of the report, and reaches the exit code only through [`ExitCode::of`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::capture::plain;

/// How the program ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything was analysed.
    Success = 0,
    /// Nothing could be analysed.
    NothingAnalysed = 1,
    /// The command line was wrong.
    Usage = 2,
    /// Analysed, but some input was damaged or missing.
    Damaged = 3,
    /// Analysed, and what `--fail-on` names was found.
    FailOn = 4,
}

impl ExitCode {
    /// The one code for everything that happened; success when nothing did.
    pub fn of(facts: impl IntoIterator<Item = Self>) -> Self {
        facts.into_iter().max_by_key(|fact| fact.precedence()).unwrap_or(Self::Success)
    }

    /// A code hides those of lower precedence: a script must not take a wrong command line for a finding,
    /// and `--fail-on` is an answer while damage is a remark on it.
    fn precedence(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Damaged => 1,
            Self::FailOn => 2,
            Self::NothingAnalysed => 3,
            Self::Usage => 4,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Why the program could not do what it was asked for.
#[derive(Debug)]
pub enum Error {
    /// No input could be read, for these reasons.
    NothingToAnalyse(Vec<String>),
    /// The operating system gave no second thread.
    Thread(io::Error),
    /// A `--bpf` expression that libpcap does not take, and why, in a text that names both.
    Bpf(String),
    /// An interface cannot be watched.
    Interface {
        /// Its name.
        name: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// There is no such user to become.
    NoUser(String),
    /// Rights that are not needed could not be given up.
    Rights(io::Error),
    /// The file for the report is there already, and `--force` was not given.
    OutputExists(PathBuf),
    /// The file for the report is one of the captures.
    OutputIsInput(PathBuf),
    /// Of the captures to be compared fewer than two can be read, or one is no regular file.
    NothingToCompare,
    /// Evidence is asked for from captures that can be read only once.
    EvidenceOfPipe,
    /// The file of `--anonymize-key-file` holds no key.
    NoKey(PathBuf),
    /// The file of `--knowledge` cannot be read, or something in it is wrong.
    Knowledge {
        /// The file.
        path: PathBuf,
        /// What is wrong, after the line where that is known.
        what: String,
    },
    /// The system gave no randomness, or the key file could not be read or made.
    Key(io::Error),
    /// The file of `--kernel-trace` could not be read.
    KernelTrace {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder of `--record` cannot be written.
    Record {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The port of `--metrics` cannot be opened.
    Metrics {
        /// The address and port.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The system does not tell what interfaces there are.
    Interfaces(String),
    /// The kernel of this host cannot be asked, and why, in a text that says what to do.
    KernelWitness(String),
    /// Nothing is known of what `explain` was asked, in a text that says what is near.
    Unknown(String),
    /// The report could not be written; no path means standard output.
    Write {
        /// Where to.
        path: Option<PathBuf>,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// A failure to write the report to `path`, or to standard output.
    pub fn write(path: Option<&Path>, source: io::Error) -> Self {
        Self::Write { path: path.map(Path::to_path_buf), source }
    }

    /// The exit code it calls for.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NothingToAnalyse(_)
            | Self::NothingToCompare
            | Self::Interface { .. }
            | Self::Rights(_)
            | Self::Thread(_)
            | Self::Key(_)
            | Self::KernelTrace { .. }
            | Self::KernelWitness(_)
            | Self::Interfaces(_)
            | Self::Metrics { .. }
            | Self::Record { .. }
            | Self::Write { .. } => ExitCode::NothingAnalysed,
            Self::Bpf(_)
            | Self::OutputExists(_)
            | Self::OutputIsInput(_)
            | Self::EvidenceOfPipe
            | Self::NoKey(_)
            | Self::Knowledge { .. }
            | Self::NoUser(_)
            | Self::Unknown(_) => ExitCode::Usage,
        }
    }

    /// What to tell the user, a line for each thing that is wrong.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::NothingToAnalyse(reasons) => reasons.clone(),
            other => vec![other.to_string()],
        }
    }

    /// Whether the reader of the report has gone away, as `head` does: a normal end, to be passed over in silence.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write { path: None, source } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToAnalyse(reasons) => f.write_str(&reasons.join("; ")),
            Self::Thread(source) => write!(f, "cannot start a thread: {}; try --threads 1", plain(source)),
            Self::Bpf(reason) => write!(f, "--bpf: {reason}"),
            Self::Interface { name, reason } => write!(f, "cannot listen on {name}: {reason}"),
            Self::NoUser(name) => write!(f, "--user: there is no user `{name}`; name one of this system, such as nobody"),
            Self::Rights(source) => {
                write!(f, "cannot give up rights that are no longer needed: {}; see docs/live.md", plain(source))
            }
            Self::Unknown(message) => f.write_str(message),
            Self::OutputExists(path) => {
                write!(f, "{} exists already: add --force to overwrite it, or name another file", path.display())
            }
            Self::OutputIsInput(path) => write!(f, "{} is one of the captures: name another file", path.display()),
            Self::NothingToCompare => f.write_str(
                "compare needs two captures or more, all regular files: it reads them twice, so save a pipe to a file first",
            ),
            Self::EvidenceOfPipe => f.write_str(
                "--write-evidence reads the captures a second time, which a pipe does not allow: save the capture to a file first",
            ),
            Self::NoKey(path) => write!(
                f,
                "--anonymize-key-file {}: it should hold 64 hexadecimal digits; a file that is missing is made",
                path.display()
            ),
            Self::Knowledge { path, what } => write!(f, "--knowledge {}: {what}", path.display()),
            Self::Record { folder, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                let folder = folder.display();
                write!(f, "--record {folder}: {}; it has to belong to the user that live runs as (--user)", plain(source))
            }
            Self::Record { folder, source } => {
                write!(f, "--record {}: {}; name a folder that can be written to", folder.display(), plain(source))
            }
            Self::Metrics { address, source } => {
                write!(f, "--metrics {address}: {}; name another port or address", plain(source))
            }
            Self::Interfaces(reason) => write!(f, "cannot list interfaces: {reason}"),
            Self::KernelWitness(reason) => write!(f, "--kernel-witness: {reason}"),
            Self::KernelTrace { path, source } => write!(
                f,
                "--kernel-trace {}: {}; docs/kernel-witness.md says how to save one",
                path.display(),
                plain(source)
            ),
            Self::Key(source) => write!(f, "no key to anonymise with: {}; name another file for it", plain(source)),
            Self::Write { path: Some(path), source } => {
                write!(f, "cannot write {}: {}; name another file", path.display(), plain(source))
            }
            Self::Write { path: None, source } => {
                write!(f, "cannot write to standard output: {}; --output FILE writes to a file", plain(source))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write { source, .. }
            | Self::KernelTrace { source, .. }
            | Self::Metrics { source, .. }
            | Self::Record { source, .. }
            | Self::Thread(source)
            | Self::Key(source)
            | Self::Rights(source) => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_hide_each_other_in_the_documented_order() {
        use ExitCode::*;
        assert_eq!(ExitCode::of([]), Success);
        assert_eq!(ExitCode::of([Success, Damaged]), Damaged);
        assert_eq!(ExitCode::of([FailOn, Damaged]), FailOn);
        assert_eq!(ExitCode::of([Damaged, NothingAnalysed, FailOn]), NothingAnalysed);
        assert_eq!(ExitCode::of([Usage, NothingAnalysed]), Usage);
        assert_eq!([Success, NothingAnalysed, Usage, Damaged, FailOn].map(|code| code as u8), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn messages_keep_the_style_of_the_house() {
        let io = || io::Error::from_raw_os_error(28);
        for error in [
            Error::NothingToAnalyse(vec!["cannot read a.pcap: no such file".into()]),
            Error::Thread(io()),
            Error::Interface { name: "eth0".into(), reason: "it is down".into() },
            Error::NoUser("x".into()),
            Error::Rights(io()),
            Error::Bpf("bad filter 'tcp port': syntax error".into()),
            Error::Unknown("nothing is known of `x`".into()),
            Error::OutputExists("report.json".into()),
            Error::OutputIsInput("a.pcap".into()),
            Error::NothingToCompare,
            Error::EvidenceOfPipe,
            Error::NoKey("key".into()),
            Error::Knowledge { path: "site.toml".into(), what: "line 3: missing field `place`".into() },
            Error::Key(io()),
            Error::write(Some(Path::new("out.json")), io()),
            Error::write(None, io()),
        ] {
            let text = error.to_string();
            assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
            assert!(!text.starts_with(char::is_uppercase) && !text.contains("os error"), "{text}");
            assert_ne!(error.exit_code(), ExitCode::Success);
        }
    }

    #[test]
    fn only_a_closed_pipe_is_passed_over() {
        assert!(Error::write(None, io::ErrorKind::BrokenPipe.into()).is_closed_pipe());
        assert!(!Error::write(None, io::ErrorKind::StorageFull.into()).is_closed_pipe());
    }
}
