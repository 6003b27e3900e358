//! What the first bytes of each direction and the last messages before the end say.
//!
//! # How to call it
//!
//! ```ignore
//! let end = application::End { place: timeline.place_of(reset.frame)?, time: reset.time };
//! let application = application::read(timeline, roles, end);
//! ```
//!
//! `end` is the reset that decided, or for a flow without one the number of its segments and the time up to which it was
//! watched. Everything that stands before it is read; nothing behind it. [`Application::protocol`] is `None` where nothing was
//! understood, and then [`Application::progress`] is, too: say what the segments alone tell. [`of_reset`] reads what a single
//! reset says of itself; [`Application::declared`] has that of the deciding reset already.
//!
//! # How it works
//!
//! `stream` puts each side's kept octets in order; a file for each protocol finds the messages in them and says what they
//! are; `progress` makes the phrase. Octets of packets may be hostile: readers are bounded, stop at what they do not
//! understand and never fail. Text stays as it came, cut to 200 octets; who shows it must escape it.
//!
//! Sequence numbers tell how much passed even where the data itself was not kept, so progress is right for long transfers, up
//! to 2 GiB between two kept segments.

mod declared;
mod dns;
mod ftp;
mod http1;
mod http2;
mod imap;
mod lines;
mod message;
mod mismatch;
mod mysql;
mod octets;
mod packets;
mod pop3;
mod postgres;
mod progress;
mod redis;
mod smtp;
mod ssh;
mod stream;
#[cfg(test)]
mod testing;
mod text;
mod tls;
mod upgrade;

pub use declared::{Declared, Reason, of_reset};
pub use http1::Http;
pub use message::Message;
pub use mismatch::Mismatch;
pub use tls::{Alert, Tls};

use crate::flow::{Roles, Way};
use crate::tcp::{Duration, Timestamp};
use crate::timeline::Timeline;
use stream::Stream;

/// Octets of one side that are looked at for a message's head: servers refuse longer ones (Apache and nginx at 8 kB, Node.js
/// at 16).
const MOST_HEAD: usize = 16_384;

/// Octets of one side that are looked at for the protocol it speaks: more than a first line may have (255 octets in SSH, RFC 4253
/// section 4.2; 512 in SMTP, RFC 5321 section 4.5.3.1.5), of a request in HTTP its method and the beginning of a target; and mostly
/// one segment's, so that nothing has to be put together.
const MOST_OPENING: usize = 1_024;

/// Messages of one side that are told apart; a flow's timeline keeps fewer segments than this.
const MOST_MESSAGES: usize = 10_000;

/// A protocol above TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TLS or SSL 3.0.
    Tls,
    /// HTTP/1.0 or 1.1.
    Http,
    /// HTTP/2 in the clear.
    Http2,
    /// SSH.
    Ssh,
    /// SMTP.
    Smtp,
    /// The control connection of FTP.
    Ftp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// DNS.
    Dns,
}

impl Protocol {
    /// Its identifier in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Http2 => "http2",
            Self::Ssh => "ssh",
            Self::Smtp => "smtp",
            Self::Ftp => "ftp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Mysql => "mysql",
            Self::Postgres => "postgresql",
            Self::Redis => "redis",
            Self::Dns => "dns",
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            Self::Http2 => "HTTP/2",
            Self::Ssh => "SSH",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Pop3 => "POP3",
            Self::Imap => "IMAP",
            Self::Mysql => "MySQL",
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Dns => "DNS",
        }
    }
}

/// Where and when a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The place of the deciding reset in the timeline, or the number of the timeline's segments.
    pub place: usize,
    /// When.
    pub time: Option<Timestamp>,
}

/// A request without any of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// What was asked, to stand in a sentence. May hold text from packets.
    pub what: String,
    /// When its last octet passed.
    pub since: Option<Timestamp>,
    /// Until the end.
    pub lasted: Option<Duration>,
}

