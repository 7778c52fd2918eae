//! The back-to-back user agent: SIP events into reports, actions into SIP (RFC 7092, a media-terminating B2BUA).
//!
//! The engine knows legs, SIP knows dialogs. A leg that arrived has one dialog; a leg that we dialled has one per
//! binding of the device until the first of them answers. The engine forgets a leg when it says `Clear`; what the
//! network still says of it afterwards finds no leg here and ends here.

use cordial_engine::call::Cause;
use cordial_engine::entry::Name;
use cordial_engine::id::LegId;
use cordial_engine::text::Number;
use cordial_engine::{Action, Answer, Endpoint, Now, Report};
use cordial_media::PlayId;
use cordial_sip::sdp::{SdpError, Session};
use cordial_sip::{DialogId, Event, Invite, Origin, PeerId, Target};

use crate::audio::Port;
use crate::cause;
use crate::directory;
use crate::node::{Admission, Node, Output, media_time, sip_time};

/// Bindings of one device that are rung at once. The others are not rung.
const FORKS_MAX: usize = 4;
/// Dialogs of one leg longer than this are not saved, so they are not ended after a crash. Bytes.
const SAVED_MAX: usize = 4_096;
/// Seconds after which a caller who is not let in may come again.
const RETRY_AFTER: [(&str, &str); 1] = [("Retry-After", "5")];

/// A leg with its dialogs.
pub(crate) struct Leg {
    side: Side,
    pub(crate) port: Option<Port>,
    /// Whom it talks to, by the engine's word.
    pub(crate) bridged: Option<LegId>,
    /// What it was given to hear last.
    pub(crate) play: Option<PlayId>,
    /// When its next digit by INFO is passed on. Milliseconds.
    pub(crate) next_digit: u64,
}

impl Leg {
    const fn new(side: Side) -> Self {
        Self { side, port: None, bridged: None, play: None, next_digit: 0 }
    }
}

enum Side {
    /// It arrived and we have not answered; `offer` is absent when theirs comes with the ACK.
    Arrived { dialog: DialogId, offer: Option<Session> },
    /// We dialled; the first fork to answer is the leg. What ends them after a crash is saved when the first rings.
    Dialled { forks: Vec<DialogId>, saved: bool },
    /// Answered, either way.
    Answered { dialog: DialogId },
}

struct Arrival {
    dialog: DialogId,
    from: Origin,
    dialled: String,
    caller: String,
    caller_name: Option<String>,
    body: Option<Vec<u8>>,
}

impl Node {
    // What SIP tells

    pub(crate) fn sip_event(&mut self, now: Now, event: Event) {
        match event {
            Event::BindingsChanged { account, bindings } => {
                let Endpoint::Device(device) = directory::endpoint(Origin::Account(account)) else {
                    return;
                };
                let report = if bindings.is_empty() {
                    Report::DeviceUnregistered { device }
                } else {
                    Report::DeviceRegistered { device }
                };
                self.push(Output::Bindings { device, bindings });
                self.report(now, report);
            }
            // A call that takes the place of another is none of its own.
            Event::Incoming { dialog, replaces: Some(_), .. } => {
                self.agent.reject(sip_time(now), dialog, 501, "Not Implemented", &[]);
            }
            Event::Incoming { dialog, from, request_user, from_user, from_name, body, .. } => {
                let (dialled, caller, caller_name) = (request_user, from_user, from_name);
                self.arrive(now, &Arrival { dialog, from, dialled, caller, caller_name, body });
            }
            Event::Progress { dialog, code, body } => self.progress(now, dialog, code, body.as_deref()),
            Event::Answered { dialog, body } => self.answered(now, dialog, &body),
            Event::Failed { dialog, code, .. } => self.failed(now, dialog, code),
            Event::Confirmed { dialog, body } => self.confirmed(now, dialog, body.as_deref()),
            Event::Reoffered { dialog, body } => self.reoffered(now, dialog, body.as_deref()),
            Event::ReofferAnswered { dialog, body } => {
                if let Some(leg) = self.by_dialog.get(&dialog).copied() {
                    let was_held = self.is_held(leg);
                    // An answer that does not fit changes nothing: what was agreed before holds on.
                    self.take_answer(leg, &body).ok();
                    self.note_hold(now, leg, was_held);
                }
            }
            Event::StreamBroken { stream, .. } => self.push(Output::CloseStream(stream)),
            Event::Dtmf { dialog, digit, .. } => {
                if let Some(leg) = self.by_dialog.get(&dialog).copied() {
                    self.pass_digit(now, leg, digit);
                    self.tell_digit(now, leg, digit);
                }
            }
            Event::Referred { dialog, to, replaces } => self.referred(now, dialog, &to, replaces),
            Event::ReofferFailed { .. } => {}
            Event::Cleared { dialog, cause, .. } => {
                if let Some(leg) = self.forget_dialog(dialog) {
                    self.drop_leg(now, leg, None);
                    self.report(now, Report::LegCleared { leg, cause: cause::from_clear(cause) });
                }
            }
        }
    }

