//! A scripted phone as a value: it registers, calls, rings, answers by habit, holds, hangs up, talks in a tone and
//! says what it heard.
//!
//! It is driven like everything else here: `handle_sip`, `handle_rtp`, `handle_timeout` say what happened, verbs such
//! as [`Phone::place`] say what its user does, and after each the owner drains [`Phone::poll_output`] and asks
//! [`Phone::poll_timeout`] when to come back. The simulator does so in virtual time, the demo with real sockets.
//!
//! A carrier is a phone too: it does not register, has many lines, and may ask whoever calls it for a password.

mod line;
mod registration;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use cordial_sip::message::{Message, Method, Name, Response};
use cordial_sip::sdp::Session;
use cordial_sip::{
    Account, AccountId, ClientCredentials, Config, DialogId, Event, Flow, Invite, Listener, ListenerId, Peer,
    PeerId, PeerTarget, Secret, Target, Timestamp, Transport, UserAgent, digest,
};

use crate::chance::Chance;
use line::{Line, Phase};
use registration::{Identity, Outcome, Registration};

pub use line::Heard;

/// Names one call at a phone; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineId(pub u64);

/// What a phone is told once.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    /// User part of its address, and digest user name.
    pub number: String,
    /// The tenant's SIP domain.
    pub domain: String,
    /// For registration and calls, when it is asked for.
    pub password: String,
    /// Its own SIP address.
    pub sip: SocketAddr,
    /// Where Cordial is.
    pub server: SocketAddr,
    /// Calls at once; one more is answered 486. Line n takes RTP at `rtp_port` + 2n.
    pub lines: u16,
    /// RTP port of the first line, on the IP address of `sip`.
    pub rtp_port: u16,
    /// The tone it talks in; a phone without one sends no audio at all.
    pub tone_hz: Option<f64>,
    /// Lifetime asked for when registering. Seconds.
    pub expires_s: u32,
    /// Whoever calls it must prove to be this user (a carrier that asks for digest).
    pub challenges: Option<(String, String)>,
}

/// What the user of a phone does when it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Answers after a while.
    Answer {
        /// Milliseconds.
        after_ms: u64,
    },
    /// Refuses after a while: 486 busy, 603 decline, or any other final code.
    Reject {
        /// 400 to 699.
        code: u16,
        /// Milliseconds.
        after_ms: u64,
    },
    /// Lets it ring.
    Ignore,
    /// Plays audio before the answer (183), then answers.
    EarlyMedia {
        /// Milliseconds until the answer.
        after_ms: u64,
    },
}

/// A call to place.
#[derive(Clone, Debug, Default)]
pub struct Placing {
    /// Whom.
    pub to: String,
    /// Who calls, if not the phone's own number (a carrier calls for many).
    pub from: Option<String>,
    /// Gives up when not answered after so long. Milliseconds.
    pub give_up_after_ms: Option<u64>,
    /// Hangs up so long after the answer. Milliseconds.
    pub hang_up_after_ms: Option<u64>,
}

/// What happened at a phone, for its owner.
#[derive(Clone, Debug, PartialEq)]
pub enum PhoneEvent {
    /// The binding holds.
    Registered,
    /// The binding is taken back.
    Unregistered,
    /// REGISTER was refused.
    RegistrationRefused {
        /// The final code.
        code: u16,
    },
    /// It rings.
    Ringing {
        /// The call.
        line: LineId,
        /// User part of From.
        caller: String,
    },
    /// The call it placed makes progress.
    Progress {
        /// The call.
        line: LineId,
        /// 180, 183, ...
        code: u16,
    },
    /// A call is answered, by either side.
    Answered {
        /// The call.
        line: LineId,
    },
    /// A call it placed came to nothing.
    Failed {
        /// The call.
        line: LineId,
        /// The final code.
        code: u16,
    },
    /// A call is over.
    Cleared {
        /// The call.
        line: LineId,
        /// Whether its own user ended it.
        by_user: bool,
        /// What was heard in it.
        heard: Heard,
    },
}

