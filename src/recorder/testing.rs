//! Folders of tests.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty folder.
pub(super) fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tcpautopsy-recorder-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).expect("a folder");
    path
}

/// What a folder holds, in order.
pub(super) fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .expect("readable")
        .map(|one| one.expect("an entry").file_name().to_string_lossy().into())
        .collect();
    names.sort();
    names
}
