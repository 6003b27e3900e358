use crate::knowledge::ttl;
use crate::tcp::Segment;

/// What the resets of a device look like. Whatever is given must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// The device.
    pub product: Box<str>,
    /// A part of the data that they carry.
    pub text: Option<Box<str>>,
    /// The time to live, or hop limit, that they begin with: 64, 128 or 255.
    pub initial_ttl: Option<u8>,
    /// Their IP identification.
    pub ip_id: Option<u16>,
    /// Their window field, unscaled.
    pub window: Option<u16>,
}

impl Fingerprint {
    /// Whether a reset with these data looks so.
    pub fn fits(&self, reset: &Segment, payload: &[u8]) -> bool {
        let says = |text: &str| payload.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        self.text.as_deref().is_none_or(says)
            && self.initial_ttl.is_none_or(|initial| ttl::initial(reset.ttl) == initial)
            && self.ip_id.is_none_or(|id| reset.ip_id == Some(id))
            && self.window.is_none_or(|window| reset.window == Some(window))
    }
}
