//! What several rooms' tests share.

pub mod captures;
pub mod program;
pub mod reports;
pub mod schema;
pub mod shared;

pub use schema::validate;
pub use shared::shared;

/// Says why a test, or a part of one, is not done here: a tool is missing, or a right. Where `TCPAUTOPSY_NO_SKIP` has a word of
/// that, as in `tshark jq`, it has to be done: CI names the tools that it has.
#[track_caller]
pub fn skip(why: &str) {
    let needed = std::env::var("TCPAUTOPSY_NO_SKIP").unwrap_or_default().to_lowercase();
    let why_words = why.to_lowercase();
    let mut words = why_words.split(|c: char| !c.is_alphanumeric());
    let word = words.find(|word| needed.split_whitespace().any(|needed| needed == *word));
    assert!(word.is_none(), "skipped in spite of TCPAUTOPSY_NO_SKIP: {why}");
    println!("skipped: {why}");
}

/// Whether there is such a program; says so where not.
#[track_caller]
pub fn has(tool: &str) -> bool {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search).any(|folder| folder.join(tool).is_file());
    if !found {
        skip(&format!("{tool} is not here"));
    }
    found
}
