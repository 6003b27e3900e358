//! Work on several threads, whose results come in the order of what they were made of.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};

use crate::prefetch;

/// Fewer items than this are not worth a thread, which costs some tens of microseconds.
const LEAST: usize = 64;

/// Items that a thread takes at a time, so that none waits long for another at the end.
const AT_A_TIME: usize = 16;

/// Pieces for each thread that may be made before the first of them is taken: enough that none waits for another, few enough to
/// bound what waits to be taken.
const AHEAD: usize = 4;

/// The same where pieces are small: whoever takes may be held up for some milliseconds by the system making memory.
const FAR_AHEAD: usize = 64;

/// What `f` makes of each item, in their order, on so many threads.
pub fn map<T: Sync, R: Send>(threads: usize, items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = if items.len() < LEAST { 1 } else { threads };
    let mut all = Vec::with_capacity(items.len());
    each(threads, items, |_, item| f(item), |_, made| all.push(made));
    all
}

/// Gives `take` each item with what `make` made of it and its place, in their order, on so many threads.
pub fn each<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    make: impl Fn(usize, &T) -> R + Sync,
    mut take: impl FnMut(&T, R),
) {
    let make =
        |nth: usize, some: &[T]| (nth * AT_A_TIME..).zip(some).map(|(at, item)| make(at, item)).collect::<Vec<R>>();
    let mut next = items.iter();
    let take = |made: Vec<R>| {
        made.into_iter().zip(next.by_ref()).for_each(|(made, item)| take(item, made));
        Ok::<(), Infallible>(())
    };
    let Ok(()) = some_ahead(threads, (FAR_AHEAD, AT_A_TIME), items, make, take);
}

/// Does all of this, the longest first at best, on so many threads.
pub fn all(threads: usize, jobs: &[&(dyn Fn() + Sync)]) {
    in_pieces(threads, jobs, 1, |_, jobs| jobs.iter().for_each(|job| job()), |()| ());
}

/// Gives `take`, in their order, what `make` makes of pieces of so many items, each with its number, on so many threads.
///
/// This thread is the first of them, and the one that takes; where the system gives no others, it only takes longer. What was made
/// and waits to be taken is bounded.
///
/// # Errors
/// What `take` says; nothing is made or taken then any more.
pub fn in_order<T: Sync, R: Send, E>(
    threads: usize,
    items: &[T],
    size: usize,
    make: impl Fn(usize, &[T]) -> R + Sync,
    take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    some_ahead(threads, (AHEAD, size), items, make, take)
}

/// The same where nothing can fail.
pub fn in_pieces<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    size: usize,
    make: impl Fn(usize, &[T]) -> R + Sync,
    mut take: impl FnMut(R),
) {
    let Ok(()) = in_order(threads, items, size, make, |made| {
        take(made);
        Ok::<_, Infallible>(())
    });
}

/// Those of these values that are wanted, in their order, asked on so many threads.
pub fn filter<T: Sync>(threads: usize, pieces: &[Vec<T>], is_wanted: impl Fn(&T) -> bool + Sync) -> Vec<&T> {
    let mut all = Vec::new();
    let some = |nth: usize, _: &[Vec<T>]| {
        let piece = pieces.get(nth).map_or(&[][..], Vec::as_slice);
        prefetch::ahead(piece).filter(|one| is_wanted(one)).collect::<Vec<&T>>()
    };
    in_pieces(threads, pieces, 1, some, |some| all.extend(some));
    all
}

/// As [`in_order`], with so many pieces ahead for each thread.
fn some_ahead<T: Sync, R: Send, E>(
    threads: usize,
    (ahead, size): (usize, usize),
    items: &[T],
    make: impl Fn(usize, &[T]) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let count = items.len().div_ceil(size);
    let threads = threads.min(count);
    let of = |nth: usize| make(nth, items.get(nth * size..).map_or(&[], |left| left.get(..size).unwrap_or(left)));
    if threads < 2 {
        return (0..count).try_for_each(|nth| take(of(nth)));
    }
    let pieces = Pieces::new(count, threads * ahead);
    thread::scope(|scope| {
        // However this ends, the others end, too; and none waits for one that failed.
        let _end = End { pieces: &pieces, is_first: true };
        let work = || {
            let _end = End { pieces: &pieces, is_first: false };
            while let Some(nth) = pieces.next() {
                pieces.put(nth, of(nth));
            }
        };
        for _ in 1..threads {
            if Builder::new().name("work".to_owned()).spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        (0..count).try_for_each(|nth| take(pieces.get(nth, of)))
    })
}

/// Pieces of work that several threads share.
struct Pieces<R> {
    state: Mutex<State<R>>,
    /// Something was taken, so that there may be more to make.
    taken: Condvar,
    /// Something was made.
    made: Condvar,
    count: usize,
    ahead: usize,
}

struct State<R> {
    /// The first piece that nobody makes yet.
    next: usize,
    /// The one that is taken next.
    due: usize,
    made: BTreeMap<usize, R>,
    /// Threads that wait until something is taken.
    idle: usize,
    /// Whether the one that takes waits until something is made.
    is_awaited: bool,
    /// Nothing is taken any more, or a thread has failed.
    over: bool,
}

impl<R> Pieces<R> {
    fn new(count: usize, ahead: usize) -> Self {
        let state =
            Mutex::new(State { next: 0, due: 0, made: BTreeMap::new(), idle: 0, is_awaited: false, over: false });
        Self { state, taken: Condvar::new(), made: Condvar::new(), count, ahead }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next piece to make, if one may be made now.
    fn claim(&self, state: &mut State<R>) -> Option<usize> {
        let nth = state.next;
        (nth < self.count.min(state.due + self.ahead)).then(|| {
            state.next += 1;
            nth
        })
    }

    /// The same, after waiting until one may be made; `None` where there is no other.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.over || state.next >= self.count {
                return None;
            }
            if let Some(nth) = self.claim(&mut state) {
                return Some(nth);
            }
            state.idle += 1;
            state = self.taken.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn put(&self, nth: usize, made: R) {
        let mut state = self.lock();
        state.made.insert(nth, made);
        // Telling nobody would be a system call for each piece.
        if state.is_awaited {
            self.made.notify_one();
        }
    }

    /// The piece that is due, after making it or others while somebody else does.
    fn get(&self, due: usize, make: impl Fn(usize) -> R) -> R {
        let mut state = self.lock();
        state.due = due;
        if state.idle > 0 {
            self.taken.notify_all();
        }
        loop {
            if let Some(made) = state.made.remove(&due) {
                return made;
            }
            let claimed = self.claim(&mut state);
            if let Some(nth) = claimed.or_else(|| state.over.then_some(due)) {
                drop(state);
                let made = make(nth);
                if nth == due {
                    return made;
                }
                state = self.lock();
                state.made.insert(nth, made);
            } else {
                state.is_awaited = true;
                state = self.made.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.is_awaited = false;
            }
        }
    }
}

/// Says that a thread has ended, where that concerns the others.
struct End<'a, R> {
    pieces: &'a Pieces<R>,
    /// Whether it is the one that takes.
    is_first: bool,
}

