//! The quick reader of lines agrees with serde, and no input upsets it.

use maelstrom_proto::{Body, DecodeError, Frame, Message};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::values::any_object;

/// A header as serde reads it: what else a body says, it does not look at.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "type")]
    kind: String,
    msg_id: Option<u64>,
    in_reply_to: Option<u64>,
}

/// Both readers say the same of a line.
fn agree(line: &str) {
    let quick = Frame::parse(line).and_then(|frame| frame.to_message());
    let slow = serde_json::from_str::<Message>(line);
    match (&quick, &slow) {
        (Ok(quick), Ok(slow)) => {
            assert_eq!(quick, slow, "{line}");
            let frame = Frame::parse(line).unwrap();
            match frame.header() {
                Ok(found) => {
                    let header: Header = serde_json::from_str(slow.body.as_str()).unwrap();
                    assert_eq!(header.kind, found.kind);
                    assert_eq!(header.msg_id, found.msg_id);
                    assert_eq!(header.in_reply_to, found.in_reply_to);
                }
                Err(DecodeError::Malformed { .. }) => {}
                Err(other) => panic!("{line}: {other}"),
            }
        }
        (Err(_), Err(_)) => {}
        _ => panic!("{line}: {quick:?} but {slow:?}"),
    }
}

#[test]
fn odd_lines_are_read_alike() {
    for line in [
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":1}}"#,
        r#" { "id" : 3 , "body" : { "type" : "a" , "x" : [ { } , "}" ] } , "dest" : "n" , "src" : "c" } "#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a"}} x"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a"},}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a",}}"#,
        r#"{"src":"c1","dest":"n0","body":{"t\u0079pe":"a","msg_id":1}}"#,
        r#"{"s\u0072c":"c1","dest":"n\u0030","body":{"type":"\u0061"}}"#,
        r#"{"src":"c1","src":"c2","dest":"n0","body":{"type":"a"}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","type":"b"}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":01}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":1.0}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":1e3}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":-1}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":99999999999999999999}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","msg_id":null}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":1e999}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":[}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":tru}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":]}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":"\q"}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"a","x":"\"#,
        r#"{"src":"c1","dest":"n0","body":{}}"#,
        r#"{"src":"c1","dest":"n0","body":[]}"#,
        r#"{"src":"c1","dest":"n0","body":null}"#,
        r#"{"src":"c1","dest":"n0","id":null,"body":{"type":"a"}}"#,
        r#"{"src":"c1","dest":"n0","id":"1","body":{"type":"a"}}"#,
        r#"{"src":null,"dest":"n0","body":{"type":"a"}}"#,
        r#"{"src":"c1","dest":"n0","extra":1,"body":{"type":"a"}}"#,
        "{\"src\":\"c\u{1}1\",\"dest\":\"n0\",\"body\":{\"type\":\"a\"}}",
        "{}",
        "{",
        "",
        "null",
        "\"src\"",
    ] {
        agree(line);
    }
}

#[test]
fn a_body_that_is_not_json_within_shows_when_it_is_decoded() {
    let line = r#"{"src":"c1","dest":"n0","body":{"type":"echo","echo":tru,"msg_id":1}}"#;
    let frame = Frame::parse(line).unwrap();
    assert_eq!(frame.header().unwrap().msg_id, Some(1));
    assert!(frame.decode::<Value>().is_err());
    assert!(frame.to_message().is_err());
    assert!(Body::parse(frame.body()).is_err());
}

proptest! {
    #[test]
    fn any_message_is_read_alike(object in any_object(), kind in any::<String>(), id in any::<u64>(), src in any::<String>()) {
        let mut object = object;
        object.insert("type".to_owned(), kind.into());
        let body = Body::request(&object, id).unwrap();
        agree(&serde_json::to_string(&Message::new(src, "n0", body)).unwrap());
    }

    #[test]
    fn any_line_with_a_byte_changed_is_read_alike(object in any_object(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let body = Body::request(&object, 1).unwrap().overlay(&serde_json::json!({"type": "x"})).unwrap();
        let mut line = serde_json::to_vec(&Message::new("c1", "n0", body)).unwrap();
        let at = at.index(line.len());
        line[at] = byte;
        if let Ok(line) = std::str::from_utf8(&line) {
            agree(line);
        }
    }

    #[test]
    fn any_text_is_read_alike(text in any::<String>()) {
        agree(&text);
        let _ = Body::parse(&text).map(|body| (body.header().is_ok(), body.decode::<Value>().is_ok()));
    }

    #[test]
    fn any_pile_of_json_signs_is_read_alike(text in r#"\{("(src|dest|body|id)":|[\[\]{}:,"0-9\\ a-z]){0,12}"#) {
        agree(&text);
    }
}
