//! Numbers for Prometheus. Counters are kept where things happen; what is a picture of now (calls, waiting, offers)
//! is read from the node when somebody asks.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use cordial_engine::outbound::{NotOut, OutboundLimit};
use cordial_engine::{Engine, Event, Fact, Now};
use cordial_sip::Transport;
use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::handle::Handle;
use crate::health::Health;

/// The process's one recorder: the counters of several servers in one process (tests) are added up.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Renders the numbers; cheap to clone.
#[derive(Clone)]
pub struct Meters {
    handle: Handle,
    health: Health,
}

impl Meters {
    pub(crate) fn new(handle: Handle, health: Health) -> Self {
        Self { handle, health }
    }

    /// The text that Prometheus reads. When the node cannot be asked, the counters alone.
    pub async fn render(&self) -> String {
        let mut text = RECORDER.get().map(PrometheusHandle::render).unwrap_or_default();
        if let Ok(picture) = self.handle.read(picture).await {
            text.push_str(&picture);
        }
        put_gauge(
            &mut text,
            "cordial_event_streams",
            "Event streams that are open.",
            &[("", self.handle.open_streams())],
        );
        put_gauge(
            &mut text,
            "cordial_journal_behind_seconds",
            "Age of the oldest event that is not on disk.",
            &[("", seconds(self.health.behind_ms()))],
        );
        text
    }
}

/// Begins to count.
pub(crate) fn start() {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0])
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of numbers is installed: /metrics lacks the counters");
        }
        describe();
        handle
    });
}

fn describe() {
    describe_counter!("cordial_sip_messages_total", "SIP messages by direction and kind.");
    describe_gauge!("cordial_sip_connections", "SIP connections that are open.");
    describe_counter!("cordial_sip_connections_total", "SIP connections that were opened.");
    describe_counter!("cordial_sip_connections_refused_total", "SIP connections beyond what is let in.");
    describe_counter!("cordial_http_connections_refused_total", "HTTP connections beyond what is let in.");
    describe_counter!(
        "cordial_sip_shed_total",
        "SIP datagrams of strangers beyond their rate, dropped unread."
    );
    describe_counter!("cordial_events_total", "Durable events.");
    describe_counter!(
        "cordial_outbound_refused_total",
        "Calls not let out, by why; of a flood at most 60 a minute and tenant are counted."
    );
    describe_counter!("cordial_rtp_packets_total", "RTP and RTCP packets by direction.");
    describe_counter!("cordial_rtp_lost_total", "RTP packets that never came, told when a port closes.");
    describe_counter!(
        "cordial_rtp_dropped_foreign_total",
        "RTP packets of strangers, told when a port closes."
    );
    describe_counter!("cordial_recordings_failed_total", "Recordings that are incomplete.");
    describe_counter!(
        "cordial_recording_pieces_dropped_total",
        "Pieces of recordings that the disk was too slow for."
    );
    describe_gauge!("cordial_connector_broker_up", "Whether the connector's broker of the site is there.");
    describe_counter!("cordial_connector_broker_connects_total", "How often it was found.");
    describe_counter!("cordial_connector_broker_heard_total", "Requests that came by it.");
    describe_counter!(
        "cordial_connector_broker_refused_total",
        "Messages that came by it and are no requests."
    );
    describe_counter!("cordial_connector_broker_told_total", "Messages that were sent to it.");
    describe_counter!(
        "cordial_connector_broker_dropped_total",
        "Messages that could not be sent to it, by why: it was down, or the address was none."
    );
    describe_counter!("cordial_connector_callbacks_total", "Messages that clients were told by HTTP.");
    describe_counter!(
        "cordial_connector_callbacks_dropped_total",
        "Messages that clients were not told by HTTP, by why: the call failed, it was too slow, or there were too many."
    );
    describe_histogram!("cordial_journal_commit_seconds", "Time from deciding an event until it is on disk.");
}

/// Counts SIP messages of one direction by what their first word says. Words of strangers never become labels. A
/// counter is looked up by its labels once: to do so for each message cost as much as sending it.
pub(crate) struct SipCounters {
    direction: &'static str,
    by_kind: BTreeMap<&'static str, Counter>,
}

impl SipCounters {
    /// Has counted nothing; `direction` is `in` or `out`.
    pub(crate) const fn new(direction: &'static str) -> Self {
        Self { direction, by_kind: BTreeMap::new() }
    }

