//! What is well-formed and what is not.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::{any, prop, proptest};

use super::{Event, Leaf, NAMESPACES_MAX, NsId, Reader, Writer, XmlErrorKind as K};

fn read_all(bytes: &[u8]) -> Result<String, K> {
    let mut reader = Reader::new(bytes, &["urn:known"]).map_err(|e| e.kind)?;
    let mut seen = String::new();
    loop {
        match reader.next_event().map_err(|e| e.kind)? {
            Event::Start => {
                seen.push('<');
                seen.push_str(reader.local());
                for a in reader.attributes() {
                    seen.push_str(&format!(" {}={}", a.local, a.value));
                }
                seen.push('>');
            }
            Event::End => seen.push_str("</>"),
            Event::Text(text) => seen.push_str(&text),
            Event::Eof => return Ok(seen),
        }
    }
}

#[test]
fn well_formed_documents_are_read() {
    let cases = [
        ("<a/>", "<a></>"),
        ("\u{FEFF}<a/>", "<a></>"),
        ("<?xml version='1.0'?><a/>", "<a></>"),
        (
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='no' ?>\n<a/>\n",
            "<a></>",
        ),
        ("<?xml version='1.1'?><a/>", "<a></>"),
        ("<a b='1' c = \"2\"/>", "<a b=1 c=2></>"),
        ("<a b='x\ty\r\nz'/>", "<a b=x y z></>"),
        ("<a b='x&#9;y&#10;z'/>", "<a b=x\ty\nz></>"),
        ("<a>x\r\ny\rz</a>", "<a>x\ny\nz</>"),
        (
            "<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x42;&#0065;</a>",
            "<a><>&'\"ABA</>",
        ),
        ("<a><![CDATA[<b>]]]]><![CDATA[>]]></a>", "<a><b>]]></>"),
        ("<a><!-- c - d --><b ></b ></a>", "<a><b></></>"),
        ("<?pi?><a><?pi x ?></a><?other y?>", "<a></>"),
        (
            "<a xmlns='urn:known' xmlns:p='urn:o'><p:b p:c='1' c='2'/></a>",
            "<a><b c=1 c=2></></>",
        ),
        ("<a xmlns='x'><b xmlns=''/></a>", "<a><b></></>"),
        ("<æøå Ö='1'>😀</æøå>", "<æøå Ö=1>😀</>"),
        ("<a>]] ></a>", "<a>]] ></>"),
        ("<a>]>]</a>", "<a>]>]</>"),
        ("<_.-1/>", "<_.-1></>"),
        ("<a xml:lang='da'/>", "<a lang=da></>"),
        ("<a>\u{7f}\u{85}\u{fffd}</a>", "<a>\u{7f}\u{85}\u{fffd}</>"),
    ];
    for (text, expected) in cases {
        assert_eq!(read_all(text.as_bytes()).as_deref(), Ok(expected), "{text}");
    }
}