    fn arrive(&mut self, now: Now, arrival: &Arrival) {
        let dialog = arrival.dialog;
        if self.admission != Admission::Open || !self.pool.has_room(media_time(now)) {
            return self.agent.reject(sip_time(now), dialog, 503, "Service Unavailable", &RETRY_AFTER);
        }
        let Ok(offer) = arrival.body.as_deref().map(Session::parse).transpose() else {
            return self.agent.reject(sip_time(now), dialog, 488, "Not Acceptable Here", &[]);
        };
        let Ok(dialled) = Number::parse(&arrival.dialled) else {
            return self.agent.reject(sip_time(now), dialog, 404, "Not Found", &[]);
        };
        let report = Report::LegArrived {
            from: directory::endpoint(arrival.from),
            caller: Number::parse(&arrival.caller).ok(),
            caller_name: name(arrival.caller_name.as_deref().unwrap_or_default()),
            dialled,
        };
        match self.report(now, report) {
            Some(Ok(Answer::Arrived(_, leg))) => {
                self.by_dialog.insert(dialog, leg);
                self.legs.insert(leg, Leg::new(Side::Arrived { dialog, offer }));
                self.save(now, leg, dialog);
            }
            Some(Err(refusal)) => {
                let (code, phrase) = cause::refused(&refusal);
                let headers: &[_] = if code == 503 { &RETRY_AFTER } else { &[] };
                self.agent.reject(sip_time(now), dialog, code, phrase, headers);
            }
            Some(Ok(_)) | None => self.agent.reject(sip_time(now), dialog, 500, "Server Internal Error", &[]),
        }
    }

    /// A phone transfers its call by itself: to a number, or to whom it has in another call.
    fn referred(&mut self, now: Now, dialog: DialogId, to: &str, replaces: Option<DialogId>) {
        let leg_of = |dialog: &DialogId| self.by_dialog.get(dialog).copied();
        let report = match (leg_of(&dialog), replaces.map(|other| leg_of(&other)), Number::parse(to)) {
            (Some(leg), Some(Some(other)), _) => Ok(Report::LegReplaces { leg, other }),
            (Some(leg), None, Ok(to)) => Ok(Report::LegReferred { leg, to }),
            (Some(_), None, Err(_)) => Err(404),
            (None, ..) | (_, Some(None), _) => Err(481),
        };
        let code = match report.map(|report| self.report(now, report)) {
            Ok(Some(Ok(_))) => 202,
            Ok(Some(Err(refusal))) => cause::refused(&refusal).0,
            Ok(None) => 500,
            Err(code) => code,
        };
        self.agent.answer_refer(sip_time(now), dialog, code);
    }

    fn progress(&mut self, now: Now, dialog: DialogId, code: u16, body: Option<&[u8]>) {
        let Some(leg) = self.by_dialog.get(&dialog).copied() else {
            return;
        };
        if code < 180 {
            return;
        }
        // Early audio is heard from a single phone only: of several, nobody could tell whose it is.
        let alone = self
            .legs
            .get(&leg)
            .is_some_and(|leg| matches!(&leg.side, Side::Dialled { forks, .. } if forks.len() == 1));
        let early_media = alone && body.is_some_and(|body| self.take_answer(leg, body).is_ok());
        self.save_ringing(now, leg);
        self.report(now, Report::LegRinging { leg, early_media });
    }

    fn answered(&mut self, now: Now, dialog: DialogId, body: &[u8]) {
        let Some(leg) = self.by_dialog.get(&dialog).copied() else {
            return self.agent.clear(sip_time(now), dialog, None);
        };
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let side = core::mem::replace(&mut entry.side, Side::Answered { dialog });
        if let Side::Dialled { forks, .. } = side {
            for other in forks.into_iter().filter(|other| *other != dialog) {
                self.by_dialog.remove(&other);
                self.agent.clear(sip_time(now), other, cause::to_reason(Cause::AnsweredElsewhere));
            }
        }
        if self.take_answer(leg, body).is_err() {
            return self.fail_leg(now, leg, Cause::Failed(488));
        }
        self.save(now, leg, dialog);
        self.report(now, Report::LegAnswered { leg });
        self.acknowledge_when_durable(dialog);
    }

