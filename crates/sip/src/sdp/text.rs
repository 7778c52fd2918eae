//! Session descriptions as text.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::{BYTES_MAX, Direction, FORMATS_MAX, MEDIA_MAX, Media, RtpMap, SdpError, Session};

impl Session {
    /// Reads a description. Lines and attributes that audio does not need are passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > BYTES_MAX {
            return Err(SdpError::TooMany("bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| SdpError::Line(1))?;
        let mut session = None;
        let mut version_seen = false;
        for (index, line) in text.split('\n').map(|line| line.trim_end_matches('\r')).enumerate() {
            if line.is_empty() {
                continue;
            }
            let broken = SdpError::Line(index + 1);
            // What stands in a line is written into one line again.
            if line.contains(['\r', '\0']) {
                return Err(broken);
            }
            let (key, value) = line.split_once('=').ok_or(broken)?;
            match (key, &mut session) {
                ("v", None) if value == "0" && !version_seen => version_seen = true,
                ("o", None) if version_seen => session = Some(Self::from_origin(value).ok_or(broken)?),
                (_, None) => return Err(broken),
                (_, Some(session)) => session.read_line(key, value, broken)?,
            }
        }
        session.ok_or(SdpError::Line(1))
    }

    fn from_origin(value: &str) -> Option<Self> {
        let mut words = value.split(' ');
        let username = words.next()?.to_owned();
        // RFC 8866 section 5.2: numbers, but some phones write ones beyond 64 bits; their value is not used.
        let mut number = || words.next().map(|word| word.parse().unwrap_or(0));
        let (id, version) = (number()?, number()?);
        let origin_address = words.nth(2)?.to_owned();
        Some(Self {
            username,
            id,
            version,
            origin_address,
            name: "-".to_owned(),
            connection: None,
            direction: None,
            media: Vec::new(),
        })
    }

    fn read_line(&mut self, key: &str, value: &str, broken: SdpError) -> Result<(), SdpError> {
        match (key, self.media.last_mut()) {
            ("m", _) => {
                if self.media.len() == MEDIA_MAX {
                    return Err(SdpError::TooMany("media sections"));
                }
                self.media.push(media_line(value, broken)?);
            }
            ("s", None) => value.clone_into(&mut self.name),
            ("c", None) => self.connection = address(value, broken)?,
            ("c", Some(media)) => media.connection = address(value, broken)?,
            ("a", None) => self.direction = Direction::parse(value).or(self.direction),
            ("a", Some(media)) => media.read_attribute(value, broken)?,
            _ => {}
        }
        Ok(())
    }

    /// The description as text, with CRLF.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::with_capacity(256);
        let family = if self.origin_address.contains(':') { "IP6" } else { "IP4" };
        let _infallible = write!(
            text,
            "v=0\r\no={} {} {} IN {family} {}\r\ns={}\r\n",
            self.username, self.id, self.version, self.origin_address, self.name
        );
        write_connection(&mut text, self.connection);
        text.push_str("t=0 0\r\n");
        write_direction(&mut text, self.direction);
        for media in &self.media {
            media.write(&mut text);
        }
        text.into_bytes()
    }
}

impl Media {
    fn read_attribute(&mut self, value: &str, broken: SdpError) -> Result<(), SdpError> {
        let (name, rest) = value.split_once(':').unwrap_or((value, ""));
        match name {
            "rtpmap" => {
                if self.maps.len() == FORMATS_MAX {
                    return Err(SdpError::TooMany("mappings"));
                }
                let (payload_type, encoding) = rest.split_once(' ').ok_or(broken)?;
                let mut parts = encoding.trim().split('/');
                let name = parts.next().filter(|name| !name.is_empty()).ok_or(broken)?.to_owned();
                let rate = parts.next().and_then(|rate| rate.trim().parse().ok()).ok_or(broken)?;
                let payload_type = payload_type.parse().map_err(|_| broken)?;
                self.maps.push(RtpMap { payload_type, name, rate });
            }
            "fmtp" => {
                if self.parameters.len() == FORMATS_MAX {
                    return Err(SdpError::TooMany("format parameters"));
                }
                if let Some((format, parameters)) = rest.split_once(' ')
                    && let Ok(payload_type) = format.parse()
                {
                    self.parameters.push((payload_type, parameters.to_owned()));
                }
            }
            // Out of range is as good as absent (CVE-2026-41416: never do sums with it unchecked).
            "ptime" => self.ptime_ms = rest.trim().parse().ok().filter(|ms| (5..=200).contains(ms)),
            _ => self.direction = Direction::parse(value).or(self.direction),
        }
        Ok(())
    }

    fn write(&self, text: &mut String) {
        let _infallible = write!(text, "m={} {} {}", self.kind, self.port, self.protocol);
        for format in &self.formats {
            let _infallible = write!(text, " {format}");
        }
        text.push_str("\r\n");
        write_connection(text, self.connection);
        for RtpMap { payload_type, name, rate } in &self.maps {
            let _infallible = write!(text, "a=rtpmap:{payload_type} {name}/{rate}\r\n");
        }
        for (payload_type, parameters) in &self.parameters {
            let _infallible = write!(text, "a=fmtp:{payload_type} {parameters}\r\n");
        }
        if let Some(ptime_ms) = self.ptime_ms {
            let _infallible = write!(text, "a=ptime:{ptime_ms}\r\n");
        }
        write_direction(text, self.direction);
    }
}

fn media_line(value: &str, broken: SdpError) -> Result<Media, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or(broken)?.to_owned();
    let port = words.next().ok_or(broken)?;
    let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| broken)?;
    let protocol = words.next().ok_or(broken)?.to_owned();
    let formats: Vec<String> = words.map(str::to_owned).collect();
    if formats.len() > FORMATS_MAX {
        return Err(SdpError::TooMany("formats"));
    }
    if formats.is_empty() {
        return Err(broken);
    }
    Ok(Media {
        kind,
        port,
        protocol,
        formats,
        connection: None,
        maps: Vec::new(),
        parameters: Vec::new(),
        ptime_ms: None,
        direction: None,
    })
}

/// A numeric address; a name gives none, for there is no DNS here.
fn address(value: &str, broken: SdpError) -> Result<Option<IpAddr>, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let (Some("IN"), Some("IP4" | "IP6"), Some(address)) = (words.next(), words.next(), words.next()) else {
        return Err(broken);
    };
    Ok(address.split('/').next().and_then(|address| address.parse().ok()))
}

fn write_connection(text: &mut String, connection: Option<IpAddr>) {
    if let Some(address) = connection {
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        let _infallible = write!(text, "c=IN {family} {address}\r\n");
    }
}

fn write_direction(text: &mut String, direction: Option<Direction>) {
    if let Some(direction) = direction {
        let _infallible = write!(text, "a={}\r\n", direction.as_str());
    }
}
