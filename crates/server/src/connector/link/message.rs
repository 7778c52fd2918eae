//! Messages of the site's broker as requests, and what is told as messages of it.

use cordial_dialects::connector::stomp::client::Delivery;
use cordial_dialects::connector::stomp::frame::Headers;
use cordial_engine::WallTime;

use crate::config::BrokerName;
use crate::connector::{Address, Heard, Post, Way};
use crate::limits::STOMP_REQUEST_BYTES_MAX;

/// The header (in JMS a string property) by which a connector knows its own words to others.
pub(super) const SENDER: &str = "cordialSender";

/// Why a message is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it has no JMSType, which says what is asked")]
    NoType,
    #[error("it is larger than {STOMP_REQUEST_BYTES_MAX} bytes")]
    TooLarge,
    #[error("it is no text in UTF-8")]
    NoText,
}

/// Why something cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    #[error("it is for no topic of the site's broker")]
    OtherWay,
    #[error("the destination is no plain name of letters, digits and .-_:@+")]
    Name,
    #[error("the destination is the topic of the connectors themselves")]
    OfConnectors,
}

/// What names a message, also when it comes again.
pub(super) fn id(delivery: &Delivery) -> &str {
    delivery.headers.get("message-id").unwrap_or_default()
}

/// The request that a message is. A TextMessage comes as it is, a BytesMessage with its length; that is all the difference.
/// Null and empty bodies come alike.
pub(super) fn heard(delivery: &Delivery) -> Result<Heard, Unfit> {
    let header = |name: &str| delivery.headers.get(name).filter(|value| !value.is_empty());
    let kind = header("type").ok_or(Unfit::NoType)?.to_owned();
    if delivery.body.len() > STOMP_REQUEST_BYTES_MAX {
        return Err(Unfit::TooLarge);
    }
    let body = std::str::from_utf8(&delivery.body).map_err(|_| Unfit::NoText)?;
    let topic = header("reply-to").and_then(|to| to.strip_prefix("/topic/")).and_then(BrokerName::parse);
    let sent = header("timestamp").and_then(|ms| ms.parse().ok()).filter(|ms: &i64| *ms > 0);
    Ok(Heard {
        way: Way::Broker,
        kind,
        body: (!body.is_empty()).then(|| body.to_owned()),
        correlation: header("correlation-id").map(str::to_owned),
        reply_to: topic.map(|topic| topic.to_string()),
        sent: sent.map(WallTime),
    })
}

/// The topic to which something is told. It was named by a client, who must not reach what is no client's.
pub(super) fn topic(post: &Post, of_connectors: &BrokerName) -> Result<BrokerName, Unsendable> {
    let Address::Broker(name) = &post.to else {
        return Err(Unsendable::OtherWay);
    };
    let name = BrokerName::parse(name).ok_or(Unsendable::Name)?;
    if name == *of_connectors { Err(Unsendable::OfConnectors) } else { Ok(name) }
}

/// The headers of something told. Without a length ActiveMQ makes a TextMessage of it.
pub(super) fn headers(post: &Post) -> Headers {
    let mut headers = Headers::default().with("persistent", "false").with("content-type", "text/plain");
    headers.add("category", post.category);
    for (name, value) in [("type", &post.kind), ("correlation-id", &post.correlation)] {
        if let Some(value) = value {
            headers.add(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
        let headers = headers.iter().copied().collect();
        Delivery {
            subscription: None,
            destination: "/queue/Connector1".to_owned(),
            headers,
            body: body.to_vec(),
        }
    }

    fn post(to: Address) -> Post {
        Post { to, text: String::new(), kind: None, category: "State", correlation: None }
    }

    #[test]
    fn a_message_of_the_broker_is_a_request_with_all_that_it_says() {
        let headers = [
            ("type", "Login#1001"),
            ("correlation-id", "c-1"),
            ("reply-to", "/topic/desk-1"),
            ("timestamp", "1700000000123"),
        ];
        let request = heard(&delivery(&headers, "secret,42053".as_bytes())).expect("a request");
        assert_eq!((request.kind.as_str(), request.body.as_deref()), ("Login#1001", Some("secret,42053")));
        assert_eq!(request.correlation.as_deref(), Some("c-1"));
        assert_eq!(request.reply_to.as_deref(), Some("desk-1"));
        assert_eq!(request.sent, Some(WallTime(1_700_000_000_123)));
        assert!(matches!(request.way, Way::Broker));
    }

    #[test]
    fn what_is_not_said_or_cannot_be_meant_is_absent() {
        for reply in ["/queue/desk-1", "/topic/>", "/topic/a,b", "/remote-temp-queue/ID:a-1:0:1", ""] {
            let headers = [("type", "Hello#desk-1"), ("reply-to", reply), ("timestamp", "soon")];
            let request = heard(&delivery(&headers, b"")).expect("a request");
            assert_eq!((request.body, request.reply_to, request.sent), (None, None, None), "{reply}");
        }
    }

    #[test]
    fn what_is_no_request_is_told_by_why() {
        let kind = [("type", "Login#1001")];
        let large = vec![b'a'; STOMP_REQUEST_BYTES_MAX + 1];
        assert_eq!(heard(&delivery(&[], b"a")).map(|_| ()), Err(Unfit::NoType));
        assert_eq!(heard(&delivery(&kind, &large)).map(|_| ()), Err(Unfit::TooLarge));
        assert_eq!(heard(&delivery(&kind, b"\xff")).map(|_| ()), Err(Unfit::NoText));
    }

    #[test]
    fn no_client_names_a_topic_that_is_no_clients() {
        let sync = BrokerName::parse("ConnectorSync").expect("a name");
        let to = |name: &str| topic(&post(Address::Broker(name.to_owned())), &sync);
        assert_eq!(to("192.168.1.148").map(|name| name.to_string()), Ok("192.168.1.148".to_owned()));
        for bad in
            [">", "desk.*", "a,queue://Connector1", "a\ndestination:/queue/a", "", "activemq.advisory.a"]
        {
            assert_eq!(to(bad), Err(Unsendable::Name), "{bad:?}");
        }
        assert_eq!(to("ConnectorSync"), Err(Unsendable::OfConnectors));
        let embedded = Address::Embedded { topic: "desk-1".to_owned(), user: None };
        assert_eq!(topic(&post(embedded), &sync), Err(Unsendable::OtherWay));
    }
}
