//! The file of `--knowledge`: TOML, every table and key known, every value in its range.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use toml::Spanned;

use super::{Fingerprint, Site};
use crate::knowledge::idle_timeouts::{Expiry, IdleTimeout, Place};

/// Why a file is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, and what would be right.
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Names stand in cells and sentences.
const LONGEST: usize = 80;

/// The values that a time to live on arrival is taken to descend from.
const INITIAL_TTLS: [u8; 3] = [64, 128, 255];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    names: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    idle_timeout: Vec<Limit>,
    #[serde(default)]
    fingerprint: Vec<Spanned<Print>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    product: Spanned<String>,
    setting: Option<Spanned<String>>,
    seconds: Spanned<i64>,
    place: Where,
    expiry: Option<Then>,
    note: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Where {
    Path,
    End,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    Forgets,
    ResetsNext,
    ResetsBoth,
    Closes,
    Resets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Print {
    product: Spanned<String>,
    text: Option<Spanned<String>>,
    initial_ttl: Option<Spanned<i64>>,
    ip_id: Option<Spanned<i64>>,
    window: Option<Spanned<i64>>,
}

/// What such a file says.
///
/// # Errors
/// The first flaw: a file that is half understood would name the wrong things.
pub fn read(text: &str) -> Result<Site, Flaw> {
    let page = Page(text);
    let file: File = toml::from_str(text).map_err(|error| Flaw {
        line: page.line(error.span().map_or(0, |span| span.start)),
        what: error.message().replace('\n', "; "),
    })?;
    let mut site = Site::default();
    for (network, name) in &file.names {
        let parsed = network.as_ref().parse().map_err(|reason| page.flaw(network, reason))?;
        site.names.push((parsed, page.words(name, "name")?));
    }
    for limit in &file.idle_timeout {
        site.limits.push(page.limit(limit)?);
    }
    for print in &file.fingerprint {
        site.fingerprints.push(page.fingerprint(print)?);
    }
    Ok(site)
}

struct Page<'a>(&'a str);

impl Page<'_> {
    /// The line of an octet.
    fn line(&self, at: usize) -> usize {
        1 + self.0.bytes().take(at).filter(|&octet| octet == b'\n').count()
    }

    fn flaw<T>(&self, of: &Spanned<T>, what: String) -> Flaw {
        Flaw { line: self.line(of.span().start), what }
    }

    /// A text that can stand in a sentence.
    fn words(&self, text: &Spanned<String>, what: &str) -> Result<Box<str>, Flaw> {
        let words = text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() || words.chars().count() > LONGEST || words.chars().any(char::is_control) {
            return Err(
                self.flaw(text, format!("a {what} has 1 to {LONGEST} characters, none of them a control character"))
            );
        }
        Ok(words.into())
    }

    /// A number in a range that ends with the largest of its type.
    fn number<T: TryFrom<i64> + fmt::Display>(
        &self,
        number: &Spanned<i64>,
        what: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<T, Flaw> {
        T::try_from(*number.as_ref()).ok().filter(|_| range.contains(number.as_ref())).ok_or_else(|| {
            let (least, most) = range.clone().into_inner();
            self.flaw(number, format!("{what} = {} is out of range: it goes from {least} to {most}", number.as_ref()))
        })
    }

    fn limit(&self, limit: &Limit) -> Result<IdleTimeout, Flaw> {
        let place = match limit.place {
            Where::Path => Place::Path,
            Where::End => Place::End,
        };
        let words = |text: &Option<Spanned<String>>, what| text.as_ref().map(|text| self.words(text, what)).transpose();
        Ok(IdleTimeout {
            product: self.words(&limit.product, "product")?.into_string().into(),
            setting: words(&limit.setting, "setting")?.unwrap_or_else(|| "idle limit".into()).into_string().into(),
            seconds: self.number(&limit.seconds, "seconds", 1..=u32::MAX.into())?,
            place,
            expiry: match (&limit.expiry, place) {
                (Some(Then::Forgets), _) | (None, Place::Path) => Expiry::Silent,
                (Some(Then::ResetsNext), _) => Expiry::ResetsNext,
                (Some(Then::ResetsBoth), _) => Expiry::ResetsBothIfSet,
                (Some(Then::Closes), _) | (None, Place::End) => Expiry::Closes,
                (Some(Then::Resets), _) => Expiry::Resets,
            },
            note: words(&limit.note, "note")?.unwrap_or_default().into_string().into(),
            source: SOURCE.into(),
        })
    }

    fn fingerprint(&self, print: &Spanned<Print>) -> Result<Fingerprint, Flaw> {
        let Print { product, text, initial_ttl, ip_id, window } = print.as_ref();
        let field = |number: &Option<Spanned<i64>>, what| {
            number.as_ref().map(|number| self.number::<u16>(number, what, 0..=u16::MAX.into())).transpose()
        };
        let initial = initial_ttl.as_ref().map(|ttl| {
            INITIAL_TTLS.into_iter().find(|&known| i64::from(known) == *ttl.as_ref()).ok_or_else(|| {
                self.flaw(ttl, format!("initial_ttl = {} is unusual: it is 64, 128 or 255", ttl.as_ref()))
            })
        });
        let found = Fingerprint {
            product: self.words(product, "product")?,
            text: text.as_ref().map(|text| self.words(text, "text")).transpose()?,
            initial_ttl: initial.transpose()?,
            ip_id: field(ip_id, "ip_id")?,
            window: field(window, "window")?,
        };
        if (found.text.is_none(), found.ip_id, found.window) == (true, None, None) {
            // A time to live alone fits a third of all hosts.
            return Err(self
                .flaw(print, "a fingerprint needs text, ip_id or window: initial_ttl alone fits too many".to_owned()));
        }
        Ok(found)
    }
}

