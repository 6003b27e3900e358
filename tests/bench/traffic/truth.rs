//! What a report about the capture must say, counted while it was written.

use std::fmt::Write;

use super::connection::{RST, Teardown};

/// The counts.
#[derive(Default)]
pub struct Truth {
    /// All frames.
    pub frames: u64,
    pub tcp_segments: u64,
    rst_segments: u64,
    flows: u64,
    teardown: [u64; Teardown::ALL.len()],
}

impl Truth {
    /// Counts a TCP segment's frame by its flags.
    pub fn segment(&mut self, flags: u8) {
        self.frames += 1;
        self.tcp_segments += 1;
        self.rst_segments += u64::from(flags & RST != 0);
    }

    /// Counts a connection.
    pub fn flow(&mut self, teardown: Teardown) {
        self.flows += 1;
        self.teardown[teardown as usize] += 1;
    }

    /// The counts in the names of the report, and the size of the file.
    pub fn json(&self, bytes: u64) -> String {
        let mut text = format!(
            "{{\"frames\": {}, \"bytes\": {bytes}, \"tcp_segments\": {}, \"rst_segments\": {}, \"flows\": {}, \"teardown\": {{",
            self.frames, self.tcp_segments, self.rst_segments, self.flows
        );
        for (index, teardown) in Teardown::ALL.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let count = self.teardown[teardown as usize];
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}\"{}\": {count}", teardown.name());
        }
        text.push_str("}}\n");
        text
    }
}
