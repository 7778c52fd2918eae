use std::fmt::Write;

use cordial_engine::text::Number;
use expect_test::expect;

use super::*;

const STANCES: [Stance; 5] = [
    Stance::LoggedOut,
    Stance::Fresh,
    Stance::Absent(Absence::Break),
    Stance::Absent(Absence::Tasks),
    Stance::Ready,
];
const DEVICES: [DeviceState; 3] = [DeviceState::Unregistered, DeviceState::Idle, DeviceState::Busy];
const DOINGS: [Doing; 7] = [
    Doing::Nothing,
    Doing::Reserved,
    Doing::Receiving,
    Doing::QueueCall,
    Doing::Outbound,
    Doing::OtherCall,
    Doing::WrapUp,
];

fn handlings() -> [Handling; 4] {
    let forward = Handling::Forward(Number::parse("200").expect("a number"));
    [Handling::Ring, Handling::Busy, Handling::Voicemail, forward]
}

fn every() -> impl Iterator<Item = Axes> {
    STANCES.into_iter().flat_map(|stance| {
        DEVICES.into_iter().flat_map(move |device| {
            DOINGS.into_iter().flat_map(move |doing| {
                handlings().into_iter().map(move |handling| Axes { device, stance, handling, doing })
            })
        })
    })
}

fn cell(text: Option<&'static str>) -> &'static str {
    text.unwrap_or("")
}

/// Every combination of the axes, gathered by the row of the table that it falls into.
#[test]
fn every_combination_of_the_axes_falls_into_the_rows_of_the_table() {
    let mut told = String::new();
    for status in Status::ALL {
        let mut rows: Vec<String> = every()
            .filter(|axes| super::status(axes) == status)
            .map(|axes| {
                let Columns { status: fs, state } = columns(&axes);
                let (console, console_state) = console(&axes);
                format!(
                    "{} | {} || {} | {}",
                    cell(fs.map(FsStatus::name)),
                    cell(state.map(FsState::name)),
                    console.name(),
                    console_state.name()
                )
            })
            .collect();
        let count = rows.len();
        rows.sort();
        rows.dedup();
        writeln!(told, "{} ({}) from {count}", status.name(), status.wire()).expect("memory");
        for row in rows {
            writeln!(told, "  {row}").expect("memory");
        }
    }
    expect![[r#"
        LogIn (LOGIN) from 2
          Available (On Demand) | Idle || Available (On Demand) | Idle
        LogOut (LOGOUT) from 84
          Logged Out |  || Logged Out | Waiting
        NonReg (NONREG) from 112
          Logged Out |  || Logged Out | Waiting
        Available (NONE) from 2
          Available (On Demand) | Waiting || Available (On Demand) | Waiting
        VoiceMail (VOICEMAIL) from 8
           |  || Logged Out | Waiting
        CallForward (CALLFORWARD) from 8
           |  || Logged Out | Waiting
        DND (DND) from 8
           |  || Logged Out | Waiting
        InCall (INCALL) from 160
          Available (On Demand) | Idle || Available (On Demand) | Idle
          Available (On Demand) | In a queue call || Available (On Demand) | In a queue call
          Available (On Demand) | Outbound Call || Available (On Demand) | Idle
          Available (On Demand) | Receiving || Available (On Demand) | Receiving
          Available (On Demand) | Reserved || Available (On Demand) | Reserved
        OnTasks (ONTASKS) from 2
          Logged Out |  || Logged Out | Waiting
        OnBreak (ONBREAK) from 2
          On Break | Idle || On Break | Idle
        Wrap-Up (WRAPUP) from 32
          Available (On Demand) | Idle || Available (On Demand) | Idle
    "#]]
    .assert_eq(&told);
}

#[test]
fn one_status_is_shown_by_precedence() {
    let mut last = 0;
    let order = [
        Status::LogOut,
        Status::NonReg,
        Status::InCall,
        Status::WrapUp,
        Status::Dnd,
        Status::CallForward,
        Status::OnBreak,
        Status::OnTasks,
        Status::Available,
        Status::LogIn,
    ];
    let base =
        |stance| Axes { device: DeviceState::Idle, stance, handling: Handling::Ring, doing: Doing::Nothing };
    let forward = Handling::Forward(Number::parse("200").expect("a number"));
    let steps = [
        Axes { device: DeviceState::Unregistered, ..base(Stance::LoggedOut) },
        Axes { device: DeviceState::Unregistered, doing: Doing::QueueCall, ..base(Stance::Ready) },
        Axes { doing: Doing::QueueCall, handling: Handling::Busy, ..base(Stance::Ready) },
        Axes { doing: Doing::WrapUp, handling: Handling::Busy, ..base(Stance::Ready) },
        Axes { handling: Handling::Busy, ..base(Stance::Absent(Absence::Break)) },
        Axes { handling: forward, ..base(Stance::Ready) },
        base(Stance::Absent(Absence::Break)),
        base(Stance::Absent(Absence::Tasks)),
        base(Stance::Ready),
        base(Stance::Fresh),
    ];
    for (axes, wanted) in steps.iter().zip(order) {
        assert_eq!(status(axes), wanted, "{axes:?}");
        last += 1;
    }
    assert_eq!(last, order.len());
}

#[test]
fn a_status_is_read_in_any_spelling() {
    for status in Status::ALL {
        let name = status.name();
        for text in [name.to_owned(), name.to_uppercase(), name.to_lowercase(), status.wire().to_owned()] {
            assert_eq!(Status::parse(&text), Some(status), "{text}");
        }
    }
    for text in ["wrap up", "WRAP_UP", "Wrap-Up", "wrapup"] {
        assert_eq!(Status::parse(text), Some(Status::WrapUp), "{text}");
    }
    assert_eq!(Status::parse("ONHOOK"), Some(Status::Available));
    assert_eq!(Status::parse("lunch"), None);
    assert_eq!(Status::parse(""), None);
    assert_eq!(Status::parse(&"x".repeat(1_000_000)), None);
}

#[test]
fn a_device_has_one_of_three_states() {
    assert_eq!(DEVICES.map(device_state), ["NONREG", "ONHOOK", "ISBUSY"]);
}
