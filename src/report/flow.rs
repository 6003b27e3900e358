use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::filter::WiresharkFilter;
use super::names::named;
use super::{Diagnosis, FlowComparison, Outcome, Reset, Rung, Seconds, Time};

/// One TCP connection, both directions.
///
/// `transport`, `duration_s` and `wireshark_filter` follow from the fields and are written with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// From 1, in the order of first frames.
    pub id: u64,
    /// Who asked for the connection.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// What the file of `--knowledge` calls the client.
    pub client_name: Option<Box<str>>,
    /// What it calls the server.
    pub server_name: Option<Box<str>>,
    /// How it is known who is who.
    pub roles: Roles,
    /// The same in words.
    pub roles_why: Cow<'static, str>,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// Whether another flow of the capture has the same addresses and ports.
    pub ports_reused: bool,
    /// The flow whose connection it goes on with under other addresses.
    pub continues: Option<u64>,
    /// The flow that its connection went on as under other addresses.
    pub continued_as: Option<u64>,
    /// The inputs that have frames of it, from 0 in the order of `capture.inputs`.
    pub inputs: Vec<u16>,
    /// Its earliest time.
    pub first_time: Option<Time>,
    /// Its latest time.
    pub last_time: Option<Time>,
    /// Time from the SYN to the acknowledgement of its answer.
    pub rtt_s: Option<Seconds>,
    /// Segments of the client, second copies included.
    pub client_packets: u64,
    /// Segments of the server, second copies included.
    pub server_packets: u64,
    /// Octets of data of the client that were seen, each counted once.
    pub client_bytes: u64,
    /// Octets of data of the server that were seen, each counted once.
    pub server_bytes: u64,
    /// Tunnels around it, outermost first, in words.
    pub tunnel: Vec<Box<str>>,
    /// VLAN identifiers around it, outermost first, each once.
    pub vlan: Vec<u16>,
    /// How it ended.
    pub teardown: Teardown,
    /// What was going on when it ended, one phrase.
    pub activity: Option<Box<str>>,
    /// What Zeek says about it; `None` in formats that do not show it.
    pub zeek: Option<Zeek>,
    /// What the first octets of data say.
    pub application: Option<Box<Application>>,
    /// What each side sent.
    pub analysis: Analysis,
    /// ICMP errors about it.
    pub icmp: Vec<IcmpMessage>,
    /// Its resets in the order of their first frames.
    pub resets: Vec<Reset>,
    /// Why its resets harmed nobody, one clause; `None` where they may have.
    pub benign: Option<Cow<'static, str>>,
    /// Its decisive segments in capture order; `None` where none were kept.
    pub ladder: Option<Vec<Rung>>,
    /// Why it ended as it did.
    pub diagnosis: Option<Box<Diagnosis>>,
    /// What the applications saw.
    pub outcome: Option<Box<Outcome>>,
    /// The connection as several points saw it; `None` where there was nothing to compare.
    pub comparison: Option<Box<FlowComparison>>,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Endpoint {
    /// The address.
    pub ip: IpAddr,
    /// The TCP port.
    pub port: u16,
}

/// How it is known which side is the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// The capture has the SYN or the SYN-ACK.
    Handshake,
    /// By ports, addresses or who spoke first.
    Inferred,
}

named!(Roles {
    Handshake "handshake",
    Inferred "inferred",
});

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Teardown {
    /// A FIN from both sides, and no reset that mattered.
    Fin,
    /// A reset of a connection that was established or whose handshake was under way.
    Reset,
    /// A reset, or an ICMP error, in answer to the SYN.
    Refused,
    /// A reset that came when both sides had closed, or its sender had and the other did.
    ResetAfterFin,
    /// A SYN, data or a probe was sent again and never answered.
    Unanswered,
    /// A FIN from one side only.
    HalfClosed,
    /// The capture ends before the connection does.
    Open,
}

named!(Teardown {
    Fin "fin",
    Reset "reset",
    Refused "refused",
    ResetAfterFin "reset_after_fin",
    Unanswered "unanswered",
    HalfClosed "half_closed",
    Open "open",
});

impl Teardown {
    /// Whether a flow that ended so is listed without being asked for.
    pub fn ended_badly(self) -> bool {
        match self {
            Self::Fin | Self::Open => false,
            Self::Reset | Self::Refused | Self::ResetAfterFin | Self::Unanswered | Self::HalfClosed => true,
        }
    }
}

