//! Frames that follow each other without anything to see to between them.

use super::Frame;
use super::input::Tally;
use super::pcap::Walk;
use crate::tcp::{FrameNumber, Timestamp};

/// A frame of one input, and those at hand behind it, with the place of each for [`Capture::lookup`](super::Capture::lookup).
///
/// What is counted of frames is held here, in registers at best, and noted when the run is dropped.
pub struct Run<'a> {
    /// The frame that was found before.
    first: Option<(Frame<'a>, u64)>,
    /// The records behind it.
    walk: Option<Walk<'a>>,
    input: u16,
    /// The numbers of the last frame: in its input, and how far that in the whole capture is ahead of it.
    number: u64,
    ahead: u64,
    /// The latest time so far.
    latest: Option<Timestamp>,
    noted: (&'a mut u64, &'a mut Tally),
}

impl<'a> Run<'a> {
    pub(super) fn new(
        first: Frame<'a>,
        place: u64,
        walk: Option<Walk<'a>>,
        number: &'a mut u64,
        tally: &'a mut Tally,
    ) -> Self {
        Self {
            input: first.input,
            first: Some((first, place)),
            walk,
            number: tally.number(),
            ahead: number.wrapping_sub(tally.number()),
            latest: tally.latest(),
            noted: (number, tally),
        }
    }
}

impl<'a> Iterator for Run<'a> {
    type Item = (Frame<'a>, u64);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let (record, bytes) = self.walk.as_mut()?.next(self.latest)?;
        self.number += 1;
        self.latest = record.time;
        let frame = Frame {
            number: FrameNumber::new(self.number.wrapping_add(self.ahead))?,
            input: self.input,
            input_frame: FrameNumber::new(self.number)?,
            time: record.time,
            link_type: record.link_type,
            original_len: record.original_len,
            bytes,
        };
        Some((frame, record.at as u64))
    }
}

impl Drop for Run<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let (number, tally) = &mut self.noted;
        let frames = self.number.wrapping_sub(tally.number());
        if frames > 0 {
            **number += frames;
            tally.add(frames, self.walk.as_ref().map_or(0, Walk::cut), self.latest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::PathBuf;

    use super::super::bytes::Order;
    use super::super::testing::Writer;
    use super::super::{Capture, InputSummary, OpenOptions};
    use super::*;

    type Frames = Vec<(String, u64)>;

    /// All frames one by one.
    fn by_one(mut capture: Capture) -> (Vec<String>, Vec<InputSummary>) {
        let mut frames = Vec::new();
        while let Some(frame) = capture.next() {
            frames.push(format!("{frame:?}"));
        }
        (frames, capture.finish())
    }

    /// All frames by runs of which none is taken further than `most`, and whether there was one of several frames.
    fn by_runs(capture: &mut Capture, most: usize) -> (Frames, bool) {
        let (mut frames, mut several) = (Vec::new(), false);
        while let Some(run) = capture.run() {
            let before = frames.len();
            frames.extend(run.take(most).map(|(frame, place)| (format!("{frame:?}"), place)));
            several |= frames.len() - before > 1;
        }
        (frames, several)
    }

    /// Records of many lengths, some cut, most of them in the order of time.
    fn records(mut file: Writer, count: u32) -> Writer {
        for at in 0..count {
            let length = if at % 1000 < 500 { at % 90 } else { at * 7919 % 1500 };
            let seconds = if at % 97 == 5 { at / 100 - at / 200 } else { at / 100 };
            file = file.record(seconds, at % 100, &vec![at as u8; length as usize], length + at % 3);
        }
        file
    }

    #[test]
    fn runs_give_what_is_given_one_by_one() {
        let order = Order::Little;
        let new = || Writer::new(order);
        let usual = records(new().pcap(), 5000).bytes;
        let cut = usual[..usual.len() - 1].to_vec();
        let damaged = new().raw(&usual).u32(1).u32(2).u32(u32::MAX).u32(0).raw(&usual[24..]).bytes;
        let checked = records(new().pcap_header(0xa1b2_c3d4, (2, 4), 0x2400_0001), 300).bytes;
        let fddi = records(Writer::new(Order::Big).pcap_header(0xa1b2_c3d4, (2, 2), 15), 0).bytes;
        let odd = Writer::new(Order::Big).raw(&fddi).u32(1).u32(5).u32(5).u32(5).raw(b"???ab");
        let odd = odd.u32(2).u32(5).u32(6).u32(6).raw(b"???abc").bytes;
        let swapped = records(new().pcap_header(0xa1b2_c3d4, (2, 3), 1), 300).bytes;
        let blocks = new().section().interface(1, 0, &[]).enhanced(0, 2, b"ab", 2).block(4, b"").simple(b"c", 1);
        let blocks = blocks.enhanced(0, 1, b"de", 9).block(10, b"journal!").enhanced(0, 3, b"f", 1).bytes;
        let all: [&[&[u8]]; 9] = [
            &[&usual],
            &[&cut],
            &[&damaged],
            &[&checked],
            &[&odd],
            &[&swapped],
            &[&blocks],
            &[&usual, &checked],
            &[&blocks, &damaged, &checked],
        ];
        for (case, files) in all.into_iter().enumerate() {
            let path = |file: usize| {
                let name = format!("tcpautopsy-run-{}-{case}-{file}", std::process::id());
                std::env::temp_dir().join(name)
            };
            let paths: Vec<PathBuf> = (0..files.len()).map(path).collect();
            for (path, octets) in paths.iter().zip(files) {
                std::fs::write(path, octets).expect("a file");
            }
            let open = || Capture::open(&paths, OpenOptions::default()).0;
            let one_by_one = by_one(open());
            for most in [1, 2, 700, usize::MAX] {
                let mut capture = open();
                let (frames, several) = by_runs(&mut capture, most);
                assert!(frames.iter().map(|(frame, _)| frame).eq(&one_by_one.0), "{case} {most}");
                assert_eq!(several, most > 1 && (files.len() != 1 || files[0][..4] != blocks[..4]), "{case} {most}");
                if let Some(mut lookup) = capture.lookup() {
                    for ((frame, place), number) in frames.iter().zip(1..) {
                        let again = lookup.frame(FrameNumber::new(number).expect("from 1"), *place);
                        assert_eq!(&format!("{:?}", again.expect("it was met")), frame, "{case}");
                    }
                }
                assert_eq!(capture.finish(), one_by_one.1, "{case} {most}");
            }
            if let [octets] = files {
                let open = || Capture::of(Cursor::new(octets.to_vec()), OpenOptions::default()).expect("a capture");
                let mut capture = open();
                let (frames, _) = by_runs(&mut capture, usize::MAX);
                let one_by_one = by_one(open());
                assert!(frames.iter().map(|(frame, _)| frame).eq(&one_by_one.0), "{case}");
                assert_eq!(capture.finish(), one_by_one.1, "{case}");
            }
            paths.iter().for_each(|path| std::fs::remove_file(path).expect("the file"));
        }
    }
}
