//! What to tell whose interface cannot be opened.

use crate::capture::InterfaceError;

/// A likeness (Jaro-Winkler) from which a name may be a slip of the pen.
const ALIKE: f64 = 0.7;

/// Names shown.
const SHOWN: usize = 4;

/// Why the interface with this name cannot be opened and what to do, in one line.
pub(super) fn way_out(name: &str, error: &InterfaceError) -> String {
    match error {
        InterfaceError::Missing(known) => missing(name, known),
        InterfaceError::Rights(_) => format!("this user may not capture; {}", how_to_allow()),
        InterfaceError::Down(_) => "it is down; bring it up, or add --wait to wait for it".to_owned(),
        InterfaceError::Filter(text) => format!("bad --bpf for its link type: {text}; see `man pcap-filter`"),
        InterfaceError::Other(text) => text.clone(),
    }
}

fn missing(name: &str, known: &[String]) -> String {
    let lower = name.to_lowercase();
    let mut near: Vec<(f64, &String)> = known
        .iter()
        .map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    let near: Vec<String> = near.iter().take(SHOWN).map(|(_, known)| format!("`{known}`")).collect();
    let question = match near.as_slice() {
        [] => String::new(),
        [name] => format!("is it {name}? "),
        [first @ .., last] => format!("is it {} or {last}? ", first.join(", ")),
    };
    format!("there is no such interface; {question}`tcpautopsy interfaces` lists all")
}

#[cfg(target_os = "linux")]
fn how_to_allow() -> String {
    let program = std::env::current_exe().map_or_else(|_| "tcpautopsy".to_owned(), |path| path.display().to_string());
    format!("allow it once by `sudo setcap cap_net_raw+ep {program}`, or run it as root")
}

#[cfg(target_vendor = "apple")]
fn how_to_allow() -> String {
    "join the group access_bpf, which Wireshark's ChmodBPF sets up, or run it as root".to_owned()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn how_to_allow() -> String {
    "let your group read /dev/bpf (devfs.conf on FreeBSD), or run it as root".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first_and_the_list_is_named() {
        let known = ["eth0", "eth1", "any", "lo", "wlp2s0"].map(str::to_owned).to_vec();
        let said = |name: &str| way_out(name, &InterfaceError::Missing(known.clone()));
        assert!(said("eht0").starts_with("there is no such interface; is it `eth0`"), "{}", said("eht0"));
        assert!(said("WLP2S1").contains("is it `wlp2s0`?"), "{}", said("WLP2S1"));
        assert_eq!(said("zz"), "there is no such interface; `tcpautopsy interfaces` lists all");
    }

    #[test]
    fn each_answer_is_one_line() {
        let text = || "some text".to_owned();
        for error in [
            InterfaceError::Missing(vec![text()]),
            InterfaceError::Rights(text()),
            InterfaceError::Down(text()),
            InterfaceError::Filter(text()),
            InterfaceError::Other(text()),
        ] {
            let said = way_out("eth0", &error);
            assert!(!said.contains('\n') && !said.is_empty() && !said.ends_with('.'), "{said}");
        }
    }
}