    /// Counts one.
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        let kind = sip_kind(bytes);
        let counter = self.by_kind.entry(kind).or_insert_with(
            || counter!("cordial_sip_messages_total", "direction" => self.direction, "kind" => kind),
        );
        counter.increment(1);
    }
}

/// Notes how many datagrams were dropped unread since the start.
pub(crate) fn sip_shed(total: u64) {
    counter!("cordial_sip_shed_total").absolute(total);
}

fn sip_kind(bytes: &[u8]) -> &'static str {
    const METHODS: &[&str] = &[
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    ];
    const CLASSES: &[&str] = &["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];
    if let Some(code) = bytes.strip_prefix(b"SIP/2.0 ") {
        let class = code.first().and_then(|digit| CLASSES.get(usize::from(digit.wrapping_sub(b'1'))));
        return class.copied().unwrap_or("other");
    }
    let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    if word.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return "keep-alive";
    }
    METHODS.iter().find(|method| method.as_bytes() == word).copied().unwrap_or("other")
}

/// Counts a connection as long as what is given is held.
pub(crate) fn connection_opened(transport: Transport) -> OpenConnection {
    counter!("cordial_sip_connections_total", "transport" => transport_label(transport)).increment(1);
    gauge!("cordial_sip_connections", "transport" => transport_label(transport)).increment(1.0);
    OpenConnection(transport)
}

/// Counts a connection that was not let in.
pub(crate) fn connection_refused(transport: Transport) {
    counter!("cordial_sip_connections_refused_total", "transport" => transport_label(transport)).increment(1);
}

/// Counts an HTTP connection that was not let in.
pub(crate) fn http_refused() {
    counter!("cordial_http_connections_refused_total").increment(1);
}

/// One open connection in the numbers.
pub(crate) struct OpenConnection(Transport);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!("cordial_sip_connections", "transport" => transport_label(self.0)).decrement(1.0);
    }
}

const fn transport_label(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
        Transport::Ws => "ws",
    }
}

/// Notes whether the connector's broker of the site is there, and counts how often it was found.
pub(crate) fn link_up(up: bool) {
    gauge!("cordial_connector_broker_up").set(if up { 1.0 } else { 0.0 });
    counter!("cordial_connector_broker_connects_total").increment(u64::from(up));
}

/// Counts a request that came by it.
pub(crate) fn link_heard() {
    counter!("cordial_connector_broker_heard_total").increment(1);
}

/// Counts a message that came by it and is no request.
pub(crate) fn link_refused() {
    counter!("cordial_connector_broker_refused_total").increment(1);
}

/// Counts a message that was sent to it.
pub(crate) fn link_told() {
    counter!("cordial_connector_broker_told_total").increment(1);
}

/// Counts a message that could not be sent to it.
pub(crate) fn link_dropped(why: &'static str) {
    counter!("cordial_connector_broker_dropped_total", "why" => why).increment(1);
}

/// Counts a message that a client was told by HTTP.
pub(crate) fn callback_told() {
    counter!("cordial_connector_callbacks_total").increment(1);
}

/// Counts a message that a client was not told by HTTP.
pub(crate) fn callback_dropped(why: &'static str) {
    counter!("cordial_connector_callbacks_dropped_total", "why" => why).increment(1);
}

/// Counts a durable event.
pub(crate) fn event(event: &Event) {
    counter!("cordial_events_total").increment(1);
    if let Fact::OutboundRefused { why, .. } = &event.fact {
        counter!("cordial_outbound_refused_total", "why" => why_not_out(*why)).increment(1);
    }
}

const fn why_not_out(why: NotOut) -> &'static str {
    match why {
        NotOut::Denied => "denied",
        NotOut::LedOutAgain => "led_out_again",
        NotOut::Limit(OutboundLimit::Calls) => "calls",
        NotOut::Limit(OutboundLimit::CallsPerDevice) => "calls_per_device",
        NotOut::Limit(OutboundLimit::CallsPerMinute) => "calls_per_minute",
        NotOut::Limit(OutboundLimit::MinutesPerDay) => "minutes_per_day",
    }
}

/// Notes how long batches took from their decision until they were on disk.
pub(crate) fn journal_commits() -> Histogram {
    histogram!("cordial_journal_commit_seconds")
}

