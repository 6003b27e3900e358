use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, Builder};

/// Gives `take`, in their order, what `make` makes of pieces of so many items, on so many threads.
///
/// Of `n` threads each makes every `n`th piece, and is two ahead of what was taken at most, so that what waits is bounded. This
/// thread is the first of them; it also makes what another does not, since the system gave none.
pub(super) fn in_order<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    size: usize,
    make: impl Fn(usize, &[T]) -> R + Sync,
    mut take: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let threads = threads.min(items.len().div_ceil(size)).max(1);
    let make = &make;
    thread::scope(|scope| {
        let other = |nth: usize| -> Option<Receiver<R>> {
            let (sender, receiver) = sync_channel(1);
            let mut pieces = items.chunks(size).enumerate().skip(nth).step_by(threads);
            // Nobody takes what was made once writing has failed.
            let work = move || pieces.all(|(at, piece)| sender.send(make(at, piece)).is_ok());
            Builder::new().name("write".to_owned()).spawn_scoped(scope, work).ok().map(|_| receiver)
        };
        let others: Vec<_> = (0..threads).map(|nth| if nth == 0 { None } else { other(nth) }).collect();
        for ((at, piece), other) in items.chunks(size).enumerate().zip(others.iter().cycle()) {
            let made = other.as_ref().and_then(|other| other.recv().ok());
            take(made.unwrap_or_else(|| make(at, piece)))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_made_once_and_taken_in_order() {
        for count in [0, 1, 9, 10, 11, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 7] {
                let mut taken = Vec::new();
                let double = |at: usize, piece: &[usize]| (at, piece.iter().map(|item| item * 2).collect::<Vec<_>>());
                let take = |(at, piece): (usize, Vec<usize>)| {
                    assert_eq!(at, taken.len() / 10);
                    taken.extend(piece);
                    Ok(())
                };
                in_order(threads, &items, 10, double, take).unwrap();
                assert_eq!(taken, items.iter().map(|item| item * 2).collect::<Vec<_>>(), "{count} {threads}");
            }
        }
    }

    #[test]
    fn an_error_ends_it() {
        let mut taken = 0;
        let take = |()| {
            taken += 1;
            if taken == 3 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        };
        let ended = in_order(2, &[0; 1000], 10, |_, _| (), take);
        assert_eq!((ended.unwrap_err().kind(), taken), (io::ErrorKind::BrokenPipe, 3));
    }
}
