//! The traces in a page of Markdown.

/// A fenced block of a page that holds a trace.
///
/// Its info string is `trace cause=WHAT`, where `WHAT` is the diagnosis that the trace must get, `none` for no diagnosis.
/// It is about the connection of the trace's last line, or with `flow=N` about that of the client port 40000 + N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands after `cause=`; empty where nothing does.
    pub cause: &'a str,
    /// What stands after `flow=`.
    pub flow: Option<u16>,
    /// The heading of the section that it stands in.
    pub section: &'a str,
    /// The trace.
    pub text: &'a str,
    /// The line of the page on which the trace begins, from 1.
    pub line: usize,
}

/// The traces of a page, in its order. A block that is not closed goes to the end.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    const FENCE: &str = "```";
    let mut found = Vec::new();
    let mut section = "";
    let mut open: Option<(Block<'_>, bool)> = None;
    let mut start = 0;
    let mut at = 0;
    for (number, line) in (1..).zip(page.split_inclusive('\n')) {
        let next = at + line.len();
        match (&mut open, line.trim_end().strip_prefix(FENCE)) {
            (None, Some(info)) => {
                let value = |key| info.split_whitespace().find_map(|word| word.strip_prefix(key));
                let block = Block {
                    cause: value("cause=").unwrap_or(""),
                    flow: value("flow=").and_then(|flow| flow.parse().ok()),
                    section,
                    text: "",
                    line: number + 1,
                };
                open = Some((block, info.split_whitespace().next() == Some("trace")));
                start = next;
            }
            (Some(_), Some("")) => {
                if let Some((block, true)) = open.take() {
                    found.push(Block { text: page.get(start..at).unwrap_or(""), ..block });
                }
            }
            (None, None) => section = line.strip_prefix("## ").map_or(section, str::trim_end),
            _ => {}
        }
        at = next;
    }
    if let Some((block, true)) = open {
        found.push(Block { text: page.get(start..).unwrap_or(""), ..block });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_among_other_blocks() {
        let page = "# T\n## On the wire\ntext\n```trace cause=a flow=2\n0 c S 0\n```\n```sh\n## not this\n```trace\n```\n## Confused with\n\
                    ```trace cause=none\n1 c S 0\n";
        let block = |cause, flow, section, text, line| Block { cause, flow, section, text, line };
        assert_eq!(
            blocks(page),
            [block("a", Some(2), "On the wire", "0 c S 0\n", 5), block("none", None, "Confused with", "1 c S 0\n", 13),]
        );
        assert_eq!(blocks(""), []);
        assert_eq!(blocks("```trace")[0].text, "");
    }
}
