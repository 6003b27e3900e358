//! What the command line of `interfaces` asks for.

use std::ffi::OsString;

use clap::Parser;
use clap::builder::PossibleValuesParser;

use crate::cli::options::OutputFormat;
use crate::cli::{Answer, answer};

/// Lists what `tcpautopsy live` can listen on, with state, link type and addresses.
#[derive(Parser, Debug)]
#[command(
    name = "tcpautopsy interfaces",
    bin_name = "tcpautopsy interfaces",
    max_term_width = 80,
    disable_version_flag = true,
    after_help = "Link types are shown for interfaces that this user may open."
)]
pub(super) struct InterfacesDefinition {
    /// How the list is written: table or json
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(["table", "json"]), default_value = "table", hide_possible_values = true)]
    format: String,
}

/// Reads the arguments after `interfaces`, the program's name in front of them.
pub(super) fn parse(args: Vec<OsString>) -> Result<OutputFormat, Answer> {
    let definition = InterfacesDefinition::try_parse_from(args).map_err(|error| answer(&error))?;
    Ok(if definition.format == "json" { OutputFormat::Json } else { OutputFormat::Table })
}
