//! JSON texts taken apart: their shape, which few share, their integers, and their long numbers.
//!
//! `{"k":[1,2,3],"by":"n7"}` has the shape `{"k":[␂␁␃],"by":"n␁"}` and the integers `3 1 2 3 7`:
//! what is alike in a row, between ␂ and ␃ in the shape, stands there once, and its count among
//! the integers. A few integers beside something else stand one by one: `["r",9]` is `["r",␁]`.
//! ␄ stands for a number too long for a double: decimal, or the hexadecimal digits of a hash, an
//! id, a UUID. None of these marks can stand in JSON, which escapes such characters.

mod scan;
mod text;

use scan::Scan;

/// Stands in a shape for an integer.
pub(crate) const INT: u8 = 1;
/// Before and after what is repeated.
pub(crate) const REPEAT: u8 = 2;
pub(crate) const END: u8 = 3;
/// Stands in a shape for a [`Wide`].
pub(crate) const WIDE: u8 = 4;

/// A number of more digits than a double holds, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide {
    /// 0 for decimal, 33 for a UUID, else how many hexadecimal digits it has.
    pub(crate) form: u8,
    pub(crate) value: u128,
}

impl Wide {
    /// How many bytes its value takes.
    pub(crate) fn bytes(self) -> usize {
        match self.form {
            0 => 8,
            33 => 16,
            digits => usize::from(digits).div_ceil(2),
        }
    }
}

/// What one text is made of.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    /// UTF-8, as the text is.
    pub(crate) shape: Vec<u8>,
    pub(crate) ints: Vec<i64>,
    pub(crate) wides: Vec<Wide>,
    /// The ids that only join requests and replies; they are not in the shape.
    pub(crate) msg_id: Option<i64>,
    pub(crate) reply: Option<i64>,
    /// The last string that was more than plain letters: many come again at once.
    string: Option<Box<Known>>,
}

/// A text that was taken apart, to be found again inside another.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) text: Vec<u8>,
    pub(crate) apart: Apart,
}

impl Apart {
    /// Takes a text apart, into the room of the one before.
    pub(crate) fn of(&mut self, text: &[u8]) {
        self.take(text, false, &[]);
    }

    /// Takes the body of a message apart: its ids go out of it, and what stands in it of texts
    /// that are `known` is copied from there.
    pub(crate) fn of_body(&mut self, text: &[u8], known: &[Known]) {
        self.take(text, true, known);
    }

    fn take(&mut self, text: &[u8], ids: bool, known: &[Known]) {
        self.clear();
        let mut scan = Scan {
            bytes: text,
            at: 0,
            ids,
            known,
            out: self,
        };
        let whole = scan.value(0).and_then(|()| scan.end());
        if whole.is_none() {
            // No JSON: it is shown as a string.
            self.clear();
            let text = serde_json::Value::from(String::from_utf8_lossy(text));
            self.shape = text.to_string().into_bytes();
        }
    }

    fn lengths(&self) -> (usize, usize, usize) {
        (self.shape.len(), self.ints.len(), self.wides.len())
    }

