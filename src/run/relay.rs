//! Batches that one thread fills and another takes, in their order.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Batches that wait to be taken, at most.
const MOST: usize = 8;

/// Who waits for the other thread is woken when this many batches wait to be taken, or no more: in the middle, so that it has several
/// of them to do. To wake a thread costs the one that does it some microseconds, in a virtual machine five and more.
const ENOUGH: usize = MOST / 2;

/// Fills batches until there is no more, on a thread of its own where there are two, and takes them in order on this one, which does
/// what `idle` has to do while there is none, until it says that that was all. Whoever fills hears whether it is ahead: enough batches
/// wait to be taken.
///
/// # Errors
/// When the operating system gives no second thread.
pub fn hand_over<B: Default + Send>(
    threads: usize,
    mut fill: impl FnMut(&mut B, bool) -> bool + Send,
    mut take: impl FnMut(&mut B),
    mut idle: impl FnMut() -> bool,
) -> io::Result<()> {
    if threads < 2 {
        let mut batch = B::default();
        while fill(&mut batch, false) {
            take(&mut batch);
        }
        return Ok(());
    }
    let relay = Relay::default();
    thread::scope(|scope| {
        // However either ends, the other one ends, too.
        let _end = End(&relay);
        let filling = thread::Builder::new().name("decode".to_owned()).spawn_scoped(scope, || {
            let _end = End(&relay);
            while let Some((mut batch, is_ahead)) = relay.empty() {
                if !fill(&mut batch, is_ahead) {
                    return;
                }
                relay.put(batch);
            }
        })?;
        while let Some(mut batch) = relay.next(&mut idle) {
            take(&mut batch);
            relay.give_back(batch);
        }
        filling.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(())
    })
}

struct Relay<B> {
    state: Mutex<State<B>>,
    /// Few enough wait for the one that fills to go on.
    room: Condvar,
    /// Enough wait for the one that takes to go on.
    work: Condvar,
}

struct State<B> {
    full: VecDeque<B>,
    /// Those that were taken, to be filled again.
    empty: Vec<B>,
    /// Whether the one that fills waits, and has not been woken.
    awaits_room: bool,
    /// The same of the one that takes.
    awaits_work: bool,
    /// Nothing is filled any more, or nothing is taken.
    over: bool,
}

impl<B> Default for Relay<B> {
    fn default() -> Self {
        let (full, empty) = (VecDeque::new(), Vec::new());
        let state = State { full, empty, awaits_room: false, awaits_work: false, over: false };
        Self { state: Mutex::new(state), room: Condvar::new(), work: Condvar::new() }
    }
}

impl<B: Default> Relay<B> {
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch to fill, once few enough wait, and whether these are enough; `None` where nothing is taken any more.
    fn empty(&self) -> Option<(B, bool)> {
        let mut state = self.lock();
        let is_ahead = state.full.len() >= ENOUGH;
        state.awaits_room = state.full.len() >= MOST;
        while state.awaits_room && !state.over {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (!state.over).then(|| (state.empty.pop().unwrap_or_default(), is_ahead))
    }

    fn put(&self, batch: B) {
        let mut state = self.lock();
        state.full.push_back(batch);
        if state.full.len() >= ENOUGH && std::mem::take(&mut state.awaits_work) {
            self.work.notify_one();
        }
    }

    /// The next batch, waited for when there is nothing else to do; `None` where that was all.
    fn next(&self, idle: &mut impl FnMut() -> bool) -> Option<B> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.full.pop_front() {
                if state.full.len() <= ENOUGH && std::mem::take(&mut state.awaits_room) {
                    self.room.notify_one();
                }
                return Some(batch);
            }
            if state.over {
                return None;
            }
            drop(state);
            let is_busy = idle();
            state = self.lock();
            state.awaits_work = !is_busy && state.full.is_empty();
            while state.awaits_work && !state.over {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn give_back(&self, batch: B) {
        self.lock().empty.push(batch);
    }
}

/// Says that a thread has ended.
struct End<'a, B: Default>(&'a Relay<B>);

impl<B: Default> Drop for End<'_, B> {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.room.notify_one();
        self.0.work.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// Batches with the numbers up to `last`, each slower to fill or to take than the other.
    fn numbers(threads: usize, last: u32, slow_to_fill: bool) -> Vec<u32> {
        let (mut next, mut taken) = (0, Vec::new());
        let pause = |is: bool| is.then(|| thread::sleep(std::time::Duration::from_micros(50)));
        let fill = |batch: &mut Vec<u32>, _: bool| {
            pause(slow_to_fill);
            batch.clear();
            batch.extend(next..last.min(next + 3));
            next += 3;
            !batch.is_empty()
        };
        let take = |batch: &mut Vec<u32>| {
            pause(!slow_to_fill);
            taken.extend_from_slice(batch);
        };
        hand_over(threads, fill, take, || false).expect("a thread");
        taken
    }

    #[test]
    fn every_batch_is_taken_once_and_in_order() {
        for last in [0, 1, 2, 3, 4, 9, 10, 300] {
            for threads in [1, 2, 3] {
                for slow_to_fill in [true, false] {
                    assert!(numbers(threads, last, slow_to_fill).into_iter().eq(0..last), "{last} {threads}");
                }
            }
        }
    }

    #[test]
    fn what_waits_is_bounded_and_used_again() {
        let (mut made, mut left) = (0, 1000);
        let fill = |batch: &mut bool, _: bool| {
            made += usize::from(!std::mem::replace(batch, true));
            left -= 1;
            left > 0
        };
        hand_over(2, fill, |_| thread::yield_now(), || false).expect("a thread");
        // Those that wait, one that is filled and one that is taken.
        assert!(made <= MOST + 2);
    }

    #[test]
    fn there_is_something_to_do_until_there_is_not() {
        let (mut idled, mut left) = (0, 5);
        let fill = |_: &mut u8, _: bool| {
            thread::sleep(std::time::Duration::from_millis(2));
            left -= 1;
            left > 0
        };
        let idle = || {
            idled += 1;
            idled < 3
        };
        hand_over(2, fill, |_| (), idle).expect("a thread");
        assert!(idled >= 3);
    }

    #[test]
    fn whoever_fills_hears_whether_it_is_ahead() {
        let heard = |slow_to_fill: bool| {
            let (mut ahead, mut left) = (0, 200);
            let pause = |is: bool| is.then(|| thread::sleep(std::time::Duration::from_micros(200)));
            let fill = |_: &mut u8, is_ahead: bool| {
                pause(slow_to_fill);
                ahead += usize::from(is_ahead);
                left -= 1;
                left > 0
            };
            hand_over(2, fill, |_| _ = pause(!slow_to_fill), || false).expect("a thread");
            ahead
        };
        assert!(heard(false) > 100);
        assert!(heard(true) < 100);
    }

    #[test]
    fn a_thread_that_fails_leaves_none_waiting() {
        let fails_to_fill = || hand_over(2, |_: &mut u8, _| panic!("as it should"), |_| (), || false);
        assert!(catch_unwind(AssertUnwindSafe(fails_to_fill)).is_err());
        let fails_to_take = || hand_over(2, |_: &mut u8, _| true, |_| panic!("as it should"), || false);
        assert!(catch_unwind(AssertUnwindSafe(fails_to_take)).is_err());
    }
}