/// Something for the owner to do.
#[derive(Clone, Debug, PartialEq)]
pub enum PhoneOutput {
    /// Send from the phone's SIP socket.
    Sip {
        /// Where to.
        to: SocketAddr,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Send from an RTP socket.
    Rtp {
        /// Which.
        local_port: u16,
        /// Where to.
        to: SocketAddr,
        /// The packet.
        bytes: Vec<u8>,
    },
    /// Something happened.
    Event(PhoneEvent),
}

/// What the user has planned.
#[derive(Clone, Copy, Debug)]
enum Chore {
    Answer,
    Reject(u16),
    GiveUp,
    HangUp,
}

/// See the module's first lines.
pub struct Phone {
    config: PhoneConfig,
    chance: Chance,
    agent: UserAgent,
    /// Whether it asks now and then if the far end of a call is still there.
    asks: bool,
    registration: Registration,
    habit: Habit,
    /// After a call that rang here was answered, its user hangs up so much later. Milliseconds.
    hang_up_after_ms: Option<u64>,
    lines: BTreeMap<LineId, Line>,
    placed: u64,
    /// What its lamp says, once it was told.
    lamp: Option<bool>,
    plans: BTreeMap<(Timestamp, u64), (LineId, Chore)>,
    planned: u64,
    outputs: VecDeque<PhoneOutput>,
}

const SERVER: PeerId = PeerId(0);
/// Desk phones stop ringing by themselves. Milliseconds.
const RING_MS_MAX: u64 = 180_000;

impl Phone {
    /// A phone that is switched on and does nothing yet.
    pub fn new(config: PhoneConfig, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let agent = user_agent(&config, true, chance.number());
        let identity = Identity {
            user: config.number.clone(),
            domain: config.domain.clone(),
            password: config.password.clone(),
            contact: config.sip,
            expires_s: config.expires_s,
        };
        Self {
            registration: Registration::new(identity, chance.branch()),
            agent,
            asks: true,
            chance,
            config,
            habit: Habit::Ignore,
            hang_up_after_ms: None,
            lines: BTreeMap::new(),
            placed: 0,
            lamp: None,
            plans: BTreeMap::new(),
            planned: 0,
            outputs: VecDeque::new(),
        }
    }

    /// What it was told.
    pub const fn config(&self) -> &PhoneConfig {
        &self.config
    }

    /// The same phone, before its first call, that never asks whether a far end is still there: only the session timer
    /// tells it.
    #[must_use]
    pub fn unasking(mut self) -> Self {
        self.asks = false;
        self.agent = user_agent(&self.config, false, self.chance.number());
        self
    }

    // What its user does

    /// What the user does with calls that ring from now on, and how long he talks then. Milliseconds.
    pub fn set_habit(&mut self, habit: Habit, hang_up_after_ms: Option<u64>) {
        self.habit = habit;
        self.hang_up_after_ms = hang_up_after_ms;
    }

    /// Registers, and goes on refreshing.
    pub fn register(&mut self, now: Timestamp) {
        let bytes = self.registration.begin(now, true);
        self.send_to_server(bytes);
    }

    /// Takes the registration back.
    pub fn unregister(&mut self, now: Timestamp) {
        let bytes = self.registration.begin(now, false);
        self.send_to_server(bytes);
    }

    /// Loses power: every call and the registration are forgotten without a word.
    pub fn lose_power(&mut self) {
        self.agent = user_agent(&self.config, self.asks, self.chance.number());
        self.registration.forget();
        self.lines.clear();
        self.lamp = None;
        self.plans.clear();
        self.outputs.clear();
    }

    /// Places a call; nothing when all lines are taken.
    pub fn place(&mut self, now: Timestamp, placing: Placing) -> Option<LineId> {
        let slot = self.free_slot()?;
        let mut line = Line::new(&self.config, slot, self.placed + 1, Phase::Dialling, self.chance.number());
        let invite = Invite {
            target: Target::Peer { id: SERVER, user: placing.to.clone() },
            from_user: placing.from.unwrap_or_else(|| self.config.number.clone()),
            from_name: None,
            to_user: placing.to,
            headers: Vec::new(),
            body: line.offer(),
        };
        line.dialog = self.agent.invite(now, invite);
        line.hang_up_after_ms = placing.hang_up_after_ms;
        let id = self.add(line);
        if let Some(after_ms) = placing.give_up_after_ms {
            self.plan(now + after_ms, id, Chore::GiveUp);
        }
        self.settle(now);
        Some(id)
    }

