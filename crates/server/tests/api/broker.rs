//! The embedded broker in this process: what its clients ask comes to whoever attends, and tenants are apart.

use std::net::SocketAddr;
use std::time::Duration;

use cordial_dialects::connector::stomp::destination::Destination;
use cordial_dialects::connector::stomp::frame::Headers;
use cordial_dialects::connector::stomp::message::Message;
use cordial_engine::entry::Name;
use cordial_engine::id::TenantId;
use cordial_engine::text::Text;
use cordial_engine::{Answer, Input, WallTime};
use cordial_server::config::Config;
use cordial_server::run::Server;
use cordial_server::stomp::broker::Request;
use cordial_store::{NewToken, Owner, Scope, TokenId};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that speaks STOMP, with two tenants and a token for each.
struct House {
    server: Server,
    at: SocketAddr,
    tenants: [(TenantId, TokenId, String); 2],
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"\"\ntls = \"\"\n".to_owned();
        text += "[http]\nnative = \"127.0.0.1:0\"\ntls = \"\"\n";
        text += "[connector]\nenabled = true\nlisten = \"127.0.0.1:0\"\ntls_listen = \"\"\n";
        let mut config = Config::parse(std::path::Path::new("test"), &text).unwrap();
        config.paths.data = folder.path().join("data");
        config.paths.recordings = folder.path().join("recordings");
        let server = Server::start(&config).await.unwrap();
        let (name, domain) = (Name::parse_some("other"), Text::parse_some("other.example"));
        let input = Input::AddTenant { name: name.unwrap(), domain: domain.unwrap() };
        let Ok(Answer::Tenant(other, _)) = server.handle().input(input).await.unwrap() else {
            panic!("no tenant");
        };
        let first = server.handle().read(|engine, _| engine.tenants()[0].id).await.unwrap();
        let mut tenants = Vec::new();
        for tenant in [first, other] {
            let new = NewToken {
                owner: Owner::Tenant(tenant),
                user: None,
                name: "connector".to_owned(),
                scopes: Scope::ALL.into(),
                expires: None,
            };
            let issued = server.handle().store().create_token(new, WallTime(0)).await.unwrap();
            tenants.push((tenant, issued.id, issued.reveal()));
        }
        let at = server.stomp()[0];
        Self { server, at, tenants: tenants.try_into().unwrap(), _folder: folder }
    }

    async fn client(&self, n: usize) -> Client {
        let mut client = Client(BufReader::new(TcpStream::connect(self.at).await.unwrap()));
        client.says(&format!("CONNECT\naccept-version:1.2\npasscode:{}\n\n", self.tenants[n].2)).await;
        let connected = client.hears().await;
        assert!(connected.starts_with("CONNECTED\n"), "{connected}");
        client
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn says(&mut self, frame: &str) {
        self.0.write_all(format!("{frame}\0").as_bytes()).await.unwrap();
    }

    async fn asks(&mut self, frame: &str) {
        self.says(&format!("{frame}\nreceipt:r\n\n")).await;
        assert_eq!(self.hears().await, "RECEIPT\nreceipt-id:r\n\n");
    }

    /// The next frame.
    async fn hears(&mut self) -> String {
        let mut frame = Vec::new();
        loop {
            match timeout(PATIENCE, self.0.read_u8()).await.expect("a frame in time").expect("a frame") {
                0 => return String::from_utf8(frame).unwrap().trim_start().to_owned(),
                byte => frame.push(byte),
            }
        }
    }
}

fn message(to: &str, headers: &[(&str, &str)], body: &str) -> Message {
    let headers: Headers = headers.iter().copied().collect();
    Message::new(Destination::parse(to).unwrap(), &headers, body.as_bytes().to_vec())
}

#[tokio::test]
async fn a_request_comes_with_who_asks_and_the_answer_goes_where_he_listens() {
    let house = House::open().await;
    let broker = house.server.broker().expect("it is switched on").clone();
    let mut asked = broker.attend(Destination::parse("/queue/Test1").unwrap());
    let mut client = house.client(0).await;
    client.asks("SUBSCRIBE\nid:1\ndestination:/topic/ann").await;
    let headers = "type:Login#5000\ncorrelation-id:c-1\nreply-to:/topic/ann";
    client.says(&format!("SEND\ndestination:/queue/Test1\n{headers}\n\nsecret,2001")).await;
    let request: Request = timeout(PATIENCE, asked.recv()).await.unwrap().unwrap();
    assert_eq!(request.visitor.tenant, house.tenants[0].0);
    let header = |name| request.message.headers().get(name).unwrap().to_owned();
    assert_eq!(
        (header("type"), request.message.body()),
        ("Login#5000".to_owned(), b"secret,2001".as_slice())
    );
    let answer =
        message(&header("reply-to"), &[("correlation-id", &header("correlation-id"))], "5000#State#READY");
    broker.publish(request.visitor.tenant, answer).unwrap();
    let heard = client.hears().await;
    assert!(heard.contains("\ncorrelation-id:c-1\n") && heard.ends_with("\n\n5000#State#READY"), "{heard}");
    // Requests hold passwords: nobody else may hear them.
    client.says("SUBSCRIBE\nid:2\ndestination:/queue/Test1\n\n").await;
    assert!(client.hears().await.starts_with("ERROR\nmessage:this destination belongs to the connector"));
}

