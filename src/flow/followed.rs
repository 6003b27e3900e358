/// The flow of each segment, by its id, in the order in which the segments came.
pub struct Followed {
    pieces: Vec<Vec<u32>>,
    most: usize,
}

impl Followed {
    /// Segments of a piece, of which every one but the last is full.
    pub const PIECE: usize = 1 << 17;

    /// Of at most so many segments, rounded down to whole pieces.
    pub(super) fn new(most: usize) -> Self {
        Self { pieces: Vec::new(), most: most / Self::PIECE }
    }

    /// The next segments are of these flows; whether there was room to note it.
    #[inline]
    pub(super) fn push(&mut self, ids: &[u32]) -> bool {
        match self.pieces.last_mut() {
            Some(piece) if Self::PIECE - piece.len() >= ids.len() => {
                piece.extend_from_slice(ids);
                true
            }
            _ => self.push_across(ids),
        }
    }

    /// The same where some of them go to a new piece.
    #[cold]
    fn push_across(&mut self, ids: &[u32]) -> bool {
        ids.iter().all(|&id| {
            if self.pieces.last().is_none_or(|piece| piece.len() == Self::PIECE) {
                if self.pieces.len() >= self.most {
                    return false;
                }
                self.pieces.push(Vec::with_capacity(Self::PIECE));
            }
            self.pieces.last_mut().into_iter().for_each(|piece| piece.push(id));
            true
        })
    }

    /// All of them, some at a time.
    pub fn into_pieces(self) -> Vec<Vec<u32>> {
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_full_and_no_more_than_there_may_be() {
        let most = 2 * Followed::PIECE as u32;
        for together in [1, 3, 8] {
            let mut followed = Followed::new(2 * Followed::PIECE + 1);
            let ids: Vec<u32> = (1..=most + 1).collect();
            let noted = ids.chunks(together).take_while(|ids| followed.push(ids)).count();
            assert_eq!(noted, most as usize / together, "so many that there was room for all of");
            let pieces = followed.into_pieces();
            assert!(pieces.iter().all(|piece| piece.len() == Followed::PIECE));
            assert!(pieces.into_iter().flatten().eq(1..=most));
        }
        assert!(!Followed::new(Followed::PIECE - 1).push(&[1]));
    }
}