    fn clear(&mut self) {
        self.shape.clear();
        self.ints.clear();
        self.wides.clear();
        (self.msg_id, self.reply) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// The shape with readable marks, and the integers.
    fn apart(text: &str) -> (String, Vec<i64>) {
        let mut apart = Apart::default();
        apart.of(text.as_bytes());
        let marks = [(INT, "#"), (REPEAT, "<"), (END, ">"), (WIDE, "%")];
        let shape = String::from_utf8(apart.shape).unwrap();
        let shape = marks.iter().fold(shape, |shape, (mark, shown)| {
            shape.replace(char::from(*mark), shown)
        });
        (shape, apart.ints)
    }

    #[test]
    fn numbers_go_out_of_a_text_and_all_else_stays() {
        let text = r#"{"k":[5,7,6],"n":-300,"s":"a\"1,2","x":1.5}"#;
        let shape = r##"{"k":[<#>],"n":#,"s":"a\"#,#","x":1.5}"##;
        assert_eq!(apart(text), (shape.into(), vec![3, 5, 7, 6, -300, 1, 2]));
        for kept in [
            "-0",
            "1e5",
            "1.25",
            "1e400",
            r#""007""#,
            r#""\u00ea\/""#,
            r#""facade""#,
            "null",
        ] {
            assert_eq!(apart(kept), (kept.into(), vec![]));
        }
    }

    #[test]
    fn what_is_alike_in_a_row_is_counted() {
        let all = "[<[<#>]>,<[]>,null]";
        assert_eq!(
            apart("[[1,2],[3],[],null]"),
            (all.into(), vec![2, 2, 1, 2, 1, 3, 1])
        );
        let state = r#"{"7":1,"8":[2],"9":[3],"rest":{}}"#;
        let shape = r##"{<"#":#>,<"#":[<#>]>,"rest":{}}"##;
        let ints = vec![1, 7, 1, 2, 8, 1, 2, 9, 1, 3];
        assert_eq!(apart(state), (shape.into(), ints));
    }

    #[test]
    fn a_few_integers_beside_something_else_stand_one_by_one() {
        for (text, shape, ints) in [
            (r#"["w",9,-3]"#, r##"["w",#,#]"##, vec![9, -3]),
            ("[1,[2],3]", "[#,<[<#>]>,#]", vec![1, 1, 1, 2, 3]),
            (
                "[1,2,3,4,5,6,7,8,null]",
                "[#,#,#,#,#,#,#,#,null]",
                vec![1, 2, 3, 4, 5, 6, 7, 8],
            ),
            (
                "[null,1,2,3,4,5,6,7,8,9]",
                "[null,<#>]",
                vec![9, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            ),
            (" [ 1, 2 ,3 ] ", "[<#>]", vec![3, 1, 2, 3]),
            ("[ ]", "[]", vec![]),
        ] {
            assert_eq!(apart(text), (shape.into(), ints), "{text}");
        }
    }

    #[test]
    fn long_numbers_in_a_row_are_counted_too() {
        let long = "[1700000000000000000,1700000000000004096]";
        assert_eq!(apart(long), ("[<%>]".into(), vec![2]));
        assert_eq!(apart("[0.5,0.5,7]"), ("[<0.5>,#]".into(), vec![2, 7]));
    }

    #[test]
    fn long_numbers_are_told_by_how_they_are_written() {
        let mut apart = Apart::default();
        let text = r#"["n1-9f2c4e6a8b0d1","550e8400-e29b-41d4-a716-446655440000",12345678901234567890,"0123456789012345"]"#;
        apart.of(text.as_bytes());
        let forms: Vec<(u8, usize)> = apart.wides.iter().map(|w| (w.form, w.bytes())).collect();
        assert_eq!(forms, [(13, 7), (33, 16), (0, 8), (16, 8)]);
        assert_eq!(apart.wides[2].value, 12_345_678_901_234_567_890);
        assert_eq!(apart.wides[0].value, 0x9_f2c4_e6a8_b0d1);
    }

    #[test]
    fn a_string_that_comes_again_is_taken_apart_as_at_first() {
        let string = r#""n7/1700000000000000/9f2c4e6a8b0d""#;
        let mut once = Apart::default();
        once.of(string.as_bytes());
        let mut thrice = Apart::default();
        let text = format!(r#"{{"a":{string},"b":[{string},"n8"],"c":{string}}}"#);
        thrice.of(text.as_bytes());
        let shape = String::from_utf8(once.shape).unwrap();
        let whole = format!(r#"{{"a":{shape},"b":[{shape},"n"],"c":{shape}}}"#);
        assert_eq!(
            String::from_utf8(thrice.shape).unwrap(),
            whole.replace(r#""n""#, "\"n\u{1}\"")
        );
        assert_eq!(thrice.ints, [7, 7, 8, 7]);
        assert_eq!(
            thrice.wides,
            [once.wides.clone(), once.wides.clone(), once.wides].concat()
        );
    }

    #[test]
    fn what_is_no_json_is_a_string() {
        for text in [
            "{\"a\":1",
            "{1}",
            "",
            "[1 2]",
            "\u{1}",
            "[1,2,]",
            "[null,]",
            "{\"a\":1,}",
            "[01]",
            "[-]",
            "[1.]",
            "[nul]",
            "\"\u{1}\"",
            "\"7\n\"",
            r#""\x""#,
            r#""\u12""#,
            "+1",
        ] {
            let string = serde_json::Value::from(text).to_string();
            assert_eq!(apart(text), (string, vec![]), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn json_is_taken_apart_and_nothing_else(
            text in prop::sample::select(vec![
                r#"{"type":"read","ids":[1, -20,3],"n":1.5e3,"ok":true}"#,
                r#"[[7,"a\u00e9\n9"],[null,false,12345678901234567890],{}]"#,
                r#"{"5":{"a":"n1/1700000000000000"},"6":[0,0.25]}"#,
            ]),
            edits in prop::collection::vec((any::<prop::sample::Index>(), r#"[\[\]{},:"\\019.eEut \n-]?"#), 0..3),
        ) {
            let mut text = text.to_owned();
            for (place, put) in edits {
                let at = place.index(text.len());
                text.replace_range(at..=at, &put);
            }
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            let as_string = serde_json::Value::from(&*text).to_string();
            prop_assert_eq!(apart(&text).0 != as_string, is_json, "{}", text);
        }
    }

    #[test]
    fn a_known_text_is_taken_apart_as_any_other() {
        let mut known = Known {
            text: r#"[["r",9,[1,2,30]],["append",9,"n1-12345678901234567890"]]"#.into(),
            apart: Apart::default(),
        };
        known.apart.of(&known.text);
        let text = std::str::from_utf8(&known.text).unwrap();
        let body = format!(r#"{{"type":"txn","txn":{text},"more":{text},"deep":[{text}]}}"#);
        let (mut plain, mut copied) = (Apart::default(), Apart::default());
        plain.of_body(body.as_bytes(), &[]);
        let mut known = [Known::default(), known];
        copied.of_body(body.as_bytes(), &known);
        assert_eq!(copied.shape, plain.shape);
        assert_eq!((&copied.ints, &copied.wides), (&plain.ints, &plain.wides));
        assert_eq!(plain.wides.len(), 3);
        // It is copied and not read: were it empty, nothing would be left of what stands under a
        // key of its own.
        known[1].apart.clear();
        copied.of_body(body.as_bytes(), &known);
        assert_eq!(copied.wides.len(), 1);
    }

    #[test]
    fn ids_go_out_of_a_body_wherever_they_stand() {
        for (text, rest, msg_id, reply) in [
            (
                r#"{"type":"read","msg_id":3}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (
                r#"{"msg_id":3,"type":"read"}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (r#"{"in_reply_to":1,"msg_id":3}"#, "{}", Some(3), Some(1)),
            (
                r#"{"type":"a","in_reply_to":1,"msg_id":3}"#,
                r#"{"type":"a"}"#,
                Some(3),
                Some(1),
            ),
            (
                r#"{"a":{"msg_id":"x"},"b":"msg_id"}"#,
                r#"{"a":{"msg_id":"x"},"b":"msg_id"}"#,
                None,
                None,
            ),
            (
                r#"{"a": "b c", "msg_id": 3, "in_reply_to": 4}"#,
                r#"{"a":"b c"}"#,
                Some(3),
                Some(4),
            ),
            (r#"{"msg_id":"x"}"#, r#"{"msg_id":"x"}"#, None, None),
            (r#"{"type":"phase2"}"#, r#"{"type":"phase2"}"#, None, None),
            (
                r#"{"a":"\"msg_id\":","msg_id":-4}"#,
                r#"{"a":"\"msg_id\":"}"#,
                Some(-4),
                None,
            ),
        ] {
            let mut apart = Apart::default();
            apart.of_body(text.as_bytes(), &[]);
            assert_eq!(
                (&*apart.shape, apart.msg_id, apart.reply),
                (rest.as_bytes(), msg_id, reply),
                "{text}"
            );
        }
    }
}
