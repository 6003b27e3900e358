//! DNS over TCP: RFC 1035, RFC 7766.

use super::octets::Octets;
use super::packets::{converse, walk};
use super::text::MOST_TEXT;
use super::{Application, Protocol, Talk};

/// Octets of a message's head.
const HEAD: usize = 12;

/// The name of the first question, if these octets, with their length in front, begin a query or a response.
fn question(octets: &[u8], response: bool) -> Option<String> {
    let mut octets = Octets(octets);
    let length = octets.number(2)?;
    let _id = octets.number(2)?;
    let flags = octets.number(2)?;
    let questions = octets.number(2)?;
    let answers = octets.number(2)?;
    octets.number(4)?;
    // A standard query: bit 15 says response, bits 11 to 14 are the operation, bit 6 is reserved.
    let fits = length as usize > HEAD
        && (flags >> 15 == 1) == response
        && flags & 0x7840 == 0
        && questions == 1
        && (response || (answers == 0 && flags & 0xf == 0));
    if !fits {
        return None;
    }
    let mut name = String::new();
    loop {
        let label = octets.number(1)? as usize;
        if label == 0 {
            break;
        }
        if label > 63 || name.len() + label > MOST_TEXT {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(octets.take(label)?));
    }
    let _kind = octets.number(2)?;
    // IN, CH or any.
    matches!(octets.number(2)?, 1 | 3 | 255).then_some(if name.is_empty() { ".".to_owned() } else { name })
}

/// Whether these octets begin a query, or a response.
pub(super) fn is_dns(octets: &[u8], response: bool) -> bool {
    question(octets, response).is_some()
}

fn length(octets: &[u8]) -> Option<usize> {
    let length = Octets(octets).number(2)? as usize;
    (length > HEAD).then_some(length + 2)
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    if !is_dns(talk.client.opening(), false) && !is_dns(talk.server.opening(), true) {
        return None;
    }
    let queries = walk(&talk.client, talk.client.start(), length);
    let responses = walk(&talk.server, talk.server.start(), length);
    let name = |octets: &[u8], response| question(octets, response);
    let asked: Vec<_> = queries
        .iter()
        .map(|query| {
            let name = name(&query.octets, false);
            (query, name.map_or_else(|| "a query".to_owned(), |name| format!("the query for {name}")))
        })
        .collect();
    let mut found = Application { protocol: Some(Protocol::Dns), ..Application::default() };
    found.name = queries.iter().find_map(|query| name(&query.octets, false));
    let first = found.name.clone().or_else(|| responses.iter().find_map(|response| name(&response.octets, true)));
    found.detail = Some(first.map_or_else(|| "DNS".to_owned(), |name| format!("query for {name}")));
    converse(&mut found, talk, &asked, &responses, |_| Some(true));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};

    fn message(flags: u16, answers: u16, name: &[u8]) -> Vec<u8> {
        let mut body = [&[0xab, 0xcd][..], &flags.to_be_bytes(), &[0, 1], &answers.to_be_bytes(), &[0; 4]].concat();
        body.extend_from_slice(name);
        body.extend_from_slice(&[0, 1, 0, 1]);
        [&(body.len() as u16).to_be_bytes()[..], &body].concat()
    }

    const NAME: &[u8] = b"\x03www\x07example\x00";

    #[test]
    fn a_query_and_its_answer() {
        let asked = Dialogue::new().client(1.0, &message(0x0100, 0, NAME));
        let found = asked.read(1.15);
        assert_eq!(found.progress.as_deref(), Some("0.2 ms after the query for www.example; no byte of a reply"));
        assert_eq!((found.name.as_deref(), found.requests), (Some("www.example"), 1));
        let answered = asked.server(2.0, &message(0x8180, 0, NAME));
        assert_eq!(answered.progress(2.5), "0.5 ms after the complete reply to the query for www.example");
        let cut = &message(0x8180, 0, NAME)[..20];
        let found = Dialogue::new().client(1.0, &message(0x0100, 0, NAME)).server(2.0, cut).read(2.5);
        assert_eq!(found.response_complete, Some(false));
    }

    #[test]
    fn what_only_looks_like_dns_is_not() {
        let ill: [Vec<u8>; 4] = [
            message(0x0100, 1, NAME),
            message(0x7800, 0, NAME),
            message(0x0100, 0, b"\xc0\x0c\x00"),
            message(0x0100, 0, b"\x03www"),
        ];
        for octets in ill {
            assert_eq!(Dialogue::new().client(1.0, &octets).read(2.0).protocol, None, "{octets:?}");
        }
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(&message(0x0100, 0, NAME), &message(0x8180, 1, NAME));
    }
}
