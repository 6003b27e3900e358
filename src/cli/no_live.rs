//! What stands in the place of the jobs that concern interfaces where the program is built without its feature `live`.

use std::ffi::OsString;

use super::{Answer, Job};
use crate::error::ExitCode;

/// Nothing of the usage, and no example.
pub(super) const USAGE: &str = "";
pub(super) const SHORT_USAGE: &str = "";
pub(super) const COMMANDS: &str = "";
pub(super) const EXAMPLE: &str = "";

/// None.
pub(super) fn subcommands() -> Vec<(&'static str, clap::Command)> {
    Vec::new()
}

/// Refuses the jobs that would concern interfaces; `None` where the arguments are of another job.
pub(super) fn job(args: &[OsString]) -> Option<Result<Job, Answer>> {
    let name = args.get(1)?.to_str().filter(|name| ["live", "interfaces"].contains(name))?;
    let text = format!(
        "tcpautopsy: this program was built without its feature `live`, and so cannot do `{name}`: save a capture \
         (tcpdump -w a.pcap) and read that, or build the program with that feature, which takes libpcap; a file \
         of that name is ./{name}\n"
    );
    Some(Err(Answer { text, exit: ExitCode::Usage }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[&str]) -> Option<Answer> {
        job(&line.iter().map(OsString::from).collect::<Vec<_>>())?.err()
    }

    #[test]
    fn what_would_take_libpcap_is_refused_with_a_way_out() {
        for line in [&["tcpautopsy", "live", "eth0"][..], &["tcpautopsy", "live"], &["tcpautopsy", "interfaces"]] {
            let answer = refused(line).expect("a refusal");
            assert_eq!(answer.exit, ExitCode::Usage);
            assert!(answer.text.contains("`live`") && answer.text.contains("tcpdump -w"), "{}", answer.text);
        }
        for line in [&["tcpautopsy", "./live"][..], &["tcpautopsy", "a.pcap", "live"], &["tcpautopsy"]] {
            assert_eq!(refused(line), None, "{line:?}");
        }
    }
}
