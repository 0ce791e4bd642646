//! The files that a run left, as they are.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;

use super::pages::nothing_here;
use super::runs::{Runs, is_name};
use super::{Site, guard};

/// `/runs/<challenge>/<time>/<file>`.
pub(super) async fn file(
    State(site): State<Site>,
    Path((challenge, time, file)): Path<(String, String, String)>,
) -> Response {
    let found = tokio::task::spawn_blocking(move || find(&site.runs, &challenge, &time, &file));
    let Ok(Some(path)) = found.await else {
        return nothing_here().await.into_response();
    };
    let kind = content_type(&path);
    let Ok(file) = tokio::fs::File::open(path).await else {
        return nothing_here().await.into_response();
    };
    let length = file.metadata().await.map(|about| about.len());
    let body = Body::from_stream(ReaderStream::new(file));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, guard::FILES),
    ];
    let mut response = (headers, body).into_response();
    if let Ok(length) = length {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    response
}

/// A regular file within the run's folder, wherever links lead.
fn find(runs: &Runs, challenge: &str, time: &str, file: &str) -> Option<PathBuf> {
    let folder = runs.folder(challenge, time)?;
    if !file.split('/').all(is_name) {
        return None;
    }
    let path = folder.join(file).canonicalize().ok()?;
    (path.starts_with(&folder) && path.is_file()).then_some(path)
}

/// By the file's name; what has no known ending is handed out as bytes.
fn content_type(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("jsonl" | "edn" | "log" | "txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
