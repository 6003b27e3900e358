//! Conversations that begin in plain text and go over to TLS: STARTTLS and its kin.

use super::{Application, Talk, tls};

/// What lies behind the change, read as TLS; `plain` as it is where nothing does, or nothing that was understood.
///
/// `client` and `server`: the offsets behind the last octets in plain text.
pub(super) fn to_tls(plain: Application, talk: &Talk<'_>, client: i64, server: i64) -> Application {
    let rest = talk.behind(client, server);
    let Some(mut found) = tls::read(&rest) else { return plain };
    let details = [plain.detail, found.detail.take()];
    found.detail = Some(details.into_iter().flatten().collect::<Vec<_>>().join(", "));
    found.protocol = plain.protocol;
    let said = std::mem::replace(&mut found.declared, plain.declared);
    found.declared.extend(said);
    found
}
