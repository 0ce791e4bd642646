//! What every plot must have, and what it must not.

use maelstrom_check::{History, Op};
use serde_json::{Value, json};

use super::{Axis, Group, Plane, Plot, Spot};
use crate::{Fate, Journal, Report};

/// Seconds as nanoseconds.
const S: i64 = 1_000_000_000;

/// Two values told to one node and read from another, under a partition of three seconds.
fn report() -> Report {
    let at = |op: Op, milliseconds: i64| op.at(milliseconds * S / 1000);
    let history = History::from_ops([
        at(Op::invoke(0, "broadcast", 1), 100),
        at(Op::ok(0, "broadcast", 1), 150),
        at(Op::invoke(1, "read", ()), 200),
        at(Op::ok(1, "read", Vec::<i64>::new()), 201),
        at(Op::invoke(0, "broadcast", 2), 1000),
        at(Op::info(0, "broadcast", 2), 6000),
        at(Op::invoke(1, "read", ()), 7000),
        at(Op::ok(1, "read", vec![1, 2]), 7003),
    ]);
    let mut ops = history.expect("a history").ops().to_vec();
    let nemesis = History::parse(
        r#"{:process :nemesis, :type :info, :time 1000000000, :f :start-partition, :value [:isolated {"n0" ["n1"], "n1" ["n0"]}]}
        {:process :nemesis, :type :info, :time 4000000000, :f :stop-partition, :value :network-healed}"#,
    );
    ops.extend_from_slice(nemesis.expect("a history").ops());
    ops.sort_by_key(|op| op.time);
    let mut journal = Journal::new();
    for (second, kind) in [
        (0, "broadcast"),
        (0, "broadcast_ok"),
        (2, "gossip"),
        (5, "gossip"),
    ] {
        let time = second * S as u64;
        let body = format!("{{\"type\":\"{kind}\"}}");
        let message = journal.send(time, "n0", "n1", body);
        journal.end_of(message, time + 1000, Fate::Received);
    }
    let results = json!({ "settings": { "workload": "broadcast" } });
    Report::new(
        History::from_ops(ops).expect("a history"),
        Some(journal),
        results,
    )
}

/// A picture with a name and words, and nothing that is no number.
fn check(plot: &Plot) {
    let Plot {
        title,
        description,
        svg,
    } = plot;
    assert!(
        svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"),
        "{svg}"
    );
    assert_eq!(svg.matches("<svg").count(), 1, "{svg}");
    for part in [
        "role=\"img\"",
        "aria-labelledby=",
        "viewBox=\"0 0 560",
        &format!(">{title}</title>"),
        &format!(">{description}</desc>"),
    ] {
        assert!(svg.contains(part), "`{part}` is not in {svg}");
    }
    for part in [
        "NaN",
        "inf\"",
        "inf ",
        "inf,",
        "kuva",
        "\"black\"",
        "#000",
        "000000",
    ] {
        let place = svg.find(part);
        let around = place.map(|place| &svg[place.saturating_sub(80)..place + part.len()]);
        assert_eq!(around, None, "`{part}` in {title}");
    }
}

fn axes(plot: &Plot) -> Vec<String> {
    let texts = plot.svg.split("<text ").skip(1);
    let texts = texts.filter_map(|text| text.split_once('>')?.1.split_once('<'));
    let with_unit = texts.filter(|(text, _)| text.ends_with(')'));
    with_unit.map(|(text, _)| text.to_owned()).collect()
}

#[test]
fn each_plot_names_its_axes_and_says_its_figures() {
    let plots = report().plots();
    plots.iter().for_each(check);
    let told: Vec<_> = plots
        .iter()
        .map(|plot| {
            let axes = axes(plot).join(" against ");
            format!("{} [{axes}]\n  {}\n", plot.title, plot.description)
        })
        .collect();
    insta::assert_snapshot!(told.concat().trim_end());
}

/// The library counts what it drew; that must not show.
#[test]
fn the_same_run_gives_the_same_plots() {
    assert_eq!(report().plots(), report().plots());
}

#[test]
fn faults_are_shaded_where_they_stood() {
    let shade = "fill=\"var(--plot-fault)\"";
    for plot in report().plots() {
        let expected = usize::from(plot.title != "Distribution of stable latency");
        assert_eq!(plot.svg.matches(shade).count(), expected, "{}", plot.title);
    }
}

#[test]
fn nothing_to_plot_is_no_plot() {
    let none = Report::new(History::new(), None, Value::Null);
    assert_eq!(none.plots(), []);
    let only_messages = Report::new(History::new(), report().journal().cloned(), Value::Null);
    let titles: Vec<_> = only_messages
        .plots()
        .into_iter()
        .map(|plot| plot.title)
        .collect();
    assert_eq!(titles, ["Messages by type"]);
}

