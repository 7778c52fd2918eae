//! Which names exist, and what their passwords are: neither may be found out by asking.

use std::time::Instant;

use cordial_sip::message::{Name, Response};
use serde_json::json;

use super::phone::{Draft, Phone};
use super::site::Site;
use crate::server::Server;

const EXISTS: &str = "2001";
const DOES_NOT: &str = "2901";

/// What an answer shows, without what is different in any two answers: order and names of headers, and every value with
/// the asker's name, tags and nonces taken out.
fn shown(response: &Response, user: &str) -> String {
    let mut text = format!("{} {}\n", response.code, response.reason);
    for (name, value) in response.headers.iter() {
        let value = if [Name::Via, Name::CallId, Name::CSeq].contains(name) {
            String::new()
        } else if [Name::From, Name::To].contains(name) {
            value.split(";tag=").next().unwrap_or_default().replace(user, "USER")
        } else if *name == Name::WwwAuthenticate {
            let parts = value.split(", ").map(|part| match part.split_once("nonce=") {
                Some((before, nonce)) => format!("{before}nonce of {} characters", nonce.len()),
                None => part.to_owned(),
            });
            parts.collect::<Vec<_>>().join(", ")
        } else {
            value.to_owned()
        };
        text += &format!("{name}: {value}\n");
    }
    text + &String::from_utf8_lossy(&response.body)
}

fn attempt(site: &Site, n: u32, user: &str, method: &str) -> (Phone, Draft) {
    let ip = [127, 0, 70 + (n / 200) as u8, (n % 200 + 1) as u8];
    let phone = Phone::at(ip, site.server.sip, user, "guess");
    let draft = if method == "REGISTER" { phone.register() } else { phone.invite("3001", String::new()) };
    (phone, draft)
}

/// A tenant whose devices have these ways of digest.
async fn site_of(ways: &[&str]) -> Site {
    let server = Server::start().await;
    for (n, way) in ways.iter().enumerate() {
        server.post("/v1/devices", json!({ "number": (2_001 + n).to_string(), "digest": way })).await;
    }
    Site { server, devices: Vec::new() }
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_name_that_does_not_exist_is_answered_as_one_that_does() {
    for way in ["md5", "sha256", "any"] {
        let site = site_of(&[way, way, way]).await;
        for method in ["REGISTER", "INVITE"] {
            let mut seen = Vec::new();
            for (n, user) in [EXISTS, DOES_NOT, "admin", "2001x"].iter().enumerate() {
                let (phone, draft) = attempt(&site, n as u32, user, method);
                let challenged = phone.ask(&draft);
                let refused = phone.ask(&phone.proving(&draft, &challenged));
                let replayed = phone.ask(&phone.proving(&draft, &challenged));
                seen.push([&challenged, &refused, &replayed].map(|answer| shown(answer, user)).join("\n"));
            }
            for other in &seen[1..] {
                assert_eq!(&seen[0], other, "{method} with {way}");
            }
        }
    }
}

/// Whoever asks for what can be dialled learns nothing of it.
#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn a_stranger_hears_the_same_of_a_number_that_exists_and_of_one_that_does_not() {
    let site = Site::open(1).await;
    site.phone(1).registers();
    let queue = site.server.add("/v1/queues", json!({ "name": "sales" })).await;
    let to_queue = json!({ "number": "1000", "destination": { "to": "queue", "queue": queue } });
    site.server.post("/v1/routes", to_queue).await;
    // The stranger's own name exists nowhere. Each asks from an address of his own.
    let ask = |n: usize, method: &str, dialled: &str| {
        let stranger = Phone::at([127, 0, 76, n as u8 + 1], site.server.sip, "nobody", "guess");
        let mut draft = stranger.invite(dialled, String::new());
        draft.method = method.to_owned();
        let first = stranger.ask(&draft);
        let refused = (first.code == 401).then(|| stranger.ask(&stranger.proving(&draft, &first)));
        let answers: Vec<Response> = [Some(first), refused].into_iter().flatten().collect();
        answers.iter().map(|answer| shown(answer, dialled)).collect::<Vec<_>>()
    };
    let mut told = Vec::new();
    for (n, method) in ["OPTIONS", "INVITE", "MESSAGE", "SUBSCRIBE"].into_iter().enumerate() {
        let nothing = ask(10 * n, method, DOES_NOT);
        // A device, a route to it, and a queue.
        for (which, dialled) in [EXISTS, "3001", "1000"].into_iter().enumerate() {
            assert_eq!(nothing, ask(10 * n + which + 1, method, dialled), "{method} to {dialled}");
        }
        let codes = nothing.iter().filter_map(|answer| answer.split(' ').next());
        told.push(format!("{method} {}", codes.collect::<Vec<_>>().join(" ")));
    }
    assert_eq!(told, ["OPTIONS 200", "INVITE 401 403", "MESSAGE 405", "SUBSCRIBE 489"]);
}