/// What is not well-formed, and what is wrong with it.
const BROKEN: &[(&str, K)] = &[
    ("", K::Root),
    ("  ", K::Root),
    ("x<a/>", K::Root),
    ("<a/>x", K::Root),
    ("<a/><b/>", K::Root),
    ("<!-- c -->", K::Root),
    ("<a>", K::UnexpectedEnd),
    ("<a", K::UnexpectedEnd),
    ("<a><b></a></b>", K::EndTag),
    ("<a></ab>", K::EndTag),
    ("<ab></a>", K::EndTag),
    ("</a>", K::EndTag),
    ("<a></a b='1'>", K::EndTag),
    ("<p:a xmlns:p='x' xmlns:q='x'></q:a>", K::EndTag),
    ("<a b></a>", K::Attribute),
    ("<a b=1/>", K::Attribute),
    ("<a b='1'c='2'/>", K::Attribute),
    ("<a b='<'/>", K::Attribute),
    ("<a b='1' b='2'/>", K::DuplicateAttribute),
    (
        "<a xmlns:p='x' xmlns:q='x' p:b='1' q:b='2'/>",
        K::DuplicateAttribute,
    ),
    ("<a xmlns='x' xmlns='y'/>", K::DuplicateAttribute),
    ("<a b='1/>", K::UnexpectedEnd),
    ("<a / >", K::Markup),
    ("< a/>", K::Name),
    ("<1a/>", K::Name),
    ("<-a/>", K::Name),
    ("<a:b:c xmlns:a='x'/>", K::Name),
    ("<:a/>", K::Name),
    ("<a: xmlns:a='x'/>", K::Name),
    ("<a\u{d7}/>", K::Name),
    ("<p:a/>", K::Prefix),
    ("<a p:b='1'/>", K::Prefix),
    ("<a xmlns:p=''/>", K::Prefix),
    ("<a xmlns:p='urn:`'/>", K::Prefix),
    ("<a xmlns='urn:%4'/>", K::Prefix),
    ("<a xmlns='urn:\u{e6}'/>", K::Prefix),
    ("<a xmlns:xml='urn:x'/>", K::Prefix),
    ("<a xmlns:xmlns='urn:x'/>", K::Prefix),
    (
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        K::Prefix,
    ),
    ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", K::Prefix),
    ("<a>&b;</a>", K::Reference),
    ("<a>&</a>", K::Reference),
    ("<a>& b</a>", K::Reference),
    ("<a>&#0;</a>", K::Reference),
    ("<a>&#xD800;</a>", K::Reference),
    ("<a>&#xFFFE;</a>", K::Reference),
    ("<a>&#x110000;</a>", K::Reference),
    ("<a>&#99999999999999;</a>", K::Reference),
    ("<a>&#X41;</a>", K::Reference),
    ("<a>&#;</a>", K::Reference),
    ("<a>&#+65;</a>", K::Reference),
    ("<a b='&c;'/>", K::Reference),
    ("<a>]]></a>", K::CdataEnd),
    ("<a>]]]></a>", K::CdataEnd),
    ("<a><!-- -- --></a>", K::Comment),
    ("<a><!-- c ---></a>", K::Comment),
    ("<a><!-- </a>", K::UnexpectedEnd),
    ("<a><![CDATA[ </a>", K::UnexpectedEnd),
    ("<![CDATA[x]]><a/>", K::Markup),
    ("<a><!b></a>", K::Markup),
    ("<!DOCTYPE a><a/>", K::Doctype),
    ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", K::Doctype),
    ("<?xml version='2.0'?><a/>", K::Declaration),
    ("<?xml encoding='UTF-8'?><a/>", K::Declaration),
    (
        "<?xml version='1.0' standalone='maybe'?><a/>",
        K::Declaration,
    ),
    ("<?xml version='1.0' foo='x'?><a/>", K::Declaration),
    ("<?xml version='1.0'encoding='UTF-8'?><a/>", K::Declaration),
    (" <?xml version='1.0'?><a/>", K::Instruction),
    ("<a><?xml version='1.0'?></a>", K::Instruction),
    ("<a><?XmL x?></a>", K::Instruction),
    ("<a><?p:i x?></a>", K::Instruction),
    ("<a><?pi", K::UnexpectedEnd),
    ("<a><? x?></a>", K::Name),
    (
        "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        K::Encoding,
    ),
    ("<?xml version='1.0' encoding='UTF-16'?><a/>", K::Encoding),
    ("<a>\u{1}</a>", K::Character),
    ("<a>\u{0}</a>", K::Character),
    ("<a>\u{fffe}</a>", K::Character),
    ("<a b='\u{ffff}'/>", K::Character),
    ("<a>\u{b}</a>", K::Character),
];

