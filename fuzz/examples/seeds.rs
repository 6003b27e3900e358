//! Writes the seeds of every target into `fuzz/corpus/`, made from the samples of the project.

use std::fs;
use std::io::Write;
use std::path::Path;

use tcpautopsy::capture::{Capture, OpenOptions};
use tcpautopsy::decode::{DecodeLimits, Decoded, Decoder};
use tcpautopsy::evidence_file::Writer;
use tcpautopsy_fuzz::{of_frames, of_messages};

/// Longer seeds make slow runs.
const MOST: usize = 40_000;

fn put(corpus: &Path, target: &str, name: &str, octets: &[u8]) {
    if octets.len() <= MOST {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), octets).expect("a file");
    }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let corpus = root.join("fuzz/corpus");
    for entry in fs::read_dir(root.join("samples")).expect("samples") {
        let folder = entry.expect("an entry").path();
        let Ok(capture) = fs::read(folder.join("capture.pcap")) else { continue };
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        of_capture(&corpus, &name, &capture);
    }
    for entry in fs::read_dir(root.join("docs/causes")).expect("pages") {
        let path = entry.expect("an entry").path();
        let page = fs::read_to_string(&path).expect("a page");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for (number, block) in tcpautopsy::trace::blocks(&page).iter().enumerate() {
            put(&corpus, "trace", &format!("{name}-{number}"), block.text.as_bytes());
        }
    }
    for (number, text) in TEXTS.iter().enumerate() {
        put(&corpus, "renderers", &number.to_string(), text.as_bytes());
        put(&corpus, "log_line", &number.to_string(), text.as_bytes());
    }
    for (number, octets) in OPTIONS.iter().enumerate() {
        put(&corpus, "options", &number.to_string(), octets);
    }
    for (number, (port, talk)) in TALKS.iter().enumerate() {
        let messages = talk.iter().map(|(from_client, text)| (*from_client, text.as_bytes()));
        put(&corpus, "application", &format!("talk-{number}"), &of_messages(*port, messages));
    }
}

