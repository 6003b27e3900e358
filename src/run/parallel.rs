use std::panic::resume_unwind;
use std::thread::{self, Builder};

/// Fewer items than this are not worth a thread, which costs some tens of microseconds.
const LEAST: usize = 64;

/// What `f` makes of each item, in their order, on so many threads.
pub fn map<T: Sync, R: Send>(threads: usize, items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if threads < 2 || items.len() < LEAST {
        return items.iter().map(f).collect();
    }
    let (own, others) = items.split_at(items.len().div_ceil(threads));
    let f = &f;
    thread::scope(|scope| {
        let part = |part: &[T]| part.iter().map(f).collect::<Vec<R>>();
        let under_way: Vec<_> = others
            .chunks(own.len())
            .map(|items| (items, Builder::new().name("judge".to_owned()).spawn_scoped(scope, move || part(items))))
            .collect();
        let mut made = part(own);
        for (items, thread) in under_way {
            made.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // Where the system gives no thread, it only takes longer.
                Err(_) => part(items),
            });
        }
        made
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_is_done_once_and_in_order() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 7] {
                let made = super::map(threads, &items, |item| item * 2);
                assert_eq!(made, items.iter().map(|item| item * 2).collect::<Vec<_>>(), "{count} {threads}");
            }
        }
    }
}
