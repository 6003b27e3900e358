//! The command line where it touches files, and that only its module uses clap and indicatif.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tcpautopsy::cli::{Options, parse};
use tcpautopsy::error::Error;

fn options(args: &[&Path]) -> Options {
    let args = std::iter::once(OsString::from("tcpautopsy")).chain(args.iter().map(|arg| arg.as_os_str().to_owned()));
    parse(args).unwrap()
}

/// An empty directory of this test's own.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn a_report_overwrites_nothing_unasked() {
    let directory = scratch("cli-overwrite");
    let (capture, report) = (directory.join("a.pcap"), directory.join("r.json"));
    let [output, force] = ["--output", "--force"].map(Path::new);
    let plain = options(&[&capture, output, &report]);
    assert!(plain.create_output().unwrap().is_some());
    fs::write(&report, "precious").unwrap();
    assert!(matches!(plain.create_output(), Err(Error::OutputExists(path)) if path == report));
    assert_eq!(fs::read(&report).unwrap(), b"precious");
    assert!(options(&[&capture, output, &report, force]).create_output().unwrap().is_some());
    assert_eq!(fs::read(&report).unwrap(), b"");
}

#[test]
fn a_capture_is_not_overwritten_even_by_force() {
    let directory = scratch("cli-input");
    let capture = directory.join("a.txt");
    fs::write(&capture, "frames").unwrap();
    // The same file by another path.
    let other = directory.join(".").join("a.txt");
    let options = options(&[&capture, Path::new("--output"), &other, Path::new("--force")]);
    assert!(matches!(options.create_output(), Err(Error::OutputIsInput(_))));
    assert_eq!(fs::read(&capture).unwrap(), b"frames");
}

#[cfg(unix)]
#[test]
fn a_report_is_its_owners_alone_and_goes_through_no_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = scratch("cli-links");
    let [capture, report, target] = ["a.pcap", "r.json", "target"].map(|name| directory.join(name));
    let [output, force] = ["--output", "--force"].map(Path::new);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(options(&[&capture, output, &report]).create_output().unwrap().is_some());
    assert_eq!(mode(&report), 0o600);

    let forced = options(&[&capture, output, &report, force]);
    for leads_somewhere in [true, false] {
        fs::remove_file(&report).unwrap();
        let _ = fs::remove_file(&target);
        if leads_somewhere {
            fs::write(&target, "precious").unwrap();
        }
        symlink(&target, &report).unwrap();
        let plain = options(&[&capture, output, &report]).create_output();
        assert!(matches!(plain, Err(Error::OutputExists(_))), "{plain:?}");
        assert!(forced.create_output().unwrap().is_some());
        assert_eq!(fs::read(&target).ok(), leads_somewhere.then(|| b"precious".to_vec()));
        assert!(!fs::symlink_metadata(&report).unwrap().is_symlink());
    }
    // An earlier report that everybody could read does not lend the new one its permissions.
    fs::set_permissions(&report, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(forced.create_output().unwrap().is_some());
    assert_eq!(mode(&report), 0o600);
    // What is no file is written to, not replaced.
    assert!(options(&[&capture, output, Path::new("/dev/null"), force]).create_output().unwrap().is_some());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_directory_that_is_missing_is_named() {
    let report = scratch("cli-missing").join("no/such/r.json");
    let error = options(&[Path::new("a.pcap"), Path::new("--output"), &report]).create_output().unwrap_err();
    assert!(error.to_string().contains("no/such/r.json"), "{error}");
}

#[test]
fn nothing_is_created_for_standard_output() {
    assert!(options(&[Path::new("a.pcap")]).create_output().unwrap().is_none());
}

#[test]
fn clap_and_indicatif_belong_to_one_module_each() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![source.clone()];
    let mut users = Vec::new();
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let place = path.strip_prefix(&source).unwrap().components().next().unwrap().as_os_str().to_owned();
            for name in ["clap", "indicatif"] {
                if text.contains(&format!("{name}::")) {
                    users.push((name, place.to_string_lossy().into_owned()));
                }
            }
        }
    }
    users.sort();
    users.dedup();
    assert_eq!(users, [("clap", "cli".to_owned()), ("indicatif", "progress.rs".to_owned())]);
}