/// As in the diagram: a request and its reply share a colour, the commonest have the first, and
/// what sets nodes up is grey with the rest.
#[test]
fn types_of_messages_have_the_colours_of_the_diagram() {
    let mut journal = Journal::new();
    let mut send = |kind: &str, count: u64| {
        for number in 0..count {
            let body = format!("{{\"type\":\"{kind}\"}}");
            journal.send(number * S as u64 / 10, "n0", "n1", body);
        }
    };
    for (kind, count) in [("init", 50), ("init_ok", 50), ("read", 4), ("gossip", 6)] {
        send(kind, count);
    }
    send("read_ok", 4);
    let plots = Report::new(History::new(), Some(journal), Value::Null).plots();
    let plot = &plots[0];
    for (colour, strokes) in [(1, 4), (2, 2), (3, 0), (7, 2)] {
        let colour = format!("stroke=\"var(--plot-{colour})\"");
        let found = plot.svg.matches(&colour).count();
        assert_eq!(found, strokes, "{colour} in {}", plot.svg);
    }
    let words = "4 read, 4 read_ok, 6 gossip, 100 of 2 other types;";
    assert!(plot.description.contains(words), "{}", plot.description);
    assert!(plot.svg.contains(">2 other types<"));
}

#[test]
fn operations_that_took_no_time_are_plotted_too() {
    let history = History::from_ops([
        Op::invoke(0, "echo", "x").at(S),
        Op::ok(0, "echo", "x").at(S),
    ]);
    let report = Report::new(history.expect("a history"), None, Value::Null);
    let plots = report.plots();
    assert_eq!(plots.len(), 3);
    plots.iter().for_each(check);
}

#[test]
fn a_long_run_makes_no_larger_plots() {
    let mut ops = Vec::new();
    for n in 0..40_000_i64 {
        // Spread over both axes, without chance.
        let (begin, took) = (n * S / 1000, (n * 7919 % 10_007) * S / 1000);
        let process = n.unsigned_abs();
        ops.push(Op::invoke(process, "write", n).at(begin));
        ops.push(Op::ok(process, "write", n).at(begin + took));
    }
    ops.sort_by_key(|op| (op.time, !op.is_invoke()));
    let report = Report::new(
        History::from_ops(ops).expect("a history"),
        None,
        Value::Null,
    );
    for plot in report.plots() {
        check(&plot);
        assert!(
            plot.svg.len() < 120_000,
            "{}: {}",
            plot.title,
            plot.svg.len()
        );
    }
}

#[test]
fn a_plane_has_its_limits_and_leads_on() {
    let spot = |name: &str, at, href: Option<&str>| Spot {
        name: name.to_owned(),
        at,
        href: href.map(str::to_owned),
    };
    let axis = |label: &str, limit: f64| Axis {
        label: label.to_owned(),
        limits: vec![(limit, format!("below {limit}"))],
        log: true,
    };
    let mut plane = Plane {
        title: "Cost against speed".into(),
        description: "Flood is fast & dear.".into(),
        x: axis("messages per operation (1)", 30.0),
        y: axis("median latency (ms)", 400.0),
        groups: vec![Group {
            name: "ours".into(),
            spots: vec![
                spot("flood", (60.0, 100.0), Some("a/report.html")),
                spot("batch", (10.0, 350.0), None),
            ],
        }],
    };
    let plot = plane.plot("plane").expect("a plot");
    assert_eq!(
        axes(&plot),
        ["messages per operation (1)", "median latency (ms)"]
    );
    for part in [
        "role=\"group\"",
        "<a href=\"a/report.html\">flood</a></text>",
        ">batch</text>",
        ">below 30</text>",
        ">below 400</text>",
        "Flood is fast &amp; dear.",
    ] {
        assert!(plot.svg.contains(part), "`{part}` is not in {}", plot.svg);
    }
    plane.groups.clear();
    assert_eq!(plane.plot("plane"), None);
}

#[test]
fn a_run_that_is_over_at_once_has_an_axis_of_time() {
    let history = History::from_ops([Op::invoke(0, "echo", 1).at(0), Op::ok(0, "echo", 1).at(0)]);
    let mut journal = Journal::new();
    let message = journal.send(0, "c0", "n0", "{\"type\":\"echo\"}");
    journal.end_of(message, 0, Fate::Received);
    let report = Report::new(history.expect("a history"), Some(journal), json!({}));
    let plots = report.plots();
    assert_eq!(plots.len(), 4);
    for plot in &plots {
        check(plot);
        assert!(plot.svg.contains(">0.1</text>"), "{}", plot.svg);
    }
}
