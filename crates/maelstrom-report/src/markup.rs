//! HTML and SVG as text: escaping, and the few pieces that several parts of the page share.

use std::fmt::Write as _;

/// Anything as HTML shows it.
pub(crate) fn escaped(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
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

/// A text cut where it gets longer than `most` characters.
pub(crate) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// So many of something, with the word as the number asks for.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// A time in nanoseconds, in seconds.
pub(crate) fn seconds(nanos: u64) -> String {
    format!("{:.3} s", nanos as f64 / 1e9)
}

/// A table with a caption for who does not see it. Cells are HTML already.
pub(crate) fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!(
        "<div class=\"scroll\"><table><caption class=\"unseen\">{}</caption><thead><tr>",
        escaped(caption)
    );
    // Writing to a string can't fail, here and below.
    for head in heads {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(head));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let _ = match place {
                0 => write!(out, "<th scope=\"row\">{cell}</th>"),
                _ => write!(out, "<td>{cell}</td>"),
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// A link to an operation's place in the diagram.
pub(crate) fn op_link(index: u64, text: &str) -> String {
    format!(
        "<a href=\"#diagram\" data-op=\"{index}\">{}</a>",
        escaped(text)
    )
}

/// A line of a story, with its operations and times linked to their place in the diagram.
pub(crate) fn linked(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word_begins = !out.ends_with(|c: char| c.is_alphanumeric());
        let found = if word_begins { link(rest) } else { None };
        if let Some((html, length)) = found {
            out.push_str(&html);
            rest = &rest[length..];
        } else {
            let c = rest.chars().next().unwrap_or_default();
            out.push_str(&escaped(c.encode_utf8(&mut [0; 4])));
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// What stands at the head of a text as a link, and how long it is.
fn link(text: &str) -> Option<(String, usize)> {
    for before in ["operation ", "T"] {
        let digits = text.strip_prefix(before).map_or(0, digits);
        if digits > 0 {
            let length = before.len() + digits;
            let index = text[before.len()..length].parse().ok()?;
            return Some((op_link(index, &text[..length]), length));
        }
    }
    let number = text.strip_prefix("at ")?;
    let whole = digits(number);
    let fraction = number.get(whole..)?.strip_prefix('.').map(digits)?;
    let length = "at ".len() + whole + 1 + fraction;
    if whole == 0 || fraction == 0 || !text[length..].starts_with(" s") {
        return None;
    }
    let seconds: f64 = text["at ".len()..length].parse().ok()?;
    let micros = (seconds * 1e6).round();
    let length = length + " s".len();
    let html = format!(
        "<a href=\"#diagram\" data-at=\"{micros}\">{}</a>",
        &text[..length]
    );
    Some((html, length))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_and_times_of_a_story_are_links() {
        assert_eq!(
            linked("process 3 read <5> at 1.250 s (operation 12)"),
            "process 3 read &lt;5&gt; <a href=\"#diagram\" data-at=\"1250000\">at 1.250 s</a> \
             (<a href=\"#diagram\" data-op=\"12\">operation 12</a>)"
        );
        assert_eq!(
            linked("T7 before T9, not WT8"),
            "<a href=\"#diagram\" data-op=\"7\">T7</a> before <a href=\"#diagram\" data-op=\"9\">T9</a>, not WT8"
        );
        assert_eq!(linked("at 95 %, at last"), "at 95 %, at last");
    }
}
