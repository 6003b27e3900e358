//! The manual page and the completions for shells, from the definitions of the command line.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::definition::{ANALYZE, COMPARE, Definition, SHOW, commands};
use super::job::subcommands;

/// What can be asked for.
pub(super) const KINDS: [&str; 6] = ["man", "bash", "zsh", "fish", "powershell", "elvish"];

/// The page, or the script that a shell reads; `None` for another name than those of [`KINDS`].
pub(super) fn generated(kind: &str) -> Option<String> {
    let mut out = Vec::new();
    match kind {
        "man" => out = manual(),
        shell => generate(shell.parse::<Shell>().ok()?, &mut whole(), NAME, &mut out),
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

const NAME: &str = "tcpautopsy";

/// All jobs as one command, as shells see it. Completions find a job by its whole name.
fn whole() -> Command {
    let with_captures = [
        (ANALYZE, "Say of every connection how it ended (the default)"),
        (SHOW, "Tell connections segment by segment"),
        (COMPARE, "Say what captures at several points prove together"),
    ];
    let with_captures = with_captures
        .map(|(name, about)| Definition::command().name(name).bin_name(format!("{NAME} {name}")).about(about));
    Definition::command()
        .disable_help_subcommand(true)
        .subcommands(with_captures)
        .subcommands(subcommands().map(|(name, command)| command.name(name)))
}

/// One page for all: a section of options for each job that has its own.
fn manual() -> Vec<u8> {
    let mut page = Vec::new();
    let version = env!("CARGO_PKG_VERSION");
    let man =
        Man::new(Definition::command()).title("TCPAUTOPSY").manual("User Commands").source(format!("{NAME} {version}"));
    // Writing to memory cannot fail.
    let _ = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| page.write_all(format!(".SH COMMANDS\n.nf\n{}\n.fi\n", commands()).as_bytes()))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| man.render_extra_section(&mut page));
    for (name, command) in subcommands() {
        let mut section = Vec::new();
        let man = Man::new(command);
        let _ = man.render_description_section(&mut section).and_then(|()| man.render_options_section(&mut section));
        let _ = man.render_extra_section(&mut section);
        let heading = format!(".SH \"TCPAUTOPSY {}\"", name.to_uppercase());
        // Its own sections become parts of its section.
        let text = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ").replace(".SS DESCRIPTION", &heading);
        page.extend(text.as_bytes());
    }
    // What stands below the options in the help.
    let mut page =
        String::from_utf8_lossy(&page).replace(".SH EXTRA", ".SH NOTES").replace(".SS EXTRA", ".SS NOTES").into_bytes();
    page.extend(b".SH \"SEE ALSO\"\ntcpdump(8), tshark(1), pcap\\-filter(7)\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The long options of all jobs.
    fn options() -> Vec<String> {
        let all = [Definition::command()].into_iter().chain(subcommands().map(|(_, command)| command));
        all.flat_map(|command| {
            let shown = command.get_arguments().filter(|one| !one.is_hide_set());
            let longs: Vec<_> = shown.filter_map(|one| one.get_long()).map(str::to_owned).collect();
            longs
        })
        .collect()
    }

    #[test]
    fn every_option_is_in_the_manual_and_in_the_completions() {
        for kind in KINDS {
            let text = generated(kind).expect(kind).replace("\\-", "-");
            for option in options() {
                assert!(text.contains(&option), "{kind} lacks --{option}");
            }
            for (name, _) in subcommands() {
                assert!(text.to_lowercase().contains(name), "{kind} lacks {name}");
            }
        }
        assert_eq!(generated("tcsh"), None);
    }

    #[test]
    fn the_manual_has_its_sections() {
        let text = generated("man").expect("a page");
        for heading in [
            ".TH TCPAUTOPSY 1",
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH COMMANDS",
            "WHICH FLOWS",
            "TCPAUTOPSY EXPLAIN",
            "SEE ALSO",
        ] {
            assert!(text.contains(heading), "{heading}");
        }
    }
}
