//! The names that a content filter lets through, beside those that it refuses.

use std::collections::BTreeSet;

use super::Fate;
use super::words::list;
use crate::causes::Around;
use crate::tcp::Duration;

/// What was asked for so long before or after tells of the same filter.
const AROUND: Duration = Duration::from_secs(300);

/// A sentence on the names of connections of the same clients or with the same servers that were answered at that time;
/// nothing where there were none, or where nothing says that these were refused for their names.
pub(super) fn let_through(refused: &[&Fate], around: &Around) -> String {
    let asked: BTreeSet<&str> = refused.iter().filter_map(|fate| fate.name.as_deref()).collect();
    if asked.is_empty() {
        return String::new();
    }
    let times = || refused.iter().flat_map(|fate| [fate.began, fate.ended]).flatten();
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return String::new() };
    let (from, until) = (first.plus(Duration(-AROUND.0)), last.plus(AROUND));
    let clients: BTreeSet<[u8; 16]> = refused.iter().map(|fate| fate.client.address).collect();
    let servers: BTreeSet<[u8; 16]> = refused.iter().map(|fate| fate.server.address).collect();
    let others = around.named().iter().filter(|one| (from..=until).contains(&one.began));
    let near = others.filter(|one| clients.contains(&one.client) || servers.contains(&one.server.address));
    let answered: BTreeSet<&str> = near.map(|one| &*one.name).collect();
    let (both, passed): (Vec<&str>, Vec<&str>) = answered.into_iter().partition(|name| asked.contains(name));
    let quoted = |names: &[&str]| list(names.iter().map(|name| format!("\"{name}\"")));
    let mut said = String::new();
    if !passed.is_empty() {
        said += &format!(" It let {} through.", quoted(&passed));
    }
    if !both.is_empty() {
        said += &format!(
            " Other connections that asked for {} were answered, so that the name is not all that it looks at.",
            quoted(&both)
        );
    }
    said
}
