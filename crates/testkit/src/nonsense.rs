//! Arguments and bodies that make no sense, or almost make sense, the same in every run.

use super::{Form, Random, Sent, files_json, percent_encode};

/// The number of random changes that are tried on every body.
const MUTATIONS: usize = 24;

/// Returns values for an argument that should be JSON, a name or a time: the lines of `nonsense.txt`, and others.
pub fn values(random: &mut Random) -> Vec<String> {
    let deep = 100_000;
    let lines = include_str!("nonsense.txt").lines();
    let mut values: Vec<String> = lines.map(str::to_owned).collect();
    let unprintable = ["", " ", "[\"a\nb\"]", "[\"\0\"]", "\u{feff}[]", "[]\u{0}"];
    values.extend(unprintable.map(str::to_owned));
    values.push("[".repeat(deep));
    values.push("[".repeat(deep) + &"]".repeat(deep));
    values.push("{\"a\":".repeat(deep));
    values.push(format!(
        "[{{\"x\":{}1{},\"path\":\"a\",\"content\":\"\"}}]",
        "[".repeat(deep),
        "]".repeat(deep)
    ));
    values.push(format!(
        "[{{\"path\":\"{}\",\"content\":\"\"}}]",
        "a/".repeat(50_000)
    ));
    values.push(format!(
        "[{{\"path\":\"{}\",\"content\":\"\"}}]",
        "a".repeat(200_000)
    ));
    values.push(format!("[{{\"{}\":1}}]", "k".repeat(200_000)));
    values.push(format!("[{}", "{},".repeat(20_000)));
    values.push(format!("[{}1]", "1,".repeat(100_000)));
    values.push("9".repeat(200_000));
    values.push(" ".repeat(200_000));
    values.push("é".repeat(60_000));
    values.push(many_paths(|_| "same".to_owned()));
    values.push(many_paths(|number| {
        format!("directory {}/file {number}", number % 100)
    }));
    values.push(many_paths(|number| {
        if number == 9_999 {
            "/last".to_owned()
        } else {
            format!("f{number}")
        }
    }));
    let sound = files_json(&[
        Sent::new("a/b.txt", "some text"),
        Sent::new("ü", vec![0, 255, 10]),
    ]);
    for cut in 0..sound.len() {
        if cut % 7 == 0 && sound.is_char_boundary(cut) {
            values.push(sound[..cut].to_owned());
        }
    }
    values.extend((0..MUTATIONS).map(|_| mutated(&sound, random)));
    values
}

fn many_paths(path: impl Fn(usize) -> String) -> String {
    let files: Vec<Sent> = (0..10_000)
        .map(|number| Sent::new(&path(number), ""))
        .collect();
    files_json(&files)
}

/// Returns the text with some of its characters lost, doubled or replaced.
fn mutated(text: &str, random: &mut Random) -> String {
    let signs: Vec<char> = "{}[]\":,\\ \0\u{1f}é=0-e".chars().collect();
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(characters.len());
        match random.below(3) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, *random.pick(&signs)),
            _ => characters[at] = *random.pick(&signs),
        }
    }
    characters.into_iter().collect()
}

/// A body with the type that it claims to have.
pub struct Body {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Returns bodies that are no forms, or broken ones, made from the fields of a valid one.
pub fn bodies(sound: &Form, random: &mut Random) -> Vec<Body> {
    let urlencoded = String::from_utf8(sound.urlencoded()).expect("ASCII");
    let mut bodies = Vec::new();
    let mut form = |bytes: Vec<u8>| {
        bodies.push(Body {
            content_type: "application/x-www-form-urlencoded".to_owned(),
            bytes,
        });
    };
    for tail in [
        "&%", "&%4", "&%zz=1", "&a=%", "&a=%f", "&a=%zz", "&=", "&&&&", "&=&=&=", "&a==b=",
        "&\0=\0", "&a;b=c",
    ] {
        form((urlencoded.clone() + tail).into_bytes());
    }
    form([urlencoded.as_bytes(), b"&files=\xff\xfe"].concat());
    form([urlencoded.as_bytes(), b"&\xff\xfe=1"].concat());
    form([urlencoded.as_bytes(), b"&files=%FF%FE"].concat());
    form([urlencoded.as_bytes(), b"&timestamp=%C3%28"].concat());
    form([urlencoded.as_bytes(), b"&files=%ED%A0%80"].concat());
    form(b"%".repeat(1000));
    form(b"&".repeat(100_000));
    form(b"a=1&".repeat(10_000));
    form([urlencoded.as_bytes(), b"&", &b"k".repeat(300_000), b"=1"].concat());
    form([urlencoded.as_bytes(), b"&", &b"%6B".repeat(100_000)].concat());
    form(
        format!(
            "{urlencoded}&files={}",
            percent_encode("[{\"path\":\"a\",\"content\":\"").repeat(500)
        )
        .into_bytes(),
    );
    form((urlencoded.clone() + &"&files=[]".repeat(1000)).into_bytes());
    form(Vec::new());
    for _ in 0..MUTATIONS {
        let mut bytes = urlencoded.clone().into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256).to_le_bytes()[0];
        }
        form(bytes);
    }
    bodies.extend(broken_parts(sound, random));
    for content_type in [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "x",
        "application/x-www-form-urlencoded; charset=utf-7",
        "multipart/form-data; boundary=\"",
        "multipart/mixed; boundary=a",
        "\u{e9}/\u{e9}",
    ] {
        bodies.push(Body {
            content_type: content_type.to_owned(),
            bytes: urlencoded.clone().into_bytes(),
        });
    }
    bodies
}

/// Returns faulty `multipart/form-data`.
fn broken_parts(sound: &Form, random: &mut Random) -> Vec<Body> {
    let whole = String::from_utf8(sound.multipart()).expect("text");
    let boundary = Form::BOUNDARY;
    let mut texts: Vec<Vec<u8>> = vec![
        whole.replace("\r\n", "\n").into_bytes(),
        whole.replace("form-data;", "").into_bytes(),
        whole.replace("name=", "nam=").into_bytes(),
        whole.replace("name=\"", "name=\"\u{0}").into_bytes(),
        whole.replace("Content-Disposition", "X").into_bytes(),
        whole
            .replace("Content-Disposition:", "Content-Disposition")
            .into_bytes(),
        whole.replace(&format!("--{boundary}--"), "").into_bytes(),
        whole
            .replace("name=", "filename=\"../../x\"; name=")
            .into_bytes(),
        whole
            .replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            .into_bytes(),
        whole
            .replace(
                "\r\n\r\n",
                &format!("\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
            )
            .into_bytes(),
        whole.replace("\r\n\r\n", "\r\n").into_bytes(),
        format!("--{boundary}").into_bytes(),
        format!("--{boundary}--").into_bytes(),
        format!("--{boundary}\r\n\r\n").repeat(5_000).into_bytes(),
        vec![b'-'; 100_000],
        [whole.as_bytes(), b"\xff\xff\xff"].concat(),
        b"\r\n".repeat(50_000),
    ];
    for _ in 0..MUTATIONS / 2 {
        let mut bytes = whole.clone().into_bytes();
        bytes.truncate(1 + random.below(bytes.len()));
        let at = random.below(bytes.len());
        bytes[at] = random.below(256).to_le_bytes()[0];
        texts.push(bytes);
    }
    let content_type = format!("multipart/form-data; boundary={boundary}");
    texts
        .into_iter()
        .map(|bytes| Body {
            content_type: content_type.clone(),
            bytes,
        })
        .collect()
}