/// What is so now, over all tenants.
fn picture(engine: &Engine, now: Now) -> String {
    let (mut calls, mut legs, mut offers) = (0, 0, 0);
    let mut queues = Vec::new();
    let (mut calls_out, mut talked_out) = (Vec::new(), Vec::new());
    let mut devices = [("unregistered", 0), ("idle", 0), ("busy", 0)];
    for tenant in engine.tenants() {
        let live = engine.calls(tenant.id);
        calls += live.len();
        legs += live.iter().map(|call| call.legs.len()).sum::<usize>();
        offers += engine.offers(tenant.id).len();
        let outbound = engine.outbound(tenant.id, now);
        if let Some(outbound) = outbound {
            let labels = format!("{{tenant=\"{}\"}}", label(tenant.name.as_str()));
            calls_out.push((labels.clone(), outbound.calls));
            talked_out.push((labels, seconds(outbound.talked_today_ms)));
        }
        for queue in engine.queues(tenant.id, now.at) {
            let labels = format!(
                "{{tenant=\"{}\",queue=\"{}\"}}",
                label(tenant.name.as_str()),
                label(queue.entry.name.as_str())
            );
            queues.push((labels, queue));
        }
        for device in engine.devices(tenant.id) {
            devices[device_index(device.state)].1 += 1;
        }
    }
    let mut text = String::new();
    put_gauge(&mut text, "cordial_calls", "Calls in progress.", &[("", calls)]);
    put_gauge(&mut text, "cordial_legs", "Legs of calls in progress.", &[("", legs)]);
    put_gauge(&mut text, "cordial_offers", "Offers that are live.", &[("", offers)]);
    put_gauge(&mut text, "cordial_outbound_calls", "Calls out in progress.", &calls_out);
    put_gauge(&mut text, "cordial_outbound_talked_today_seconds", "Talked out today (UTC).", &talked_out);
    let devices = devices.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count));
    put_gauge(&mut text, "cordial_devices", "Devices by state.", &devices);
    let of = |pick: fn(&cordial_engine::view::QueueView) -> usize| -> Vec<(String, usize)> {
        queues.iter().map(|(labels, queue)| (labels.clone(), pick(queue))).collect()
    };
    put_gauge(&mut text, "cordial_queue_waiting", "Calls waiting.", &of(|queue| queue.waiting));
    put_gauge(
        &mut text,
        "cordial_queue_agents_eligible",
        "Agents who could take a call now.",
        &of(|queue| queue.eligible),
    );
    let waits: Vec<_> =
        queues.iter().map(|(labels, queue)| (labels.clone(), seconds(queue.longest_wait_ms))).collect();
    put_gauge(&mut text, "cordial_queue_longest_wait_seconds", "The wait of the first in line.", &waits);
    text
}

const fn device_index(state: cordial_engine::agent::DeviceState) -> usize {
    use cordial_engine::agent::DeviceState;
    match state {
        DeviceState::Unregistered => 0,
        DeviceState::Idle => 1,
        DeviceState::Busy => 2,
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn put_gauge<L: std::fmt::Display, V: std::fmt::Display>(
    text: &mut String,
    name: &str,
    help: &str,
    values: &[(L, V)],
) {
    // Writing into a String cannot fail.
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge").ok();
    for (labels, value) in values {
        writeln!(text, "{name}{labels} {value}").ok();
    }
}

/// A label's value; names are given by people.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn strangers_cannot_make_labels() {
        let kinds: Vec<_> = [
            &b"INVITE sip:a SIP/2.0\r\n"[..],
            b"SIP/2.0 200 OK\r\n",
            b"SIP/2.0 486 Busy Here\r\n",
            b"SIP/2.0 x\r\n",
            b"SIP/2.0 ",
            b"EVIL-1 sip:a SIP/2.0\r\n",
            b"\r\n\r\n",
            b"\xff\xfe",
            b"",
        ]
        .iter()
        .map(|bytes| sip_kind(bytes))
        .collect();
        let right = ["INVITE", "2xx", "4xx", "other", "other", "other", "keep-alive", "other", "keep-alive"];
        assert_eq!(kinds, right);
    }

    #[test]
    fn the_time_until_an_event_is_durable_is_recorded() {
        start();
        journal_commits().record(Duration::from_millis(3));
        let text = RECORDER.get().unwrap().render();
        assert!(text.lines().any(|line| line.starts_with("cordial_journal_commit_seconds_count ")), "{text}");
    }

    #[test]
    fn names_of_people_are_escaped_in_labels() {
        assert_eq!(label("say \"hi\" \\ bye\n"), "say \\\"hi\\\" \\\\ bye ");
    }
}
