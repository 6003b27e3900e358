//! A reader of short fixed shapes at the start of a text. Copy it to try a shape, keep the copy when it fitted.

/// What has not been read yet.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes() }
    }

    /// Octets not read yet.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next octet, left where it is.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// One octet out of `set`.
    pub(super) fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        set.contains(&first).then(|| self.rest = rest)?;
        Some(first)
    }

    /// Octets of `set`, as many as there are, at most `max`; says how many.
    pub(super) fn skip(&mut self, set: &[u8], max: usize) -> usize {
        (0..max).take_while(|_| self.one_of(set).is_some()).count()
    }

    /// These octets, letters in either case.
    pub(super) fn literal(&mut self, text: &str) -> Option<()> {
        let (start, rest) = self.rest.split_at_checked(text.len())?;
        start.eq_ignore_ascii_case(text.as_bytes()).then(|| self.rest = rest)
    }

    /// A whole number of `min` to `max` digits (at most 19) that is not part of a longer one; its value and length.
    pub(super) fn number(&mut self, min: usize, max: usize) -> Option<(i64, usize)> {
        let len = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(len)?;
        let value = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (min..=max).contains(&len).then(|| self.rest = rest)?;
        Some((value, len))
    }

    /// A whole number of `min` to `max` digits that fits an `i8`, as all parts of a date but the year do.
    pub(super) fn small(&mut self, min: usize, max: usize) -> Option<i8> {
        i8::try_from(self.number(min, max)?.0).ok()
    }

    /// What `shape` reads, or nothing and no step taken.
    pub(super) fn attempt<T>(&mut self, shape: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut copy = *self;
        let found = shape(&mut copy)?;
        *self = copy;
        Some(found)
    }
}
