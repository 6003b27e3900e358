//! Capabilities, and what no later program may regain.

use std::io;

use rustix::io::Errno;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::system_calls;

/// What opening a packet socket takes (packet(7)).
const CAPTURE: CapabilitySet = CapabilitySet::NET_RAW;

/// What has to be done while there are rights. `keeps`: capabilities are to survive another user.
pub(super) fn before(keeps: bool) -> io::Result<()> {
    // The bounding set; who may not shrink it has no rights to lose.
    for capability in CapabilitySet::all().iter() {
        match thread::remove_capability_from_bounding_set(capability) {
            // Capabilities that this kernel does not know yet.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if keeps {
        thread::set_keep_capabilities(true)?;
    }
    Ok(())
}

/// The rest, as the user that the program stays.
pub(super) fn after(reopens: bool) -> io::Result<()> {
    let wanted = if reopens { CAPTURE } else { CapabilitySet::empty() };
    let left = thread::capabilities(None)?.permitted & wanted;
    match thread::clear_ambient_capability_set() {
        // Before Linux 4.3.
        Ok(()) | Err(Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    thread::set_capabilities(
        None,
        CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() },
    )?;
    thread::set_no_new_privs(true)?;
    system_calls::forbid(reopens)
}
