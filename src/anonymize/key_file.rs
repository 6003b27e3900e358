//! The file that keeps a key from run to run: 64 hexadecimal digits.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use super::key::{KEY_LEN, Key, random_octets};

/// Why a key file is of no use.
#[derive(Debug)]
pub enum KeyFileError {
    /// It cannot be read or made.
    Io(io::Error),
    /// It holds something else.
    NoKey,
}

/// The key in a file, which is made with a new one where there is none; whether it was made.
///
/// # Errors
/// Where it cannot be read or made, or holds no key: another name for everything would be a silent mistake.
pub fn of_file(path: &Path) -> Result<(Key, bool), KeyFileError> {
    match File::open(path) {
        Ok(file) => {
            let mut text = String::new();
            // A key and the end of its line; of a longer file no more is read than shows that it is none.
            file.take(2 * KEY_LEN as u64 + 16).read_to_string(&mut text).map_err(|_| KeyFileError::NoKey)?;
            Ok((Key::new(parse(text.trim()).ok_or(KeyFileError::NoKey)?), false))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = random_octets().map_err(KeyFileError::Io)?;
            create(path, &secret).map_err(KeyFileError::Io)?;
            Ok((Key::new(secret), true))
        }
        Err(error) => Err(KeyFileError::Io(error)),
    }
}

fn parse(text: &str) -> Option<[u8; KEY_LEN]> {
    let mut secret = [0; KEY_LEN];
    if text.len() != 2 * KEY_LEN || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (place, octet) in secret.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(secret)
}

fn create(path: &Path, secret: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let digits: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
    writeln!(options.open(path)?, "{digits}")
}
