//! Heart-beats: both sides say how often they can send and want to hear something, and agree on the slower of each pair.

use std::time::Duration;

use cordial_engine::Timestamp;

use super::limits::{BEAT_MAX, BEAT_SENT_MIN, BEAT_WANTED};

/// What one side says in `heart-beat`: how often it can send, and wants to hear. Nought is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// How often it can send.
    pub sends: Duration,
    /// How often it wants to hear.
    pub wants: Duration,
}

impl Offer {
    /// What we say, on either side.
    pub const OURS: Self = Self { sends: BEAT_SENT_MIN, wants: BEAT_WANTED };

    /// The offer that a header says: two numbers of milliseconds with a comma between them. Without the header there are no
    /// heart-beats.
    ///
    /// # Errors
    /// [`BadHeartBeat`] when it says something else.
    pub fn parse(header: Option<&str>) -> Result<Self, BadHeartBeat> {
        let Some(header) = header else {
            return Ok(Self::default());
        };
        let (sends, wants) = header.split_once(',').ok_or(BadHeartBeat)?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number beyond all bounds is longer than the longest that is kept.
            let ms = digits.then(|| text.parse().unwrap_or(u64::MAX)).ok_or(BadHeartBeat)?;
            Ok(Duration::from_millis(ms).min(BEAT_MAX))
        };
        Ok(Self { sends: number(sends.trim())?, wants: number(wants.trim())? })
    }

    /// As it is written.
    #[must_use]
    pub fn header(self) -> String {
        format!("{},{}", self.sends.as_millis(), self.wants.as_millis())
    }
}

/// `heart-beat` is not two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("heart-beat is not two numbers of milliseconds")]
pub struct BadHeartBeat;

/// The heart-beats of one connection, as agreed.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeartBeat {
    /// How often we send at least.
    send_every: Option<Duration>,
    /// How long the far end may be silent.
    silence_max: Option<Duration>,
    sent: Timestamp,
    heard: Timestamp,
}

impl HeartBeat {
    pub(super) fn agree(theirs: Offer, now: Timestamp) -> Self {
        let slower = |one: Duration, other: Duration| {
            let both = !one.is_zero() && !other.is_zero();
            both.then(|| one.max(other))
        };
        Self {
            // A little earlier than was said, so that who counts strictly is not disappointed.
            send_every: slower(Offer::OURS.sends, theirs.wants).map(|agreed| agreed * 3 / 4),
            // As much again as was said: networks and schedulers are not that exact ("Heart-beating", 1.1 and 1.2).
            silence_max: slower(theirs.sends, Offer::OURS.wants).map(|agreed| agreed * 2),
            sent: now,
            heard: now,
        }
    }

    /// Something was sent.
    pub(super) const fn sent(&mut self, now: Timestamp) {
        self.sent = now;
    }

    /// Something came.
    pub(super) const fn heard(&mut self, now: Timestamp) {
        self.heard = now;
    }

    /// When there will be something to do.
    pub(super) fn timeout(&self) -> Option<Timestamp> {
        self.send_at().into_iter().chain(self.silent_at()).min()
    }

    /// Whether it is time to send.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.send_at().is_some_and(|at| at <= now)
    }

    /// Whether the far end has been silent for too long.
    pub(super) fn is_silent(&self, now: Timestamp) -> bool {
        self.silent_at().is_some_and(|at| at <= now)
    }

    fn send_at(&self) -> Option<Timestamp> {
        self.send_every.map(|every| self.sent.after(every))
    }

    fn silent_at(&self) -> Option<Timestamp> {
        self.silence_max.map(|longest| self.heard.after(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_two_numbers_and_nothing_else() {
        let ms = Duration::from_millis;
        assert_eq!(Offer::parse(None), Ok(Offer::default()));
        assert_eq!(Offer::parse(Some("0,500")), Ok(Offer { sends: ms(0), wants: ms(500) }));
        let far = Offer::parse(Some("99999999999999999999999,3600001"));
        assert_eq!(far, Ok(Offer { sends: BEAT_MAX, wants: BEAT_MAX }));
        for wrong in ["", "1", "1,", ",1", "-1,0", "+1,0", "1,2,3", "1.5,0", "a,b", "1;2"] {
            assert_eq!(Offer::parse(Some(wrong)), Err(BadHeartBeat), "{wrong:?}");
        }
    }

    #[test]
    fn the_slower_of_both_is_agreed_and_nought_is_never() {
        let begin = Timestamp(1_000);
        let agreed = |offer| HeartBeat::agree(Offer::parse(Some(offer)).unwrap(), begin);
        assert_eq!(agreed("0,0").timeout(), None);
        let wants = agreed("0,4000");
        assert!(!wants.is_due(Timestamp(3_999)) && wants.is_due(Timestamp(4_000)));
        assert!(!wants.is_silent(Timestamp(u64::MAX)));
        assert!(agreed("0,1").is_due(Timestamp(1_750)), "no more often than we can");
        let sends = agreed("30000,0");
        assert!(!sends.is_silent(Timestamp(60_999)) && sends.is_silent(Timestamp(61_000)));
        assert!(agreed("1,0").is_silent(Timestamp(21_000)), "as often as we want is enough");
    }
}