    /// Answers a ringing call; one that does not ring stays as it is.
    pub fn answer(&mut self, now: Timestamp, id: LineId) {
        let Some(line) = self.lines.get_mut(&id).filter(|line| line.phase == Phase::Ringing) else {
            return;
        };
        match line.answer_body() {
            Some(body) => self.agent.answer(now, line.dialog, body),
            None => return self.reject(now, id, 488),
        }
        line.begin_talking(now);
        self.talking(now, id);
        self.settle(now);
    }

    /// Refuses a ringing call.
    pub fn reject(&mut self, now: Timestamp, id: LineId, code: u16) {
        let Some(line) = self.lines.get(&id).filter(|line| line.phase == Phase::Ringing) else {
            return;
        };
        self.agent.reject(now, line.dialog, code, "Refused", &[]);
        self.end(id, true);
        self.settle(now);
    }

    /// Hangs up, or gives up, or refuses: whatever fits.
    pub fn hang_up(&mut self, now: Timestamp, id: LineId) {
        let Some(line) = self.lines.get(&id) else { return };
        if line.phase == Phase::Ringing {
            return self.reject(now, id, 603);
        }
        self.agent.clear(now, line.dialog, None);
        self.end(id, true);
        self.settle(now);
    }

    /// Holds or retrieves the far end by re-INVITE.
    pub fn hold(&mut self, now: Timestamp, id: LineId, held: bool) {
        let Some(line) = self.lines.get_mut(&id).filter(|line| line.phase == Phase::Talking) else {
            return;
        };
        let body = line.hold(held);
        // An offer of the far end that is still open comes first: the user presses the key again.
        self.agent.reoffer(now, line.dialog, body).ok();
        self.settle(now);
    }

