//! The page: its parts put together into one file.

use std::fmt::Write as _;

use crate::Report;

/// The whole page.
pub(crate) fn html(report: &Report) -> String {
    let title = report.results()["challenge"].as_str().unwrap_or("A run");
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    // Writing to a string can't fail.
    let _ = writeln!(page, "<title>{}</title>", escaped(title));
    let _ = writeln!(page, "<h1>{}</h1>", escaped(title));
    for plot in report.plots() {
        let _ = writeln!(
            page,
            "<figure role=\"group\"><figcaption><h3>{}</h3><p>{}</p></figcaption>{}</figure>",
            escaped(&plot.title),
            escaped(&plot.description),
            plot.svg
        );
    }
    page.push_str("</html>\n");
    page
}

/// A text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
