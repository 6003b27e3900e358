//! The command lines of the jobs that concern interfaces.

mod interfaces;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::options::OutputFormat;
use super::{Answer, Job};
pub use watch::{Direction, Events, LiveOptions};

/// One of the jobs that concern interfaces.
#[derive(Clone, Debug)]
pub enum LiveJob {
    /// Watch an interface.
    Watch(Box<LiveOptions>),
    /// List the interfaces.
    Interfaces(OutputFormat),
    /// Remove this trace instance once standard input ends: what `live --kernel-witness` starts beside itself.
    Warden(PathBuf),
}

/// The name of the job that watches an interface.
const LIVE: &str = "live";

/// The name of the job that lists interfaces.
const INTERFACES: &str = "interfaces";

/// The name of the job that `live` gives itself; nobody types it.
const WARDEN: &str = "remove-trace-instance";

/// Their part of the usage in the help.
pub(super) const USAGE: &str =
    "\n       tcpautopsy live [OPTIONS] INTERFACE\n       tcpautopsy interfaces [--format json]";

/// Their part of what is said where there are no arguments.
pub(super) const SHORT_USAGE: &str = "  tcpautopsy live eth0            resets as they happen\n";

/// Their part of the jobs in the help.
pub(super) const COMMANDS: &str = "  live        Resets on an interface as they happen, and a report at the end
  interfaces  What live can listen on
";

/// Their part of the examples in the help.
pub(super) const EXAMPLE: &str = "  tcpautopsy live eth0\n";

/// The arguments that make the program remove a trace instance.
pub fn warden(instance: &Path) -> [OsString; 2] {
    [WARDEN.into(), instance.into()]
}

/// Those that have a command line of their own, by name.
pub(super) fn subcommands() -> Vec<(&'static str, clap::Command)> {
    vec![(LIVE, watch::LiveDefinition::command()), (INTERFACES, interfaces::InterfacesDefinition::command())]
}

/// Reads the arguments, the program's name first; `None` where they are of another job.
pub(super) fn job(args: &[OsString]) -> Option<Result<Job, Answer>> {
    let (program, rest) = args.split_first()?;
    let (name, rest) = rest.split_first()?;
    let of_the_job = || std::iter::once(program).chain(rest).cloned().collect();
    let job = match (name.to_str()?, rest) {
        (LIVE, _) => watch::parse(of_the_job()).map(|options| LiveJob::Watch(Box::new(options))),
        (INTERFACES, _) => interfaces::parse(of_the_job()).map(LiveJob::Interfaces),
        (WARDEN, [instance]) => Ok(LiveJob::Warden(instance.into())),
        _ => return None,
    };
    Some(job.map(Job::Live))
}
