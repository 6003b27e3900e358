//! tcpautopsy: who really sent each TCP reset of a packet capture, why, how the connections ended, and which frames prove it.
//!
//! # The walk of one packet
//!
//! 1. [`capture`] finds the record whose turn it is by time, in one of several files or pipes, unpacked where it was packed,
//!    and lends its octets as a [`capture::Frame`].
//! 2. [`decode`] goes through the frame's headers, VLANs, tunnels and fragments included, down to the innermost TCP header: a
//!    [`tcp::Segment`]. An ICMP error that quotes one becomes a [`tcp::IcmpError`]; what is neither is counted, with the reason.
//! 3. [`flow`] finds the segment's connection and keeps what it teaches: [`flow::Flow`] has the facts of a connection, and
//!    no opinion about them.
//! 4. At the end of the capture, [`select`] says which connections the user asked for, or why there is none.
//! 5. For the connections that did not end well, a second look gathers their segments in a [`timeline`];
//!    [`surroundings`] learns from all of them what each host is like and where the capture was taken.
//! 6. [`attribution`] says who really sent each reset, and how; [`causes`] why the connection ended. Both weigh
//!    [`evidence`], the only arithmetic there is on it.
//! 7. [`report`] makes plain values of facts and verdicts, a [`report::Report`], and the phrases that people read.
//! 8. [`output`] writes the report: a table, JSON, Markdown, HTML, CSV. Text from a capture or a command line is escaped there.
//!
//! [`run`] joins the rooms: [`run::analyze`] is the whole program for one command line. [`live`] does the same while frames come
//! from an interface, and judges resets as they happen. The first two steps have a thread of
//! their own, and flows are judged on all threads (`parallel`); the report does not depend on that.
//!
//! # The rooms around it
//!
//! [`tcp`] is the vocabulary that all others share: sequence numbers, flags, times, frame numbers. [`trace`] reads and writes
//! flows as text.
//!
//! Beside the facts, [`application`] says what the octets of a conversation mean, where its segments were gathered in a
//! [`timeline`]; [`witness`] joins what a host's kernel said of its resets; [`compare`] what captures at several points say of
//! each other; [`outcome`] what the applications saw of an end. [`knowledge`] has tables of what is known beforehand, and
//! [`explain`] answers questions about them and about the causes.
//!
//! For a ticket, [`evidence_file`] writes the frames that prove a report, and [`anonymize`] gives everybody another name in
//! both. While a capture goes on, [`recorder`] keeps what led to resets and [`metrics`] counts them.
//!
//! [`cli`] reads the command line, [`error`] has what stops the program and its exit codes, [`notes`] and [`progress`] speak on
//! standard error. `prefetch` asks for memory ahead of use.
//!
//! Without the feature `live`, which is on by default, there is no [`live`], [`recorder`] or [`metrics`], and no libpcap.
//!
//! Nothing in a capture makes any of them panic or fail: damage is data of the report. `docs/architecture.md` has the
//! invariants and which way the rooms may know each other.

pub mod anonymize;
pub mod application;
pub mod attribution;
pub mod capture;
pub mod causes;
pub mod cli;
pub mod compare;
pub mod decode;
pub mod error;
pub mod evidence;
pub mod evidence_file;
pub mod explain;
pub mod flow;
pub mod knowledge;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "live")]
pub mod metrics;
pub mod notes;
pub mod outcome;
pub mod output;
mod parallel;
mod prefetch;
pub mod progress;
#[cfg(feature = "live")]
pub mod recorder;
pub mod report;
pub mod run;
pub mod select;
pub mod surroundings;
pub mod tcp;
pub mod timeline;
pub mod trace;
pub mod witness;
