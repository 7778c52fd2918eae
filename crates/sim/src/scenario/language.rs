//! The words of a story, read into steps.

use cordial_engine::call::Joining;
use cordial_media::Digit;

use crate::phone::Habit;

/// A story, ready to be played.
#[derive(Clone, Debug)]
pub struct Story {
    /// What it shows, in a sentence.
    pub title: String,
    pub(super) givens: Vec<(usize, Given)>,
    pub(super) steps: Vec<(usize, u64, Step)>,
}

/// What is wrong with a story, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct StoryError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// What is there before the story begins.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Tenant(String),
    Queue {
        name: String,
        number: Option<String>,
        traits: Vec<Vec<String>>,
    },
    Calendar {
        name: String,
        zone: String,
        traits: Vec<Vec<String>>,
    },
    Agent {
        name: String,
        device: String,
        queues: Vec<String>,
    },
    SecondPhone {
        name: String,
        device: String,
    },
    Phone(String),
    Owner {
        name: String,
        device: String,
    },
    HotDesk(String),
    /// What an agent says at a hot desk.
    Identity {
        name: String,
        number: String,
        pin: String,
    },
    Mailbox(String),
    Supervisor(String),
    Carrier {
        name: String,
        digest: bool,
    },
    Number {
        number: String,
        to: Option<String>,
        greeting: Option<String>,
    },
    Outbound(Vec<Vec<String>>),
    Reason(String),
    Disposition(String),
    Skill(String),
    Can {
        agent: String,
        skills: Vec<Vec<String>>,
    },
    Audio,
    SessionTimer {
        after_s: u32,
    },
    Registrations,
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Phone(String, Deed),
    Ask(String, Wish),
    Call { caller: String, to: String, after: Vec<(CallerHabit, u64)> },
    Crash,
    Night(String, bool),
    Emergency { queue: Option<String>, to: Option<Vec<String>>, on: bool },
    WallJump(i64),
    Lose { word: String, from: Option<String>, to: Option<String>, times: u32 },
    Cut(String, bool),
    Expect(String, Vec<String>),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallerHabit {
    GivesUp,
    HangsUp,
}

/// What a person does at a phone.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Register,
    Unregister,
    LosePower,
    Habit(Habit),
    AnswerNow,
    HangUp,
    Hold(bool),
    Dial(String),
    Press(Digit),
}

/// What an agent asks of the engine.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    LogIn,
    LogInAt(String),
    LogOut,
    Ready,
    NotReady(Option<String>),
    EndWrapUp,
    DeclineOffer,
    PlaceCall(String),
    PauseRecording,
    ResumeRecording,
    Disposition(String),
    ClearCall,
    InCall(Control),
    DoNotDisturb(bool),
    Forward(String),
    ToMailbox,
    Break,
    Tasks,
    InQueue(String, QueuePart),
}

/// What an agent asks for in the call that he has.
#[derive(Clone, Debug)]
pub(super) enum Control {
    Leave,
    Hold(bool),
    Mute(bool),
    Consult(String),
    Swap,
    Join(Joining),
}

/// What an agent asks to be in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueuePart {
    In,
    Out,
    Ready,
    NotReady,
    WrapUp,
}

/// A value that does not fit, in a sentence.
type Fault = String;

impl Story {
    /// Reads a story.
    ///
    /// # Errors
    /// The first line that is not understood, and what would be.
    pub fn parse(text: &str) -> Result<Self, StoryError> {
        let mut story = Self { title: String::new(), givens: Vec::new(), steps: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.split('#').next().unwrap_or_default().trim();
            let told = match line.split_once(char::is_whitespace) {
                None if line.is_empty() => Ok(()),
                Some(("story", title)) => {
                    story.title = title.trim().to_owned();
                    Ok(())
                }
                Some(("given", rest)) => given(rest.trim()).map(|given| story.givens.push((number, given))),
                Some(("at", rest)) => at(rest.trim()).map(|(at, step)| story.steps.push((number, at, step))),
                Some(_) | None => Err("a line begins with `story`, `given`, `at` or `#`".to_owned()),
            };
            told.map_err(|what| StoryError { line: number, what })?;
            let mut times = story.steps.iter().rev().map(|(_, at, _)| *at);
            if let (Some(this), Some(last)) = (times.next(), times.next())
                && this < last
            {
                return Err(StoryError {
                    line: number,
                    what: "happens before the line above; keep the order of time".to_owned(),
                });
            }
        }
        Ok(story)
    }
}

