//! The gate: stages in order, each with a budget in seconds, and a table of times at the end.

mod stages;
mod verdicts;
mod works;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::invocation::{Budget, Invocation, target_folder};
pub(crate) use stages::BUILD;
use stages::{STAGES, TOTAL_LIMIT_S};
use verdicts::Listener;

/// Run the whole gate: what the build server runs, and what you run before you hand in work.
///
/// Installs what is missing, then format, lints, tests, scenarios, simulation and foreign programs, in the order in
/// which they fail fastest. A stage fails when its command fails or when it outruns its budget.
#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// Run these stages alone, in the gate's order: names from --list, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "STAGE")]
    only: Vec<String>,
    /// Go on after a failed stage, to see all that is wrong at once.
    #[arg(long)]
    keep_going: bool,
    /// Print the stages with their budgets and commands, and run nothing.
    #[arg(long)]
    list: bool,
}

/// One part of the gate.
struct Stage {
    name: &'static str,
    /// Beyond this many seconds the stage is ended and fails. Measured on 2 cores from a clean clone, with room.
    budget_s: u64,
    steps: &'static [Step],
}

/// What a stage does. The arguments are written as one would type them; no argument holds a space.
enum Step {
    /// `cargo` with these arguments.
    Cargo(&'static str),
    /// `cargo test` with these; what becomes of each test is kept for the pages that are written from it.
    Tests(&'static str),
    /// A program or example of this workspace as the gate's one build leaves it under `target/debug`, with arguments.
    /// `cargo run -p` would build it again with that package's narrower set of features.
    Program(&'static str),
    /// Something that this program does itself; the text says what.
    Inline(&'static str, fn(&Budget) -> Result<()>),
}

/// What became of a stage.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Passed,
    Failed,
    OverBudget,
    NotRun,
}

/// One line of the closing table.
struct Row {
    stage: &'static str,
    budget: Duration,
    took: Duration,
    outcome: Outcome,
}

pub(crate) fn run(args: &CheckArgs) -> Result<()> {
    let chosen = choose(&args.only)?;
    if args.list {
        print!("{}", list(&chosen));
        return Ok(());
    }
    let whole = Budget::starting_now(Duration::from_secs(TOTAL_LIMIT_S));
    let mut rows = Vec::new();
    for stage in chosen {
        let stopped = !args.keep_going && rows.iter().any(|row: &Row| row.outcome != Outcome::Passed);
        rows.push(if stopped { stage.not_run() } else { stage.run() });
    }
    print!("\n{}", table(&rows, whole.spent()));
    let failed: Vec<&str> = rows.iter().filter(|row| row.outcome.is_failure()).map(|row| row.stage).collect();
    if !failed.is_empty() {
        bail!("the gate failed; to repeat: cargo xtask check --only {}", failed.join(","));
    }
    if whole.is_outrun() {
        bail!("every stage passed, but the gate took {:.0?} of {TOTAL_LIMIT_S} s", whole.spent());
    }
    println!("the gate passed");
    Ok(())
}

fn choose(only: &[String]) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = only.iter().find(|name| !STAGES.iter().any(|stage| stage.name == **name)) {
        let known: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("there is no stage `{unknown}`; the stages are {}", known.join(", "));
    }
    Ok(STAGES.iter().filter(|stage| only.is_empty() || only.iter().any(|name| name == stage.name)).collect())
}

impl Stage {
    fn run(&self) -> Row {
        println!("\n== {} (budget {} s)", self.name, self.budget_s);
        let budget = Budget::starting_now(Duration::from_secs(self.budget_s));
        let result = self.steps.iter().try_for_each(|step| step.run(self.name, &budget));
        let took = budget.spent();
        let outcome = if budget.is_outrun() {
            Outcome::OverBudget
        } else if result.is_err() {
            Outcome::Failed
        } else {
            Outcome::Passed
        };
        if let Err(error) = result {
            println!("error: {error:#}");
        }
        println!(
            "== {}: {} in {:.1} s of {} s",
            self.name,
            outcome.word(),
            took.as_secs_f64(),
            self.budget_s
        );
        Row { stage: self.name, budget: Duration::from_secs(self.budget_s), took, outcome }
    }

    fn not_run(&self) -> Row {
        let budget = Duration::from_secs(self.budget_s);
        Row { stage: self.name, budget, took: Duration::ZERO, outcome: Outcome::NotRun }
    }
}

impl Step {
    fn run(&self, stage: &str, budget: &Budget) -> Result<()> {
        match self {
            Self::Cargo(args) => Invocation::cargo().args(args.split_whitespace()).run_within(budget),
            Self::Tests(args) => {
                let mut listener = Listener::default();
                let cargo = Invocation::cargo().arg("test").args(args.split_whitespace());
                let result = cargo.run_heard(budget, |line| listener.hear(line));
                listener.verdicts().keep(stage)?;
                result
            }
            Self::Program(line) => {
                let build = format!("{BUILD} --quiet");
                Invocation::cargo().args(build.split_whitespace()).run_within(budget)?;
                let (program, args) = line.split_once(' ').unwrap_or((line, ""));
                let path = target_folder()?.join("debug").join(program);
                Invocation::new(path).args(args.split_whitespace()).run_within(budget)
            }
            Self::Inline(what, work) => {
                println!("({what})");
                work(budget)
            }
        }
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::OverBudget => "OVER BUDGET",
            Self::NotRun => "not run",
        }
    }

    fn is_failure(self) -> bool {
        match self {
            Self::Failed | Self::OverBudget => true,
            Self::Passed | Self::NotRun => false,
        }
    }
}

fn list(stages: &[&Stage]) -> String {
    let mut text = String::new();
    for stage in stages {
        for (index, step) in stage.steps.iter().enumerate() {
            let head =
                if index == 0 { format!("{:<11}{:>4} s", stage.name, stage.budget_s) } else { String::new() };
            let body = match step {
                Step::Cargo(args) => format!("cargo {args}"),
                Step::Tests(args) => format!("cargo test {args}"),
                Step::Program(line) => format!("target/debug/{line}"),
                Step::Inline(what, _) => format!("({what})"),
            };
            writeln!(text, "{head:<17}  {body}").expect("a String takes what it is given");
        }
    }
    text
}

fn table(rows: &[Row], total: Duration) -> String {
    let mut text = format!("{:<11} {:>9} {:>8}\n", "stage", "took", "budget");
    let mut line = |name: &str, took: Duration, budget_s: u64, word: &str| {
        let took = format!("{:.1} s", took.as_secs_f64());
        writeln!(text, "{name:<11} {took:>9} {:>8}  {word}", format!("{budget_s} s"))
            .expect("a String takes what it is given");
    };
    for row in rows {
        line(row.stage, row.took, row.budget.as_secs(), row.outcome.word());
    }
    let word = if total.as_secs() > TOTAL_LIMIT_S { Outcome::OverBudget } else { Outcome::Passed };
    line("total", total, TOTAL_LIMIT_S, if word.is_failure() { word.word() } else { "" });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn stages_that_each_keep_their_budget_keep_the_total_limit() {
        let sum: u64 = STAGES.iter().map(|stage| stage.budget_s).sum();
        assert!(sum <= TOTAL_LIMIT_S, "budgets add up to {sum} s of {TOTAL_LIMIT_S} s");
    }

    #[test]
    fn stage_names_are_single_words_and_unique() {
        for (index, stage) in STAGES.iter().enumerate() {
            assert!(stage.name.chars().all(|c| c.is_ascii_lowercase()), "{}", stage.name);
            assert!(STAGES[..index].iter().all(|other| other.name != stage.name), "{}", stage.name);
        }
    }

    #[test]
    fn an_unknown_stage_is_answered_with_the_known_ones() {
        let error = choose(&["lint".to_owned()]).err().expect("there is no stage of that name").to_string();
        assert!(error.starts_with("there is no stage `lint`; the stages are debian, toolchain"), "{error}");
    }

    #[test]
    fn chosen_stages_keep_the_order_of_the_gate() {
        let only = ["tidy".to_owned(), "format".to_owned()];
        let names: Vec<&str> = choose(&only).expect("both exist").iter().map(|stage| stage.name).collect();
        assert_eq!(names, ["format", "tidy"]);
    }

    #[test]
    fn a_stage_that_outlives_its_budget_fails_even_when_its_work_succeeds() {
        fn spin(budget: &Budget) -> Result<()> {
            while !budget.is_outrun() {
                std::thread::yield_now();
            }
            Ok(())
        }
        let stage = Stage { name: "slow", budget_s: 0, steps: &[Step::Inline("spin", spin)] };
        assert!(stage.run().outcome == Outcome::OverBudget);
    }

    #[test]
    fn the_table_shows_each_stage_against_its_budget() {
        let row = |stage, took_ms, outcome| Row {
            stage,
            budget: Duration::from_secs(10),
            took: Duration::from_millis(took_ms),
            outcome,
        };
        let rows = [
            row("format", 1_230, Outcome::Passed),
            row("clippy", 12_000, Outcome::OverBudget),
            row("tests", 0, Outcome::NotRun),
        ];
        expect![[r"
            stage            took   budget
            format          1.2 s     10 s  passed
            clippy         12.0 s     10 s  OVER BUDGET
            tests           0.0 s     10 s  not run
            total          13.2 s   2400 s  
        "]]
        .assert_eq(&table(&rows, Duration::from_millis(13_230)));
    }
}
