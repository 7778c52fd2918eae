//! Calls.

use super::{Answer, Listed, optional, uri};
use crate::finesse::words::{DialogAction, DialogState, ParticipantState};
use crate::finesse::xml::Element;
use crate::native::wire::Time;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// The id in addresses.
    pub id: String,
    /// The id of the call that this one is a consultation in.
    pub associated_dialog: Option<String>,
    /// The other id of a call that was joined to this one.
    pub secondary_id: Option<String>,
    /// Who called.
    pub from_address: String,
    /// Who was called.
    pub to_address: String,
    /// What the call is.
    pub state: DialogState,
    /// What is known of it.
    pub media: MediaProperties,
    /// Who is in it.
    pub participants: Vec<Participant>,
}

impl Answer for Dialog {
    fn element(&self) -> Element {
        let associated = self.associated_dialog.as_deref().map(|id| uri("Dialog", id));
        Element::of(
            "Dialog",
            vec![
                Element::leaf("uri", uri("Dialog", &self.id)),
                optional("associatedDialogUri", associated),
                Element::leaf("id", &self.id),
                optional("secondaryId", self.secondary_id.as_deref()),
                Element::leaf("mediaType", "Voice"),
                Element::leaf("fromAddress", &self.from_address),
                Element::leaf("toAddress", &self.to_address),
                self.media.element(),
                Element::of("participants", self.participants.iter().map(Answer::element).collect()),
                Element::leaf("state", self.state),
            ],
        )
    }
}

impl Listed for Dialog {
    const LIST: &'static str = "Dialogs";
}

/// What is known of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaProperties {
    /// What the caller dialled.
    pub dialed_number: String,
    /// For example `ACD_IN`.
    pub call_type: String,
    /// The number that the call came in by.
    pub dnis: String,
    /// The queue's number.
    pub queue_number: String,
    /// The queue's name.
    pub queue_name: String,
    /// How the call was finished.
    pub wrap_up_reason: String,
    /// Names and values, in their order.
    pub call_variables: Vec<(String, String)>,
}

impl Answer for MediaProperties {
    fn element(&self) -> Element {
        let variable = |(name, value): &(String, String)| {
            Element::of("CallVariable", vec![Element::leaf("name", name), Element::leaf("value", value)])
        };
        Element::of(
            "mediaProperties",
            vec![
                Element::leaf("dialedNumber", &self.dialed_number),
                Element::leaf("callType", &self.call_type),
                Element::leaf("DNIS", &self.dnis),
                Element::leaf("queueNumber", &self.queue_number),
                Element::leaf("queueName", &self.queue_name),
                Element::leaf("wrapUpReason", &self.wrap_up_reason),
                Element::of("callvariables", self.call_variables.iter().map(variable).collect()),
            ],
        )
    }
}

/// One party of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Extension or number.
    pub media_address: String,
    /// `AGENT_DEVICE`, or empty for others.
    pub media_address_type: String,
    /// What the party may do now.
    pub actions: Vec<DialogAction>,
    /// What the party is.
    pub state: ParticipantState,
    /// Why it failed: `BUSY`, `BAD_DESTINATION`, `DEVICE_RESOURCE_NOT_AVAILABLE`, `OTHER`; else empty.
    pub state_cause: String,
    /// Since when in the call.
    pub start_time: Option<Time>,
    /// Since when in this state.
    pub state_change_time: Option<Time>,
}

impl Answer for Participant {
    fn element(&self) -> Element {
        Element::of(
            "Participant",
            vec![
                Element::of(
                    "actions",
                    self.actions.iter().map(|action| Element::leaf("action", action)).collect(),
                ),
                Element::leaf("mediaAddress", &self.media_address),
                Element::leaf("mediaAddressType", &self.media_address_type),
                optional("startTime", self.start_time),
                Element::leaf("state", self.state),
                Element::leaf("stateCause", &self.state_cause),
                optional("stateChangeTime", self.state_change_time),
            ],
        )
    }
}