/// Where devices differ, so do names that do not exist: in the same proportion, and each always in the same way.
#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn where_devices_are_challenged_differently_so_are_names_that_do_not_exist() {
    let site = site_of(&["md5", "md5", "md5", "any"]).await;
    let phone = Phone::at([127, 0, 0, 80], site.server.sip, "x", "");
    let challenges = |user: &str| {
        let asker = Phone { user: user.to_owned(), ..Phone::at([127, 0, 0, 80], phone.server, user, "") };
        let names = asker.ask(&asker.register());
        names.headers.all(&Name::WwwAuthenticate).count()
    };
    let mut alone = 0;
    for n in 0..100 {
        let user = format!("29{n:02}");
        let count = challenges(&user);
        assert_eq!(count, challenges(&user), "the same name is always asked the same");
        alone += usize::from(count == 1);
    }
    assert!(
        (55..=92).contains(&alone),
        "of 100 names that do not exist, {alone} look like the three of four that do"
    );
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn the_time_of_an_answer_does_not_tell_whether_a_name_exists() {
    let site = site_of(&["any", "any"]).await;
    // A busy machine disturbs single answers, not the middle of many; and not three times in a row to one side.
    let mut worst = Vec::new();
    for round in 0..3 {
        let mut times = [Vec::new(), Vec::new()];
        for n in 0..150 {
            for (which, user) in [EXISTS, DOES_NOT].iter().enumerate() {
                let (phone, draft) = attempt(&site, round * 400 + n * 2 + which as u32, user, "REGISTER");
                let began = Instant::now();
                phone.ask(&draft);
                times[which].push(began.elapsed());
            }
        }
        let [known, unknown] = times.map(|mut all| {
            all.sort();
            all[all.len() / 2]
        });
        let ratio = known.as_secs_f64() / unknown.as_secs_f64();
        println!("known {known:?}, unknown {unknown:?}");
        if (0.8..1.25).contains(&ratio) {
            return;
        }
        worst.push((known, unknown));
    }
    panic!("the medians differ every time: {worst:?}");
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn passwords_of_devices_are_not_guessed_at_line_speed_and_owners_are_not_locked_out() {
    let site = Site::open(1).await;
    let owner = site.phone(1);
    owner.registers();
    let guesser = Phone::at([127, 0, 0, 81], site.server.sip, EXISTS, "guess");
    let began = Instant::now();
    let codes: Vec<u16> = (0..60).map(|_| guesser.ask_proving(&guesser.register()).code).collect();
    let looked_at = codes.iter().filter(|code| **code == 403).count() as u64;
    let allowed = 20 + began.elapsed().as_secs() / 3 + 1;
    assert!((20..=allowed).contains(&looked_at), "{looked_at} of 60, {allowed} allowed");
    assert!(codes.iter().all(|code| [403, 503].contains(code)), "{codes:?}");
    let lucky = Phone { password: site.devices[0].1.clone(), ..guesser };
    assert_eq!(lucky.ask_proving(&lucky.register()).code, 503, "not even the right one is looked at");
    owner.registers();
    let moved = site.phone_at([127, 0, 0, 82], 1);
    moved.registers();
}

#[tokio::test]
#[ignore = "attacks the real process: runs in the gate's stage `hostile`"]
async fn passwords_and_tokens_of_the_api_are_not_guessed_at_line_speed_and_owners_are_not_locked_out() {
    let server = Server::start().await;
    let user = json!({ "name": "ann", "roles": ["agent"], "password": "correct horse" });
    server.post("/v1/users", user).await;
    let http = |from: [u8; 4]| {
        reqwest::Client::builder().local_address(std::net::IpAddr::from(from)).build().expect("a client")
    };
    let url = format!("{}/v1/log-in", server.client.base);
    let log_in = async |http: &reqwest::Client, name: &str, password: &str| {
        let body = json!({ "domain": "cordial.local", "name": name, "password": password });
        let answer = http.post(&url).json(&body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let owner = http([127, 0, 0, 83]);
    assert_eq!(log_in(&owner, "ann", "correct horse").await.0, 201);
    let guesser = http([127, 0, 0, 84]);
    let began = Instant::now();
    let mut judged = 0;
    for n in 0..60 {
        let name = if n % 2 == 0 { "ann" } else { "nobody" };
        let (code, text) = log_in(&guesser, name, "incorrect horse").await;
        assert!([401, 429].contains(&code), "{code} {text}");
        judged += u64::from(code == 401);
    }
    let allowed = 20 + began.elapsed().as_secs() / 3 + 1;
    assert!((20..=allowed).contains(&judged), "{judged} of 60, {allowed} allowed");
    assert_eq!(log_in(&guesser, "ann", "correct horse").await.0, 429, "not even the right one is looked at");
    assert_eq!(log_in(&owner, "ann", "correct horse").await.0, 201, "the owner comes in");
    // Tokens.
    let mut codes = Vec::new();
    for n in 0..150 {
        let token = format!("cordial_{n:032x}");
        let answer = guesser.get(format!("{}/v1/me", server.client.base)).bearer_auth(token).send().await;
        codes.push(answer.expect("an answer").status().as_u16());
    }
    assert!(codes.iter().all(|code| [401, 429].contains(code)), "{codes:?}");
    assert!(codes.contains(&429), "{codes:?}");
    // Who has a working token is not held up by others at his address.
    let me = guesser.get(format!("{}/v1/me", server.client.base)).bearer_auth(&server.client.token);
    assert_eq!(me.send().await.expect("an answer").status().as_u16(), 200);
}
