//! The words that may follow the start of a line.

use super::lex::Token;
use super::{Ends, TraceError};
use crate::tcp::TcpOptions;

/// The words of one line not yet read.
pub(super) struct Words<'a> {
    number: usize,
    tokens: std::slice::Iter<'a, Token<'a>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(number: usize, tokens: &'a [Token<'a>]) -> Self {
        Self { number, tokens: tokens.iter() }
    }

    pub(super) fn error(&self, word: &str, reason: &'static str) -> TraceError {
        TraceError::new(self.number, word, reason)
    }

    /// The next word, or `missing` as the error.
    pub(super) fn word(&mut self, missing: &'static str) -> Result<&'a str, TraceError> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            Some(Token::Quoted(_)) => Err(self.error("\"", "quoted text only goes after data")),
            None => Err(self.error("", missing)),
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<&'a str, TraceError>> {
        if self.tokens.as_slice().is_empty() { None } else { Some(self.word("")) }
    }

    fn octets(&mut self) -> Result<Vec<u8>, TraceError> {
        match self.tokens.next() {
            Some(Token::Quoted(octets)) => Ok(octets.clone()),
            Some(Token::Word(word)) => Err(self.error(word, "after data goes a text in quotation marks")),
            None => Err(self.error("data", "after data goes a text in quotation marks")),
        }
    }

    /// The number that goes after `name`.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, name: &str) -> Result<T, TraceError> {
        match self.tokens.next() {
            Some(Token::Word(word)) => number(word).ok_or_else(|| self.error(word, "no number, or out of range")),
            _ => Err(self.error(name, "a number is missing after it")),
        }
    }

    /// A relative sequence number: any whole number of at most 32 bits, either sign.
    pub(super) fn relative(&mut self, name: &str) -> Result<u32, TraceError> {
        let value: i64 = self.number(name)?;
        relative(value).ok_or_else(|| self.error(&value.to_string(), "no number, or out of range"))
    }
}

pub(super) fn number<T: TryFrom<i64>>(word: &str) -> Option<T> {
    word.parse::<i64>().ok().and_then(|value| T::try_from(value).ok())
}

pub(super) fn relative(value: i64) -> Option<u32> {
    (value.unsigned_abs() <= u64::from(u32::MAX)).then_some(value as u32)
}

/// Where the identification comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Id {
    #[default]
    Counted,
    Given(u16),
    OfLineBefore,
}

/// Where the timestamps option comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stamps {
    #[default]
    None,
    Clock(u32),
    Given(u32, u32),
}

/// What the words of a line ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) len: Option<u32>,
    pub(super) data: Vec<u8>,
    pub(super) captured: Option<u32>,
    pub(super) raw: bool,
    pub(super) ack: u32,
    pub(super) ack_field: u32,
    pub(super) window: Option<u16>,
    pub(super) ttl: u8,
    pub(super) tos: u8,
    pub(super) id: Id,
    pub(super) dont_fragment: bool,
    pub(super) options: TcpOptions,
    /// Edges of a SACK block, relative.
    pub(super) sack: Option<(u32, u32)>,
    pub(super) stamps: Stamps,
    pub(super) options_complete: bool,
    pub(super) ends: Ends,
    pub(super) reuse: u32,
    pub(super) moved: bool,
    pub(super) path: u32,
    pub(super) device: Option<u8>,
    pub(super) frame: Option<u64>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            len: None,
            data: Vec::new(),
            captured: None,
            raw: false,
            ack: 0,
            ack_field: 0,
            window: Some(500),
            ttl: 64,
            tos: 0,
            id: Id::Counted,
            dont_fragment: true,
            options: TcpOptions::default(),
            sack: None,
            stamps: Stamps::None,
            options_complete: true,
            ends: Ends::default(),
            reuse: 0,
            moved: false,
            path: 0,
            device: None,
            frame: None,
        }
    }
}

impl Asked {
    /// The ends of the connection that the sequence numbers belong to.
    pub(super) fn numbered(&self) -> Ends {
        if self.moved { Ends { ipv6: self.ends.ipv6, ..Ends::default() } } else { self.ends }
    }

    /// Takes in all words that are left.
    pub(super) fn read(&mut self, words: &mut Words<'_>) -> Result<(), TraceError> {
        while let Some(word) = words.next() {
            let word = word?;
            if !self.packet(word, words)? && !self.segment(word, words)? {
                return Err(words.error(word, "no such word"));
            }
        }
        Ok(())
    }

    /// Words that fit any packet; tells whether it was one.
    pub(super) fn packet(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool, TraceError> {
        match word {
            "flow" => self.ends.flow = words.number(word)?,
            "port" => self.ends.port = words.number(word)?,
            "client" => self.ends.client = words.number(word)?,
            "server" => self.ends.server = words.number(word)?,
            "v6" => self.ends.ipv6 = true,
            "reuse" => self.reuse = words.number(word)?,
            "moved" => self.moved = true,
            "mac" => self.device = Some(words.number(word)?),
            "frame" => self.frame = Some(words.number(word)?),
            _ => return Ok(false),
        }
        if self.ends.flow > u16::MAX - super::CLIENT_PORT {
            return Err(words.error(word, "the client's port would be above 65535"));
        }
        Ok(true)
    }

    fn segment(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool, TraceError> {
        match word {
            "len" => self.len = Some(words.number(word)?),
            "data" => self.data = words.octets()?,
            "cap" => self.captured = Some(words.number(word)?),
            "raw" => self.raw = true,
            "ack" => self.ack = words.relative(word)?,
            "ackfield" => self.ack_field = words.number(word)?,
            "win" => self.window = Some(words.number(word)?),
            "nowin" => self.window = None,
            "ttl" => self.ttl = words.number(word)?,
            "tos" => self.tos = words.number(word)?,
            "id" => self.id = Id::Given(words.number(word)?),
            "copy" => self.id = Id::OfLineBefore,
            "df" => self.dont_fragment = true,
            "nodf" => self.dont_fragment = false,
            "mss" => self.options.set_mss(words.number(word)?),
            "wscale" => self.options.set_window_scale(words.number(word)?),
            "sackok" => self.options.permit_sack(),
            "sack" => self.sack = Some((words.relative(word)?, words.relative(word)?)),
            "mprst" => self.options.set_mptcp_reset_reason(words.number(word)?),
            "ts" => self.stamps = Stamps::Given(words.number(word)?, words.number(word)?),
            "clock" => self.stamps = Stamps::Clock(words.number(word)?),
            "nots" => self.stamps = Stamps::None,
            "optcut" => self.options_complete = false,
            "vlan" => self.path = words.number(word)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
