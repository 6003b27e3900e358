//! Lines as programs write them, and what is read out of each.

use jiff::civil;
use jiff::tz::TimeZone;

use super::*;
use crate::select::Span;
use crate::tcp::Timestamp;

/// What was read, as text: mentions (`=` joins the two ends of a pair, a role in parentheses), lone ports, names, time in UTC, error.
/// The capture lies on 2026-11-21.
fn read(line: &str) -> String {
    let noon = civil::date(2026, 11, 21).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let capture = Span::from(Timestamp::from_nanos(i64::try_from(noon.as_nanosecond()).unwrap()));
    let line = match LogLine::parse(line, &TimeZone::UTC) {
        Ok(line) => line,
        Err(error) => return format!("error: {error}"),
    };
    let mut parts = Vec::new();
    for (index, mention) in line.mentions.iter().enumerate() {
        let role = match mention.role {
            Some(Role::Client) => "(client)",
            Some(Role::Server) => "(server)",
            None => "",
        };
        let joined = if line.pairs.contains(&(index, index + 1)) { "=" } else { "" };
        parts.push(format!("{}{role}{joined}", super::super::matching::show(mention)));
    }
    parts.extend(line.ports.iter().map(|port| format!(":{port}")));
    parts.extend(line.names.clone());
    if let Some(time) = &line.time {
        let first = time.within(Some(capture)).unwrap().first;
        let first = jiff::Timestamp::from_nanosecond(first.nanos().into()).unwrap();
        parts.push(format!("@{}{first:.3}", if time.names_zone() { "" } else { "?" }).replace(".000Z", "Z"));
    }
    parts.extend(line.error.map(|error| error.name().to_owned()));
    parts.join(" ")
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(line, expected)| read(line) != *expected)
        .map(|(line, expected)| format!("\n  line {line}\n  want {expected}\n  got  {}", read(line)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn languages() {
    check(&[
        // Go
        (
            "2026/11/21 10:26:00 read tcp 10.0.0.1:51812->10.0.0.5:443: read: connection reset by peer",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00Z ECONNRESET",
        ),
        (
            "Get \"https://shop.example/\": dial tcp [2001:db8::5]:443: connect: connection refused",
            "[2001:db8::5]:443(server) shop.example ECONNREFUSED",
        ),
        ("write tcp [::1]:8080->[::1]:51812: write: broken pipe", "[::1]:8080= [::1]:51812 EPIPE"),
        // Python
        (
            "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='shop.example', port=443): Max retries exceeded",
            ":443 shop.example",
        ),
        (
            "2026-11-21 10:26:00,123 ERROR ('10.0.0.5', 443) ConnectionResetError: [Errno 104] Connection reset by peer",
            "10.0.0.5:443 @?2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        // Node
        (
            "{ Error: connect ECONNREFUSED 10.0.0.5:443 errno: -111, syscall: 'connect', address: '10.0.0.5', port: 443 }",
            "10.0.0.5:443(server) ECONNREFUSED",
        ),
        (
            "Error: read ECONNRESET at TCP.onStreamRead (node:internal/stream_base_commons:217:20) remote ::ffff:10.0.0.1:51812",
            "10.0.0.1:51812 ECONNRESET",
        ),
        // Java
        (
            "java.net.ConnectException: Connection timed out: db.internal.example/10.0.0.5:5432",
            "10.0.0.5:5432 ETIMEDOUT",
        ),
        (
            "21-Nov-2026 10:26:00.123 WARN [id: 0x1a2b3c4d, L:/10.0.0.1:51812 - R:/10.0.0.5:443] java.io.IOException: Connection reset by peer",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        // Rust
        (
            "2026-11-21T10:26:00.123456Z ERROR app: Os { code: 104, kind: ConnectionReset } peer=10.0.0.1:51812",
            "10.0.0.1:51812 @2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        // .NET
        (
            "11/21/2026 10:26:00 AM System.Net.Sockets.SocketException (10054): forcibly closed by the remote host [::ffff:10.0.0.5]:443",
            "10.0.0.5:443 @?2026-11-21T10:26:00Z ECONNRESET",
        ),
        // curl
        (
            "curl: (7) Failed to connect to 10.0.0.5 port 443 after 0 ms: Connection refused",
            "10.0.0.5:443 ECONNREFUSED",
        ),
        (
            "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server",
            ":8080 localhost",
        ),
    ]);
}

#[test]
fn servers_and_proxies() {
    check(&[
        // nginx: the connection to the upstream broke, not the client's.
        (
            "2026/11/21 10:26:00 [error] 12#12: *3 recv() failed (104: Connection reset by peer) while reading response header from upstream, client: 192.0.2.7, server: x, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.5:8080/x\", host: \"shop.example\"",
            "10.0.0.5:8080(server) shop.example @?2026-11-21T10:26:00Z ECONNRESET",
        ),
        (
            "2026/11/21 10:26:00 [info] 12#12: *3 client prematurely closed connection, client: 192.0.2.7, server: x, upstream: \"http://10.0.0.5:8080/x\"",
            "192.0.2.7(client) @?2026-11-21T10:26:00Z closed early",
        ),
        // Apache
        (
            "[Sat Nov 21 10:26:00.123456 2026] [proxy:error] [pid 77] (104)Connection reset by peer: [client 192.0.2.7:51812] AH01102: error reading status line from remote server 10.0.0.5:8080",
            "192.0.2.7:51812(client) 10.0.0.5:8080(server) @?2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        (
            "192.0.2.7 - - [21/Nov/2026:11:26:00 +0100] \"GET / HTTP/1.1\" 502 157 \"-\" \"Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36\"",
            "192.0.2.7 @2026-11-21T10:26:00Z",
        ),
        // HAProxy
        (
            "Nov 21 10:26:00 lb haproxy[1]: 192.0.2.7:51812 [21/Nov/2026:10:25:59.123] fe be/srv1 0/0/1 0 SD 1/1/0/0/0 0/0",
            "192.0.2.7:51812 @?2026-11-21T10:26:00Z",
        ),
        // Envoy
        (
            "[2026-11-21T10:26:00.123Z] \"GET /x HTTP/1.1\" 503 UC upstream_reset_before_response_started{connection_termination} - \"-\" 0 95 3 - \"-\" \"curl/8.5.0\" \"id\" \"shop\" \"10.0.0.5:8080\" outbound|80||svc 10.0.0.2:43210 10.0.0.3:80 10.0.0.9:51000 - default",
            "10.0.0.5:8080 10.0.0.2:43210 10.0.0.3:80 10.0.0.9:51000 @2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        // A load balancer's two columns are of two connections.
        (
            "http 2026-11-21T10:26:00.123456Z app/lb/50dc6c49 192.0.2.7:2817 10.0.0.1:80 0.000 0.001 -1 502 - 34 366 \"GET / HTTP/1.1\"",
            "192.0.2.7:2817 10.0.0.1:80 @2026-11-21T10:26:00.123Z",
        ),
        (
            "Err: desc = \"transport: Error while dialing: dial tcp 10.0.0.5:50051: connect: connection refused\" {Addr: \"10.0.0.5:50051\"}",
            "10.0.0.5:50051(server) ECONNREFUSED",
        ),
        ("Is the server running on host \"10.0.0.5\" and accepting TCP/IP connections on port 5432?", "10.0.0.5 :5432"),
        // PostgreSQL, server and client
        (
            "2026-11-21 10:26:00.123 CET [77] app@db 10.0.0.1(51812) LOG:  could not receive data from client: Connection reset by peer",
            "10.0.0.1:51812 @2026-11-21T09:26:00.123Z ECONNRESET",
        ),
        (
            "connection to server at \"10.0.0.5\", port 5432 failed: server closed the connection unexpectedly",
            "10.0.0.5:5432 closed early",
        ),
        // OpenSSH in the journal
        (
            "Nov 21 10:26:00 host sshd[77]: Connection reset by 10.0.0.1 port 51812 [preauth]",
            "10.0.0.1:51812 @?2026-11-21T10:26:00Z ECONNRESET",
        ),
        // Redis, MongoDB in JSON
        (
            "12345:M 21 Nov 2026 10:26:00.123 # Error accepting from 10.0.0.1:51812: Broken pipe",
            "10.0.0.1:51812 @?2026-11-21T10:26:00.123Z EPIPE",
        ),
        (
            "{\"t\":{\"$date\":\"2026-11-21T11:26:00.123+01:00\"},\"attr\":{\"remote\":\"10.0.0.1:51812\",\"error\":\"Connection reset by peer\"}}",
            "10.0.0.1:51812 @2026-11-21T10:26:00.123Z ECONNRESET",
        ),
        (
            "{\"ts\":1795256760.25,\"client_ip\":\"10.0.0.1\",\"client_port\":51812,\"msg\":\"read: connection reset by peer\"}",
            "10.0.0.1:51812(client) @2026-11-21T10:26:00.250Z ECONNRESET",
        ),
    ]);
}

#[test]
fn syslog_and_kubernetes() {
    check(&[
        (
            "<11>1 2026-11-21T11:26:00.003+01:00 host app 77 ID47 - upstream 10.0.0.5:443 timed out",
            "10.0.0.5:443(server) @2026-11-21T10:26:00.003Z ETIMEDOUT",
        ),
        (
            "E1121 10:26:00.123456       1 proxier.go:1234] dial tcp 10.0.0.5:443: connect: connection refused",
            "10.0.0.5:443(server) @?2026-11-21T10:26:00.123Z ECONNREFUSED",
        ),
        (
            "2026-11-21T10:26:00.5Z stderr F 2026/11/21 11:26:00 [error] connect() failed (111: Connection refused) while connecting to upstream, upstream: \"http://[2001:db8::5]:8080/\"",
            "[2001:db8::5]:8080(server) @2026-11-21T10:26:00.500Z ECONNREFUSED",
        ),
    ]);
}

#[test]
fn network_tools() {
    check(&[
        (
            "10:26:00.123456 IP 10.0.0.1.51812 > 10.0.0.5.443: Flags [R.], seq 1, ack 1, win 0, length 0",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00.123Z",
        ),
        (
            "10:26:00.123456 IP6 2001:db8::1.51812 > 2001:db8::5.443: Flags [R], seq 1, win 0, length 0",
            "[2001:db8::1]:51812= [2001:db8::5]:443 @?2026-11-21T10:26:00.123Z",
        ),
        (
            "10:26:00.123456 IP 10.0.0.5.https > 10.0.0.1.51812: Flags [R], seq 1, win 0, length 0",
            "10.0.0.5:443= 10.0.0.1:51812 @?2026-11-21T10:26:00.123Z",
        ),
        (
            "10:26:00.123456 IP6 2001:db8::5.http > 2001:db8::1.51812: Flags [R], seq 1, win 0, length 0",
            "[2001:db8::5]:80= [2001:db8::1]:51812 @?2026-11-21T10:26:00.123Z",
        ),
        (
            "filterlog[1]: 5,,,1000,em0,match,block,in,4,0x0,,63,0,0,DF,6,tcp,52,10.0.0.1,10.0.0.5,51812,443,0,R,1,,0,,",
            "10.0.0.1:51812= 10.0.0.5:443",
        ),
        (
            "<189>date=2026-11-21 time=10:26:00 srcip=10.0.0.1 srcport=51812 dstip=10.0.0.5 dstport=443 action=\"server-rst\"",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00Z",
        ),
        (
            "   30   1.234567     10.0.0.1 → 10.0.0.5     TCP 54 51812 → 443 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0",
            "10.0.0.1:51812= 10.0.0.5:443",
        ),
        ("30\t1.234567\t10.0.0.1\t10.0.0.5\tTCP\t54\t51812 → 443 [RST, ACK] Seq=1", "10.0.0.1:51812= 10.0.0.5:443"),
        (
            "Nov 21 10:26:00 fw kernel: [DROP] IN=eth0 OUT= MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC=10.0.0.1 DST=10.0.0.5 LEN=52 TOS=0x00 TTL=63 PROTO=TCP SPT=51812 DPT=443 WINDOW=0 RST URGP=0",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00Z",
        ),
        (
            "tcp 6 431999 ESTABLISHED src=10.0.0.1 dst=203.0.113.5 sport=51812 dport=443 src=10.0.0.5 dst=10.0.0.1 sport=8443 dport=51812 [ASSURED] use=1",
            "10.0.0.1:51812= 203.0.113.5:443 10.0.0.5:8443= 10.0.0.1:51812",
        ),
        ("ESTAB 0 0 10.0.0.1:51812 10.0.0.5:443 users:((\"app\",pid=7,fd=3))", "10.0.0.1:51812= 10.0.0.5:443"),
        ("  TCP    10.0.0.1:51812         10.0.0.5:443           CLOSE_WAIT      1234", "10.0.0.1:51812= 10.0.0.5:443"),
        ("tcp4  0  0  10.0.0.1.51812  10.0.0.5.443  CLOSE_WAIT", "10.0.0.1:51812= 10.0.0.5:443"),
        (
            "Nov 21 2026 10:26:00: %ASA-6-302014: Teardown TCP connection 77 for outside:10.0.0.1/51812 to inside:10.0.0.5/443 duration 0:00:30 bytes 1234 TCP Reset-I",
            "10.0.0.1:51812= 10.0.0.5:443 @?2026-11-21T10:26:00Z ECONNRESET",
        ),
        (
            "%SEC-6-IPACCESSLOGP: list 101 denied tcp 10.0.0.1(51812) -> 10.0.0.5(443), 1 packet",
            "10.0.0.1:51812= 10.0.0.5:443",
        ),
        (
            "2 123456789010 eni-1235b8ca123456789 10.0.0.1 10.0.0.5 51812 443 6 20 4249 1795256760 1795256820 ACCEPT OK",
            "10.0.0.1:51812= 10.0.0.5:443 @2026-11-21T10:26:00Z",
        ),
        (
            "1795256760.250000\tCHhAvVGS1DHFjwGM9\t10.0.0.1\t51812\t10.0.0.5\t443\ttcp\tssl\t0.5\t77\t99\tRSTR",
            "10.0.0.1:51812= 10.0.0.5:443 @2026-11-21T10:26:00.250Z",
        ),
    ]);
}

#[test]
fn what_only_looks_like_an_address_is_left_out() {
    check(&[
        (
            "10:26:00 peer 10.0.0.5:443 on OpenSSL/1.1.1.1 version 1.2.3.4 v5.6.7.8",
            "10.0.0.5:443 @?2026-11-21T10:26:00Z",
        ),
        ("10:26:00 snmp 1.3.6.1.4.1.311 failed", "@?2026-11-21T10:26:00Z"),
        ("10:26:00 00:11:22:33:44:55 00:11:22:33:44:55:66:77", "@?2026-11-21T10:26:00Z"),
        ("10:26:00 std::net::tcp dead::beef panicked at src/main.rs:443:20", "@?2026-11-21T10:26:00Z"),
        ("10:26:00 route 10.0.0.0/8 via 10.0.0.1", "10.0.0.1 @?2026-11-21T10:26:00Z"),
        ("10:26:00 listening on 0.0.0.0:443", "@?2026-11-21T10:26:00Z"),
        ("10:26:00 256.1.1.1 1.2.3 1.2.3.4x 10.0.0.5:99999", "10.0.0.5 @?2026-11-21T10:26:00Z"),
        ("at sun.nio.ch.SocketDispatcher.read0(SocketDispatcher.java:39) 10:26:00", "@?2026-11-21T10:26:00Z"),
        ("10:26:00 fe80::1%eth0 lost", "fe80::1 @?2026-11-21T10:26:00Z"),
        ("10:26:00 client:2001:db8::1.", "2001:db8::1(client) @?2026-11-21T10:26:00Z"),
        // A lone version is better than nothing.
        ("upgraded to nginx/1.2.3.4", "1.2.3.4"),
    ]);
}

#[test]
fn a_line_that_says_nothing_is_refused_with_a_way_out() {
    for line in [
        "",
        "connection reset by peer",
        "Error: socket hang up",
        "0:00:30 elapsed",
        "line 12:30",
        "ERROR \u{1f4a5} \u{fffd}::",
    ] {
        let text = read(line);
        assert!(text.starts_with("error: no address, port or time") && text.contains("--endpoint"), "{line}: {text}");
    }
    assert!(read("lookup shop.example failed").contains("shop.example"));
}

#[test]
fn no_line_panics() {
    let pieces = [
        "10.0.0.1",
        ":",
        "::",
        "[",
        "]",
        "(",
        "/",
        "443",
        " ",
        "port",
        "→",
        "->",
        "±",
        "é",
        "%",
        "2026-11-21",
        "T",
        "10:26:00",
        ".",
        ",",
        "'",
        "spt=",
        "dport=",
        "1795256760",
        "Nov 21 ",
        "99999999999999999999",
        "//",
        "@",
        "ffff:",
    ];
    // Every triple of pieces, so that every reader meets every neighbour.
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let _ = LogLine::parse(&format!("{a}{b}{c}"), &TimeZone::UTC);
            }
        }
    }
}
