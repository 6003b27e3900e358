//! Which of its jobs the program is asked for.

use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use clap::{CommandFactory, Parser};

use super::options::Options;
use super::{Answer, answer, live, parse};

/// One of the jobs of the program.
#[derive(Clone, Debug)]
pub enum Job {
    /// Read captures and report.
    Analyze(Box<Options>),
    /// What concerns interfaces.
    #[cfg(feature = "live")]
    Live(live::LiveJob),
    /// Explain a cause or an error; where nothing is named, list the causes.
    Explain(Option<String>),
}

/// Prints the page of a cause, what an error text or number means, or the list of causes.
#[derive(Parser, Debug)]
#[command(
    name = "tcpautopsy explain",
    bin_name = "tcpautopsy explain",
    override_usage = "tcpautopsy explain [CAUSE|ERROR]",
    max_term_width = 80,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
struct ExplainDefinition {
    /// A cause, the text, name or number of an error, or `capturing` for how to take a capture that gives an answer; without
    /// it, lists the causes
    #[arg(
        value_name = "CAUSE|ERROR",
        allow_hyphen_values = true,
        trailing_var_arg = true,
        value_parser = NonEmptyStringValueParser::new()
    )]
    words: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  tcpautopsy explain
  tcpautopsy explain stale_keepalive_reuse
  tcpautopsy explain ECONNRESET
  tcpautopsy explain 10054
  tcpautopsy explain 'socket hang up'
  tcpautopsy explain capturing";

/// The jobs whose command lines are their own, by name.
pub(super) fn subcommands() -> impl Iterator<Item = (&'static str, clap::Command)> {
    live::subcommands().into_iter().chain([(EXPLAIN, ExplainDefinition::command())])
}

/// The name of the job that explains.
const EXPLAIN: &str = "explain";

/// Reads the arguments, the program's name first, as [`std::env::args_os`] gives them.
///
/// # Errors
/// What there is to say instead of running.
pub fn job(args: impl IntoIterator<Item = OsString>) -> Result<Job, Answer> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if let Some(job) = live::job(&args) {
        return job;
    }
    if args.get(1).is_none_or(|first| first != EXPLAIN) {
        return parse(args).map(|options| Job::Analyze(Box::new(options)));
    }
    args.remove(1);
    let definition = ExplainDefinition::try_parse_from(args).map_err(|error| answer(&error))?;
    // An error text needs no quotation marks.
    let text = definition.words.join(" ");
    Ok(Job::Explain(if text.is_empty() { None } else { Some(text) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ExitCode;

    fn read(line: &[&str]) -> Result<Job, Answer> {
        job(["tcpautopsy"].iter().chain(line).map(OsString::from))
    }

    #[test]
    fn explain_takes_anything_in_one_or_several_words() {
        for (line, expected) in [
            (&["explain"][..], None),
            (&["explain", "ECONNRESET"], Some("ECONNRESET")),
            (&["explain", "broken", "pipe"], Some("broken pipe")),
            (&["explain", "-104"], Some("-104")),
            (&["explain", "curl: (56) Recv failure"], Some("curl: (56) Recv failure")),
            (&["explain", "explain"], Some("explain")),
        ] {
            match read(line) {
                Ok(Job::Explain(text)) => assert_eq!(text.as_deref(), expected, "{line:?}"),
                other => panic!("{line:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_file_named_like_the_job_is_written_with_its_directory() {
        for line in [&["./explain"][..], &["analyze", "explain"], &["a.pcap", "explain"]] {
            match read(line) {
                Ok(Job::Analyze(options)) => assert!(options.captures.iter().any(|path| path.ends_with("explain"))),
                other => panic!("{line:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn its_help_is_its_own() {
        let help = read(&["explain", "--help"]).unwrap_err();
        assert_eq!(help.exit, ExitCode::Success);
        assert!(help.text.contains("tcpautopsy explain [CAUSE|ERROR]") && help.text.contains("socket hang up"));
        assert_eq!(read(&["explain", ""]).unwrap_err().exit, ExitCode::Usage);
    }
}
