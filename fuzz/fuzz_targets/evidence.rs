//! An evidence file holds the frames that were put into it; with a key, others of the same number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::anonymize::Key;
use tcpautopsy::evidence_file::Writer;
use tcpautopsy_fuzz::{show, walk};

fuzz_target!(|data: &[u8]| {
    let key = Key::new([7; 32]);
    let comment = String::from_utf8_lossy(data);
    let mut plain = Writer::new(Vec::new()).expect("memory");
    let mut renamed = Writer::new(Vec::new()).expect("memory");
    let mut written = Vec::new();
    show(data, |frame| {
        let comment = (frame.number.get() % 3 == 1).then_some(&*comment);
        plain.frame(frame, frame.bytes, &comment.unwrap_or("a"), comment).expect("memory");
        let other = key.frame(frame.link_type, frame.bytes);
        assert!(other.len() <= frame.bytes.len());
        renamed.frame(frame, &other, "a", comment).expect("memory");
        written.push((frame.time, frame.link_type, frame.original_len, frame.bytes.to_vec()));
    });
    let file = plain.finish().expect("memory");
    let (read, problems) = walk(&file, usize::MAX).expect("a capture");
    assert_eq!(problems, [""; 0]);
    let read: Vec<_> = read.into_iter().map(|one| (one.time, one.link_type, one.original_len, one.bytes)).collect();
    assert_eq!(read, written);
    let (read, problems) = walk(&renamed.finish().expect("memory"), usize::MAX).expect("a capture");
    assert_eq!((read.len(), problems.len()), (written.len(), 0));
});
