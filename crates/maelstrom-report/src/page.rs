//! The page: its parts put together into one file.
//!
//! What is text stands in the file as HTML and needs no script: the head, the story, the
//! plots. The script draws the diagram and the replay, and follows values, from the run's
//! data, which stands in the file as Base64.

use std::fmt::Write as _;

use crate::markup::escaped;
use crate::packed::packed;
use crate::{Report, head, story};

const STYLE: &str = include_str!("page/style.css");

const PLOTS: &str = crate::plots::STYLE;

/// The script, in the order in which its files build upon each other. Each is a module that
/// node's test runner can load by itself; here they share one.
const SCRIPT: [&str; 12] = [
    include_str!("page/guess.mjs"),
    include_str!("page/data.mjs"),
    include_str!("page/time.mjs"),
    include_str!("page/colours.mjs"),
    include_str!("page/visible.mjs"),
    include_str!("page/mentions.mjs"),
    include_str!("page/follow.mjs"),
    include_str!("page/replay.mjs"),
    include_str!("page/diagram.mjs"),
    include_str!("page/ring.mjs"),
    include_str!("page/trail.mjs"),
    include_str!("page/main.mjs"),
];

/// The parts that the script fills.
const DIAGRAM: &str = include_str!("page/diagram.html");

/// The whole page.
pub(crate) fn html(report: &Report) -> String {
    let name = head::name(report);
    let title = match report.results()["seed"].as_u64() {
        Some(seed) => format!("{name}, seed {seed}"),
        None => name,
    };
    // Two parts that take their time, and know nothing of each other.
    let (data, plots) = std::thread::scope(|scope| {
        let plots = scope.spawn(|| plots(report));
        let data = packed(report);
        match plots.join() {
            Ok(plots) => (data, plots),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let mut page = String::with_capacity(data.len() + 100_000);
    // Writing to a string can't fail, here and below.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{PLOTS}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header><h1>{title}</h1><button type=\"button\" id=\"theme\" aria-pressed=\"false\">Dark</button></header>\n\
         <main id=\"main\">\n",
        title = escaped(title)
    );
    page.push_str(&text(report));
    if report.journal().is_some() || !report.history().is_empty() {
        page.push_str(DIAGRAM);
    }
    page.push_str(&plots);
    page.push_str("</main>\n<script type=\"application/octet-stream\" id=\"run\">");
    page.push_str(&data);
    page.push_str("</script>\n<script type=\"module\">\n");
    page.push_str(&script());
    page.push_str("</script>\n</body>\n</html>\n");
    page
}

/// What can be read without the script.
pub(crate) fn text(report: &Report) -> String {
    let mut out = String::from("<section id=\"head\" aria-label=\"The run\">\n");
    out.push_str(&head::head(report));
    out.push_str(&head::settings(report));
    out.push_str(&head::faults(report));
    out.push_str("</section>\n");
    out.push_str(&story::story(report));
    out
}

fn plots(report: &Report) -> String {
    let plots = report.plots();
    if plots.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section id=\"plots\" aria-labelledby=\"plots-title\">\n<h2 id=\"plots-title\">Plots</h2>\n",
    );
    for plot in plots {
        let _ = writeln!(
            out,
            "<figure class=\"plot\"><figcaption><h3>{}</h3><p>{}</p></figcaption>\n{}</figure>",
            escaped(&plot.title),
            escaped(&plot.description),
            plot.svg
        );
    }
    out + "</section>\n"
}

/// The files as one module, without what only their readers need: what they import from each
/// other is already there.
fn script() -> String {
    let mut out = String::new();
    for line in SCRIPT.iter().flat_map(|file| file.lines()) {
        let line = line.trim_start();
        if !line.is_empty() && !line.starts_with("import ") && !line.starts_with("//") {
            out.push_str(line.strip_prefix("export ").unwrap_or(line));
            out.push('\n');
        }
    }
    out
}
