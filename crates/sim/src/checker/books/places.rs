//! Places in queues and offers (H1 to H5).

use cordial_engine::agent::{Activity, Duty, Handling, Membership};
use cordial_engine::call::{OfferEnd, WaitingEnd};
use cordial_engine::entry::Strategy;
use cordial_engine::limits::RING_ALL_WIDTH_MAX;
use cordial_engine::{Actor, Event, Fact};

use super::{Books, Broken, Offer, must};

impl Books {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller names every fact; this reads its share of them"
    )]
    pub(super) fn read_place(&mut self, event: &Event) -> Result<(), Broken> {
        match &event.fact {
            Fact::CallQueued { call, queue, entered, .. } => {
                let open = self.call(*call)?;
                let twice = open.place.replace((*queue, *entered)).is_some();
                must(
                    !twice && open.assigned.is_none(),
                    "H5 a call waits that waits already or was answered",
                )?;
                let queue = self.queue(*queue)?;
                queue.entered += 1;
                queue.waiting += 1;
            }
            Fact::WaitingEnded { call, queue, end, waited_ms } => {
                let place = self.call(*call)?.place.take();
                let queue_id = *queue;
                let books = self.queue(queue_id)?;
                let index = match end {
                    WaitingEnd::Answered => 0,
                    WaitingEnd::Abandoned => 1,
                    WaitingEnd::Overflowed | WaitingEnd::SentAway(_) => 2,
                    WaitingEnd::Refused | WaitingEnd::TurnedAway(_) => 3,
                    WaitingEnd::LeftByKey => 4,
                    WaitingEnd::CalledBack => 5,
                };
                books.ends[index] += 1;
                match place {
                    // What a queue does not take in never had a place.
                    None if end.is_at_the_door() => books.entered += 1,
                    Some((of, entered)) if of == queue_id => {
                        books.waiting -= 1;
                        let waited = event.at.millis_since(entered);
                        must(*waited_ms == waited, "H6 a wait has another length than its instants")?;
                    }
                    Some(_) | None => return Err("H5 a place ends that the call does not have".to_owned()),
                }
                let [entered, ends @ ..] = books.counts();
                let sum = ends.iter().sum::<u64>() + books.waiting;
                must(entered == sum, "H5 entered is not the sum of the ends and the waiting")?;
                let answered = self.call(*call)?.assigned.is_some();
                must(
                    answered == (*end == WaitingEnd::Answered),
                    "H5 a place ends otherwise than its offers",
                )?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn make_offer(&mut self, event: &Event) -> Result<(), Broken> {
        let Fact::OfferMade { offer, call, queue, agent, leg, deadline } = &event.fact else {
            return Ok(());
        };
        must(
            !self.offers.contains_key(offer) && !self.ended_offers.contains(offer),
            "H3 an offer is made twice",
        )?;
        let width = match self.queue(*queue)?.entry.strategy {
            Strategy::RingAll | Strategy::RingLevel | Strategy::RingProgressively => RING_ALL_WIDTH_MAX,
            Strategy::LongestIdle
            | Strategy::LeastRecent
            | Strategy::RoundRobin
            | Strategy::TopDown
            | Strategy::Sequential
            | Strategy::FewestCalls
            | Strategy::LeastTalk
            | Strategy::Random
            | Strategy::WeightedRandom => 1,
        };
        let open = self.call(*call)?;
        must(
            open.place.is_some_and(|(of, _)| of == *queue),
            "H4 a call is offered that does not wait there",
        )?;
        open.offers.insert(*offer);
        must(open.offers.len() <= width, "H1 a call has more live offers than its strategy allows")?;
        let device = self.agent(*agent)?.device;
        let busy = device.is_none_or(|device| {
            let device = self.devices.get(&device);
            !device.is_some_and(|device| device.registered && device.legs.iter().all(|other| other == leg))
        });
        let at = self.agent(*agent)?;
        must(at.offer.is_none(), "H2 an agent has two live offers")?;
        must(!busy, "H4 an offer to a device that is busy or not registered")?;
        must(at.activity() == Activity::Idle, "H4 an offer to an agent who is not idle")?;
        must(at.duty == Duty::Ready && at.pending.is_none(), "H4 an offer to an agent who is not ready")?;
        must(at.handling == Handling::Ring && !at.rests, "H4 an offer to an agent who is not to be rung")?;
        must(
            at.memberships.get(queue) == Some(&Membership::Ready),
            "H4 an offer to an agent who is not in the queue",
        )?;
        at.offer = Some(*offer);
        self.offers.insert(
            *offer,
            Offer { call: *call, queue: *queue, agent: *agent, leg: *leg, deadline: *deadline },
        );
        Ok(())
    }

    pub(super) fn end_offer(&mut self, event: &Event) -> Result<(), Broken> {
        let Fact::OfferEnded { offer, call, agent, end } = &event.fact else {
            return Ok(());
        };
        let live = self.offers.remove(offer).ok_or("H3 an offer ends that is not live")?;
        let is_same = (live.call, live.agent) == (*call, *agent);
        must(is_same, "H3 an offer ends as another than it was made")?;
        let is_early = event.by == Actor::Policy && event.at < live.deadline;
        must(*end != OfferEnd::Expired || !is_early, "H3 an offer expires before its deadline")?;
        self.ended_offers.insert(*offer);
        self.call(*call)?.offers.remove(offer);
        self.agent(*agent)?.offer = None;
        if *end == OfferEnd::Accepted {
            // Who accepted has the call, even if the process dies before it says so.
            return self.connect(*call, *agent, live.leg, Some(live.queue));
        }
        Ok(())
    }
}