/// What the applications were doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Application {
    /// What both, or the first of them to speak, spoke.
    pub protocol: Option<Protocol>,
    /// What is worth knowing of the conversation, in a few words. May hold text from packets.
    pub detail: Option<String>,
    /// What was under way when the flow ended, in one phrase. May hold text from packets.
    pub progress: Option<String>,
    /// What the client's first octets were.
    pub client: Option<Protocol>,
    /// What the server's first octets were.
    pub server: Option<Protocol>,
    /// The client's last message: a request, a command, a ClientHello.
    pub last_request: Option<Message>,
    /// The server's last message.
    pub last_response: Option<Message>,
    /// Requests that were told apart.
    pub requests: u32,
    /// Whether all of the last request had passed.
    pub request_complete: Option<bool>,
    /// Whether all of the answer to the last request had passed; `Some(false)` too where there was none of it.
    pub response_complete: Option<bool>,
    /// The request that had no octet of an answer.
    pub waiting_for: Option<Waiting>,
    /// Who sent the last message that was understood.
    pub last_message_by: Option<Way>,
    /// The status or reply code of the last answer: HTTP, SMTP, FTP, the error number of MySQL.
    pub status: Option<u16>,
    /// The name that the client asked for: SNI or Host, what a content filter would look at. Text from packets.
    pub name: Option<String>,
    /// Of TLS.
    pub tls: Option<Tls>,
    /// Of the last exchange over HTTP/1.
    pub http: Option<Http>,
    /// Why the two did not understand each other.
    pub mismatch: Option<Mismatch>,
    /// Reasons that were given, in the order in which they came.
    pub declared: Vec<Declared>,
}

/// What clients say last, in the words of the protocols' readers: SMTP, FTP, POP3, IMAP, MySQL, PostgreSQL.
const FAREWELLS: [&str; 4] = ["QUIT", "LOGOUT", "the farewell (COM_QUIT)", "the farewell (Terminate)"];

impl Application {
    /// Whether the client's last message says that it wants nothing more.
    pub fn said_goodbye(&self) -> bool {
        self.last_request.as_ref().is_some_and(|request| FAREWELLS.contains(&request.what.as_str()))
    }

    /// Whether the client had finished the handshake of TLS, and asked nothing since.
    pub fn has_only_greeted(&self) -> bool {
        let finished = self.tls.as_ref().is_some_and(|tls| tls.finished == Some(true));
        finished && self.last_request.as_ref().is_some_and(|request| request.what == tls::HELLO_OF_CLIENT)
    }

    /// The last time that somebody said there is no room for more connections, clients or requests.
    pub fn limit_declared(&self) -> Option<&Declared> {
        self.declared.iter().rev().find(|declared| declared.reason == Reason::Limit)
    }
}

/// Both sides of a conversation up to its end.
struct Talk<'a> {
    client: Stream<'a>,
    server: Stream<'a>,
    /// Whether any packet of the server was captured: else its silence means nothing.
    server_heard: bool,
    /// The port that the client connected to.
    port: u16,
    end: Option<Timestamp>,
}

impl<'a> Talk<'a> {
    fn of(timeline: &'a Timeline, roles: Roles, end: End) -> Self {
        let stream = |way| Stream::of(timeline, way, end.place);
        let (from_client, from_server) = (roles.from_client, roles.from_client.reverse());
        let port = timeline.sightings.first().map_or(0, |one| match one.way == from_client {
            true => one.segment.destination.port,
            false => one.segment.source.port,
        });
        let server_heard = timeline.sightings.iter().any(|one| one.way == from_server);
        Self { client: stream(from_client), server: stream(from_server), server_heard, port, end: end.time }
    }

    /// What lies behind an offset of each side.
    fn behind(&self, client: i64, server: i64) -> Self {
        Self { client: self.client.behind(client), server: self.server.behind(server), ..*self }
    }
}

/// What the octets before the end say.
pub fn read(timeline: &Timeline, roles: Roles, end: End) -> Application {
    let talk = Talk::of(timeline, roles, end);
    let mut found = all_but_progress(timeline, end, &talk);
    if found.progress.is_none() {
        found.progress = progress::phrase(&found, &talk);
    }
    found
}

/// The same without [`Application::progress`].
pub fn read_without_progress(timeline: &Timeline, roles: Roles, end: End) -> Application {
    all_but_progress(timeline, end, &Talk::of(timeline, roles, end))
}

/// The name that the client asked for, as in [`Application::name`].
pub fn name(timeline: &Timeline, roles: Roles, end: End) -> Option<String> {
    conversation(&Talk::of(timeline, roles, end))?.name
}

fn all_but_progress(timeline: &Timeline, end: End, talk: &Talk<'_>) -> Application {
    let mut found = understand(talk);
    found.declared.extend(timeline.sightings.get(end.place).and_then(of_reset));
    finish(&mut found, talk);
    found
}

