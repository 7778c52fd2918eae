//! Session descriptions, and offer and answer with them.

use std::net::{IpAddr, Ipv4Addr};

use cordial_sip::sdp::{Codec, Direction, LocalMedia, Session, accept_answer, answer, offer};

/// What is read is written so that it reads the same; an answer to it can be read, and holds what it says.
pub(crate) fn negotiate(bytes: &[u8]) {
    let Ok(theirs) = Session::parse(bytes) else {
        return;
    };
    let written = theirs.to_bytes();
    assert_eq!(Session::parse(&written).as_ref(), Ok(&theirs), "{:?}", String::from_utf8_lossy(&written));
    for (codecs, dtmf, direction) in [
        (vec![Codec::Pcmu, Codec::Pcma], true, Direction::SendRecv),
        (vec![Codec::Pcma], false, Direction::SendOnly),
    ] {
        let local = LocalMedia {
            address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
            port: 20_000,
            id: 7,
            version: 1,
            codecs,
            dtmf,
            direction,
        };
        if let Ok((ours, agreed)) = answer(&theirs, &local) {
            assert_eq!(Session::parse(&ours.to_bytes()).as_ref(), Ok(&ours));
            assert_eq!(ours.media.len(), theirs.media.len(), "an answer has a section for each offered");
            assert!(local.codecs.contains(&agreed.codec));
            assert!((5..=200).contains(&agreed.ptime_ms) && agreed.remote.port() != 0);
            assert!(agreed.dtmf.is_none() || dtmf);
        }
        if let Ok(agreed) = accept_answer(&offer(&local), &theirs) {
            assert!(local.codecs.contains(&agreed.codec));
            assert!((5..=200).contains(&agreed.ptime_ms) && agreed.remote.port() != 0);
        }
    }
}
