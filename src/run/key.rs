//! The key that `--anonymize` asks for.

use crate::anonymize::{self, Key, KeyFileError};
use crate::cli::Options;
use crate::error::Error;
use crate::notes::Notes;

/// The key, if names are to be changed.
///
/// # Errors
/// Where there should be one and is none: before anything is read, so that nothing is written under true names.
pub fn key(options: &Options, notes: Notes) -> Result<Option<Key>, Error> {
    if !options.anonymize {
        return Ok(None);
    }
    let Some(path) = &options.anonymize_key_file else { return Key::random().map(Some).map_err(Error::Key) };
    match anonymize::of_file(path) {
        Ok((key, made)) => {
            if made {
                notes.warn(format_args!("{} has a new key: keep it, and keep it secret", path.display()));
            }
            Ok(Some(key))
        }
        Err(KeyFileError::NoKey) => Err(Error::NoKey(path.clone())),
        Err(KeyFileError::Io(error)) => Err(Error::Key(error)),
    }
}
