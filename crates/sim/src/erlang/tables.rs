//! The tables of exact results, row by row.

use super::drive::exponential;
use super::{Class, Figure, Group, System};

/// The rows that the gate runs: each table, and each kind of figure.
const GATE: [&str; 6] = [
    "erlang_b row 5",
    "erlang_c row 1",
    "erlang_a row 1",
    "erlang_a row 7",
    "priority_mmn rows 1 to 2",
    "priority_mmn rows 3 to 5",
];

/// A row: the value under a heading.
type Row<'a> = &'a dyn Fn(&str) -> &'a str;

/// Every row that theory has a result for.
pub fn systems() -> Vec<System> {
    let single = [
        (include_str!("../../vectors/erlang_b.csv"), "erlang_b", erlang_b as fn(Row<'_>) -> Option<System>),
        (include_str!("../../vectors/erlang_c.csv"), "erlang_c", erlang_c),
        (include_str!("../../vectors/erlang_a.csv"), "erlang_a", erlang_a),
        (include_str!("../../vectors/skills_n_model.csv"), "skills_n_model", shared),
    ];
    let mut systems = Vec::new();
    for (table, name, read) in single {
        each_row(table, |n, row| {
            systems.extend(read(row).map(|system| System { name: format!("{name} row {n}"), ..system }));
        });
    }
    systems.extend(priorities());
    systems
}

/// The six that the gate runs.
pub fn gate() -> Vec<System> {
    systems().into_iter().filter(|system| GATE.contains(&system.name.as_str())).collect()
}

fn each_row(table: &str, mut take: impl FnMut(usize, Row<'_>)) {
    let mut lines = table.lines();
    let headings: Vec<_> = lines.next().expect("a table has headings").split(',').collect();
    for (n, line) in lines.enumerate() {
        let values: Vec<_> = line.split(',').collect();
        take(n + 1, &|heading| {
            let column = headings.iter().position(|other| *other == heading);
            column.and_then(|column| values.get(column)).unwrap_or_else(|| panic!("no {heading} in {line}"))
        });
    }
}

fn value(row: Row<'_>, heading: &str) -> f64 {
    row(heading).parse().unwrap_or_else(|_| panic!("{heading} is a number"))
}

fn agents(row: Row<'_>, heading: &str) -> u64 {
    row(heading).parse().unwrap_or_else(|_| panic!("{heading} is a number"))
}

/// One class of calls, one queue and one group of agents.
fn one_line(row: Row<'_>, per_hour: f64, patience_s: Option<f64>, exact: Vec<(Figure, f64)>) -> System {
    System {
        name: String::new(),
        weights: vec![0],
        classes: vec![Class { per_hour, queue: 0, urgency: 0, patience_s }],
        groups: vec![Group { agents: agents(row, "n"), serves: vec![(0, 0)] }],
        aht_s: value(row, "aht_s"),
        service: exponential,
        loses: false,
        threshold_s: value(row, "T_s"),
        exact,
    }
}

/// The table gives the load alone. A queue may hold a call for a millisecond at least, so conversations are made so long that
/// next to none ends in one.
fn erlang_b(row: Row<'_>) -> Option<System> {
    let agents = agents(row, "n");
    let aht_s = 60.0 * agents as f64;
    let values = |heading: &str| match heading {
        "n" => row("n"),
        _other => "0",
    };
    let per_hour = value(row, "a") * 3_600.0 / aht_s;
    let exact = vec![(Figure::Lost(0), value(row, "B"))];
    Some(System { aht_s, loses: true, ..one_line(&values, per_hour, None, exact) })
}

fn erlang_c(row: Row<'_>) -> Option<System> {
    let exact = [
        (Figure::Waits(0), "p_wait"),
        (Figure::MeanWait(0), "asa_s"),
        (Figure::MeanWaitOfWaiters(0), "mean_wait_of_waiters_s"),
        (Figure::QuickOfAll(0), "service_level"),
        (Figure::Occupancy(0), "occupancy"),
    ];
    let exact = exact.map(|(figure, heading)| (figure, value(row, heading))).to_vec();
    let system = one_line(row, value(row, "calls_per_hour"), None, exact);
    // Offered all that the agents can take, a queue has no mean.
    (value(row, "occupancy") < 1.0).then_some(system)
}

fn erlang_a(row: Row<'_>) -> Option<System> {
    let exact = [
        (Figure::Waits(0), "p_wait"),
        (Figure::Abandons(0), "p_abandon"),
        (Figure::MeanWait(0), "e_wait_all"),
        (Figure::MeanWaitAnswered(0), "asa_served"),
        (Figure::QuickOfAll(0), "sl_offered"),
        (Figure::QuickOfAnswered(0), "sl_answered"),
        (Figure::QuickEitherWay(0), "sl2_asterisk"),
        (Figure::AbandonsQuickly(0), "p_abandon_within_T"),
        (Figure::WaitsLong(0), "p_wait_gt_T"),
        (Figure::Occupancy(0), "occupancy"),
    ];
    let exact = exact.map(|(figure, heading)| (figure, value(row, heading))).to_vec();
    Some(one_line(row, value(row, "calls_per_hour"), Some(value(row, "patience_mean_s")), exact))
}

/// A system of classes has a row for each of them, one below the other.
fn priorities() -> Vec<System> {
    let mut systems: Vec<System> = Vec::new();
    each_row(include_str!("../../vectors/priority_mmn.csv"), |n, row| {
        let rates: Vec<f64> =
            row("all_classes").split('|').map(|rate| rate.parse().expect("a rate")).collect();
        let class = agents(row, "class_index") as usize - 1;
        if class == 0 {
            let values = |heading: &str| if heading == "T_s" { "0" } else { row(heading) };
            let urgency = |class: usize| (rates.len() - class) as u8;
            let of = |(class, per_hour): (usize, &f64)| Class {
                per_hour: *per_hour,
                queue: 0,
                urgency: urgency(class),
                patience_s: None,
            };
            let classes = rates.iter().enumerate().map(of).collect();
            let name = format!("priority_mmn rows {n} to {}", n + rates.len() - 1);
            systems.push(System { name, classes, ..one_line(&values, 0.0, None, Vec::new()) });
        }
        let system = systems.last_mut().expect("the first class comes first");
        system.exact.push((Figure::Waits(class), value(row, "p_wait")));
        system.exact.push((Figure::MeanWait(class), value(row, "mean_wait_s")));
    });
    systems
}

/// The N model: calls of A go to who serves A alone first; who serves both takes calls of B first.
fn shared(row: Row<'_>) -> Option<System> {
    assert_eq!(row("shared_agent_priority"), "B", "the only order in the table");
    let class = |queue, rate, patience| Class {
        per_hour: value(row, rate),
        queue,
        urgency: 0,
        patience_s: Some(value(row, patience)),
    };
    let exact = [
        (Figure::Waits(0), "p_wait_A"),
        (Figure::Waits(1), "p_wait_B"),
        (Figure::MeanWait(0), "mean_wait_A_s"),
        (Figure::MeanWait(1), "mean_wait_B_s"),
        (Figure::Abandons(0), "p_abandon_A"),
        (Figure::Abandons(1), "p_abandon_B"),
        (Figure::Occupancy(0), "occupancy_pool1"),
        (Figure::Occupancy(1), "occupancy_pool2"),
    ];
    Some(System {
        name: String::new(),
        weights: vec![0, 1],
        classes: vec![
            class(0, "calls_per_hour_A", "patience_A_s"),
            class(1, "calls_per_hour_B", "patience_B_s"),
        ],
        groups: vec![
            Group { agents: agents(row, "pool1_agents_A_only"), serves: vec![(0, 0)] },
            Group { agents: agents(row, "pool2_agents_AB"), serves: vec![(0, 1), (1, 0)] },
        ],
        aht_s: value(row, "aht_s"),
        service: exponential,
        loses: false,
        threshold_s: 0.0,
        exact: exact.map(|(figure, heading)| (figure, value(row, heading))).to_vec(),
    })
}