impl<R> Drop for End<'_, R> {
    fn drop(&mut self) {
        if self.is_first || thread::panicking() {
            self.pieces.lock().over = true;
            self.pieces.taken.notify_all();
            self.pieces.made.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn those_that_are_wanted_come_in_order() {
        let pieces: Vec<Vec<u32>> = (0..50).map(|piece| (piece * 100..piece * 100 + piece).collect()).collect();
        for threads in [1, 2, 3] {
            let found = filter(threads, &pieces, |number| number.is_multiple_of(3));
            assert!(found.into_iter().eq(pieces.iter().flatten().filter(|number| number.is_multiple_of(3))));
        }
    }

    #[test]
    fn everything_is_done_once_and_in_order() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 7] {
                let times = AtomicUsize::new(0);
                let doubled: Vec<_> = items.iter().map(|item| item * 2).collect();
                let double = |item: &usize| {
                    times.fetch_add(1, Ordering::Relaxed);
                    item * 2
                };
                assert_eq!(map(threads, &items, double), doubled, "{count} {threads}");
                assert_eq!(times.into_inner(), count, "{count} {threads}");
                let mut taken = Vec::new();
                each(threads, &items, |at, item| at + item, |item, made| taken.push((*item, made)));
                assert!(taken.into_iter().eq(items.iter().copied().zip(doubled)), "{count} {threads}");
            }
        }
    }

    #[test]
    fn every_job_is_done_once() {
        for threads in [0, 1, 2, 5] {
            let done = [0, 1, 2].map(AtomicUsize::new);
            let jobs: Vec<_> = done.iter().map(|done| move || _ = done.fetch_add(10, Ordering::Relaxed)).collect();
            let jobs: Vec<&(dyn Fn() + Sync)> = jobs.iter().map(|job| job as _).collect();
            all(threads, &jobs);
            assert_eq!(done.map(AtomicUsize::into_inner), [10, 11, 12]);
        }
    }

    #[test]
    fn pieces_are_numbered_and_taken_in_order() {
        for count in [0, 1, 9, 10, 11, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 7] {
                let mut taken = Vec::new();
                let double = |at: usize, piece: &[usize]| (at, piece.iter().map(|item| item * 2).collect::<Vec<_>>());
                let take = |(at, piece): (usize, Vec<usize>)| {
                    assert_eq!(at, taken.len() / 10);
                    taken.extend(piece);
                    Ok::<_, Infallible>(())
                };
                let Ok(()) = in_order(threads, &items, 10, double, take);
                assert_eq!(taken, items.iter().map(|item| item * 2).collect::<Vec<_>>(), "{count} {threads}");
            }
        }
    }

    #[test]
    fn an_error_ends_it() {
        let mut taken = 0;
        let made = AtomicUsize::new(0);
        let make = |_, _: &[u8]| _ = made.fetch_add(1, Ordering::Relaxed);
        let take = |()| {
            taken += 1;
            if taken == 3 { Err(io::ErrorKind::BrokenPipe) } else { Ok(()) }
        };
        assert_eq!(in_order(2, &[0; 1000], 1, make, take), Err(io::ErrorKind::BrokenPipe));
        assert_eq!(taken, 3);
        assert!(made.into_inner() <= 3 + 2 * AHEAD + 1, "what waits is bounded");
    }

    #[test]
    fn a_thread_that_fails_leaves_none_waiting() {
        for bad in [0, 500, 999] {
            let items: Vec<usize> = (0..1000).collect();
            let failing = |item: &usize| assert_ne!(*item, bad);
            let failed = catch_unwind(AssertUnwindSafe(|| map(3, &items, failing)));
            assert!(failed.is_err(), "{bad}");
        }
    }
}
