//! Asks for memory before it is needed, without waiting for it as a load would.
#![allow(unsafe_code)]

use std::borrow::Borrow;

/// Octets from the start of one cache line to the next, on all machines that matter here.
const LINE: usize = 64;

/// Asks for the cache line of the octet at `at`; where there is no such octet, for some other line or none.
#[inline(always)]
pub fn octet(octets: &[u8], at: usize) {
    line(octets.as_ptr().wrapping_add(at));
}

/// Asks for the cache lines of a value, from its octet `from` on and before its octet `to`.
#[inline(always)]
pub fn value<T>(value: &T, from: usize, to: usize) {
    let begin = std::ptr::from_ref(value).cast::<u8>();
    let to = to.min(size_of::<T>());
    let mut asked = from;
    (from..to).step_by(LINE).for_each(|at| {
        line(begin.wrapping_add(at));
        asked = at;
    });
    // What does not begin where a line does may end in one more.
    if to > from && asked / align_of::<T>() != (to - 1) / align_of::<T>() {
        line(begin.wrapping_add(to - 1));
    }
}

/// How many values ahead [`ahead`] asks for: they are some lines each, of which a processor has ten to sixteen under way at a time.
const AHEAD: usize = 4;

/// Large values in turn, each asked for some steps before it is needed.
#[inline]
pub fn ahead<'a, T: 'a, R: Borrow<T>>(items: &'a [R]) -> impl Iterator<Item = &'a T> {
    items.iter().enumerate().map(|(at, item)| {
        if let Some(next) = items.get(at + AHEAD) {
            value(next.borrow(), 0, size_of::<T>());
        }
        item.borrow()
    })
}

#[inline(always)]
fn line(place: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction, which every x86-64 has, neither reads nor writes what a program can see, and of an address that may
    // not be read it does nothing; so any address will do, and those here are made without going out of bounds.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    // Elsewhere we have to do with what the processor fetches by itself.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
