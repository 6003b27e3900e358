//! Where a capture was taken, as far as it tells.

/// Beside whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Near {
    /// On the clients' host.
    Client,
    /// On the servers' host.
    Server,
    /// Between them.
    Between,
    /// It does not tell.
    #[default]
    Unknown,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vantage {
    /// Beside whom.
    pub near: Near,
    /// One clause.
    pub why: String,
}
