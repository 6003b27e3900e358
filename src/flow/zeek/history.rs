//! The history string: a few letters in place, more of them elsewhere.

use super::side::Role;

/// Letters held in place: enough for all but one of the 2,690 connections of the third-party test captures.
const IN_PLACE: usize = 13;

/// The first letters of a history.
#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    letters: [u8; IN_PLACE],
    len: u8,
}

impl History {
    /// Adds a letter; `false` where there is no room left for it.
    pub fn push(&mut self, letter: u8) -> bool {
        match self.letters.get_mut(usize::from(self.len)) {
            Some(free) => {
                *free = letter;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The letters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.letters[..usize::from(self.len).min(IN_PLACE)]
    }

    /// Starts anew with these letters, as many as there is room for.
    pub fn replace(&mut self, letters: &[u8]) {
        *self = Self::default();
        for &letter in letters {
            self.push(letter);
        }
    }
}

/// The letter as Zeek writes it: upper case for the originator, lower case for the responder.
pub fn letter(upper: u8, role: Role) -> u8 {
    match role {
        Role::Originator => upper,
        Role::Responder => upper.to_ascii_lowercase(),
    }
}