    /// Presses keys in a call.
    pub fn press(&mut self, id: LineId, digits: &[cordial_media::Digit]) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.press(digits);
        }
    }

    // What happened

    /// A datagram came to the SIP socket.
    pub fn handle_sip(&mut self, now: Timestamp, from: SocketAddr, bytes: &[u8]) {
        if let Ok(Message::Response(response)) = Message::parse(bytes)
            && response.headers.get(&Name::CSeq).is_some_and(|cseq| cseq.ends_with("REGISTER"))
        {
            let (outcome, more) = self.registration.handle_response(now, &response);
            if let Some(bytes) = more {
                self.send_to_server(bytes);
            }
            if let Some(outcome) = outcome {
                self.tell(match outcome {
                    Outcome::Registered => PhoneEvent::Registered,
                    Outcome::Unregistered => PhoneEvent::Unregistered,
                    Outcome::Refused(code) => PhoneEvent::RegistrationRefused { code },
                });
            }
            return;
        }
        if let Ok(Message::Request(request)) = Message::parse(bytes)
            && request.method == Method::Notify
        {
            let summary = String::from_utf8_lossy(&request.body);
            self.lamp = Some(summary.starts_with("Messages-Waiting: yes"));
            let bytes = Response::to_request(&request, 200, Some("lamp")).to_bytes();
            return self.outputs.push_back(PhoneOutput::Sip { to: from, bytes });
        }
        self.agent.handle_datagram(now, Flow::udp(ListenerId(0), from), bytes);
        self.settle(now);
    }

    /// A datagram came to an RTP socket.
    pub fn handle_rtp(&mut self, now: Timestamp, local_port: u16, bytes: &[u8]) {
        if let Some(line) = self.lines.values_mut().find(|line| line.local_port() == local_port) {
            line.hear(now, bytes);
        }
    }

    /// The time named by [`Phone::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if let Some(bytes) = self.registration.handle_timeout(now) {
            self.send_to_server(bytes);
        }
        if self.agent.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.agent.handle_timeout(now);
        }
        while let Some(entry) = self.plans.first_entry().filter(|entry| entry.key().0 <= now) {
            let (line, chore) = entry.remove();
            self.do_chore(now, line, chore);
        }
        for line in self.lines.values_mut() {
            while let Some((to, bytes)) = line.packet_due(now) {
                self.outputs.push_back(PhoneOutput::Rtp { local_port: line.local_port(), to, bytes });
            }
        }
        self.settle(now);
    }

    // What to do

    /// When to call `handle_timeout`.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let plan = self.plans.keys().next().map(|(at, _)| *at);
        let packet = self.lines.values().filter_map(Line::next_packet_at).min();
        let agent = self.agent.poll_timeout().map(|(at, _)| at);
        [plan, packet, agent, self.registration.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<PhoneOutput> {
        self.outputs.pop_front()
    }

    /// The calls there are, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = LineId> {
        self.lines.keys().copied()
    }

    /// The calls that ring here.
    pub fn ringing(&self) -> impl Iterator<Item = LineId> {
        self.lines.iter().filter(|(_, line)| line.phase == Phase::Ringing).map(|(id, _)| *id)
    }

    /// Whether the lamp that tells of messages is lit; `None` before anything was said of it.
    pub const fn lamp(&self) -> Option<bool> {
        self.lamp
    }

    /// Whether a call is answered.
    pub fn is_talking(&self, id: LineId) -> bool {
        self.lines.get(&id).is_some_and(|line| line.phase == Phase::Talking)
    }

    /// What a call's user hears so far.
    pub fn heard(&self, id: LineId) -> Heard {
        self.lines.get(&id).map(Line::heard).unwrap_or_default()
    }

    // Inside

    fn settle(&mut self, now: Timestamp) {
        while let Some(event) = self.agent.poll_event() {
            self.agent_event(now, event);
        }
        while let Some(transmit) = self.agent.poll_transmit() {
            self.outputs.push_back(PhoneOutput::Sip { to: transmit.flow.remote, bytes: transmit.bytes });
        }
    }

    fn agent_event(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Incoming { dialog, from_user, body, .. } => {
                self.rings(now, dialog, from_user, body.as_deref());
            }
            Event::Progress { dialog, code, body } => {
                let Some((id, line)) = self.line_mut(dialog) else {
                    return;
                };
                if let Some(body) = body {
                    line.take_answer(&body);
                }
                self.tell(PhoneEvent::Progress { line: id, code });
            }
            Event::Answered { dialog, body } => {
                let Some((id, line)) = self.line_mut(dialog) else {
                    return;
                };
                line.take_answer(&body);
                line.begin_talking(now);
                self.talking(now, id);
            }
            Event::Failed { dialog, code, .. } => {
                let Some((id, _)) = self.line_mut(dialog) else {
                    return;
                };
                self.lines.remove(&id);
                self.tell(PhoneEvent::Failed { line: id, code });
            }
            Event::Confirmed { dialog, body } => {
                if let Some((_, line)) = self.line_mut(dialog)
                    && let Some(body) = body
                {
                    line.take_answer(&body);
                }
            }
            Event::ReofferAnswered { dialog, body } => {
                if let Some((_, line)) = self.line_mut(dialog) {
                    line.take_answer(&body);
                }
            }
            Event::Reoffered { dialog, body } => {
                let answer = self.line_mut(dialog).and_then(|(_, line)| match body {
                    Some(body) => line.answer_offer(&Session::parse(&body).ok()?),
                    None => Some(line.offer()),
                });
                match answer {
                    Some(answer) => self.agent.answer_reoffer(now, dialog, answer),
                    None => self.agent.reject_reoffer(now, dialog, 488),
                }
            }
            // A phone's user is led nowhere by the house.
            Event::Referred { dialog, .. } => self.agent.answer_refer(now, dialog, 603),
            Event::Cleared { dialog, .. } => {
                if let Some((id, _)) = self.line_mut(dialog) {
                    self.end(id, false);
                }
            }
            Event::BindingsChanged { .. }
            | Event::ReofferFailed { .. }
            | Event::Dtmf { .. }
            | Event::StreamBroken { .. } => {}
        }
    }

    fn rings(&mut self, now: Timestamp, dialog: DialogId, caller: String, body: Option<&[u8]>) {
        let Some(slot) = self.free_slot() else {
            return self.agent.reject(now, dialog, 486, "Busy Here", &[]);
        };
        let Ok(offer) = body.map(Session::parse).transpose() else {
            return self.agent.reject(now, dialog, 488, "Not Acceptable Here", &[]);
        };
        let mut line = Line::new(&self.config, slot, self.placed + 1, Phase::Ringing, self.chance.number());
        (line.dialog, line.offered, line.hang_up_after_ms) = (dialog, offer, self.hang_up_after_ms);
        let early = matches!(self.habit, Habit::EarlyMedia { .. }).then(|| line.answer_body()).flatten();
        let code = if early.is_some() { 183 } else { 180 };
        if early.is_some() {
            line.begin_sending(now);
        }
        self.agent.ring(now, dialog, code, early);
        let id = self.add(line);
        match self.habit {
            Habit::Answer { after_ms } | Habit::EarlyMedia { after_ms } => {
                self.plan(now + after_ms, id, Chore::Answer);
            }
            Habit::Reject { code, after_ms } => self.plan(now + after_ms, id, Chore::Reject(code)),
            Habit::Ignore => {}
        }
        self.plan(now + RING_MS_MAX, id, Chore::Reject(480));
        self.tell(PhoneEvent::Ringing { line: id, caller });
    }

    fn talking(&mut self, now: Timestamp, id: LineId) {
        if let Some(after_ms) = self.lines.get(&id).and_then(|line| line.hang_up_after_ms) {
            self.plan(now + after_ms, id, Chore::HangUp);
        }
        self.tell(PhoneEvent::Answered { line: id });
    }

    fn do_chore(&mut self, now: Timestamp, id: LineId, chore: Chore) {
        let phase = self.lines.get(&id).map(|line| line.phase);
        match chore {
            Chore::Answer => self.answer(now, id),
            Chore::Reject(code) => self.reject(now, id, code),
            Chore::GiveUp if phase == Some(Phase::Dialling) => self.hang_up(now, id),
            Chore::GiveUp => {}
            Chore::HangUp => self.hang_up(now, id),
        }
    }

    fn end(&mut self, id: LineId, by_user: bool) {
        if let Some(line) = self.lines.remove(&id) {
            self.tell(PhoneEvent::Cleared { line: id, by_user, heard: line.heard() });
        }
    }

    fn add(&mut self, line: Line) -> LineId {
        self.placed += 1;
        let id = LineId(self.placed);
        self.lines.insert(id, line);
        id
    }

    fn free_slot(&self) -> Option<u16> {
        (0..self.config.lines).find(|slot| self.lines.values().all(|line| line.slot != *slot))
    }

    fn line_mut(&mut self, dialog: DialogId) -> Option<(LineId, &mut Line)> {
        self.lines.iter_mut().find(|(_, line)| line.dialog == dialog).map(|(id, line)| (*id, line))
    }

    fn plan(&mut self, at: Timestamp, line: LineId, chore: Chore) {
        self.planned += 1;
        self.plans.insert((at, self.planned), (line, chore));
    }

    fn send_to_server(&mut self, bytes: Vec<u8>) {
        self.outputs.push_back(PhoneOutput::Sip { to: self.config.server, bytes });
    }

    fn tell(&mut self, event: PhoneEvent) {
        self.outputs.push_back(PhoneOutput::Event(event));
    }
}

