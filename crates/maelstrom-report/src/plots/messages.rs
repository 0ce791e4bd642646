//! Messages over time, by type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::Plot;
use super::canvas::{Canvas, SERIES, above, end, figure, seconds, shaded};
use super::operations::line;
use super::windows::Windows;
use crate::Report;

/// So many of the commonest types have colours, as many as in the diagram; the others share a line.
const SHOWN: usize = SERIES.len() - 1;

/// Types that only set nodes up never have a colour of their own.
const SET_UP: [&str; 2] = ["init", "topology"];

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

/// The type of a message.
fn kind(body: &str) -> Option<Cow<'_, str>> {
    // Most bodies begin with it.
    if let Some(rest) = body.strip_prefix(r#"{"type":""#)
        && let Some((kind, _)) = rest.split_once('"')
        && !kind.contains('\\')
    {
        return Some(kind.into());
    }
    let body = serde_json::from_str::<Body<'_>>(body);
    body.ok().map(|body| body.kind)
}

/// The type of the request that a reply is for: the two share a colour.
fn base_of(kind: &str) -> &str {
    kind.strip_suffix("_ok").unwrap_or(kind)
}

/// The types that have colours, requests and replies counted together: the order of the colours
/// in the diagram (`colours.mjs`).
fn ranked(counts: &BTreeMap<String, Vec<usize>>) -> Vec<&str> {
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, counts) in counts {
        *sums.entry(base_of(kind)).or_default() += counts.iter().sum::<usize>();
    }
    let mut ranked: Vec<_> = sums.into_iter().collect();
    ranked.retain(|(base, _)| !SET_UP.contains(base));
    // Of types that are equally common the first by name.
    ranked.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    ranked.truncate(SHOWN);
    ranked.into_iter().map(|(base, _)| base).collect()
}

/// How many messages of each type were sent per second.
pub(super) fn by_type(report: &Report) -> Option<Plot> {
    let messages = report.journal()?.messages();
    let end = end(report);
    let windows = Windows::over(end);
    let mut counts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for message in messages {
        let kind = kind(&message.body);
        let kind = kind.as_deref().unwrap_or("without a type");
        let window = windows.of(seconds(message.sent));
        if let Some(of) = counts.get_mut(kind) {
            of[window] += 1;
        } else {
            let mut of = vec![0; windows.count];
            of[window] += 1;
            counts.insert(kind.to_owned(), of);
        }
    }
    let ranked = ranked(&counts);
    let place = |kind: &str| ranked.iter().position(|base| *base == base_of(kind));
    let (mut shown, others): (Vec<_>, Vec<_>) = counts
        .iter()
        .map(|(kind, counts)| (place(kind), kind, counts))
        .partition(|(place, ..)| place.is_some());
    // By name as they come: a request before its reply.
    shown.sort_by_key(|(place, ..)| *place);
    let (mut marks, mut words) = (Vec::new(), Vec::new());
    let mut largest: f64 = 0.0;
    let mut draw = |name: &str, counts: &[usize], colour, dash| {
        let rates = windows.rates(counts);
        largest = rates.iter().map(|(_, rate)| *rate).fold(largest, f64::max);
        marks.extend(line(&[rates], colour, dash, name));
    };
    for (place, kind, counts) in shown {
        let dash = if base_of(kind) == kind { "" } else { "7 3" };
        draw(kind, counts, SERIES[place.unwrap_or(SHOWN)], dash);
        words.push(format!("{} {kind}", counts.iter().sum::<usize>()));
    }
    if let [(_, first, _), rest @ ..] = &others[..] {
        let name = match rest.len() {
            0 => (*first).clone(),
            more => format!("{} other types", more + 1),
        };
        let mut sum = vec![0; windows.count];
        for (_, _, counts) in &others {
            sum.iter_mut()
                .zip(*counts)
                .for_each(|(sum, count)| *sum += count);
        }
        draw(&name, &sum, SERIES[SHOWN], "2 3");
        let of = if rest.is_empty() { "" } else { "of " };
        words.push(format!("{} {of}{name}", sum.iter().sum::<usize>()));
    }
    if marks.is_empty() {
        return None;
    }
    let canvas = Canvas {
        id: "messages".into(),
        title: "Messages by type".into(),
        description: format!(
            "{} messages were sent: {}; at most {} of a type per second. Drawn for each {} s.{}",
            messages.len(),
            words.join(", "),
            figure(largest),
            windows.length,
            shaded(report)
        ),
        y: "messages sent per second (1/s)".into(),
        y_range: (0.0, above(largest)),
        ..Canvas::over_time(report, end)
    };
    Some(canvas.draw(marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diagram_gives_no_colour_to_the_same_types() {
        let script = include_str!("../page/colours.mjs");
        let line = format!("const SET_UP = {SET_UP:?};");
        assert!(script.contains(&line), "{line}");
    }
}
