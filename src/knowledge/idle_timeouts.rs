//! After how long an idle connection is ended, by product, as it comes out of the box.

use std::borrow::Cow;

use crate::tcp::Duration;

/// One idle limit of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleTimeout {
    /// The product.
    pub product: Cow<'static, str>,
    /// The setting that holds the limit, as its documentation writes it.
    pub setting: Cow<'static, str>,
    /// The limit, in seconds: the default of the product, or what a site has set.
    pub seconds: u32,
    /// Where the product stands.
    pub place: Place,
    /// What happens to the connection then.
    pub expiry: Expiry,
    /// The same in the words of the documentation, with what else there is to know.
    pub note: Cow<'static, str>,
    /// Where this is written.
    pub source: Cow<'static, str>,
}

/// Whether the product is an end of the TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Something on the path that passes segments on: firewall, address translation, load balancer of the fourth layer.
    Path,
    /// An end of the connection: server, proxy, client, or its kernel.
    End,
}

/// What a product does to a connection that was idle for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// It forgets the connection; later segments vanish.
    Silent,
    /// It forgets the connection, and answers the next segment by a reset to its sender.
    ResetsNext,
    /// It sends a reset to both sides, if it is set up so; else it forgets the connection.
    ResetsBothIfSet,
    /// It closes by FIN; a request that crosses it is answered by a reset.
    Closes,
    /// It gives up by a reset.
    Resets,
}

/// A gap within so much of a limit may come from it: network delay and timer slack grow with the gap.
pub const TOLERANCE_PERCENT: i64 = 2;

/// But not further off than this: timers of hours are no less exact.
pub const TOLERANCE_MOST: Duration = Duration::from_secs(3);

/// Nor closer than this: a round trip, and the ticks of servers that look at their connections now and then.
pub const TOLERANCE_LEAST: Duration = Duration::from_millis(250);

impl IdleTimeout {
    /// How far the gap lies beyond the limit; negative where it is shorter.
    pub fn off_by(&self, gap: Duration) -> Duration {
        Duration(gap.0.saturating_sub(i64::from(self.seconds) * 1_000_000_000))
    }

    /// Where to change it.
    pub fn advice(&self) -> String {
        if !self.is_set() {
            return format!("{}: {}", self.product, self.setting);
        }
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        format!("look at {}: {}{note}", self.product, self.setting)
    }

    /// Whether the gap is this limit, within the tolerance.
    pub fn fits(&self, gap: Duration) -> bool {
        let share = i64::from(self.seconds) * 1_000_000_000 / 100 * TOLERANCE_PERCENT;
        let tolerance = share.clamp(TOLERANCE_LEAST.0, TOLERANCE_MOST.0);
        self.off_by(gap).0.unsigned_abs() <= tolerance.unsigned_abs()
    }
}

/// Every limit that the gap fits: those that the site has set, then those of the table, each nearest first.
///
/// Many products share 60, 350 and 3600 seconds: a match names candidates and convicts nobody.
pub fn candidates(gap: Duration, set: &[IdleTimeout]) -> Vec<&IdleTimeout> {
    let mut found: Vec<_> = set.iter().chain(TABLE).filter(|limit| limit.fits(gap)).collect();
    found.sort_by_key(|limit| (!limit.is_set(), limit.off_by(gap).0.unsigned_abs()));
    found
}

/// `the limit of lb-3`, `the default of nginx, Envoy`; `None` where there are no candidates.
pub fn whose(known: &[&IdleTimeout]) -> Option<String> {
    let named = |kind: &str, is_set: bool| {
        let names: Vec<&str> =
            known.iter().filter(|known| known.is_set() == is_set).map(|known| &*known.product).collect();
        (!names.is_empty()).then(|| format!("the {kind} of {}", names.join(", ")))
    };
    let kinds: Vec<String> = [named("limit", true), named("default", false)].into_iter().flatten().collect();
    (!kinds.is_empty()).then(|| kinds.join(", and "))
}