/// A user agent that knows one peer: Cordial.
fn user_agent(config: &PhoneConfig, asks: bool, seed: u64) -> UserAgent {
    let listener = Listener {
        id: ListenerId(0),
        transport: Transport::Udp,
        host: config.sip.ip().to_string(),
        port: config.sip.port(),
        realm: None,
    };
    let mut settings = Config::new(vec![listener], config.domain.clone());
    settings.user_agent = "Cordial test phone".to_owned();
    if !asks {
        settings.dialog_ping_ms = 0;
    }
    let mut agent = UserAgent::new(settings, seed);
    let inbound = config.challenges.as_ref().map(|(username, password)| {
        let (id, realm) = (AccountId(1), config.domain.clone());
        agent.set_account(Account {
            id,
            username: username.clone(),
            ha1_md5: Some(digest::ha1_md5(username, &realm, password)),
            ha1_sha256: Some(digest::ha1_sha256(username, &realm, password)),
            realm,
            may_register: false,
            contacts_max: 0,
        });
        id
    });
    agent.set_peer(Peer {
        id: SERVER,
        addresses: vec![(config.server.ip(), Some(config.server.port()))],
        inbound,
        outbound: Some(ClientCredentials {
            username: config.number.clone(),
            realm: None,
            secret: Secret::Password(config.password.clone()),
        }),
        target: Some(PeerTarget {
            flow: Flow::udp(ListenerId(0), config.server),
            host: config.domain.clone(),
            from_host: Some(config.domain.clone()),
        }),
    });
    agent
}