#[tokio::test]
async fn no_tenant_reaches_the_destinations_of_another() {
    let house = House::open().await;
    let broker = house.server.broker().expect("it is switched on").clone();
    let [mut ann, mut eve] = [house.client(0).await, house.client(1).await];
    let first = house.tenants[0].0.0;
    let named = [
        "/topic/ann".to_owned(),
        "/queue/ann".to_owned(),
        "/topic/default/ann".to_owned(),
        "/topic/../default/ann".to_owned(),
        format!("/topic/{first}/ann"),
        "/topic/ann@cordial.local".to_owned(),
        "/topic/cordial.local/ann".to_owned(),
        "/queue/%2e%2e/ann".to_owned(),
    ];
    for (n, destination) in named.iter().enumerate() {
        eve.asks(&format!("SUBSCRIBE\nid:{n}\ndestination:{destination}")).await;
        ann.asks(&format!("SUBSCRIBE\nid:{n}\ndestination:{destination}")).await;
    }
    for destination in &named {
        ann.says(&format!("SEND\ndestination:{destination}\n\nfor ann")).await;
        assert!(ann.hears().await.ends_with("\n\nfor ann"));
        broker.publish(house.tenants[0].0, message(destination, &[], "for ann as well")).unwrap();
        assert!(ann.hears().await.ends_with("\n\nfor ann as well"));
        eve.says(&format!("SEND\ndestination:{destination}\n\nfor eve")).await;
        let heard = eve.hears().await;
        assert!(heard.ends_with("\n\nfor eve"), "{destination}: {heard}");
    }
    // What waits in a queue of one tenant does not go to who listens in another.
    ann.asks("SEND\ndestination:/queue/kept").await;
    eve.asks("SUBSCRIBE\nid:kept\ndestination:/queue/kept").await;
    eve.says("SEND\ndestination:/queue/kept\n\nof eve").await;
    assert!(eve.hears().await.ends_with("\n\nof eve"));
    // A message of ann's is none that eve can acknowledge.
    ann.asks("SUBSCRIBE\nid:ack\ndestination:/queue/ack\nack:client").await;
    ann.says("SEND\ndestination:/queue/ack\n\nx").await;
    let heard = ann.hears().await;
    let ack = heard.lines().find_map(|line| line.strip_prefix("ack:")).unwrap();
    eve.says(&format!("ACK\nid:{ack}\n\n")).await;
    assert!(eve.hears().await.starts_with("ERROR\nmessage:no such message"));
}

#[tokio::test]
async fn who_does_not_read_fast_enough_is_told_so() {
    let house = House::open().await;
    let broker = house.server.broker().expect("it is switched on").clone();
    let mut slow = house.client(0).await;
    slow.asks("SUBSCRIBE\nid:1\ndestination:/topic/news").await;
    // More than is kept for one connection, before it can be written.
    let news = "n".repeat(100_000);
    for _ in 0..100 {
        broker.publish(house.tenants[0].0, message("/topic/news", &[], &news)).unwrap();
    }
    let mut heard = 0;
    loop {
        let frame = slow.hears().await;
        if frame.starts_with("MESSAGE\n") {
            assert!(frame.ends_with(&news), "whole");
            heard += 1;
        } else {
            assert!(
                frame.starts_with("ERROR\nmessage:you do not read what is sent to you fast enough\n"),
                "{frame}"
            );
            break;
        }
    }
    assert!((30..60).contains(&heard), "{heard} messages");
}

#[tokio::test]
async fn a_token_that_ends_ends_its_connections_and_leaves_its_messages_to_others() {
    let house = House::open().await;
    let mut ann = house.client(0).await;
    ann.asks("SUBSCRIBE\nid:1\ndestination:/queue/work\nack:client-individual").await;
    ann.says("SEND\ndestination:/queue/work\n\nnot done").await;
    assert!(ann.hears().await.ends_with("\n\nnot done"));
    let (tenant, token, _) = house.tenants[0];
    assert!(house.server.handle().store().revoke_token(Owner::Tenant(tenant), token).await.unwrap());
    let farewell = ann.hears().await;
    assert!(farewell.starts_with("ERROR\nmessage:the token no longer works\n"), "{farewell}");
    drop(ann);
    let new = NewToken {
        owner: Owner::Tenant(tenant),
        user: None,
        name: "next".to_owned(),
        scopes: Scope::ALL.into(),
        expires: None,
    };
    let next = house.server.handle().store().create_token(new, WallTime(0)).await.unwrap().reveal();
    let mut bob = Client(BufReader::new(TcpStream::connect(house.at).await.unwrap()));
    bob.says(&format!("CONNECT\naccept-version:1.2\npasscode:{next}\n\n")).await;
    assert!(bob.hears().await.starts_with("CONNECTED\n"));
    bob.asks("SUBSCRIBE\nid:1\ndestination:/queue/work").await;
    assert!(bob.hears().await.ends_with("\n\nnot done"));
}
