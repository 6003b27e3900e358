//! Gives up what is not needed any more once the interface is open: whoever sends packets that break this program should gain
//! nothing by it.
//!
//! Called before any thread is started, since on Linux each has rights of its own, which it inherits.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod system_calls;

use std::ffi::CString;
use std::io;

use nix::unistd::{Gid, Uid, User};

/// Why rights could not be given up, and so nothing was started.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no such user.
    NoUser(String),
    /// The system refused.
    System(io::Error),
}

/// Becomes `user`, if one is named, and gives up every right but that to open the interface again, if it `reopens`.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "there are no such rights elsewhere"))]
pub(super) fn drop(user: Option<&str>, reopens: bool) -> Result<(), Refused> {
    let user = user.map(find).transpose()?;
    #[cfg(target_os = "linux")]
    linux::before(user.is_some() && reopens).map_err(Refused::System)?;
    if let Some(user) = &user {
        become_user(user).map_err(|errno| Refused::System(errno.into()))?;
    }
    #[cfg(target_os = "linux")]
    linux::after(reopens).map_err(Refused::System)?;
    Ok(())
}

/// The numbers of a user and its group.
pub(super) fn numbers(user: &str) -> Result<(u32, u32), Refused> {
    find(user).map(|user| (user.uid.as_raw(), user.gid.as_raw()))
}

fn find(name: &str) -> Result<User, Refused> {
    match User::from_name(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(Refused::NoUser(name.to_owned())),
        Err(errno) => Err(Refused::System(errno.into())),
    }
}

fn become_user(user: &User) -> nix::Result<()> {
    if (Uid::effective(), Gid::effective()) == (user.uid, user.gid) {
        return Ok(());
    }
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    supplementary_groups(&name, user.gid)?;
    nix::unistd::setgid(user.gid)?;
    nix::unistd::setuid(user.uid)
}

#[cfg(not(target_vendor = "apple"))]
fn supplementary_groups(name: &std::ffi::CStr, group: Gid) -> nix::Result<()> {
    nix::unistd::initgroups(name, group)
}

/// macOS has another way for groups, which takes no part in file permissions here.
#[cfg(target_vendor = "apple")]
fn supplementary_groups(_: &std::ffi::CStr, _: Gid) -> nix::Result<()> {
    Ok(())
}
