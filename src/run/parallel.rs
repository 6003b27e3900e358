use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// Fewer items than this are not worth a thread, which costs some tens of microseconds.
const LEAST: usize = 64;

/// Items that a thread takes at a time, so that none waits long for another at the end.
const AT_A_TIME: usize = 16;

/// What `f` makes of each item, in their order, on so many threads.
pub fn map<T: Sync, R: Send>(threads: usize, items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < LEAST {
        return items.iter().map(f).collect();
    }
    map_some(threads, AT_A_TIME, items, f)
}

/// The same where each of a few items is much to do.
pub fn map_few<T: Sync, R: Send>(threads: usize, items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_some(threads.min(items.len()), 1, items, f)
}

/// What both make, at once where there are two threads.
pub fn both<A: Send, B>(threads: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if threads < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

/// The same with so many items at a time.
fn map_some<T: Sync, R: Send>(threads: usize, at_a_time: usize, items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if threads < 2 {
        return items.iter().map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(some) = items.chunks(at_a_time).nth(at) else { return made };
            made.push((at, some.iter().map(&f).collect::<Vec<R>>()));
        }
    };
    let mut made = thread::scope(|scope| {
        let others = (1..threads).map(|_| Builder::new().name("judge".to_owned()).spawn_scoped(scope, work));
        // Where the system gives no thread, it only takes longer.
        let others: Vec<_> = others.filter_map(Result::ok).collect();
        let mut made = work();
        made.extend(others.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))));
        made
    });
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().flat_map(|(_, some)| some).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_is_done_once_and_in_order() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 7] {
                let doubled: Vec<_> = items.iter().map(|item| item * 2).collect();
                assert_eq!(super::map(threads, &items, |item| item * 2), doubled, "{count} {threads}");
                assert_eq!(super::map_few(threads, &items, |item| item * 2), doubled, "{count} {threads}");
            }
        }
    }
}
