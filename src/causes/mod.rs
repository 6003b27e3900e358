//! Why connections end badly.
//!
//! Every cause is a file: a plain function of the [`Story`] of a flow and of what happened [`Around`] it, which says what
//! speaks for the cause and against it, or nothing. [`diagnose`] asks them all; the best supported one is the diagnosis, the
//! others that fit are its alternatives.

mod abort_linger0;
mod around;
mod backlog_overflow;
mod ballot;
mod benign;
mod candidate;
mod catalogue;
mod client_abort;
mod closed_with_unread_data;
mod connection_limit;
mod data_after_close;
mod diagnose;
mod draft;
mod exit;
mod half_open_scan;
mod health_check;
mod icmp_unreachable;
mod idle_gaps;
mod idle_timeout_endpoint;
mod idle_timeout_middlebox;
mod incidents;
mod injected_blind_or_invalid;
mod injected_content_filter;
mod keepalive_failure;
mod kernel;
mod others;
mod peer_lost_state;
mod process_killed;
mod protocol_mismatch;
mod question;
mod rate_limited;
mod refused_by_firewall;
mod refused_no_listener;
mod server_restart;
mod stale_keepalive_reuse;
mod story;
#[cfg(test)]
mod tests;
mod timewait_reset;
mod unanswered_data;
mod unanswered_syn;

pub use around::{Around, Connection};
pub use benign::{Harmless, all_arrived, benign};
pub use candidate::Candidate;
pub use catalogue::Cause;
pub use diagnose::{Diagnosis, diagnose};
pub use draft::Draft;
pub use idle_gaps::{Gap, histogram};
pub use incidents::{Fate, Fates, Incident, incidents};
pub use story::Story;
