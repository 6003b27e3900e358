//! What the command line asks for, as plain values.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::error::Error;
use crate::report::Kind;
use crate::select::Selection;

/// Everything a run of the analysis needs to know from its user.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is to be done.
    pub command: Command,
    /// The captures as typed, at least one; [`STANDARD_INPUT`] stands at most once.
    pub captures: Vec<PathBuf>,
    /// A kernel's trace to join with them.
    pub kernel_trace: Option<PathBuf>,
    /// How the report is written.
    pub format: OutputFormat,
    /// Where the report goes; standard output where there is none.
    pub output: Option<PathBuf>,
    /// The file for frames, if there is to be one.
    pub evidence: Option<Evidence>,
    /// Whether everybody gets another name.
    pub anonymize: bool,
    /// The file with the key to those names.
    pub anonymize_key_file: Option<PathBuf>,
    /// The file with what is known of the site.
    pub knowledge: Option<PathBuf>,
    /// Whether existing output files may be overwritten.
    pub force: bool,
    /// What turns the exit code to [`crate::error::ExitCode::FailOn`]; neither [`Kind::Any`], which is spelled so and means
    /// [`Kind::Harmful`], nor [`Kind::Undetermined`].
    pub fail_on: Option<Kind>,
    /// The verdicts that the report is about: any of them; all where there is none.
    pub only: Vec<Kind>,
    /// Which flows the report is about.
    pub selection: Selection,
    /// The number of the one flow that is asked for.
    pub flow: Option<u64>,
    /// A frame of the one flow that is asked for, from 1.
    pub frame: Option<u64>,
    /// The options that shape the report, as typed.
    pub shaping: Vec<String>,
    /// Whether the report states the SHA-256 of each captured file.
    pub hash: bool,
    /// Show only the summary.
    pub summary: bool,
    /// Report flows that ended well, too.
    pub all_flows: bool,
    /// A filter in libpcap's syntax that packets have to pass.
    pub bpf: Option<String>,
    /// Bound of the memory for flows and buffers, octets.
    pub memory: u64,
    /// Number of threads; the program chooses where there is none.
    pub threads: Option<NonZeroUsize>,
    /// The zone that people read times in; reports for programs stay in UTC.
    pub zone: TimeZone,
    /// How much is said on standard error.
    pub verbosity: Verbosity,
    /// Whether the table is coloured.
    pub color: Color,
}

/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// What is to be done with the captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Command {
    /// Say of every flow how it ended.
    #[default]
    Analyze,
    /// Tell flows segment by segment.
    Show,
    /// Say what captures of the same traffic, taken at several points of its path, prove together.
    Compare,
}

/// What goes into an evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it goes.
    pub path: PathBuf,
    /// How many first and last frames of each flow, beside those that decide; all where there is none.
    pub frames: Option<u64>,
    /// How many octets of each frame's data; all where there is none.
    pub payload_bytes: Option<usize>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Table,
    /// For programs, as `docs/json.md` promises.
    Json,
    /// The same a flow a line.
    Ndjson,
    /// For a ticket.
    Markdown,
    /// For a browser, in one file.
    Html,
    /// For a spreadsheet.
    Csv,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only why it stopped.
    Quiet,
    /// Warnings, and progress on a terminal.
    #[default]
    Normal,
    /// And what was done.
    Verbose,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Also in a file.
    Always,
    /// Never.
    Never,
}

impl Options {
    /// Refuses files that must not be written or could not be filled, and touches nothing.
    pub fn check_output(&self) -> Result<(), Error> {
        let evidence = self.evidence.as_ref().map(|evidence| &evidence.path);
        for path in self.output.iter().chain(evidence) {
            if self.captures.iter().chain(&self.kernel_trace).any(|capture| is_same_file(capture, path)) {
                return Err(Error::OutputIsInput(path.clone()));
            }
            if path.is_dir() {
                return Err(Error::write(Some(path), io::ErrorKind::IsADirectory.into()));
            }
            if !self.force && path.symlink_metadata().is_ok() {
                return Err(Error::OutputExists(path.clone()));
            }
        }
        match evidence {
            // Frames come from another reading.
            Some(_) if !self.captures.iter().all(|capture| !capture.exists() || capture.is_file()) => {
                Err(Error::EvidenceOfPipe)
            }
            Some(_) if self.captures.iter().any(|capture| capture.as_os_str() == STANDARD_INPUT) => {
                Err(Error::EvidenceOfPipe)
            }
            _ => Ok(()),
        }
    }

