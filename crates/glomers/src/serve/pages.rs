//! The pages: the list of runs, one run, and two side by side.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::Site;
use super::runs::{Run, RunId, Runs, Standing};

/// How many runs a page lists.
const PER_PAGE: usize = 50;

/// What is asked of the list. Fields of the form that were left alone come as
/// empty text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    challenge: String,
    verdict: String,
    page: usize,
}

/// The list of runs.
#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    runs: Vec<Run>,
    /// How many there are, those on other pages too.
    count: usize,
    pages: usize,
    challenges: Vec<String>,
    wanted: Wanted,
}

/// `/`.
pub(super) async fn index(State(site): State<Site>, Query(wanted): Query<Wanted>) -> Response {
    blocking(move || list(&site.runs, wanted)).await
}

fn list(runs: &Runs, mut wanted: Wanted) -> Index {
    let ids = runs.ids();
    let mut challenges: Vec<_> = ids.iter().map(|id| id.challenge.clone()).collect();
    challenges.sort();
    challenges.dedup();
    let of_challenge = ids
        .into_iter()
        .filter(|id| wanted.challenge.is_empty() || id.challenge == wanted.challenge);
    let (count, page): (usize, Vec<Run>);
    if wanted.verdict.is_empty() {
        // Only what is shown is read.
        let ids: Vec<_> = of_challenge.collect();
        count = ids.len();
        wanted.page = wanted.page.min(count.saturating_sub(1) / PER_PAGE);
        let shown = ids.into_iter().skip(wanted.page * PER_PAGE).take(PER_PAGE);
        page = shown.filter_map(|id| runs.read(id)).collect();
    } else {
        let all: Vec<_> = of_challenge
            .filter_map(|id| runs.read(id))
            .filter(|run| run.standing.name() == wanted.verdict)
            .collect();
        count = all.len();
        wanted.page = wanted.page.min(count.saturating_sub(1) / PER_PAGE);
        let shown = all.into_iter().skip(wanted.page * PER_PAGE);
        page = shown.take(PER_PAGE).collect();
    }
    Index {
        runs: page,
        count,
        pages: count.div_ceil(PER_PAGE),
        challenges,
        wanted,
    }
}

/// One run.
#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    run: Run,
    files: Vec<String>,
}

/// `/runs/<challenge>/<time>`.
pub(super) async fn run(
    State(site): State<Site>,
    Path((challenge, time)): Path<(String, String)>,
) -> Response {
    let find = move || {
        let run = site.runs.run(&challenge, &time)?;
        let files = site.runs.files(&run.id);
        Some(RunPage { run, files })
    };
    match tokio::task::spawn_blocking(find).await {
        Ok(Some(page)) => show(&page),
        _ => nothing_here().await.into_response(),
    }
}

/// Two runs, as `<challenge>/<time>` each.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Two {
    left: String,
    right: String,
}

/// Two runs beside each other, each with its files.
#[derive(Template)]
#[template(path = "side_by_side.html")]
struct SideBySide {
    runs: [Run; 2],
    rows: Vec<(String, [String; 2])>,
    reports: [bool; 2],
}

/// `/side-by-side?left=<challenge>/<time>&right=<challenge>/<time>`.
pub(super) async fn side_by_side(State(site): State<Site>, Query(two): Query<Two>) -> Response {
    if two.left.is_empty() || two.right.is_empty() {
        let text = "Choose a left and a right run in the list first.";
        return problem(StatusCode::BAD_REQUEST, text).into_response();
    }
    let find = move || {
        let run = |id: &str| {
            let (challenge, time) = id.split_once('/')?;
            site.runs.run(challenge, time)
        };
        let runs = [run(&two.left)?, run(&two.right)?];
        let report = |run: &Run| has_report(&site.runs.files(&run.id));
        Some(SideBySide {
            rows: rows([&runs[0], &runs[1]]),
            reports: [report(&runs[0]), report(&runs[1])],
            runs,
        })
    };
    match tokio::task::spawn_blocking(find).await {
        Ok(Some(page)) => show(&page),
        _ => nothing_here().await.into_response(),
    }
}

/// What two runs have, a row for each thing that either has.
fn rows(runs: [&Run; 2]) -> Vec<(String, [String; 2])> {
    let all = runs.map(|run| {
        let results = &run.results;
        let mut all = vec![("verdict".to_owned(), run.standing.words().to_owned())];
        all.extend(
            results
                .seed
                .map(|seed| ("seed".to_owned(), seed.to_string())),
        );
        let figures = results.figures().into_iter();
        all.extend(figures.map(|(name, figure)| (name.to_owned(), figure)));
        all
    });
    let mut names: Vec<String> = Vec::new();
    for (name, _) in all.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let of = |all: &[(String, String)], name: &str| {
        let found = all.iter().find(|(other, _)| other == name);
        found.map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
    };
    let row = |name: String| {
        let values = [of(&all[0], &name), of(&all[1], &name)];
        (name, values)
    };
    names.into_iter().map(row).collect()
}

/// What went wrong, in the look of the other pages.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    text: &'a str,
}

fn problem(status: StatusCode, text: &str) -> impl IntoResponse + use<> {
    (status, show(&Problem { text }))
}

/// The one answer for whatever is not there and whatever must not be shown.
pub(super) async fn nothing_here() -> impl IntoResponse {
    problem(StatusCode::NOT_FOUND, "There is nothing here.")
}

fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Makes a page where waiting for the disk holds nobody up.
async fn blocking<T: Template + Send + 'static>(
    make: impl FnOnce() -> T + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(make).await {
        Ok(page) => show(&page),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn has_report(files: &[String]) -> bool {
    files.iter().any(|file| file == "report.html")
}

impl RunPage {
    fn has_report(&self) -> bool {
        has_report(&self.files)
    }
}

impl RunId {
    /// The time of day as a person reads it, to the second.
    fn when(&self) -> String {
        self.began().map_or_else(
            || self.time.clone(),
            |_| {
                let time = &self.time;
                let part = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
                let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
                let (hour, minute, second) = (part(9, 11), part(11, 13), part(13, 15));
                format!("{year}-{month}-{day} {hour}:{minute}:{second}")
            },
        )
    }
}

impl Run {
    /// A figure of the list, or nothing.
    fn figure(&self, name: &str) -> String {
        let figures = self.results.figures();
        let found = figures.into_iter().find(|(other, _)| *other == name);
        found.map_or_else(String::new, |(_, figure)| figure)
    }
}

impl Index {
    /// The list with another page of it, the filters kept.
    fn link(&self, page: &usize) -> String {
        let Wanted {
            challenge, verdict, ..
        } = &self.wanted;
        // Both are names from the list, or lead nowhere.
        let plain = |text: &str| {
            text.chars()
                .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                .collect::<String>()
        };
        format!(
            "/?challenge={}&verdict={}&page={page}",
            plain(challenge),
            plain(verdict)
        )
    }
}