    fn failed(&mut self, now: Now, dialog: DialogId, code: u16) {
        let Some(leg) = self.by_dialog.remove(&dialog) else {
            return;
        };
        if let Some(Leg { side: Side::Dialled { forks, .. }, .. }) = self.legs.get_mut(&leg) {
            forks.retain(|fork| *fork != dialog);
            if !forks.is_empty() {
                return;
            }
        }
        self.drop_leg(now, leg, None);
        self.report(now, Report::LegCleared { leg, cause: cause::from_final(code) });
    }

    /// The ACK came, perhaps with the answer to our late offer.
    fn confirmed(&mut self, now: Now, dialog: DialogId, body: Option<&[u8]>) {
        let Some(leg) = self.by_dialog.get(&dialog).copied() else {
            return;
        };
        if let Some(body) = body
            && self.take_answer(leg, body).is_err()
        {
            self.fail_leg(now, leg, Cause::Failed(488));
        }
    }

    /// Journals what it takes to end this leg from another process: before the far end can think it answered.
    fn save(&mut self, now: Now, leg: LegId, dialog: DialogId) {
        if let Some(dialog) = self.agent.dialog_blob(dialog).filter(|blob| blob.len() <= SAVED_MAX) {
            self.report(now, Report::LegSaved { leg, dialog });
        }
    }

    /// The same for all the phones that ring for a leg.
    fn save_ringing(&mut self, now: Now, leg: LegId) {
        let Some(Leg { side: Side::Dialled { forks, saved }, .. }) = self.legs.get_mut(&leg) else {
            return;
        };
        if std::mem::replace(saved, true) {
            return;
        }
        let mut all = String::new();
        for blob in forks.iter().filter_map(|fork| self.agent.dialog_blob(*fork)) {
            if all.len() + blob.len() < SAVED_MAX {
                all = if all.is_empty() { blob } else { format!("{all}\n{blob}") };
            }
        }
        if !all.is_empty() {
            self.report(now, Report::LegSaved { leg, dialog: all });
        }
    }

    /// Ends what the process before left at phones. A blob of an older program that cannot be read leaves the far end
    /// to its own session timer.
    pub(crate) fn clear_saved(&mut self, now: Now, saved: &str) {
        for blob in saved.lines() {
            self.agent.clear_from_blob(sip_time(now), blob).ok();
        }
    }

    fn reoffered(&mut self, now: Now, dialog: DialogId, body: Option<&[u8]>) {
        let Some(leg) = self.by_dialog.get(&dialog).copied() else {
            return self.agent.reject_reoffer(sip_time(now), dialog, 481);
        };
        // Of several phones that ring, one cannot choose for all.
        if self
            .legs
            .get(&leg)
            .is_some_and(|leg| matches!(&leg.side, Side::Dialled { forks, .. } if forks.len() > 1))
        {
            return self.agent.reject_reoffer(sip_time(now), dialog, 488);
        }
        let was_held = self.is_held(leg);
        let answer = match body {
            Some(body) => Session::parse(body).and_then(|offer| self.answer_offer(leg, &offer)),
            None => self.port_mut(leg).map(Port::offer).ok_or(SdpError::NoAudio),
        };
        match answer {
            Ok(answer) => self.agent.answer_reoffer(sip_time(now), dialog, answer),
            Err(_) => return self.agent.reject_reoffer(sip_time(now), dialog, 488),
        }
        self.note_hold(now, leg, was_held);
    }

    fn is_held(&mut self, leg: LegId) -> bool {
        self.port_mut(leg).is_some_and(|port| port.held())
    }

    fn note_hold(&mut self, now: Now, leg: LegId, was_held: bool) {
        let held = self.is_held(leg);
        match (was_held, held) {
            (false, true) => self.report(now, Report::LegHeld { leg }),
            (true, false) => self.report(now, Report::LegRetrieved { leg }),
            (false, false) | (true, true) => None,
        };
    }

    // What the engine asks for

