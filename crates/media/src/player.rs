//! Prompts, tones and music on their way to one port.

use std::sync::Arc;

use crate::command::AtEnd;
use crate::g711::Codec;
use crate::id::PlayId;
use crate::time::FRAME_SAMPLES;

/// One running play: a place in a list of shared mu-law audio. Nothing is decoded per listener.
#[derive(Debug)]
pub(crate) struct Player {
    play: PlayId,
    list: Vec<Arc<[u8]>>,
    item: usize,
    offset: usize,
    then: AtEnd,
}

/// What became of the list with the frame just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More to come.
    Playing,
    /// This frame held the last of it.
    Ended,
    /// Silence after the end.
    Resting,
}

impl Player {
    /// `list` holds at least one prompt, and no empty one ([`crate::Prompts`] has none).
    pub(crate) fn new(play: PlayId, list: Vec<Arc<[u8]>>, then: AtEnd) -> Self {
        Self { play, list, item: 0, offset: 0, then }
    }

    /// The same, going on where an interrupted play of the same music was.
    pub(crate) fn going_on(mut self, interrupted: Option<&Self>) -> Self {
        let is_same = |before: &&Self| self.repeats() && before.repeats() && self.is_of(before);
        if let Some(before) = interrupted.filter(is_same) {
            (self.item, self.offset) = (before.item, before.offset);
        }
        self
    }

    fn is_of(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self.list.iter().zip(&other.list).all(|(mine, its)| Arc::ptr_eq(mine, its))
    }

    /// Whether it begins again when it is through, as music does.
    pub(crate) fn repeats(&self) -> bool {
        self.then == AtEnd::Loop
    }

    pub(crate) fn play(&self) -> PlayId {
        self.play
    }

    pub(crate) fn then(&self) -> AtEnd {
        self.then
    }

    /// Whether the list is through and only silence remains.
    pub(crate) fn is_resting(&self) -> bool {
        self.item >= self.list.len()
    }

    /// Appends 20 ms of audio in `codec`.
    pub(crate) fn frame(&mut self, codec: Codec, into: &mut Vec<u8>) -> Progress {
        if self.is_resting() {
            into.extend_from_slice(&codec.silent_frame());
            return Progress::Resting;
        }
        let mut missing = FRAME_SAMPLES;
        while missing > 0 {
            let Some(audio) = self.list.get(self.item) else {
                into.extend(std::iter::repeat_n(codec.silence(), missing));
                break;
            };
            let end = audio.len().min(self.offset + missing);
            Codec::Pcmu.translate_into(codec, &audio[self.offset..end], into);
            missing -= end - self.offset;
            self.offset = end;
            if end == audio.len() {
                self.next_item();
            }
        }
        if self.is_resting() { Progress::Ended } else { Progress::Playing }
    }

    fn next_item(&mut self) {
        self.offset = 0;
        self.item += 1;
        match self.then {
            AtEnd::Loop if self.item == self.list.len() => self.item = 0,
            AtEnd::Loop | AtEnd::Silence | AtEnd::Stop => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(lengths: &[usize], then: AtEnd) -> Player {
        let list = lengths.iter().enumerate().map(|(n, length)| Arc::from(vec![n as u8; *length])).collect();
        Player::new(PlayId(1), list, then)
    }

    fn frame(player: &mut Player, codec: Codec) -> (Vec<u8>, Progress) {
        let mut audio = Vec::new();
        let progress = player.frame(codec, &mut audio);
        assert_eq!(audio.len(), FRAME_SAMPLES);
        (audio, progress)
    }

    #[test]
    fn a_list_plays_without_a_gap_and_ends_in_silence() {
        let mut player = player(&[100, 100], AtEnd::Silence);
        let (first, progress) = frame(&mut player, Codec::Pcmu);
        assert_eq!((first[99], first[100], progress), (0, 1, Progress::Playing));
        let (second, progress) = frame(&mut player, Codec::Pcmu);
        assert_eq!((second[39], second[40], progress), (1, 0xFF, Progress::Ended));
        assert_eq!(frame(&mut player, Codec::Pcma), (vec![0xD5; 160], Progress::Resting));
    }

    #[test]
    fn music_loops_within_a_frame() {
        let mut player = player(&[100], AtEnd::Loop);
        for _ in 0..10 {
            assert_eq!(frame(&mut player, Codec::Pcmu), (vec![0; 160], Progress::Playing));
        }
    }

    #[test]
    fn music_goes_on_where_it_was_interrupted_and_other_music_from_its_beginning() {
        let audio = Arc::<[u8]>::from((0..=255).collect::<Vec<u8>>());
        let music = |list: &Arc<[u8]>, then| Player::new(PlayId(1), vec![Arc::clone(list)], then);
        let mut interrupted = music(&audio, AtEnd::Loop);
        assert_eq!(frame(&mut interrupted, Codec::Pcmu).0[0], 0);
        let first = |player: Player| frame(&mut player.going_on(Some(&interrupted)), Codec::Pcmu).0[0];
        assert_eq!(first(music(&audio, AtEnd::Loop)), 160);
        assert_eq!(first(music(&audio, AtEnd::Silence)), 0);
        assert_eq!(first(music(&Arc::from(vec![7; 300]), AtEnd::Loop)), 7);
    }

    #[test]
    fn an_alaw_party_gets_translated_codes() {
        let mut player = player(&[160], AtEnd::Stop);
        assert_eq!(frame(&mut player, Codec::Pcma).0, [crate::g711::ULAW_TO_ALAW[0]; 160]);
    }
}
