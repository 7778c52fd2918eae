//! Bindings of addresses of record (RFC 3261 section 10).

use std::collections::BTreeMap;

use crate::directory::AccountId;
use crate::flow::Flow;
use crate::limits::CONTACTS_MAX;
use crate::message::{NameAddr, Scheme, Uri};
use crate::time::Timestamp;

/// Where a device is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its Contact, as written: the Request-URI of calls to it.
    pub contact: String,
    /// The path its REGISTER came by: where calls to it are sent.
    pub flow: Flow,
    /// When it lapses.
    pub expires_at: Timestamp,
    /// Preference in thousandths, 1000 if not said.
    pub q: u16,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq of the REGISTER.
    pub cseq: u32,
    /// `+sip.instance`, which names the device across restarts (RFC 5626).
    pub instance: Option<String>,
    /// Proxies to pass (RFC 3327).
    pub path: Vec<String>,
}

impl Binding {
    /// Whether its connection ended with the process before: the device has to come back by itself.
    pub(crate) fn awaits_device(&self) -> bool {
        self.flow.transport.is_reliable() && self.flow.stream.is_none()
    }
}

/// All bindings.
#[derive(Default)]
pub(crate) struct Registrar {
    by_account: BTreeMap<AccountId, Vec<Binding>>,
    count: usize,
}

impl Registrar {
    pub(crate) fn of(&self, account: AccountId) -> &[Binding] {
        self.by_account.get(&account).map(Vec::as_slice).unwrap_or_default()
    }

    /// Puts a whole list in place of the old one.
    pub(crate) fn put(&mut self, account: AccountId, bindings: Vec<Binding>) {
        self.count -= self.of(account).len();
        self.count += bindings.len();
        if bindings.is_empty() {
            self.by_account.remove(&account);
        } else {
            self.by_account.insert(account, bindings);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

/// What a REGISTER asks, proved to be the account's.
pub(crate) struct Ask {
    pub(crate) now: Timestamp,
    pub(crate) contacts: Contacts,
    /// The Expires header.
    pub(crate) expires_s: Option<u32>,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) flow: Flow,
    pub(crate) path: Vec<String>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) contacts_max: usize,
}

pub(crate) enum Contacts {
    /// `*`: all of them.
    All,
    Listed(Vec<NameAddr>),
}

/// Bounds of a binding's life, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) default_s: u32,
    pub(crate) min_s: u32,
    pub(crate) max_s: u32,
}

/// Why a REGISTER changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegisterRefusal {
    Malformed,
    TooBrief,
    TooMany,
    OutOfOrder,
}

impl RegisterRefusal {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::TooBrief => 423,
            Self::TooMany => 403,
            Self::OutOfOrder => 500,
        }
    }
}

/// The bindings after a REGISTER. All of it holds or nothing (RFC 3261 section 10.3 step 7).
pub(crate) fn update(current: &[Binding], ask: &Ask) -> Result<Vec<Binding>, RegisterRefusal> {
    let contacts = match &ask.contacts {
        Contacts::All if ask.expires_s == Some(0) => {
            current.iter().try_for_each(|binding| in_order(binding, ask))?;
            return Ok(Vec::new());
        }
        Contacts::All => return Err(RegisterRefusal::Malformed),
        Contacts::Listed(contacts) => contacts,
    };
    if contacts.len() > CONTACTS_MAX {
        return Err(RegisterRefusal::TooMany);
    }
    let mut bindings = current.to_vec();
    for contact in contacts {
        apply(&mut bindings, contact, ask)?;
    }
    // The newest stand last: what is pushed out is the oldest of those that end first.
    while bindings.len() > ask.contacts_max.clamp(1, CONTACTS_MAX) {
        let first = bindings.iter().enumerate().min_by_key(|(_, binding)| binding.expires_at);
        let Some((index, _)) = first else {
            break;
        };
        bindings.remove(index);
    }
    Ok(bindings)
}

fn apply(bindings: &mut Vec<Binding>, contact: &NameAddr, ask: &Ask) -> Result<(), RegisterRefusal> {
    match contact.uri.scheme {
        Scheme::Sip | Scheme::Sips => {}
        Scheme::Tel | Scheme::Other(_) => return Err(RegisterRefusal::Malformed),
    }
    let asked = contact.parameters.get("expires").and_then(parse_lifetime).or(ask.expires_s);
    let lifetime_s = asked.unwrap_or(ask.lifetimes.default_s).min(ask.lifetimes.max_s);
    if lifetime_s != 0 && lifetime_s < ask.lifetimes.min_s {
        return Err(RegisterRefusal::TooBrief);
    }
    let instance =
        contact.parameters.get("+sip.instance").map(|instance| instance.trim_matches('"').to_owned());
    let same = |binding: &Binding| {
        let same_device = instance.is_some() && binding.instance == instance;
        same_device || Uri::parse(&binding.contact).is_ok_and(|uri| uri.same_place(&contact.uri))
    };
    while let Some(index) = bindings.iter().position(same) {
        in_order(&bindings[index], ask)?;
        bindings.remove(index);
    }
    if lifetime_s > 0 {
        bindings.push(Binding {
            contact: contact.uri.to_string(),
            flow: ask.flow,
            expires_at: ask.now + u64::from(lifetime_s) * 1_000,
            q: contact.parameters.get("q").map_or(1_000, parse_q),
            call_id: ask.call_id.clone(),
            cseq: ask.cseq,
            instance,
            path: ask.path.clone(),
        });
    }
    Ok(())
}

fn in_order(binding: &Binding, ask: &Ask) -> Result<(), RegisterRefusal> {
    match binding.call_id == ask.call_id && ask.cseq <= binding.cseq {
        true => Err(RegisterRefusal::OutOfOrder),
        false => Ok(()),
    }
}

/// RFC 3261 section 10.2.1.1: a malformed value counts as none; one beyond 32 bits as the longest.
pub(crate) fn parse_lifetime(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// `0.7` in thousandths; 1000 for what cannot be read.
fn parse_q(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    match (whole, digits.get(..3).and_then(|digits| digits.parse::<u16>().ok())) {
        ("0", Some(thousandths)) => thousandths,
        _ => 1_000,
    }
}