const fn row(
    product: &'static str,
    setting: &'static str,
    seconds: u32,
    (place, expiry): (Place, Expiry),
    note: &'static str,
    source: &'static str,
) -> IdleTimeout {
    IdleTimeout {
        product: Cow::Borrowed(product),
        setting: Cow::Borrowed(setting),
        seconds,
        place,
        expiry,
        note: Cow::Borrowed(note),
        source: Cow::Borrowed(source),
    }
}

const FORGETS: (Place, Expiry) = (Place::Path, Expiry::Silent);
const RESETS_NEXT: (Place, Expiry) = (Place::Path, Expiry::ResetsNext);
const RESETS_BOTH: (Place, Expiry) = (Place::Path, Expiry::ResetsBothIfSet);
const CLOSES: (Place, Expiry) = (Place::End, Expiry::Closes);
const GIVES_UP: (Place, Expiry) = (Place::End, Expiry::Resets);

/// The table: the path first, by product.
#[rustfmt::skip]
pub const TABLE: &[IdleTimeout] = &[
    row("AWS Network Load Balancer", "tcp.idle_timeout.seconds", 350, RESETS_NEXT,
        "RST to whichever side sends next; a TCP listener can be set from 60 to 6000 s, a TLS listener cannot",
        "AWS, Elastic Load Balancing, Network Load Balancers: update the TCP idle timeout"),
    row("AWS NAT gateway", "fixed", 350, RESETS_NEXT,
        "RST to the inside host that goes on, no FIN",
        "AWS, VPC user guide: NAT gateways and NAT instances compared"),
    row("AWS Network Firewall", "TcpIdleTimeoutSeconds", 350, FORGETS,
        "later packets are dropped; settable from 60 to 6000 s",
        "AWS, Network Firewall API: FlowTimeouts"),
    row("AWS EC2 connection tracking, Nitro v6", "TcpEstablishedTimeout", 350, FORGETS,
        "tracked security group state goes silently",
        "AWS, EC2 API: ConnectionTrackingConfiguration"),
    row("AWS EC2 connection tracking", "TcpEstablishedTimeout", 432_000, FORGETS,
        "tracked security group state goes silently",
        "AWS, EC2 API: ConnectionTrackingConfiguration"),
    row("Azure Load Balancer", "idleTimeoutInMinutes", 240, RESETS_BOTH,
        "silent by default; with TCP reset enabled, RST to both sides and for later packets; 4 to 100 min",
        "Microsoft, Azure Load Balancer: TCP reset and idle timeout"),
    row("Azure NAT gateway", "idle timeout", 240, RESETS_NEXT,
        "RST for a packet of a flow it does not know; 4 to 120 min",
        "Microsoft, Azure NAT Gateway: troubleshoot connectivity"),
    row("Google Compute Engine firewall", "connection tracking", 600, FORGETS,
        "later packets are judged by the rules, and usually dropped",
        "gitlab.com/gitlab-org/charts/gitlab issue 2519"),
    row("Linux conntrack", "nf_conntrack_tcp_timeout_established", 432_000, FORGETS,
        "the next packet may be taken up again (nf_conntrack_tcp_loose) or be INVALID",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst"),
    row("Linux conntrack, one side closed", "nf_conntrack_tcp_timeout_fin_wait", 120, FORGETS,
        "for a connection whose first FIN was seen",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst"),
    row("Linux conntrack, one side closed", "nf_conntrack_tcp_timeout_close_wait", 60, FORGETS,
        "for a connection whose first FIN was acknowledged",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst"),
    row("Linux conntrack, data not acknowledged", "nf_conntrack_tcp_timeout_unacknowledged", 300, FORGETS,
        "for a connection with data that nobody acknowledged",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst"),
    row("Linux flow table", "nf_flowtable_tcp_timeout", 30, FORGETS,
        "the connection goes back to conntrack and its longer limits",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst"),
    row("Cisco ASA", "timeout conn", 3600, FORGETS,
        "removed from the table",
        "configurations with `timeout conn 1:00:00`"),
    row("Cisco ASA, one side closed", "timeout half-closed", 600, FORGETS,
        "removed from the table",
        "configurations with `half-closed 0:10:00`"),
    row("Palo Alto Networks", "TCP session timeout", 3600, FORGETS,
        "session end reason aged-out",
        "published configurations and logs"),
    row("Fortinet FortiGate", "session-ttl", 3600, FORGETS,
        "silent, unless the policy has timeout-send-rst; 300 to 604800 s",
        "Fortinet, FortiOS CLI reference: system session-ttl"),
    row("Fortinet FortiADC", "session timeout", 3600, FORGETS,
        "removed from the table",
        "Fortinet, FortiADC 7.4: config firewall global"),
    row("Juniper SRX", "TCP session inactivity timeout", 1800, FORGETS,
        "aged out",
        "Juniper, Junos Security: session timeouts"),
    row("Huawei USG", "TCP session aging time", 1200, FORGETS,
        "removed from the table",
        "cnblogs.com/JacobJacob/p/19877530"),
    row("Kaspersky NGFW", "established timeout", 3600, FORGETS,
        "removed from the table",
        "Kaspersky, NGFW 1.1: timeouts"),
    row("F5 BIG-IP, fastL4 profile", "idle-timeout", 300, RESETS_BOTH,
        "RST to both sides with reset-on-timeout enabled",
        "published configurations with `idle-timeout 300`"),
    row("AWS Application Load Balancer", "idle_timeout.timeout_seconds", 60, CLOSES,
        "a request that crosses the close gives 502",
        "AWS, Elastic Load Balancing, Application Load Balancers: attributes"),
    row("AWS Classic Load Balancer", "idle timeout", 60, CLOSES,
        "TCP keepalives do not count; 1 to 3600 s",
        "AWS, Elastic Load Balancing, Classic Load Balancers: idle timeout"),
    row("Envoy", "idle_timeout", 3600, CLOSES,
        "of HTTP connections and of tcp_proxy",
        "Envoy, FAQ: how do I configure timeouts"),
    row("nginx, to clients", "keepalive_timeout", 75, CLOSES,
        "by FIN, also with reset_timedout_connection",
        "nginx, ngx_http_core_module"),
    row("nginx, to upstreams", "keepalive_timeout (upstream)", 60, CLOSES,
        "nginx is the client here",
        "nginx, ngx_http_upstream_module"),
    row("nginx, waiting for an upstream", "proxy_read_timeout", 60, CLOSES,
        "between two reads of a response",
        "nginx, ngx_http_proxy_module"),
    row("nginx, stream proxy", "proxy_timeout", 600, CLOSES,
        "between two reads or writes in either direction",
        "nginx, ngx_stream_proxy_module"),
    row("Apache httpd, between requests", "KeepAliveTimeout", 5, CLOSES,
        "lingering close, then FIN",
        "Apache httpd, docs/manual/mod/core"),
    row("Apache httpd, within a request", "TimeOut", 60, CLOSES,
        "lingering close, then FIN",
        "Apache httpd, docs/manual/mod/core"),
    row("Node.js", "server.keepAliveTimeout", 5, CLOSES,
        "a request on its way is answered by RST",
        "nodejs/node issue 17749"),
    row("Bun", "idleTimeout", 10, CLOSES,
        "the same race",
        "stella/stella issue 1697"),
    row("gunicorn", "keepalive", 2, CLOSES,
        "the same race",
        "benoitc/gunicorn gunicorn/config.py"),
    row("uvicorn", "timeout_keep_alive", 5, CLOSES,
        "the same race",
        "encode/uvicorn uvicorn/config.py"),
    row("Tomcat, shipped server.xml", "connectionTimeout", 20, CLOSES,
        "keepAliveTimeout follows it",
        "apache/tomcat conf/server.xml"),
    row("Tomcat", "connectionTimeout", 60, CLOSES,
        "the default of the code, where server.xml is silent; keepAliveTimeout follows it",
        "apache/tomcat webapps/docs/config/http.xml"),
    row("IIS", "connection timeout", 120, CLOSES,
        "closes",
        "Microsoft, IIS documentation"),
    row("Go net/http client", "Transport.IdleConnTimeout", 90, CLOSES,
        "the client closes idle connections of its pool",
        "Go, net/http DefaultTransport"),
    row("Heroku router", "keep-alive", 90, CLOSES,
        "Router 2.0",
        "heroku/python-getting-started issue 261"),
    row("Cloud Foundry gorouter", "keep-alive to back ends", 90, CLOSES,
        "gorouter is the client here",
        "cloudfoundry/docs-cf-admin issue 199"),
    row("MySQL", "wait_timeout", 28_800, CLOSES,
        "the next query gets RST",
        "MySQL, server system variables"),
    row("Linux, orphan in FIN-WAIT-2", "net.ipv4.tcp_fin_timeout", 60, CLOSES,
        "one side has closed: data after it meet no socket, and are answered by a bare RST",
        "measured on Linux 6.18"),
    row("Linux keepalive", "net.ipv4.tcp_keepalive_time", 7200, GIVES_UP,
        "the first probe; 9 probes 75 s apart, then RST and ETIMEDOUT",
        "Linux, Documentation/networking/ip-sysctl.rst"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn products(millis: i64) -> Vec<&'static str> {
        candidates(Duration::from_millis(millis), &[]).iter().map(|limit| &*limit.product).collect()
    }

    #[test]
    fn a_gap_names_all_that_share_it() {
        assert_eq!(products(240_100), ["Azure Load Balancer", "Azure NAT gateway"]);
        assert!(products(349_900).len() >= 4 && products(349_900).iter().all(|name| name.starts_with("AWS")));
        assert!(products(60_030).contains(&"AWS Application Load Balancer"));
        assert_eq!(products(75_000), ["nginx, to clients"]);
    }

    #[test]
    fn the_tolerance_is_narrow_for_short_and_long_gaps() {
        assert_eq!(products(2_250), ["gunicorn"]);
        assert_eq!(products(2_251), [""; 0]);
        assert!(products(5_250).contains(&"Node.js") && products(5_251).is_empty());
        assert!(products(240_000 - 3_000).len() == 2 && products(240_000 - 3_001).is_empty());
        assert!(products(7_203_000).contains(&"Linux keepalive") && products(7_203_001).is_empty());
        assert!(products(75_000 + 1_500).len() == 1 && products(75_000 + 1_501).is_empty());
    }

    #[test]
    fn the_nearest_comes_first() {
        let near = candidates(Duration::from_millis(60_900), &[]);
        assert!(near.iter().all(|limit| limit.seconds == 60) && near.len() > 4);
        let mixed = candidates(Duration::from_millis(119_000), &[]);
        assert!(mixed.is_sorted_by_key(|limit| limit.off_by(Duration::from_millis(119_000)).0.unsigned_abs()));
    }

    #[test]
    fn what_the_site_has_set_comes_first() {
        let ours = row("lb-3", "timeout client", 61, CLOSES, "ask Ann", "");
        let ours = IdleTimeout { source: crate::knowledge::site::SOURCE.into(), ..ours };
        let set = [ours];
        let known = candidates(Duration::from_millis(60_100), &set);
        assert!(known.len() > 2 && known[0].product == "lb-3");
        assert!(whose(&known[..2]).is_some_and(|text| text.starts_with("the limit of lb-3, and the default of ")));
        assert_eq!(whose(&known[..1]).as_deref(), Some("the limit of lb-3"));
        assert_eq!(whose(&[]), None);
        assert_eq!(
            (known[0].advice(), TABLE[0].advice().contains('(')),
            ("look at lb-3: timeout client (ask Ann)".into(), false)
        );
    }

    #[test]
    fn no_gap_is_too_odd() {
        for gap in [0, -1, i64::MIN, i64::MAX] {
            assert!(candidates(Duration(gap), &[]).is_empty());
        }
    }

    #[test]
    fn every_row_is_complete() {
        for limit in TABLE {
            let texts = [&limit.product, &limit.setting, &limit.note, &limit.source];
            assert!(limit.seconds > 0 && texts.iter().all(|text| !text.is_empty()), "{limit:?}");
        }
    }
}
