//! Reading numbers and counted strings off the front of octets that may end anywhere.

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Octets<'a>(pub &'a [u8]);

impl<'a> Octets<'a> {
    /// The next `count` octets.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `count` octets, or as many as there are.
    pub fn take_up_to(&mut self, count: usize) -> Octets<'a> {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        Octets(taken)
    }

    /// A number of `N` octets, most significant first.
    pub fn number(&mut self, octets: usize) -> Option<u32> {
        Some(self.take(octets)?.iter().fold(0, |number, &octet| number << 8 | u32::from(octet)))
    }

    /// A string behind its length of so many octets, or as much of it as there is.
    pub fn counted(&mut self, length: usize) -> Option<Octets<'a>> {
        let length = self.number(length)?;
        Some(self.take_up_to(usize::try_from(length).ok()?))
    }
}
