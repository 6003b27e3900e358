//! The `format` file of an event, where the log has it: which fields there are, and what the numbers of a reason mean.
//!
//! Names of reasons came with Linux 6.10. Tools that print fields by themselves (`perf`, `trace-cmd`) may give the number, whose
//! meaning changes between versions; the kernel's own table stands in this file.

use std::collections::BTreeMap;

/// Reasons that are remembered: the kernel has 26.
const MOST_REASONS: usize = 64;

/// What the format files in a log say.
#[derive(Clone, Debug, Default)]
pub(super) struct Formats {
    /// The event whose file is being read.
    event: Option<String>,
    /// Whether resets are reported with a reason; `None` where no file says.
    pub has_reason: Option<bool>,
    reasons: BTreeMap<u32, String>,
}

impl Formats {
    /// Takes in a line, if it is one of a format file.
    pub(super) fn take(&mut self, line: &str) {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix("name: ") {
            self.event = Some(name.trim().to_owned());
            if name.trim() == "tcp_send_reset" {
                self.has_reason.get_or_insert(false);
            }
        } else if self.event.as_deref() == Some("tcp_send_reset") {
            if trimmed.starts_with("field:")
                && trimmed.split(';').next().is_some_and(|field| field.ends_with(" reason"))
            {
                self.has_reason = Some(true);
            } else if let Some(table) = trimmed.strip_prefix("print fmt:").and_then(reason_table) {
                self.reasons = table;
            }
        }
    }

    /// The name of a reason that a tool printed by its number.
    pub(super) fn reason(&self, number: u32) -> Option<&str> {
        self.reasons.get(&number).map(String::as_str)
    }
}

/// The pairs `{ 11, "TCP_ABORT_ON_CLOSE" }` behind `REC->reason,`.
fn reason_table(text: &str) -> Option<BTreeMap<u32, String>> {
    let (_, table) = text.split_once("__print_symbolic(REC->reason,")?;
    let pair = |pair: &str| {
        let (number, name) = pair.split_once('}')?.0.split_once(',')?;
        let name = name.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some((number.trim().parse().ok()?, name.to_owned()))
    };
    Some(table.split('{').filter_map(pair).take(MOST_REASONS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(text: &str) -> Formats {
        let mut formats = Formats::default();
        text.lines().for_each(|line| formats.take(line));
        formats
    }

    #[test]
    fn fields_and_reasons_come_from_the_file() {
        let new = formats(
            "name: tcp_send_reset\nID: 2280\nformat:\n\tfield:int state;\toffset:24;\n\
             \tfield:enum sk_rst_reason reason;\toffset:28;\tsize:4;\tsigned:0;\n\
             print fmt: \"reason=%s\", REC->state ? __print_symbolic(REC->state, { 1, \"TCP_ESTABLISHED\" }) : \"UNKNOWN\", \
             __print_symbolic(REC->reason, { 0, \"NOT_SPECIFIED\" }, { 11, \"TCP_ABORT_ON_CLOSE\" })\n\
             name: tcp_receive_reset\n\tfield:__u16 sport;\toffset:16;\n",
        );
        assert_eq!(new.has_reason, Some(true));
        assert_eq!(new.reason(11), Some("TCP_ABORT_ON_CLOSE"));
        assert_eq!(new.reason(1), None, "a state is no reason");
        let old = formats("name: tcp_send_reset\n\tfield:int state;\toffset:24;\n\tfield:int no_reason;\n");
        assert_eq!(old.has_reason, Some(false));
        // Of another event it says nothing.
        assert_eq!(formats("name: tcp_receive_reset\n\tfield:int reason;\n").has_reason, None);
        for broken in
            ["print fmt:", "name: ", "name: tcp_send_reset\nprint fmt: __print_symbolic(REC->reason, { }, {,}, {x"]
        {
            assert_eq!(formats(broken).reason(0), None, "{broken}");
        }
    }
}