/// A flow in the words of Zeek's `conn.log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Zeek {
    /// `conn_state`.
    pub conn_state: Cow<'static, str>,
    /// `history`.
    pub history: Box<str>,
}

/// What the first octets of data say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Application {
    /// Identifier of the protocol.
    pub protocol: &'static str,
    /// What is known of the request.
    pub detail: Option<String>,
    /// How far the exchange had come.
    pub progress: Option<String>,
}

/// What each side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Analysis {
    /// By the client.
    pub client: SideAnalysis,
    /// By the server.
    pub server: SideAnalysis,
}

/// What one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SideAnalysis {
    /// Segments that were sent before.
    pub retransmitted: u64,
    /// Segments with new data below data already seen.
    pub out_of_order: u64,
    /// Octets of data that the capture never had, though the other side acknowledged them or later data followed.
    pub missing_bytes: u64,
    /// Second copies of frames, counted nowhere else.
    pub duplicates: u64,
    /// Segments that closed the window.
    pub zero_windows: u64,
    /// Keepalive probes (RFC 9293 section 3.8.4).
    pub keepalive_probes: u64,
    /// Whether its SYN was seen.
    pub syn: bool,
    /// Whether its FIN was seen.
    pub fin: bool,
    /// Maximum segment size of its SYN.
    pub mss: Option<u16>,
    /// Window scale shift of its SYN.
    pub window_scale: Option<u8>,
    /// Whether its SYN permitted SACK; `None` where the SYN was not seen.
    pub sack_permitted: Option<bool>,
    /// Whether it sent timestamps; `None` where no complete options were seen.
    pub timestamps: Option<bool>,
    /// Smallest time to live or hop limit; `None` where it sent nothing.
    pub ttl_min: Option<u8>,
    /// Largest time to live or hop limit; `None` where it sent nothing.
    pub ttl_max: Option<u8>,
}

/// An ICMP or ICMPv6 error about a segment of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IcmpMessage {
    /// Its frame.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Time>,
    /// ICMP or ICMPv6 type; the reporter's family says which.
    #[serde(rename = "type")]
    pub icmp_type: u8,
    /// ICMP or ICMPv6 code.
    pub code: u8,
    /// Who reports the error.
    pub reporter: IpAddr,
    /// What the file of `--knowledge` calls it.
    pub reporter_name: Option<Box<str>>,
    /// The type and code in words.
    pub text: Cow<'static, str>,
}

impl IcmpMessage {
    /// Who reports the error, with the name where it has one.
    pub fn reporter_in_words(&self) -> String {
        match &self.reporter_name {
            Some(name) => format!("{} ({name})", self.reporter),
            None => self.reporter.to_string(),
        }
    }
}

impl Flow {
    /// A flow of which only the ends are known, for builders to fill.
    pub fn new(id: u64, client: Endpoint, server: Endpoint) -> Self {
        Self {
            id,
            client,
            server,
            client_name: None,
            server_name: None,
            roles: Roles::Inferred,
            roles_why: Cow::Borrowed(""),
            first_frame: 1,
            last_frame: 1,
            ports_reused: false,
            continues: None,
            continued_as: None,
            inputs: Vec::new(),
            first_time: None,
            last_time: None,
            rtt_s: None,
            client_packets: 0,
            server_packets: 0,
            client_bytes: 0,
            server_bytes: 0,
            tunnel: Vec::new(),
            vlan: Vec::new(),
            teardown: Teardown::Open,
            activity: None,
            zeek: None,
            application: None,
            analysis: Analysis::default(),
            icmp: Vec::new(),
            resets: Vec::new(),
            benign: None,
            ladder: None,
            diagnosis: None,
            outcome: None,
            comparison: None,
        }
    }

    /// The client as people read it: `10.0.0.1:51812 (web-1)`, the name as it was given.
    pub fn client_in_words(&self) -> String {
        named(self.client, self.client_name.as_deref())
    }

    /// The server in the same way.
    pub fn server_in_words(&self) -> String {
        named(self.server, self.server_name.as_deref())
    }

    /// From its earliest to its latest time.
    pub fn duration(&self) -> Option<Seconds> {
        let (first, last) = (self.first_time?, self.last_time?);
        Some(Seconds(last.0.since(first.0)))
    }

