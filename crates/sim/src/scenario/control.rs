//! What an agent asks for in a call that he has.

use cordial_engine::Command;
use cordial_engine::id::{CallId, DeviceId};

use super::language::Control;
use crate::world::number;

impl Control {
    pub(super) fn command(&self, call: CallId, device: DeviceId) -> Command {
        let device = Some(device);
        match self {
            Self::Leave => Command::LeaveCall { call, device },
            Self::Hold(hold) => Command::HoldCall { call, device, hold: *hold },
            Self::Mute(muted) => Command::MuteCall { call, device, muted: *muted },
            Self::Consult(to) => Command::Consult { call, device, to: number(to) },
            Self::Swap => Command::SwapCalls { call, device },
            Self::Join(how) => Command::JoinCalls { call, device, how: *how },
        }
    }
}