fn given(text: &str) -> Result<Given, Fault> {
    let (head, traits) = text.split_once(':').unwrap_or((text, ""));
    let words: Vec<&str> = head.split_whitespace().collect();
    let own = |word: &&str| (*word).to_owned();
    Ok(match words.as_slice() {
        ["tenant", name] => Given::Tenant(own(name)),
        ["queue", name, rest @ ..] => Given::Queue {
            name: own(name),
            number: match rest {
                ["on", number] => Some(own(number)),
                [] => None,
                _ => return Err("say `queue NAME [on NUMBER]: TRAITS`".to_owned()),
            },
            traits: listed(traits),
        },
        ["calendar", name, "in", zone] => {
            Given::Calendar { name: own(name), zone: own(zone), traits: listed(traits) }
        }
        ["outbound"] => Given::Outbound(listed(traits)),
        ["agent", name, "at", device, rest @ ..] => Given::Agent {
            name: own(name),
            device: own(device),
            queues: match rest {
                ["in", queues @ ..] => queues.iter().map(own).collect(),
                [] => Vec::new(),
                _ => return Err("say `agent NAME at NUMBER [in QUEUE QUEUE]`".to_owned()),
            },
        },
        ["phone", name, "is", "also", device] => Given::SecondPhone { name: own(name), device: own(device) },
        [name, "has", "a", "mailbox"] => Given::Mailbox(own(name)),
        [name, "has", "number", number, "and", "PIN", pin] => {
            Given::Identity { name: own(name), number: own(number), pin: own(pin) }
        }
        [name, "supervises"] => Given::Supervisor(own(name)),
        [name, "owns", device] => Given::Owner { name: own(name), device: own(device) },
        [device, "is", "a", "hot", "desk"] => Given::HotDesk(own(device)),
        ["phone", device] => Given::Phone(own(device)),
        ["carrier", name] => Given::Carrier { name: own(name), digest: false },
        ["carrier", name, "with", "digest"] => Given::Carrier { name: own(name), digest: true },
        ["number", number, "leads", "to", to, rest @ ..] => Given::Number {
            number: own(number),
            to: (*to != "nobody").then(|| own(to)),
            greeting: match rest {
                ["after", prompt] => Some(own(prompt)),
                [] => None,
                _ => return Err("say `number NUMBER leads to WHOM [after PROMPT]`".to_owned()),
            },
        },
        ["reason", name] => Given::Reason(own(name)),
        ["disposition", name] => Given::Disposition(own(name)),
        ["skill", name] => Given::Skill(own(name)),
        [agent, "can"] => Given::Can { agent: own(agent), skills: listed(traits) },
        ["audio"] => Given::Audio,
        ["only", "a", "session", "timer", "of", time] => Given::SessionTimer {
            after_s: u32::try_from(duration(time)? / 1_000).map_err(|_| format!("`{time}` is too long"))?,
        },
        ["registrations", "are", "shown"] => Given::Registrations,
        _ => {
            return Err(format!(
                "`{text}` is none of: tenant, queue, calendar NAME in ZONE, agent, NAME owns NUMBER, NAME has a mailbox, NAME has number NUMBER and PIN DIGITS, NAME supervises, phone, carrier, number, outbound, reason, \
                 disposition, skill NAME, NAME can: SKILL LEVEL, audio, only a session timer of TIME, registrations are shown"
            ));
        }
    })
}

/// What stands between commas, in words.
fn listed(traits: &str) -> Vec<Vec<String>> {
    let words = traits.split(',').map(|one| one.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words.filter(|one| !one.is_empty()).collect()
}

fn at(text: &str) -> Result<(u64, Step), Fault> {
    let (time, rest) = text.split_once(char::is_whitespace).ok_or("say `at TIME WHO DOES WHAT`")?;
    Ok((duration(time)?, step(rest.trim())?))
}

fn step(text: &str) -> Result<Step, Fault> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let own = |word: &str| word.to_owned();
    Ok(match words.as_slice() {
        ["end"] => Step::End,
        ["node", "crashes"] => Step::Crash,
        [queue, "goes", "into", "night", "mode"] => Step::Night(own(queue), true),
        [queue, "leaves", "night", "mode"] => Step::Night(own(queue), false),
        ["emergency", rest @ ..] => emergency(None, rest)?,
        [queue, "has", "an", "emergency", rest @ ..] => emergency(Some(own(queue)), rest)?,
        ["wall", "clock", "jumps", by] => {
            Step::WallJump(i64::try_from(duration(by)?).map_err(|_| "too far")?)
        }
        ["wall", "clock", "jumps", "back", by] => {
            Step::WallJump(-i64::try_from(duration(by)?).map_err(|_| "too far")?)
        }
        ["network", "loses", word, side @ ("from" | "to"), who, rest @ ..] => {
            let (from, to) = if *side == "from" { (Some(own(who)), None) } else { (None, Some(own(who))) };
            let times = match rest {
                [] => u32::MAX,
                ["once"] => 1,
                [count, "times"] => count.parse().map_err(|_| format!("`{count}` is no number"))?,
                _ => return Err("say `network loses WORD from|to WHO [once | N times]`".to_owned()),
            };
            Step::Lose { word: own(word), from, to, times }
        }
        [who, "is", "cut", "off"] => Step::Cut(own(who), true),
        [who, "is", "connected", "again"] => Step::Cut(own(who), false),
        ["expect", what @ ..] if !what.is_empty() => {
            let (who, rest) = named(what);
            Step::Expect(who, rest.iter().map(|word| own(word)).collect())
        }
        words => {
            let (who, rest) = named(words);
            return deed(&who, rest, text);
        }
    })
}