    /// A display filter that selects this flow, and ICMP errors about it, in Wireshark and TShark.
    ///
    /// Where another flow of the capture has the same addresses and ports, it names the VLANs and the range of frames;
    /// with several inputs the range of times, since frame numbers of a merge mean nothing in the files.
    pub fn wireshark_filter(&self) -> String {
        WiresharkFilter(self).to_string()
    }
}

fn named(endpoint: Endpoint, name: Option<&str>) -> String {
    name.map_or_else(|| endpoint.to_string(), |name| format!("{endpoint} ({name})"))
}

/// A flow that stands alone, as a line of NDJSON: its fields after the name of their contract.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FlowLine<'a> {
    schema: &'static str,
    /// While the flow goes on: whether a later line may revise this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    provisional: Option<bool>,
    #[serde(flatten)]
    flow: &'a Flow,
}

impl<'a> FlowLine<'a> {
    /// The line of a flow.
    pub fn new(flow: &'a Flow) -> Self {
        Self { schema: super::FLOW_SCHEMA, provisional: None, flow }
    }

    /// The line of a flow that was judged while it was watched.
    pub fn judged(flow: &'a Flow, provisional: bool) -> Self {
        Self { provisional: Some(provisional), ..Self::new(flow) }
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from((ip, port): (IpAddr, u16)) -> Self {
        Self { ip, port }
    }
}

/// As `10.0.0.5:443` or `[2001:db8::5]:443`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from((self.ip, self.port)).fmt(f)
    }
}

// By hand because three fields of the contract follow from others and would only cost memory if they were stored.
impl Serialize for Flow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Taken apart without `..`, so that the compiler misses a field that is forgotten below.
        let Self {
            id,
            client,
            server,
            client_name,
            server_name,
            roles,
            roles_why,
            first_frame,
            last_frame,
            ports_reused,
            continues,
            continued_as,
            inputs,
            first_time,
            last_time,
            rtt_s,
            client_packets,
            server_packets,
            client_bytes,
            server_bytes,
            tunnel,
            vlan,
            teardown,
            activity,
            zeek,
            application,
            analysis,
            icmp,
            resets,
            benign,
            ladder,
            diagnosis,
            outcome,
            comparison,
        } = self;
        let mut out = serializer.serialize_struct("Flow", 35 + usize::from(comparison.is_some()))?;
        out.serialize_field("id", id)?;
        out.serialize_field("transport", "tcp")?;
        out.serialize_field("client", client)?;
        out.serialize_field("server", server)?;
        out.serialize_field("client_name", client_name)?;
        out.serialize_field("server_name", server_name)?;
        out.serialize_field("roles", roles)?;
        out.serialize_field("roles_why", roles_why)?;
        out.serialize_field("first_frame", first_frame)?;
        out.serialize_field("last_frame", last_frame)?;
        out.serialize_field("ports_reused", ports_reused)?;
        out.serialize_field("continues", continues)?;
        out.serialize_field("continued_as", continued_as)?;
        out.serialize_field("inputs", inputs)?;
        out.serialize_field("first_time", first_time)?;
        out.serialize_field("last_time", last_time)?;
        out.serialize_field("duration_s", &self.duration())?;
        out.serialize_field("rtt_s", rtt_s)?;
        out.serialize_field("client_packets", client_packets)?;
        out.serialize_field("server_packets", server_packets)?;
        out.serialize_field("client_bytes", client_bytes)?;
        out.serialize_field("server_bytes", server_bytes)?;
        out.serialize_field("tunnel", tunnel)?;
        out.serialize_field("vlan", vlan)?;
        out.serialize_field("teardown", teardown)?;
        out.serialize_field("activity", activity)?;
        out.serialize_field("zeek", zeek)?;
        out.serialize_field("wireshark_filter", &WiresharkFilter(self))?;
        out.serialize_field("application", application)?;
        out.serialize_field("analysis", analysis)?;
        out.serialize_field("icmp", icmp)?;
        out.serialize_field("resets", resets)?;
        out.serialize_field("benign", benign)?;
        out.serialize_field("ladder", ladder)?;
        out.serialize_field("diagnosis", diagnosis)?;
        out.serialize_field("outcome", outcome)?;
        if comparison.is_some() {
            out.serialize_field("comparison", comparison)?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_of_a_large_report_stays_small() {
        // 150,000 of them, beside their resets, are promised to fit in 2 KiB each.
        assert!(size_of::<Flow>() <= 640, "{} bytes", size_of::<Flow>());
    }
}