/// The source of what a site says itself.
pub const SOURCE: &str = "the file of --knowledge";

impl IdleTimeout {
    /// Whether a site has set the limit itself, so that it is no product's default.
    pub fn is_set(&self) -> bool {
        self.source == SOURCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Duration;

    #[test]
    fn a_site_is_read() {
        let site = read(
            "[names]\n\"10.0.0.0/8\" = \"our net\"\n\"10.0.0.5\" = \" lb-3 \"\n\"2001:db8::/32\" = \"lab\"\n
            [[idle_timeout]]\nproduct = \"lb-3\"\nseconds = 55\nplace = \"path\"\n
            [[fingerprint]]\nproduct = \"filter\"\nip_id = 10775\ninitial_ttl = 128\n",
        )
        .expect("a site");
        let name = |ip: &str| site.name(ip.parse().expect("an address"));
        assert_eq!(
            ["10.0.0.5", "10.9.9.9", "::ffff:10.0.0.5", "2001:db8::9", "192.0.2.1"].map(name),
            [Some("lb-3"), Some("our net"), Some("lb-3"), Some("lab"), None]
        );
        let limit = &site.limits[0];
        assert!(limit.fits(Duration::from_secs(55)) && limit.is_set() && limit.expiry == Expiry::Silent);
        assert_eq!(site.fingerprints[0].ip_id, Some(10775));
        assert_eq!(read(""), Ok(Site::default()));
    }

    #[test]
    fn a_flaw_has_its_line_and_the_way_out() {
        let limit = |rest: &str| format!("# ours\n[[idle_timeout]]\nproduct = \"a\"\n{rest}\n");
        for (text, line, part) in [
            ("names = 3".to_owned(), 1, "expected"),
            ("[names]\n\"lb\" = \"x\"".to_owned(), 2, "`lb` is no IP address: write 10.0.0.5"),
            ("[names]\n\"10.0.0.0/33\" = \"x\"".to_owned(), 2, "from 0 to 32"),
            ("[names]\n\n\"10.0.0.5\" = \"\"".to_owned(), 3, "1 to 80 characters"),
            ("[names]\n\"10.0.0.5\" = \"a\\u001b[31m\"".to_owned(), 2, "control character"),
            ("[product]".to_owned(), 1, "expected one of `names`, `idle_timeout`, `fingerprint`"),
            (limit("seconds = 0\nplace = \"end\""), 4, "seconds = 0 is out of range: it goes from 1"),
            (limit("seconds = 9999999999\nplace = \"end\""), 4, "out of range"),
            (limit("seconds = \"55\"\nplace = \"end\""), 4, "expected"),
            (limit("seconds = 5\nplace = \"middle\""), 5, "`path` or `end`"),
            (limit("seconds = 5"), 2, "missing field `place`"),
            (limit("seconds = 5\nplace = \"end\"\nexpiry = \"dies\""), 6, "`closes`"),
            (limit("seconds = "), 4, ""),
            ("[[fingerprint]]\nproduct = \"a\"\ninitial_ttl = 64".to_owned(), 1, "needs text, ip_id or window"),
            ("[[fingerprint]]\nproduct = \"a\"\nip_id = 70000".to_owned(), 3, "from 0 to 65535"),
            ("[[fingerprint]]\nproduct = \"a\"\nip_id = 1\ninitial_ttl = 63".to_owned(), 4, "64, 128 or 255"),
            ("\u{0}".to_owned(), 1, ""),
        ] {
            let flaw = read(&text).expect_err(&text);
            assert_eq!(flaw.line, line, "{text}\n{flaw}");
            assert!(flaw.what.contains(part) && !flaw.what.contains('\n'), "{text}\n{flaw}");
        }
    }

    #[test]
    fn nothing_of_the_file_is_left_under_other_names() {
        let mut site = read(
            "[names]\n\"10.0.0.5\" = \"secret\"\n[[idle_timeout]]\nproduct = \"secret\"\nsetting = \"secret\"\nnote = \"secret\"
            seconds = 5\nplace = \"end\"\n[[fingerprint]]\nproduct = \"secret\"\nip_id = 1\n",
        )
        .expect("a site");
        site.rename(|_| "other".to_owned());
        assert!(!format!("{site:?}").contains("secret"), "{site:?}");
    }
}
