//! The list of interfaces, for people and for programs.

use std::io::{self, BufWriter, Write};

use super::sanitize::sanitize;
use crate::report::{Interface, Interfaces};

/// The columns; the last one is not padded.
const HEADER: [&str; 4] = ["NAME", "STATE", "LINK TYPE", "ADDRESSES"];

/// Writes a line for each interface, and further ones where it has several addresses.
///
/// # Errors
/// Those of `out`.
pub fn write_table(list: &Interfaces, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    if list.interfaces.is_empty() {
        return writeln!(out, "no interface that this user may see");
    }
    let mut rows = vec![HEADER.map(str::to_owned)];
    for interface in &list.interfaces {
        let mut last = addresses(interface).into_iter();
        let link_type = interface.link_type.as_deref().unwrap_or("-");
        let name = sanitize(&interface.name).into_owned();
        rows.push([
            name,
            state(interface).to_owned(),
            sanitize(link_type).into_owned(),
            last.next().unwrap_or_default(),
        ]);
        rows.extend(last.map(|address| [String::new(), String::new(), String::new(), address]));
    }
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    for [name, state, link_type, address] in &rows {
        let line = format!("{name:0$}  {state:1$}  {link_type:2$}  {address}", widths[0], widths[1], widths[2]);
        writeln!(out, "{}", line.trim_end())?;
    }
    out.flush()
}

/// Writes the list as JSON.
///
/// # Errors
/// Those of `out`.
pub fn write_json(list: &Interfaces, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, list)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn state(interface: &Interface) -> &'static str {
    match (interface.up, interface.running) {
        (false, _) => "down",
        (true, false) => "up, not connected",
        (true, true) => "up",
    }
}

/// Its addresses; what libpcap says of it where it has none.
fn addresses(interface: &Interface) -> Vec<String> {
    if interface.addresses.is_empty() {
        return interface.description.iter().map(|text| format!("({})", sanitize(text))).collect();
    }
    let written = |one: &crate::report::Address| match one.prefix_length {
        Some(length) => format!("{}/{length}", one.ip),
        None => one.ip.to_string(),
    };
    interface.addresses.iter().map(written).collect()
}
