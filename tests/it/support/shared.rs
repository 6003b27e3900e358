//! The recorded captures beside the project.

use std::path::{Path, PathBuf};

/// A folder of them; `None`, said aloud, where it is absent, so that a stranger's clone passes.
pub fn shared(part: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("TCPAUTOPSY_SHARED").map_or_else(beside, PathBuf::from).join("captures").join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    super::skip(&format!("there are no captures at {}", folder.display()));
    None
}