/// The seeds that one capture gives: itself, packed, as pcapng, its frames and what is said in it.
fn of_capture(corpus: &Path, name: &str, octets: &[u8]) {
    put(corpus, "containers", name, octets);
    // The last octet names the format of the report.
    for choice in [0, 2, 3, 0x34, 7, 0x50] {
        put(corpus, "program", &format!("{name}-{choice}"), &[octets, &[choice]].concat());
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(octets).expect("memory");
    put(corpus, "packed", &format!("{name}.gz"), &gzip.finish().expect("memory"));
    put(corpus, "packed", &format!("{name}.zst"), &zstd::encode_all(octets, 1).expect("memory"));
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(octets).expect("memory");
    put(corpus, "packed", &format!("{name}.lz4"), &lz4.finish().expect("memory"));

    let mut capture = Capture::of(std::io::Cursor::new(octets.to_vec()), OpenOptions::default()).expect("a capture");
    let mut pcapng = Writer::new(Vec::new()).expect("memory");
    let mut decoder = Decoder::new(DecodeLimits::default());
    let (mut frames, mut link_type, mut ends, mut talk) = (Vec::new(), None, None, Vec::new());
    while let Some(frame) = capture.next() {
        pcapng.frame(&frame, frame.bytes, "eth0", Some("a comment")).expect("memory");
        link_type = link_type.or(Some(frame.link_type));
        frames.push(frame.bytes.to_vec());
        let (decoded, view) = decoder.look(&frame);
        let (Decoded::Segment(segment), Some(payload)) = (decoded, view.payload) else { continue };
        let (client, server) = *ends.get_or_insert((segment.source, segment.destination));
        let is_this = [segment.source, segment.destination].iter().all(|end| [client, server].contains(end));
        if is_this && !payload.is_empty() {
            talk.push((segment.source == client, frame.bytes[payload].to_vec()));
        }
    }
    put(corpus, "containers", &format!("{name}.pcapng"), &pcapng.finish().expect("memory"));
    let frames = || frames.iter().take(24).map(Vec::as_slice);
    if let (Some(link_type), Some((_, server))) = (link_type, ends) {
        put(corpus, "decode", name, &of_frames(link_type, frames()));
        put(corpus, "evidence", name, &of_frames(link_type, frames()));
        if !talk.is_empty() {
            let talk = talk.iter().map(|(from_client, octets)| (*from_client, octets.as_slice()));
            put(corpus, "application", name, &of_messages(server.port, talk));
        }
    }
}

const TEXTS: [&str; 12] = [
    "</script><script>alert(1)</script>",
    "\u{1b}]0;owned\u{7}\u{1b}[2J",
    "=HYPERLINK(\"http://a.example\")",
    "[click](javascript:alert(1)) ![x](http://a.example/x.png)",
    "| a | b |\n|---|---|\n```\n<img src=x onerror=alert(1)>",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "2026/11/21 10:26:14 [error] 31#31: *7 recv() failed (104: Connection reset by peer) while reading response header \
     from upstream, client: 192.0.2.1, server: shop.example, upstream: \"http://10.0.0.5:8080/\", host: \"shop.example\"",
    "Nov 21 10:26:14 web1 haproxy[812]: 192.0.2.1:40000 [21/Nov/2026:10:26:14.123] www app/s1 0/0/1/-1/8 502 0 - - SH-- 1/1",
    "java.net.SocketException: Connection reset at 2026-11-21T10:26:14.5+01:00",
    "2026-11-21 10:26:14 ±30s",
    "[2001:db8::1]:443",
    "10:26:14.123456",
];

const OPTIONS: [&[u8]; 5] = [
    &[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7],
    &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
    &[1, 1, 5, 18, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 11, 0, 0, 0, 12],
    &[30, 4, 0x80, 6],
    &[254, 0, 2, 1],
];

/// A conversation of each protocol that is read, as far as text can hold it.
const TALKS: [(u16, &[(bool, &str)]); 12] = [
    (
        443,
        &[
            (true, "\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x030123456789abcdef0123456789abcdef\0\0\x02\x13\x01\x01\0\0\0"),
            (false, "\x15\x03\x03\0\x02\x02\x28"),
        ],
    ),
    (
        80,
        &[
            (true, "GET /a HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n"),
            (
                false,
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ),
        ],
    ),
    (
        8080,
        &[
            (true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
            (false, "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b"),
        ],
    ),
    (22, &[(false, "SSH-2.0-OpenSSH_9.6\r\n"), (true, "SSH-2.0-PuTTY\r\n"), (false, "Exceeded MaxStartups\r\n")]),
    (
        25,
        &[
            (false, "220 mx.example ESMTP\r\n"),
            (true, "EHLO a.example\r\n"),
            (false, "250-mx.example\r\n250 SIZE 100\r\n"),
            (true, "MAIL FROM:<a@a.example>\r\n"),
            (false, "421 4.7.0 Too many connections\r\n"),
        ],
    ),
    (
        21,
        &[
            (false, "220 FTP\r\n"),
            (true, "USER a\r\n"),
            (false, "331 Password\r\n"),
            (true, "QUIT\r\n"),
            (false, "221 Bye\r\n"),
        ],
    ),
    (110, &[(false, "+OK POP3\r\n"), (true, "USER a\r\n"), (false, "-ERR [SYS/TEMP] busy\r\n")]),
    (
        143,
        &[
            (false, "* OK IMAP4rev1\r\n"),
            (true, "a1 LOGIN a b\r\n"),
            (false, "* BYE autologout\r\n"),
            (true, "a2 LOGOUT\r\n"),
        ],
    ),
    (3306, &[(false, "\x17\0\0\0\x7f\x10\x0408004Too many connections"), (true, "\x01\0\0\0\x01")]),
    (
        5432,
        &[
            (true, "\0\0\0\x08\x04\x7e\x16\x2f"),
            (false, "N"),
            (true, "\0\0\0\x10\0\x03\0\0user\0a\0\0"),
            (false, "E\0\0\0\x1fSFATAL\0C53300\0Mtoo many\0\0"),
        ],
    ),
    (6379, &[(true, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), (false, "-ERR max number of clients reached\r\n")]),
    (
        53,
        &[
            (true, "\0\x1d\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01"),
            (false, "\0\x1d\0\x01\0\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01"),
        ],
    ),
];