#[test]
fn what_is_not_well_formed_is_refused_by_its_kind() {
    for (text, kind) in BROKEN {
        assert_eq!(read_all(text.as_bytes()), Err(*kind), "{text}");
    }
    assert_eq!(read_all(b"<a>\xE6</a>"), Err(K::Encoding));
    assert_eq!(read_all(b"\xFF\xFE<\0a\0/\0>\0"), Err(K::Encoding));
    assert_eq!(read_all(b"<a>\xED\xA0\x80</a>"), Err(K::Encoding));
}

#[test]
fn limits_hold() {
    let deep = "<a>".repeat(65);
    assert_eq!(read_all(deep.as_bytes()), Err(K::Limit));
    let wide: String = (0..65).map(|n| format!(" a{n}='1'")).collect();
    assert_eq!(read_all(format!("<a{wide}/>").as_bytes()), Err(K::Limit));
    // Every element brings a namespace: the declarations of all are compared with all.
    let foreign = |count: usize| -> String {
        let children = (0..count).map(|n| format!("<b xmlns='urn:{n}'/>"));
        format!("<a>{}</a>", children.collect::<String>())
    };
    // Two are the reader's own here: the known one and that of `xml`.
    assert!(read_all(foreign(NAMESPACES_MAX - 2).as_bytes()).is_ok());
    assert_eq!(
        read_all(foreign(NAMESPACES_MAX - 1).as_bytes()),
        Err(K::Limit)
    );
    // Every level binds fifty prefixes to the same namespace.
    let bound: String = (0..50).map(|n| format!(" xmlns:p{n}='urn:x'")).collect();
    let nested = |levels: usize| {
        let (open, close) = (format!("<a{bound}>"), "</a>".to_owned());
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    assert!(read_all(nested(5).as_bytes()).is_ok());
    assert_eq!(read_all(nested(6).as_bytes()), Err(K::Limit));
}

#[test]
fn errors_say_where() {
    let mut reader = Reader::new("<a>\næ<b></a>".as_bytes(), &[]).unwrap();
    let error = loop {
        match reader.next_event() {
            Ok(Event::Eof) => panic!("read to the end"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!((error.line, error.column), (2, 5));
}

#[test]
fn a_leaf_is_its_text_or_says_that_it_has_a_child() {
    let mut reader =
        Reader::new(b"<a><b>1<!-- x -->2<![CDATA[3]]></b><c><d/></c></a>", &[]).unwrap();
    reader.next_event().unwrap();
    reader.next_event().unwrap();
    assert_eq!(reader.leaf().unwrap(), Leaf::Text("123".into()));
    reader.next_event().unwrap();
    assert_eq!(reader.leaf().unwrap(), Leaf::Child);
    assert_eq!(reader.local(), "d");
}

#[test]
fn qualified_names_in_content_resolve() {
    let mut reader = Reader::new(b"<a xmlns:p='urn:known'/>", &["urn:known"]).unwrap();
    reader.next_event().unwrap();
    assert_eq!(reader.resolve_qname("p:X"), Some((NsId(0), "X")));
    assert_eq!(reader.resolve_qname("X"), Some((NsId::NONE, "X")));
    assert_eq!(reader.resolve_qname("q:X"), None);
    assert_eq!(reader.resolve_qname("p:1"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn no_markup_like_text_makes_it_panic(text in "[<>/!?a-c:='\" &;#x\\[\\]\\-\\r\\nCDATA]{0,80}") {
        let _ = read_all(text.as_bytes());
    }

    #[test]
    fn what_is_written_is_read_back(text in "\\PC{0,40}|[\\r\\n\\t <>&\"']{0,20}") {
        let mut writer = Writer::document();
        writer.start("a", &[("b", &text)]);
        writer.leaf("c", &text);
        writer.end();
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes, &[]).unwrap();
        reader.next_event().unwrap();
        assert_eq!(reader.attributes().first().map(|a| a.value.to_string()), Some(text.clone()));
        reader.next_event().unwrap();
        assert_eq!(reader.leaf().unwrap(), Leaf::Text(text.into()));
    }
}