    pub(crate) fn act(&mut self, now: Now, action: Action) {
        match action {
            Action::Ring { leg, endpoint, number, caller, caller_name, auto_answer } => {
                self.ring(now, leg, endpoint, &number, (caller.as_ref(), &caller_name), auto_answer);
            }
            Action::Progress { leg, heard } => self.tell_progress(now, leg, heard),
            Action::Answer { leg } => self.answer(now, leg),
            Action::Clear { leg, cause } => self.drop_leg(now, leg, Some(cause)),
            Action::ClearSaved { dialog, .. } => self.clear_saved(now, &dialog),
            Action::Bridge { a, b } => self.bridge(a, b),
            Action::Unbridge { a, b } => self.unbridge(a, b),
            Action::Mix { listener, sources } => self.mix(listener, &sources),
            Action::SendDigits { leg, digits } => self.send_digits(leg, digits.as_str()),
            Action::Play { leg, prompts, then } => self.play(leg, &prompts, then),
            Action::PlayMessage { leg, guid, tenant } => self.play_message(leg, guid, tenant),
            Action::CheckPin { leg, agent, pin } => {
                let right = self.is_pin_of(agent, &pin);
                self.report(now, Report::PinChecked { leg, agent, right });
            }
            Action::StopPlay { leg } => self.stop_play(leg),
            Action::StartRecording { recording, guid, tenant, left, right } => {
                self.start_recording(now, recording, (guid, tenant), (left, &right));
            }
            Action::MoveRecording { recording, left, right } => self.move_recording(recording, left, &right),
            Action::PauseRecording { recording } => {
                let recording = cordial_media::RecordingId(recording.0);
                let command =
                    cordial_media::MediaCommand::PauseRecording { recording, reason: String::new() };
                self.push(Output::Media(command));
            }
            Action::ResumeRecording { recording } => {
                let recording = cordial_media::RecordingId(recording.0);
                self.push(Output::Media(cordial_media::MediaCommand::ResumeRecording { recording }));
            }
            Action::StopRecording { recording } => {
                let recording = cordial_media::RecordingId(recording.0);
                self.push(Output::Media(cordial_media::MediaCommand::StopRecording { recording }));
            }
        }
    }

    fn ring(
        &mut self,
        now: Now,
        leg: LegId,
        endpoint: Endpoint,
        number: &Number,
        (caller, caller_name): (Option<&Number>, &Name),
        auto_answer: bool,
    ) {
        let targets = self.targets(endpoint, number);
        let dialled = Side::Dialled { forks: Vec::new(), saved: false };
        match self.legs.get_mut(&leg) {
            None => drop(self.legs.insert(leg, Leg::new(dialled))),
            Some(known) => {
                let Side::Dialled { forks, .. } = core::mem::replace(&mut known.side, dialled) else {
                    return;
                };
                for dialog in forks {
                    self.by_dialog.remove(&dialog);
                    self.agent.clear(sip_time(now), dialog, cause::to_reason(Cause::AnsweredElsewhere));
                }
            }
        }
        if targets.is_empty() {
            return self.fail_leg(now, leg, Cause::Unreachable);
        }
        let far = targets.first().and_then(|target| self.agent.remote_of(target)).map(|remote| remote.ip());
        if self.open_port(now, leg, far).is_err() {
            return self.fail_leg(now, leg, Cause::Failed(503));
        }
        let Some(body) = self.port_mut(leg).map(Port::offer) else {
            return;
        };
        let from_name = Some(caller_name.as_str().to_owned()).filter(|name| !name.is_empty());
        let mut dialogs = Vec::with_capacity(targets.len());
        for target in targets {
            let invite = Invite {
                target,
                from_user: caller.map_or("anonymous", Number::as_str).to_owned(),
                from_name: from_name.clone(),
                to_user: number.as_str().to_owned(),
                headers: if auto_answer { answer_by_yourself() } else { Vec::new() },
                body: body.clone(),
            };
            let dialog = self.agent.invite(sip_time(now), invite);
            self.by_dialog.insert(dialog, leg);
            dialogs.push(dialog);
        }
        if let Some(Leg { side: Side::Dialled { forks, .. }, .. }) = self.legs.get_mut(&leg) {
            *forks = dialogs;
        }
    }

