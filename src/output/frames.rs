use std::fmt::{self, Display, Formatter};

/// Frame numbers in as few words as possible: `30-32, 40 and 12 more`.
///
/// They must ascend.
pub(super) struct Frames<'a>(pub &'a [u64]);

/// Runs of frames that are spelled out; the others are counted. Three tell a single reset from a burst.
const SPELLED_OUT: usize = 3;

impl Display for Frames<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut runs = self.0.chunk_by(|frame, next| next.saturating_sub(*frame) <= 1).peekable();
        let mut left = self.0.len();
        for nth in 0.. {
            let Some(run) = runs.next() else { break };
            let ([first, ..], [.., last]) = (run, run) else { break };
            // A last single frame is as short as the words that would count it.
            if nth >= SPELLED_OUT && left > 1 {
                return write!(f, " and {left} more");
            }
            f.write_str(if nth == 0 { "" } else { ", " })?;
            match first == last {
                true => write!(f, "{first}")?,
                false => write!(f, "{first}-{last}")?,
            }
            left -= run.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(frames: &[u64]) -> String {
        Frames(frames).to_string()
    }

    #[test]
    fn neighbours_become_a_run() {
        assert_eq!(text(&[7]), "7");
        assert_eq!(text(&[30, 31, 32, 40]), "30-32, 40");
        assert_eq!(text(&[30, 30, 31]), "30-31");
        assert_eq!(text(&[1, 3, 5]), "1, 3, 5");
    }

    #[test]
    fn what_is_not_spelled_out_is_counted_by_frames() {
        assert_eq!(text(&[1, 3, 5, 7, 8, 9, 20]), "1, 3, 5 and 4 more");
        assert_eq!(text(&[1, 3, 5, 7]), "1, 3, 5, 7");
    }

    #[test]
    fn odd_input_does_not_panic() {
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[u64::MAX - 1, u64::MAX]), format!("{}-{}", u64::MAX - 1, u64::MAX));
        text(&[9, 1, 5]);
    }
}
