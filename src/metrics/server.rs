//! HTTP/1.1, as much of it as a scraper needs: one short answer a connection, in bounds.
//!
//! Written by hand: what well-kept crates there are bring a runtime or a router, and what is small (`tiny_http`) bounds neither
//! the time nor the size of a request. The request is read by `httparse`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Metrics;

/// Octets of a request.
const MOST_REQUEST: usize = 8192;

/// Lines of its head.
const MOST_HEADERS: usize = 64;

/// How long a client may take to ask, and again to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections answered at once; others are closed.
const MOST_AT_ONCE: usize = 8;

/// How long to wait where no connection can be taken, for want of descriptors as a rule.
const RECOVERY: Duration = Duration::from_millis(100);

/// An open port.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Opens the port.
    ///
    /// # Errors
    /// Where it is taken, or not allowed.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer, until the program ends.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(self, metrics: Metrics) -> io::Result<()> {
        let thread = thread::Builder::new().name("metrics".to_owned());
        thread.spawn(move || self.run(&metrics)).map(drop)
    }

    fn run(&self, metrics: &Metrics) {
        let busy = Arc::new(AtomicUsize::new(0));
        let is_local = self.address.ip().is_loopback();
        loop {
            let Ok((stream, _)) = self.listener.accept() else {
                thread::sleep(RECOVERY);
                continue;
            };
            if busy.fetch_add(1, Ordering::Relaxed) >= MOST_AT_ONCE {
                busy.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (metrics, of_thread) = (metrics.clone(), Arc::clone(&busy));
            let started = thread::Builder::new().name("scrape".to_owned()).spawn(move || {
                // A client that goes away harms nobody.
                let _ = serve(stream, &metrics, is_local);
                of_thread.fetch_sub(1, Ordering::Relaxed);
            });
            if started.is_err() {
                busy.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

fn serve(mut stream: TcpStream, metrics: &Metrics, is_local: bool) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut request = Vec::new();
    let answer = loop {
        if let Some(answer) = answer(&request, metrics, is_local) {
            break answer;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let mut octets = [0; 1024];
        match stream.read(&mut octets)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => request.extend_from_slice(octets.get(..read).unwrap_or_default()),
        }
    };
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&answer)
}

/// The answer to a request; `None` where more of it is to come.
fn answer(request: &[u8], metrics: &Metrics, is_local: bool) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(request) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if request.len() < MOST_REQUEST => return None,
        Ok(httparse::Status::Partial) => return Some(short("431 Request Header Fields Too Large", "too long", true)),
        Err(_) => return Some(short("400 Bad Request", "not understood", true)),
    }
    // A page in a browser may have the name of its own server resolved to this address (DNS rebinding).
    let host = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
    if is_local && host.is_some_and(|host| !names_this_host(host.value)) {
        return Some(short("403 Forbidden", "ask for it by address or as localhost", true));
    }
    let path = parsed.path.unwrap_or_default();
    let with_body = parsed.method == Some("GET");
    Some(match (parsed.method, path.split('?').next()) {
        (Some("GET" | "HEAD"), Some("/metrics")) => {
            written("200 OK", "text/plain; version=0.0.4; charset=utf-8", &metrics.text(), with_body)
        }
        (Some("GET" | "HEAD"), _) => short("404 Not Found", "metrics are at /metrics", with_body),
        _ => short("405 Method Not Allowed", "only GET and HEAD", true),
    })
}

/// Whether a Host header is an address or `localhost`.
fn names_this_host(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    let name = match text.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => text,
    };
    name.eq_ignore_ascii_case("localhost") || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn short(status: &str, text: &str, with_body: bool) -> Vec<u8> {
    written(status, "text/plain; charset=utf-8", &format!("{text}\n"), with_body)
}

fn written(status: &str, kind: &str, body: &str, with_body: bool) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nX-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n\r\n"
    );
    let body = if with_body { body } else { "" };
    [head.as_bytes(), body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: &str) -> Option<String> {
        let answer = answer(request.as_bytes(), &Metrics::default(), true)?;
        let text = String::from_utf8(answer).expect("text");
        Some(text.lines().next().expect("a status").trim_start_matches("HTTP/1.1 ").to_owned())
    }

    #[test]
    fn requests_get_short_answers() {
        let long = format!("GET /metrics HTTP/1.1\r\nA: {}", "x".repeat(MOST_REQUEST));
        let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MOST_HEADERS + 1));
        for (request, expected) in [
            ("GET /metrics HTTP/1.1\r\n\r\n", Some("200 OK")),
            ("GET /metrics?x=1 HTTP/1.0\r\n\r\n", Some("200 OK")),
            ("HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n\r\n", Some("200 OK")),
            ("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", Some("200 OK")),
            ("GET /metrics HTTP/1.1\r\nHost: [::1]:9100\r\n\r\n", Some("200 OK")),
            ("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", Some("403 Forbidden")),
            ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example:80\r\n\r\n", Some("403 Forbidden")),
            ("GET / HTTP/1.1\r\n\r\n", Some("404 Not Found")),
            ("GET /metrics/../x HTTP/1.1\r\n\r\n", Some("404 Not Found")),
            ("POST /metrics HTTP/1.1\r\n\r\n", Some("405 Method Not Allowed")),
            ("nonsense\r\n\r\n", Some("400 Bad Request")),
            ("\0\u{1}\r\n\r\n", Some("400 Bad Request")),
            ("", None),
            ("GET /metrics HTTP/1.1\r\n", None),
            (&long, Some("431 Request Header Fields Too Large")),
            (&many, Some("400 Bad Request")),
        ] {
            assert_eq!(status(request).as_deref(), expected, "{}", request.get(..80).unwrap_or(request));
        }
        // Whoever opened it to a network has names for it.
        let named = b"GET /metrics HTTP/1.1\r\nHost: probe.example\r\n\r\n";
        assert!(answer(named, &Metrics::default(), false).expect("whole").starts_with(b"HTTP/1.1 200"));
    }

    #[test]
    fn the_length_is_that_of_the_body() {
        for (method, has_body) in [("GET", true), ("HEAD", false)] {
            let request = format!("{method} /metrics HTTP/1.1\r\n\r\n");
            let text =
                String::from_utf8(answer(request.as_bytes(), &Metrics::default(), true).expect("whole")).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head");
            let length = Metrics::default().text().len();
            assert!(head.contains(&format!("Content-Length: {length}\r\n")), "{head}");
            assert_eq!(body.len(), if has_body { length } else { 0 });
        }
    }

    #[test]
    fn a_scraper_is_answered_while_others_dawdle() {
        let server = Server::open(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = server.address();
        server.start(Metrics::default()).expect("a thread");
        let dawdlers: Vec<TcpStream> =
            (0..MOST_AT_ONCE - 1).map(|_| TcpStream::connect(address).expect("a connection")).collect();
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it takes a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers and closes");
        assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("tcpautopsy_frames_total 0"), "{text}");
        drop(dawdlers);
    }
}
