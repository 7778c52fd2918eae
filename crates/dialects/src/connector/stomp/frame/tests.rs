use proptest::prelude::*;

use super::*;

const VERSIONS: [Version; 3] = [Version::V1_0, Version::V1_1, Version::V1_2];

fn all(version: Version, pieces: &[&[u8]]) -> Result<Vec<Frame>, BadFrame> {
    let mut decoder = Decoder::default();
    decoder.speak(version);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(frame) = decoder.take()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

fn one(version: Version, bytes: &[u8]) -> Result<Frame, BadFrame> {
    let mut frames = all(version, &[bytes])?;
    assert_eq!(frames.len(), 1, "{}", String::from_utf8_lossy(bytes));
    Ok(frames.remove(0))
}

#[test]
fn frames_come_whole_however_they_are_cut() {
    let stream = b"\n\nSEND\ndestination:/queue/a\ncontent-length:3\n\na\0b\0\n\r\nACK\nid:1\n\n\0SEND\ndestination:/queue/b\n\ntext\0\n";
    let whole = all(Version::V1_2, &[stream]).unwrap();
    let bodies: Vec<&[u8]> = whole.iter().map(|frame| frame.body.as_slice()).collect();
    assert_eq!(bodies, [b"a\0b".as_slice(), b"", b"text"]);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(all(Version::V1_2, &bytes).unwrap(), whole);
}

#[test]
fn the_first_of_several_headers_holds() {
    let frame = one(Version::V1_2, b"SEND\nfoo:World\nfoo:Hello\n\n\0").unwrap();
    assert_eq!(frame.headers.iter().collect::<Vec<_>>(), [("foo", "World")]);
}

#[test]
fn each_version_has_its_escapes() {
    let bytes = br"SEND
a\cb:x\ny\\z
";
    let bytes = [bytes.as_slice(), b"\n\0"].concat();
    assert_eq!(one(Version::V1_0, &bytes).unwrap().headers.get(r"a\cb"), Some(r"x\ny\\z"));
    for version in [Version::V1_1, Version::V1_2] {
        assert_eq!(one(version, &bytes).unwrap().headers.get("a:b"), Some("x\ny\\z"));
    }
    let returned = b"SEND\na:x\\ry\n\n\0";
    assert_eq!(one(Version::V1_1, returned), Err(BadFrame::BadEscape));
    assert_eq!(one(Version::V1_2, returned).unwrap().headers.get("a"), Some("x\ry"));
    for version in [Version::V1_1, Version::V1_2] {
        for undefined in [r"\t", r"\", r"\N", r"\:"] {
            let bytes = format!("SEND\na:{undefined}\n\n\0");
            assert_eq!(one(version, bytes.as_bytes()), Err(BadFrame::BadEscape), "{undefined}");
        }
        // A colon that is not escaped is taken as it is meant.
        assert_eq!(one(version, b"SEND\na:b:c\n\n\0").unwrap().headers.get("a"), Some("b:c"));
    }
}

#[test]
fn what_opens_a_connection_escapes_nothing() {
    for verb in ["CONNECT", "STOMP", "CONNECTED"] {
        let bytes = format!("{verb}\naccept-version:1.2\nversion:1.2\npasscode:a\\tb:c\\n \n\n\0");
        let frame = one(Version::V1_0, bytes.as_bytes()).unwrap();
        assert_eq!(frame.headers.get("passcode"), Some("a\\tb:c\\n "));
        assert_eq!(frame.encode(Version::V1_2), bytes.as_bytes());
    }
}

#[test]
fn carriage_returns_end_lines_where_the_version_allows_it() {
    let connect = one(Version::V1_0, b"CONNECT\r\naccept-version:1.2\r\nhost:a\r\n\r\n\0").unwrap();
    assert_eq!(connect.headers.get("host"), Some("a"));
    let send = b"SEND\r\ndestination:/queue/a\r\n\r\nx\0";
    assert_eq!(one(Version::V1_2, send).unwrap().headers.get("destination"), Some("/queue/a"));
    assert_eq!(one(Version::V1_1, send), Err(BadFrame::UnknownCommand));
}

#[test]
fn blanks_around_values_are_left_out_in_the_oldest_version_only() {
    assert_eq!(one(Version::V1_0, b"CONNECT\nlogin: ann \n\n\0").unwrap().headers.get("login"), Some("ann"));
    let newer = one(Version::V1_0, b"CONNECT\naccept-version:1.1\nlogin: ann \n\n\0").unwrap();
    assert_eq!(newer.headers.get("login"), Some(" ann "));
    assert_eq!(one(Version::V1_1, b"SEND\na: b\n\n\0").unwrap().headers.get("a"), Some(" b"));
}

#[test]
fn what_cannot_be_told_apart_is_refused_by_its_name() {
    let body = "a".repeat(BODY_BYTES_MAX + 1);
    let line = format!("SEND\na:{}", "b".repeat(LINE_BYTES_MAX));
    let headers: String = (0..=HEADERS_MAX).map(|n| format!("h{n}:v\n")).collect();
    let repeated = "h:v\n".repeat(HEADERS_MAX + 1);
    for (bytes, wrong) in [
        (line.clone(), BadFrame::LineTooLong),
        (format!("{line}\n\n\0"), BadFrame::LineTooLong),
        (format!("SEND\n{headers}\n\0"), BadFrame::TooManyHeaders),
        (format!("SEND\n{repeated}\n\0"), BadFrame::TooManyHeaders),
        (format!("SEND\n\n{body}"), BadFrame::BodyTooLong),
        (format!("SEND\n\n{body}\0"), BadFrame::BodyTooLong),
        (format!("SEND\ncontent-length:{}\n\n", BODY_BYTES_MAX + 1), BadFrame::BodyTooLong),
        ("SEND\ncontent-length:99999999999999999999999\n\n".to_owned(), BadFrame::BodyTooLong),
        ("SEND\ncontent-length:-1\n\n\0".to_owned(), BadFrame::BadLength),
        ("SEND\ncontent-length:\n\n\0".to_owned(), BadFrame::BadLength),
        ("SEND\ncontent-length:2\n\nabc\0".to_owned(), BadFrame::WrongLength),
        ("send\n\n\0".to_owned(), BadFrame::UnknownCommand),
        ("SEND \n\n\0".to_owned(), BadFrame::UnknownCommand),
        ("GET / HTTP/1.1\r\n".to_owned(), BadFrame::UnknownCommand),
        ("SEND\nnothing\n\n\0".to_owned(), BadFrame::BadHeader),
        ("SEND\n:value\n\n\0".to_owned(), BadFrame::BadHeader),
        ("SEND\na:b\0c\n\n\0".to_owned(), BadFrame::NotText),
    ] {
        let shown: String = bytes.chars().take(40).collect();
        for version in VERSIONS {
            assert_eq!(all(version, &[bytes.as_bytes()]).unwrap_err(), wrong, "{shown}");
        }
    }
    assert_eq!(all(Version::V1_2, &[b"SEND\na:\xff\n\n\0"]), Err(BadFrame::NotText));
}

#[test]
fn a_body_and_a_line_may_be_as_long_as_the_limits_say() {
    let mut frame = Frame::new(Verb::Send, Headers::default().with("a", "b".repeat(LINE_BYTES_MAX - 2)));
    frame.body = vec![b'c'; BODY_BYTES_MAX];
    for frame in [frame.clone(), frame.with_length()] {
        let bytes = frame.encode(Version::V1_2);
        assert_eq!(all(Version::V1_2, &[&bytes[..20_000], &bytes[20_000..]]).unwrap(), [frame]);
    }
}

#[test]
fn a_frame_that_has_begun_is_known_and_its_room_is_given_back() {
    let mut decoder = Decoder::default();
    for (piece, begun) in
        [(b"\n\r\n".as_slice(), false), (b"\nSE", true), (b"ND\n\nbody", true), (b"\0\n", false)]
    {
        decoder.push(piece);
        let whole = decoder.take().unwrap().is_some();
        assert_eq!((decoder.has_begun(), whole), (begun, piece == b"\0\n"));
    }
    decoder.push(&[vec![b'\n'; 50_000], b"SEND\n\nx\0".to_vec()].concat());
    assert!(decoder.take().unwrap().is_some());
    assert_eq!(decoder.bytes.capacity(), 0);
}

/// What a header of a version can hold.
fn header(version: Version) -> (&'static str, &'static str) {
    match version {
        Version::V1_0 => (r"[a-zA-Z\\ção-]{1,8}", r"([!-~ção]([ -~ção]{0,12}[!-~ção])?)?"),
        Version::V1_1 => (r"[ -~\n:\\ção]{1,8}", r"[ -~\n:\\ção]{0,12}"),
        Version::V1_2 => (r"[ -~\n\r:\\ção]{1,8}", r"[ -~\n\r:\\ção]{0,12}"),
    }
}

fn frames(version: Version) -> impl Strategy<Value = Frame> {
    let verbs: Vec<Verb> = Verb::ALL.iter().copied().filter(|verb| !verb.opens()).collect();
    let (name, value) = header(version);
    // A name of its own for each, and none that means something to the codec.
    let headers = prop::collection::vec((name, value), 0..6)
        .prop_map(|all| all.into_iter().filter(|(name, _)| name != "content-length").collect::<Headers>());
    let body = prop::collection::vec(any::<u8>(), 0..40);
    (prop::sample::select(verbs), headers, body, any::<bool>()).prop_map(
        |(verb, headers, mut body, length)| {
            if !length {
                body.retain(|byte| *byte != 0);
            }
            let frame = Frame { verb, headers, body };
            if length { frame.with_length() } else { frame }
        },
    )
}

proptest! {
    #[test]
    fn what_was_written_reads_back_the_same(
        (version, frames) in prop::sample::select(VERSIONS.as_slice())
            .prop_flat_map(|version| (Just(version), prop::collection::vec(frames(version), 1..4))),
        beats in prop::sample::select(vec!["", "\n", "\n\r\n\n"]),
        piece in 1..64_usize,
    ) {
        let stream: Vec<u8> =
            frames.iter().flat_map(|frame| [frame.encode(version), beats.as_bytes().to_vec()]).flatten().collect();
        let pieces: Vec<&[u8]> = stream.chunks(piece).collect();
        prop_assert_eq!(all(version, &pieces).unwrap(), frames);
    }

    #[test]
    fn any_bytes_in_any_pieces_give_the_same_as_whole(
        version in prop::sample::select(VERSIONS.as_slice()),
        stream in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![b"SEND\n".to_vec(), b"\n\n".to_vec(), b"\0".to_vec(), b"a:b\n".to_vec(), b"content-length:3\n".to_vec()]),
                prop::collection::vec(any::<u8>(), 0..8),
            ],
            0..12,
        ),
        piece in 1..16_usize,
    ) {
        let stream = stream.concat();
        let pieces: Vec<&[u8]> = stream.chunks(piece).collect();
        prop_assert_eq!(all(version, &pieces), all(version, &[&stream]));
    }
}
