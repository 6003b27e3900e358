//! What ties a report to the files it was made from.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 of a file as stored, in hexadecimal; `None` for what is no regular file.
///
/// # Errors
/// Those of reading it.
pub fn sha256(path: &Path) -> io::Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(Some(hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect()))
}
