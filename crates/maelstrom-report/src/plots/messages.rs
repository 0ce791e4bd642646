//! Messages over time, by type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::Plot;
use super::canvas::{Canvas, SERIES, above, figure, seconds, shaded, shades};
use super::operations::line;
use super::windows::Windows;
use crate::Report;

/// Types beyond the commonest share a line.
const SHOWN: usize = 5;

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

/// How many messages of each type were sent per second.
pub(super) fn by_type(report: &Report) -> Option<Plot> {
    let messages = report.journal()?.messages();
    let end = seconds(report.end()).max(0.001);
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
    let mut ranked: Vec<_> = counts.into_iter().collect();
    // Of types that are equally common the first by name.
    ranked.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    if ranked.len() > SHOWN + 1 {
        let rest = ranked.split_off(SHOWN);
        let mut sum = vec![0; windows.count];
        for (window, count) in rest
            .iter()
            .flat_map(|(_, counts)| counts.iter().enumerate())
        {
            sum[window] += count;
        }
        ranked.push((format!("of {} other types", rest.len()), sum));
    }
    let (mut marks, mut words) = (Vec::new(), Vec::new());
    let mut largest: f64 = 0.0;
    for (place, (kind, counts)) in ranked.iter().enumerate() {
        let rates = windows.rates(counts);
        largest = rates.iter().map(|(_, rate)| *rate).fold(largest, f64::max);
        words.push(format!("{} {kind}", counts.iter().sum::<usize>()));
        let dash = ["", "7 3", "2 3", "8 3 2 3"][place % 4];
        marks.extend(line(&[rates], SERIES[place % SERIES.len()], dash, kind));
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
        x: "time (s)".into(),
        y: "messages sent per second (1/s)".into(),
        x_range: (0.0, end),
        y_range: (0.0, above(largest)),
        log: (false, false),
        shades: shades(report),
        lines: Vec::new(),
    };
    Some(canvas.draw(marks))
}
