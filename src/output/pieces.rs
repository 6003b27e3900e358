use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use crate::parallel;

/// Writes what `make` makes of pieces of so many items, each with its number, in their order, made on so many threads.
///
/// What a piece was written from serves the next one again: large memory that comes and goes is cleared by the system each time.
///
/// # Errors
/// Those of `make` and of `out`.
pub(super) fn write<T: Sync>(
    threads: usize,
    items: &[T],
    size: usize,
    make: impl Fn(usize, &[T], &mut Vec<u8>) -> io::Result<()> + Sync,
    out: &mut impl Write,
) -> io::Result<()> {
    let used: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let used = || used.lock().unwrap_or_else(PoisonError::into_inner);
    let make = |nth, some: &[T]| {
        let mut text = used().pop().unwrap_or_default();
        text.clear();
        make(nth, some, &mut text).map(|()| text)
    };
    parallel::in_order(threads, items, size, make, |text: io::Result<Vec<u8>>| {
        let text = text?;
        out.write_all(&text)?;
        used().push(text);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_written_once_and_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        let expected: String = items.iter().map(|item| format!("{item} of {}\n", item / 30)).collect();
        for threads in [1, 2, 5] {
            let mut out = Vec::new();
            let make = |nth, some: &[usize], text: &mut Vec<u8>| {
                some.iter().try_for_each(|item| writeln!(text, "{item} of {nth}"))
            };
            write(threads, &items, 30, make, &mut out).expect("memory takes all");
            assert_eq!(String::from_utf8(out).as_deref(), Ok(&*expected), "{threads}");
        }
    }

    #[test]
    fn what_cannot_be_made_ends_it() {
        let mut out = Vec::new();
        let make = |nth, _: &[u8], text: &mut Vec<u8>| {
            text.push(b'0' + nth as u8);
            if nth < 3 { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
        };
        let failed = write(2, &[0; 10], 1, make, &mut out).expect_err("the fourth");
        assert_eq!((failed.kind(), out), (io::ErrorKind::Other, b"012".to_vec()));
    }
}
