//! A page of the documentation on a terminal: its paragraphs fit the window, everything else stays as it is.

use super::table::wrap;

/// Columns beyond which lines are tiring to read.
const COMFORTABLE: usize = 100;

/// The page with its paragraphs and the items of its lists broken to `width` columns; code, tables and headings are not touched.
pub fn page(text: &str, width: usize) -> String {
    let width = width.min(COMFORTABLE);
    let mut out = String::with_capacity(text.len());
    let mut paragraph = String::new();
    let mut is_code = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        let is_item = line.starts_with("- ");
        if is_code || is_fence || is_item || line.is_empty() || line.starts_with(['#', '|']) {
            end(&mut paragraph, width, &mut out);
        }
        is_code ^= is_fence;
        if is_code || is_fence || line.is_empty() || line.starts_with(['#', '|']) {
            out += line;
            out.push('\n');
        } else {
            let space = if paragraph.is_empty() { "" } else { " " };
            paragraph += space;
            paragraph += line.trim();
        }
    }
    end(&mut paragraph, width, &mut out);
    out
}

/// Puts down the paragraph that was gathered.
fn end(paragraph: &mut String, width: usize, out: &mut String) {
    if !paragraph.is_empty() {
        let indent = if paragraph.starts_with("- ") { "  " } else { "" };
        *out += &wrap(paragraph, Some(width), indent);
        out.push('\n');
        paragraph.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Cause;

    #[test]
    fn paragraphs_and_items_are_broken_anew_and_the_rest_is_not() {
        let text = "# A heading that is long\n\none two three\nfour five\n\n- item one\n  goes on\n- item two\n\n\
                    ```trace\n0 c S 0 win 64240\n```\n| a | table that is wide |\n";
        let expected = "# A heading that is long\n\none two\nthree four\nfive\n\n- item one\n  goes on\n- item two\n\n\
                        ```trace\n0 c S 0 win 64240\n```\n| a | table that is wide |\n";
        assert_eq!(page(text, 10), expected);
    }

    #[test]
    fn no_word_of_a_page_is_lost_and_lines_fit() {
        for cause in Cause::ALL {
            for width in [40, 80, 200] {
                let broken = page(cause.page(), width);
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(words(&broken), words(cause.page()), "{cause}");
                let prose = broken.split("```").step_by(2).collect::<String>();
                let fits = |line: &&str| line.chars().count() > width && line.trim().contains(' ');
                let long: Vec<_> = prose.lines().filter(fits).filter(|line| !line.starts_with(['#', '|'])).collect();
                assert!(width < 80 || long.is_empty(), "{cause}, {width}: {long:#?}");
            }
        }
    }
}