    /// Creates the file of `--output`, before anything is analysed: a refusal should not come after an hour's work.
    ///
    /// Nobody but its owner may read it: it says what people sent. With `--force` it takes the place of a file or a link
    /// that is there, and what the link leads to stays as it is; devices and named pipes are written to.
    pub fn create_output(&self) -> Result<Option<File>, Error> {
        let Some(path) = &self.output else { return Ok(None) };
        self.check_output()?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::OutputExists(path.clone()),
            _ => Error::write(Some(path), error),
        };
        let mut options = File::options();
        options.write(true);
        if self.force && path.metadata().is_ok_and(|there| !there.is_file()) {
            return options.open(path).map(Some).map_err(failed);
        }
        if self.force && path.symlink_metadata().is_ok() {
            std::fs::remove_file(path).map_err(failed)?;
        }
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.create_new(true).open(path).map(Some).map_err(failed)
    }
}

/// Whether two paths lead to one existing file.
fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

impl OutputFormat {
    /// Every format with the name that `--format` takes and the ending of files that have it.
    const ALL: [(Self, &str, &str); 6] = [
        (Self::Table, "table", "txt"),
        (Self::Json, "json", "json"),
        (Self::Ndjson, "ndjson", "ndjson"),
        (Self::Markdown, "markdown", "md"),
        (Self::Html, "html", "html"),
        (Self::Csv, "csv", "csv"),
    ];

    /// The names that `--format` takes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(_, name, _)| name)
    }

    /// The format that the ending of a file name asks for; a table where it has none.
    pub fn of_path(path: &Path) -> Result<Self, String> {
        let Some(ending) = path.extension() else { return Ok(Self::Table) };
        let known = Self::ALL.into_iter().find(|(_, _, known)| ending.eq_ignore_ascii_case(known));
        known.map(|(format, _, _)| format).ok_or_else(|| {
            let endings: Vec<_> = Self::ALL.into_iter().map(|(_, _, ending)| format!(".{ending}")).collect();
            format!(
                "the ending .{} of {} names no format: use {}, or --format",
                ending.display(),
                path.display(),
                endings.join(", ")
            )
        })
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|(_, known, _)| *known == name)
            .map(|(format, _, _)| format)
            .ok_or_else(|| format!("there is no format `{name}`: use {}", Self::names().collect::<Vec<_>>().join(", ")))
    }
}

impl FromStr for Color {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(format!("`{name}` is no choice of colour: use auto, always or never")),
        }
    }
}

impl Color {
    /// Whether to colour a stream: a word on the command line counts more than the variables `NO_COLOR` (<https://no-color.org>), of
    /// which only a value that is not empty counts, and `TERM`, which says `dumb` where a terminal knows no escape sequences.
    pub fn applies(self, is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_is_obeyed_unless_told_otherwise() {
        let (set, empty, dumb, xterm) = ("1", "", "dumb", "xterm-256color");
        for (choice, is_terminal, no_color, term, expected) in [
            (Color::Auto, true, None, None, true),
            (Color::Auto, true, Some(empty), Some(xterm), true),
            (Color::Auto, true, Some(set), Some(xterm), false),
            (Color::Auto, true, None, Some(dumb), false),
            (Color::Auto, false, None, Some(xterm), false),
            (Color::Always, false, Some(set), Some(dumb), true),
            (Color::Never, true, None, Some(xterm), false),
        ] {
            let [no_color, term] = [no_color, term].map(|value| value.map(OsStr::new));
            assert_eq!(choice.applies(is_terminal, no_color, term), expected, "{choice:?} {no_color:?} {term:?}");
        }
    }

    #[test]
    fn formats_follow_the_ending() {
        assert_eq!(OutputFormat::of_path(Path::new("a/b.json")), Ok(OutputFormat::Json));
        assert_eq!(OutputFormat::of_path(Path::new("report")), Ok(OutputFormat::Table));
        assert_eq!(OutputFormat::of_path(Path::new("REPORT.HTML")), Ok(OutputFormat::Html));
        assert!(OutputFormat::of_path(Path::new("report.pdf")).unwrap_err().contains(".json"));
        for (format, name, ending) in OutputFormat::ALL {
            assert_eq!(name.parse(), Ok(format));
            assert_eq!(OutputFormat::of_path(&Path::new("report").with_extension(ending)), Ok(format));
        }
    }
}
