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

    /// The next segment is of this flow; whether there was room to note it.
    #[inline]
    pub(super) fn push(&mut self, id: u32) -> bool {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < Self::PIECE => {
                piece.push(id);
                true
            }
            _ => self.begin(id),
        }
    }

    /// The same with a new piece.
    #[cold]
    fn begin(&mut self, id: u32) -> bool {
        let is_room = self.pieces.len() < self.most;
        if is_room {
            let mut piece = Vec::with_capacity(Self::PIECE);
            piece.push(id);
            self.pieces.push(piece);
        }
        is_room
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
        let mut followed = Followed::new(2 * Followed::PIECE + 1);
        let noted = (1..).take_while(|&id| followed.push(id)).count();
        assert_eq!(noted, 2 * Followed::PIECE);
        let pieces = followed.into_pieces();
        assert!(pieces.iter().all(|piece| piece.len() == Followed::PIECE));
        assert!(pieces.into_iter().flatten().eq(1..=noted as u32));
        assert!(!Followed::new(Followed::PIECE - 1).push(1));
    }
}