/// What the first reader that understands it says.
fn conversation(talk: &Talk<'_>) -> Option<Application> {
    // Those that leave no doubt come first.
    const READERS: [fn(&Talk<'_>) -> Option<Application>; 12] = [
        tls::read,
        http2::read,
        http1::read,
        ssh::read,
        postgres::read,
        mysql::read,
        redis::read,
        smtp::read,
        ftp::read,
        pop3::read,
        imap::read,
        dns::read,
    ];
    if talk.client.is_empty() && talk.server.is_empty() {
        return None;
    }
    READERS.iter().find_map(|reader| reader(talk))
}

fn understand(talk: &Talk<'_>) -> Application {
    if talk.client.is_empty() && talk.server.is_empty() {
        return Application::default();
    }
    let mut found = conversation(talk).unwrap_or_default();
    (found.client, found.server) = (recognise(&talk.client, talk), recognise(&talk.server, talk));
    if found.mismatch.is_none() {
        found.mismatch = mismatch::between(&found, talk);
    }
    if let Some(Mismatch::PlainAnsweredInTls { .. }) = found.mismatch {
        found.declared.extend(tls::declared(&talk.server));
    }
    if let Some(phrase) = found.mismatch.as_ref().and_then(|mismatch| mismatch.progress(&found, talk)) {
        found.progress = Some(phrase);
    }
    found
}

/// What one side spoke, going by its own octets alone.
fn recognise(stream: &Stream<'_>, talk: &Talk<'_>) -> Option<Protocol> {
    type Begins = fn(&[u8]) -> bool;
    const KNOWN: [(Protocol, Begins, Begins); 12] = [
        (Protocol::Tls, tls::is_tls, tls::is_tls),
        (Protocol::Http2, http2::is_client, http2::is_server),
        (Protocol::Http, http1::is_request, http1::is_response),
        (Protocol::Ssh, ssh::is_ssh, ssh::is_ssh),
        (Protocol::Postgres, postgres::is_client, |_| false),
        (Protocol::Mysql, |_| false, mysql::is_server),
        (Protocol::Redis, redis::is_client, redis::is_server),
        (Protocol::Smtp, smtp::is_client, smtp::is_server),
        (Protocol::Ftp, |_| false, ftp::is_server),
        (Protocol::Pop3, |_| false, pop3::is_server),
        (Protocol::Imap, |_| false, imap::is_server),
        (Protocol::Dns, |octets| dns::is_dns(octets, false), |octets| dns::is_dns(octets, true)),
    ];
    let opening = stream.opening();
    let is_client = stream.way == talk.client.way;
    let speaks = KNOWN.iter().find(|(_, client, server)| if is_client { client(opening) } else { server(opening) });
    speaks.map(|&(protocol, ..)| protocol)
}

/// What the server sent behind the last request, where that was not understood: silence would be something else.
fn not_understood(found: &Application, server: &Stream<'_>) -> Option<Message> {
    let request = found.last_request.as_ref()?;
    // What is part of the protocol and no answer yet (100 Continue, SETTINGS) leaves the request waiting.
    let known = found.last_response.as_ref().is_some_and(|response| response.first_frame > request.first_frame);
    if known || found.server == found.protocol {
        return None;
    }
    let first = server.pieces_from(i64::MIN).iter().find(|piece| piece.frame > request.first_frame)?;
    let what = "something that was not understood".to_owned();
    Some(Message::new(server, what, first.at, first.at, None, server.end()))
}

/// Fills in what follows from the messages.
fn finish(found: &mut Application, talk: &Talk<'_>) {
    if let Some(answer) = not_understood(found, &talk.server) {
        found.last_response = Some(answer);
    }
    let (request, response) = (found.last_request.as_ref(), found.last_response.as_ref());
    found.last_message_by =
        [request, response].into_iter().flatten().max_by_key(|one| one.last_frame).map(|one| one.by);
    if let Some(request) = request {
        let answer = response.filter(|response| response.first_frame > request.first_frame);
        found.request_complete = request.complete;
        found.response_complete = answer.map_or(talk.server_heard.then_some(false), |answer| answer.complete);
        if answer.is_none() && request.complete != Some(false) && talk.server_heard {
            found.waiting_for = Some(Waiting {
                what: request.what.clone(),
                since: request.last,
                lasted: progress::since(request.last, talk.end),
            });
        }
    }
}