fn emergency(queue: Option<String>, words: &[&str]) -> Result<Step, Fault> {
    match words {
        ["is", "over"] => Ok(Step::Emergency { queue, to: None, on: false }),
        [] => Ok(Step::Emergency { queue, to: None, on: true }),
        ["calls", "go", "to", to @ ..] => {
            let to = Some(to.iter().map(|word| (*word).to_owned()).collect());
            Ok(Step::Emergency { queue, to, on: true })
        }
        _ => Err("say `emergency [calls go to WHERE | is over]`".to_owned()),
    }
}

/// A caller has two words, everybody else one.
fn named<'a>(words: &'a [&'a str]) -> (String, &'a [&'a str]) {
    match words {
        ["caller", number, rest @ ..] => (format!("caller {number}"), rest),
        [name, rest @ ..] => ((*name).to_owned(), rest),
        [] => (String::new(), &[]),
    }
}

fn deed(who: &str, words: &[&str], text: &str) -> Result<Step, Fault> {
    let phone = |deed| Ok(Step::Phone(who.to_owned(), deed));
    let ask = |wish| Ok(Step::Ask(who.to_owned(), wish));
    let own = |word: &str| word.to_owned();
    match words {
        ["dials", to, rest @ ..] if who.starts_with("caller ") => {
            let after = rest.chunks(4).map(caller_habit).collect::<Result<_, _>>()?;
            Ok(Step::Call { caller: own(who), to: own(to), after })
        }
        ["dials", to] => phone(Deed::Dial(own(to))),
        ["registers"] => phone(Deed::Register),
        ["unregisters"] => phone(Deed::Unregister),
        ["loses", "power"] => phone(Deed::LosePower),
        ["answers"] => phone(Deed::AnswerNow),
        ["answers", "after", time] => phone(Deed::Habit(Habit::Answer { after_ms: duration(time)? })),
        ["lets", "it", "ring"] => phone(Deed::Habit(Habit::Ignore)),
        ["declines", "after", time] => {
            phone(Deed::Habit(Habit::Reject { code: 603, after_ms: duration(time)? }))
        }
        ["is", "busy", "after", time] => {
            phone(Deed::Habit(Habit::Reject { code: 486, after_ms: duration(time)? }))
        }
        ["plays", "early", "audio", "and", "answers", "after", time] => {
            phone(Deed::Habit(Habit::EarlyMedia { after_ms: duration(time)? }))
        }
        ["hangs", "up"] => phone(Deed::HangUp),
        // `#` begins a comment.
        ["presses", "hash"] => phone(Deed::Press(Digit::parse('#').ok_or("a phone has a `#`")?)),
        ["presses", key] => {
            let mut keys = key.chars();
            let digit = keys.next().and_then(Digit::parse).filter(|_| keys.next().is_none());
            phone(Deed::Press(digit.ok_or_else(|| format!("`{key}` is no key"))?))
        }
        ["holds"] => phone(Deed::Hold(true)),
        ["retrieves"] => phone(Deed::Hold(false)),
        ["logs", "in"] => ask(Wish::LogIn),
        ["logs", "in", "at", device] => ask(Wish::LogInAt(own(device))),
        ["logs", "out"] => ask(Wish::LogOut),
        ["is", "ready"] => ask(Wish::Ready),
        ["is", "not", "ready"] => ask(Wish::NotReady(None)),
        ["asks", "for", reason] => ask(Wish::NotReady(Some(own(reason)))),
        ["ends", "wrap-up"] => ask(Wish::EndWrapUp),
        ["declines", "the", "offer"] => ask(Wish::DeclineOffer),
        ["places", "a", "call", "to", to] => ask(Wish::PlaceCall(own(to))),
        ["pauses", "the", "recording"] => ask(Wish::PauseRecording),
        ["resumes", "the", "recording"] => ask(Wish::ResumeRecording),
        ["marks", "the", "call", word] => ask(Wish::Disposition(own(word))),
        ["clears", "the", "call"] => ask(Wish::ClearCall),
        ["does", "not", "want", "to", "be", "disturbed"] => ask(Wish::DoNotDisturb(true)),
        ["forwards", "to", number] => ask(Wish::Forward(own(number))),
        ["sends", "calls", "to", "the", "mailbox"] => ask(Wish::ToMailbox),
        ["takes", "a", "break"] => ask(Wish::Break),
        ["does", "other", "tasks"] => ask(Wish::Tasks),
        ["logs", "in", "to", queue] => ask(Wish::InQueue(own(queue), QueuePart::In)),
        ["logs", "out", "of", queue] => ask(Wish::InQueue(own(queue), QueuePart::Out)),
        ["is", "ready", "in", queue] => ask(Wish::InQueue(own(queue), QueuePart::Ready)),
        ["is", "not", "ready", "in", queue] => ask(Wish::InQueue(own(queue), QueuePart::NotReady)),
        ["asks", "for", "wrap-up", "in", queue] => ask(Wish::InQueue(own(queue), QueuePart::WrapUp)),
        ["may", "be", "disturbed"] => ask(Wish::DoNotDisturb(false)),
        words if let Some(control) = control(words) => ask(Wish::InCall(control)),
        _ => Err(format!(
            "`{text}` is not understood: somebody registers, unregisters, loses power, answers [after TIME], lets it \
             ring, declines after TIME, is busy after TIME, hangs up, holds, retrieves, presses KEY, dials NUMBER, logs \
             in [at NUMBER], logs out, is ready, is not ready, asks for REASON, ends wrap-up, declines the offer, places a call to NUMBER, \
             pauses the recording, resumes the recording, marks the call WORD, clears the call, leaves the call, holds the call, takes the call off hold, mutes the call, is heard again, consults NUMBER, swaps, completes the transfer, completes the conference, takes a break, \
             does other tasks, sends calls to the mailbox, logs in to QUEUE, logs out of QUEUE, is ready in QUEUE, is \
             not ready in QUEUE, asks for wrap-up in QUEUE"
        )),
    }
}

fn control(words: &[&str]) -> Option<Control> {
    match words {
        ["leaves", "the", "call"] => Some(Control::Leave),
        ["holds", "the", "call"] => Some(Control::Hold(true)),
        ["takes", "the", "call", "off", "hold"] => Some(Control::Hold(false)),
        ["mutes", "the", "call"] => Some(Control::Mute(true)),
        ["is", "heard", "again"] => Some(Control::Mute(false)),
        ["consults", number] => Some(Control::Consult((*number).to_owned())),
        ["swaps"] => Some(Control::Swap),
        ["completes", "the", "transfer"] => Some(Control::Join(Joining::Transfer)),
        ["completes", "the", "conference"] => Some(Control::Join(Joining::Conference)),
        _ => None,
    }
}

fn caller_habit(words: &[&str]) -> Result<(CallerHabit, u64), Fault> {
    match words {
        ["gives", "up", "after", time] => Ok((CallerHabit::GivesUp, duration(time)?)),
        ["hangs", "up", "after", time] => Ok((CallerHabit::HangsUp, duration(time)?)),
        _ => Err("say `dials NUMBER [gives up after TIME] [hangs up after TIME]`".to_owned()),
    }
}

/// `250ms`, `3s`, `2.5s`, `1m30s`, `2h`, in milliseconds.
pub(super) fn duration(text: &str) -> Result<u64, Fault> {
    let wrong = || format!("`{text}` is no time; write 250ms, 3s, 2.5s, 1m30s or 2h");
    let (mut total, mut rest) = (0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (value, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit_ms = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return Err(wrong()),
        };
        let value: f64 = value.parse().map_err(|_| wrong())?;
        if !(0.0..=1_000_000.0).contains(&value) {
            return Err(wrong());
        }
        total += (value * unit_ms).round() as u64;
        rest = tail;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Story::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn times_are_written_as_people_write_them() {
        assert_eq!(
            ["250ms", "3s", "2.5s", "1m30s", "2h"].map(duration),
            [250, 3_000, 2_500, 90_000, 7_200_000].map(Ok)
        );
        assert!(["", "3", "s", "3x", "-3s", "1e9h"].iter().all(|text| duration(text).is_err()));
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        assert_eq!(wrong("story x\nnonsense"), "line 2: a line begins with `story`, `given`, `at` or `#`");
        assert!(wrong("at 3x ann registers").starts_with("line 1: `3x` is no time"));
        assert!(
            wrong("# c\n\nat 3s ann sings")
                .starts_with("line 3: `ann sings` is not understood: somebody registers")
        );
        assert!(wrong("given cat tom").contains("is none of: tenant, queue"));
        assert!(wrong("at 3s ann registers\nat 2s ann registers").starts_with("line 2: happens before"));
    }
}