    fn targets(&self, endpoint: Endpoint, number: &Number) -> Vec<Target> {
        match endpoint {
            Endpoint::Device(device) => {
                let account = directory::account(device);
                let bindings = self.agent.bindings(account).iter().take(FORKS_MAX);
                bindings
                    .map(|binding| Target::Binding { account, binding: Box::new(binding.clone()) })
                    .collect()
            }
            Endpoint::Trunk(trunk) => {
                vec![Target::Peer { id: PeerId(trunk.0), user: number.as_str().to_owned() }]
            }
        }
    }

    fn tell_progress(&mut self, now: Now, leg: LegId, heard: Option<LegId>) {
        let Some(Leg { side: Side::Arrived { dialog, offer }, .. }) = self.legs.get(&leg) else {
            return;
        };
        let (dialog, offer) = (*dialog, offer.clone());
        let early = heard.zip(offer).and_then(|(heard, offer)| {
            self.open_port(now, leg, offer.audio_address()).ok()?;
            let body = self.answer_offer(leg, &offer).ok()?;
            self.bridge(leg, heard);
            Some(body)
        });
        match early {
            Some(body) => self.agent.ring(sip_time(now), dialog, 183, Some(body)),
            None => self.agent.ring(sip_time(now), dialog, 180, None),
        }
    }

    fn answer(&mut self, now: Now, leg: LegId) {
        let Some(Leg { side: Side::Arrived { dialog, offer }, .. }) = self.legs.get(&leg) else {
            return;
        };
        let (dialog, offer) = (*dialog, offer.clone());
        let far = match &offer {
            Some(offer) => offer.audio_address(),
            None => self.agent.remote_in(dialog).map(|remote| remote.ip()),
        };
        if self.open_port(now, leg, far).is_err() {
            return self.fail_leg(now, leg, Cause::Failed(503));
        }
        let body = match offer {
            Some(offer) => self.answer_offer(leg, &offer),
            None => self.port_mut(leg).map(Port::offer).ok_or(SdpError::NoAudio),
        };
        match body {
            Ok(body) => {
                self.agent.answer(sip_time(now), dialog, body);
                if let Some(entry) = self.legs.get_mut(&leg) {
                    entry.side = Side::Answered { dialog };
                }
            }
            Err(_) => self.fail_leg(now, leg, Cause::Failed(488)),
        }
    }

    // Ending

    /// Ends a leg on our own account and says so.
    pub(crate) fn fail_leg(&mut self, now: Now, leg: LegId, cause: Cause) {
        self.drop_leg(now, leg, Some(cause));
        self.report(now, Report::LegCleared { leg, cause });
    }

    /// Forgets a leg; with a cause, its dialogs are ended by whatever fits their state.
    fn drop_leg(&mut self, now: Now, leg: LegId, cause: Option<Cause>) {
        let Some(Leg { side, port, .. }) = self.legs.remove(&leg) else {
            return;
        };
        if let Some(port) = port {
            self.close_port(&port);
        }
        let dialogs = match &side {
            Side::Arrived { dialog, .. } | Side::Answered { dialog } => vec![*dialog],
            Side::Dialled { forks, .. } => forks.clone(),
        };
        for dialog in dialogs {
            self.by_dialog.remove(&dialog);
            let Some(cause) = cause else { continue };
            match &side {
                Side::Arrived { .. } => {
                    let (code, phrase) = cause::to_final(cause);
                    self.agent.reject(sip_time(now), dialog, code, phrase, &[]);
                }
                Side::Dialled { .. } | Side::Answered { .. } => {
                    self.agent.clear(sip_time(now), dialog, cause::to_reason(cause));
                }
            }
        }
    }

    fn forget_dialog(&mut self, dialog: DialogId) -> Option<LegId> {
        self.by_dialog.remove(&dialog)
    }

    /// Asks the far end whether it still has the call.
    pub(crate) fn ping_leg(&mut self, now: Now, leg: LegId) {
        if let Some(Leg { side: Side::Answered { dialog }, .. }) = self.legs.get(&leg) {
            let dialog = *dialog;
            self.agent.ping(sip_time(now), dialog);
        }
    }
}

/// A display name from outside: what cannot be shown is left out, what is too long is cut.
fn name(text: &str) -> Name {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
    Name::parse(&shown).unwrap_or_default()
}

/// What asks a phone to answer without its user: the standard way (RFC 5373), and the two that phones had before it.
fn answer_by_yourself() -> Vec<(String, String)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        header("Answer-Mode", "Auto"),
        header("Call-Info", "<sip:auto-answer>;answer-after=0"),
        header("Alert-Info", "<sip:auto-answer>;info=alert-autoanswer;delay=0"),
    ]
}
