//! Offer and answer.

use cordial_sip::sdp::{Codec, Direction, LocalMedia, SdpError, Session, accept_answer, answer, offer};
use expect_test::{Expect, expect};

fn local() -> LocalMedia {
    LocalMedia {
        address: "198.51.100.1".parse().unwrap(),
        port: 20_000,
        id: 7,
        version: 1,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        dtmf: true,
        direction: Direction::SendRecv,
    }
}

fn head(rest: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{rest}")
}

fn check(their_offer: &str, wanted: &Expect) {
    let outcome = Session::parse(their_offer.as_bytes()).and_then(|session| answer(&session, &local()));
    let text = match outcome {
        Ok((session, agreed)) => {
            let text = String::from_utf8(session.to_bytes()).unwrap().replace("\r\n", "\n");
            let media = text.split_once("t=0 0\n").unwrap().1.to_owned();
            format!(
                "{media}-> {} {:?} pt {} dtmf {:?} {:?} {} ms\n",
                agreed.remote,
                agreed.codec,
                agreed.payload_type,
                agreed.dtmf,
                agreed.direction,
                agreed.ptime_ms
            )
        }
        Err(error) => format!("{error}\n"),
    };
    wanted.assert_eq(&text);
}

#[test]
fn our_best_codec_of_theirs_is_taken_and_events_keep_their_number() {
    check(
        &head(
            "m=audio 4000 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:30\r\na=rtcp-mux\r\n",
        ),
        &expect![[r#"
            m=audio 20000 RTP/AVP 8 96
            a=rtpmap:8 PCMA/8000
            a=rtpmap:96 telephone-event/8000
            a=fmtp:96 0-16
            a=ptime:20
            a=sendrecv
            -> 192.0.2.9:4000 Pcma pt 8 dtmf Some(96) SendRecv 30 ms
        "#]],
    );
}

#[test]
fn other_media_are_refused_in_their_place() {
    check(
        &head(
            "m=video 5000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n",
        ),
        &expect![[r#"
            m=video 0 RTP/AVP 97
            m=audio 20000 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=ptime:20
            a=sendrecv
            m=audio 0 RTP/SAVP 0
            -> 192.0.2.9:4000 Pcmu pt 0 dtmf None SendRecv 20 ms
        "#]],
    );
}

#[test]
fn hold_comes_by_direction_or_by_the_zero_address() {
    check(
        &head("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"),
        &expect![[r#"
            m=audio 20000 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=ptime:20
            a=recvonly
            -> 192.0.2.9:4000 Pcmu pt 0 dtmf None RecvOnly 20 ms
        "#]],
    );
    check(
        &head("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"),
        &expect![[r#"
            m=audio 20000 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=ptime:20
            a=recvonly
            -> 0.0.0.0:4000 Pcmu pt 0 dtmf None RecvOnly 20 ms
        "#]],
    );
    check(
        &head("a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n"),
        &expect![[r#"
            m=audio 20000 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=ptime:20
            a=inactive
            -> 192.0.2.9:4000 Pcmu pt 0 dtmf None Inactive 20 ms
        "#]],
    );
}

#[test]
fn what_cannot_be_used_says_why() {
    check(&head("m=audio 4000 RTP/AVP 18\r\n"), &expect!["no codec in common\n"]);
    check(&head("m=audio 0 RTP/AVP 0\r\n"), &expect!["no audio over RTP/AVP is offered\n"]);
    check(&head("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 G722/8000\r\n"), &expect!["no codec in common\n"]);
    check(
        &head("m=audio 99999 RTP/AVP 0\r\n"),
        &expect!["line 6 of the session description cannot be read\n"],
    );
    check(
        &head("c=IN IP4 host.example\r\nm=audio 4 RTP/AVP 0\r\n"),
        &expect!["the audio has no numeric address\n"],
    );
    check("hello", &expect!["line 1 of the session description cannot be read\n"]);
    check(
        &head(&"m=audio 1 RTP/AVP 0\r\n".repeat(17)),
        &expect!["the session description has too many media sections\n"],
    );
}

#[test]
fn both_sides_agree_on_the_same() {
    let ours = offer(&local());
    let far = LocalMedia {
        address: "2001:db8::9".parse().unwrap(),
        port: 6_000,
        codecs: vec![Codec::Pcmu],
        ..local()
    };
    let far = LocalMedia { direction: Direction::RecvOnly, ..far };
    let heard = Session::parse(&ours.to_bytes()).unwrap();
    assert_eq!(heard, ours);
    let (theirs, their_view) = answer(&heard, &far).unwrap();
    let our_view = accept_answer(&ours, &Session::parse(&theirs.to_bytes()).unwrap()).unwrap();
    assert_eq!((our_view.codec, our_view.dtmf), (their_view.codec, their_view.dtmf));
    assert_eq!(our_view.direction, their_view.direction.mirrored());
    assert_eq!(our_view.remote, "[2001:db8::9]:6000".parse().unwrap());
    assert!(their_view.holds_us());
}

#[test]
fn an_answer_to_another_offer_is_refused() {
    let ours = offer(&local());
    let mut theirs = ours.clone();
    theirs.media.clear();
    assert_eq!(accept_answer(&ours, &theirs), Err(SdpError::Mismatch));
    let mut refused = ours.clone();
    refused.media[0].port = 0;
    assert_eq!(accept_answer(&ours, &refused), Err(SdpError::NoAudio));
}
