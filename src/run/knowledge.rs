//! The file of `--knowledge`.

use std::io::Read;

use crate::anonymize::Key;
use crate::capture::plain;
use crate::cli::Options;
use crate::error::Error;
use crate::knowledge::site::{self, Site};

/// No list of names is longer; a capture that was given by mistake is not read to its end.
const MOST: u64 = 4 << 20;

/// What the file says, under other names where there is a key to them; nothing where there is no file.
///
/// # Errors
/// Where it cannot be read or something in it is wrong: before a capture is read, so that nobody waits for that.
pub fn knowledge(options: &Options, key: Option<&Key>) -> Result<Site, Error> {
    let Some(path) = &options.knowledge else { return Ok(Site::default()) };
    let flaw = |what: String| Error::Knowledge { path: path.to_owned(), what };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| flaw(format!("it cannot be read: {}", plain(&error))))?;
    let read = file.take(MOST + 1).read_to_string(&mut text);
    read.map_err(|error| flaw(format!("it is no text: {}; docs/knowledge.md shows one", plain(&error))))?;
    if text.len() as u64 > MOST {
        return Err(flaw(format!("it is longer than {} MiB", MOST >> 20)));
    }
    let mut site = site::read(&text).map_err(|wrong| flaw(wrong.to_string()))?;
    if let Some(key) = key {
        site.rename(|name| key.name("name", name));
    }
    Ok(site)
}
