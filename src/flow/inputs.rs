use std::collections::BTreeMap;

/// Which inputs a flow was seen in, as a handle into the table's sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputSet(u16);

/// The distinct sets of inputs that flows were seen in.
///
/// A ring of a hundred files has a few hundred of them, since a flow lives in neighbouring files; two octets a flow do.
#[derive(Clone, Debug)]
pub(super) struct InputSets {
    sets: Vec<Vec<u16>>,
    ids: BTreeMap<Vec<u16>, InputSet>,
    grown: BTreeMap<(InputSet, u16), InputSet>,
    only: Option<u16>,
}

impl InputSets {
    pub(super) fn new() -> Self {
        let empty = (Vec::new(), InputSet::default());
        Self { sets: vec![Vec::new()], ids: BTreeMap::from([empty]), grown: BTreeMap::new(), only: None }
    }

    /// `set` and `input` together; `set` itself once 65,536 different sets exist.
    pub(super) fn with(&mut self, set: InputSet, input: u16) -> InputSet {
        if let Some(&known) = self.grown.get(&(set, input)) {
            return known;
        }
        if self.sets.len() > usize::from(u16::MAX) {
            return set;
        }
        // The empty set comes first and every input grows from it, so the second such step ends being the only one.
        self.only = self.grown.is_empty().then_some(input);
        let mut members = self.sets[usize::from(set.0)].clone();
        if let Err(place) = members.binary_search(&input) {
            members.insert(place, input);
        }
        let id = match self.ids.get(&members) {
            Some(&known) => known,
            None => {
                let Ok(id) = u16::try_from(self.sets.len()) else { return set };
                self.sets.push(members.clone());
                self.ids.insert(members, InputSet(id));
                InputSet(id)
            }
        };
        self.grown.insert((set, input), id);
        id
    }

    /// Whether this input is the only one that any flow was seen in.
    #[inline]
    pub(super) fn are_all(&self, input: u16) -> bool {
        self.only == Some(input)
    }

    pub(super) fn contains(&self, set: InputSet, input: u16) -> bool {
        self.members(set).binary_search(&input).is_ok()
    }

    /// The members in ascending order.
    pub(super) fn members(&self, set: InputSet) -> &[u16] {
        &self.sets[usize::from(set.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_and_are_shared() {
        let mut sets = InputSets::new();
        let empty = InputSet::default();
        let one = sets.with(empty, 1);
        let both = sets.with(one, 0);
        assert_eq!(sets.members(both), [0, 1]);
        let zero = sets.with(empty, 0);
        assert_eq!(sets.with(zero, 1), both);
        assert_eq!(sets.with(both, 1), both);
        assert!(sets.contains(both, 0) && !sets.contains(one, 0));
    }

    #[test]
    fn an_only_input_stays_so_until_another_comes() {
        let mut sets = InputSets::new();
        sets.with(InputSet::default(), 3);
        sets.with(InputSet::default(), 3);
        assert!(sets.are_all(3) && !sets.are_all(0));
        sets.with(InputSet::default(), 0);
        assert!(!sets.are_all(3) && !sets.are_all(0));
    }
}
