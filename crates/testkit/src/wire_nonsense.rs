//! Bytes that are not proper HTTP requests, the same in every run.

use super::Random;

/// Returns requests with a fault in the request line, the headers or the body.
pub fn requests(prefix: &str, random: &mut Random) -> Vec<Vec<u8>> {
    let mut requests = bad_targets(prefix);
    requests.extend(bad_lines(prefix));
    requests.extend(bad_headers(prefix));
    requests.extend(bad_lengths(prefix));
    requests.extend(changed_somewhere(prefix, random));
    requests
}

fn bad_targets(prefix: &str) -> Vec<Vec<u8>> {
    let long = "x".repeat(60_000);
    let escapes = "%C3%A9".repeat(3_000);
    let slashes = "/".repeat(5_000);
    let ids = IDS.iter().copied();
    let ids = ids.chain([long.as_str(), escapes.as_str(), slashes.as_str()]);
    let mut requests = Vec::new();
    for id in ids {
        for path in [
            "assignments/ID",
            "course/ID",
            "submission/ID/ID/ID",
            "student/c/ID",
            "ID",
        ] {
            let method = if path.starts_with("course") {
                "POST"
            } else {
                "GET"
            };
            let target = path.replace("ID", id);
            requests.push(simple(method, &format!("{prefix}{target}?user=root")));
        }
        requests.push(simple("GET", &format!("{prefix}courses?user={id}")));
        requests.push(simple(
            "GET",
            &format!("{prefix}assignment/safe/challenge?user=kevin&list_only={id}"),
        ));
        requests.push(simple(
            "GET",
            &format!("{prefix}feedback/safe/challenge/lawrence?user=kevin&timestamp={id}"),
        ));
    }
    let raw: &[&[u8]] = &[
        b"\xff\xfe",
        b"\xc3\xa9",
        b"a\0b",
        b"\x01",
        b"\x7f",
        b"a b",
        b"a\tb",
    ];
    for id in raw {
        let line = [
            b"GET ",
            prefix.as_bytes(),
            b"assignments/",
            id,
            b"?user=root HTTP/1.1\r\nHost: x\r\n\r\n",
        ];
        requests.push(line.concat());
    }
    requests
}

fn simple(method: &str, target: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

fn bad_lines(prefix: &str) -> Vec<Vec<u8>> {
    let lines = LINES.iter();
    let mut requests: Vec<Vec<u8>> = lines.map(|text| text.as_bytes().to_vec()).collect();
    for method in [
        "HEAD",
        "OPTIONS",
        "TRACE",
        "PUT",
        "PATCH",
        "PROPFIND",
        "FOO",
        "G",
        "-",
        "GETGETGETGETGETGETGETGETGETGETGET",
        "G\u{e9}T",
        "G@T",
    ] {
        for path in [
            "courses",
            "course/x",
            "assignment/x/y",
            "nothing",
            "healthz",
            "",
        ] {
            requests.push(simple(method, &format!("{prefix}{path}?user=root")));
        }
    }
    requests
}

fn bad_headers(prefix: &str) -> Vec<Vec<u8>> {
    let long = "x".repeat(200_000);
    let many = "X-Many: 1\r\n".repeat(5_000);
    let mut requests: Vec<Vec<u8>> = HEADERS
        .iter()
        .flat_map(|header| ["GET", "POST"].map(|method| with_header(method, prefix, header)))
        .collect();
    requests.push(with_header("GET", prefix, &format!("X-Long: {long}")));
    requests.push(with_header("GET", prefix, &format!("{long}: 1")));
    requests.push(with_header(
        "GET",
        prefix,
        &format!("Authorization: token {long}"),
    ));
    requests.push(with_header("GET", prefix, &format!("X-Request-Id: {long}")));
    requests.push(with_header("GET", prefix, many.trim_end()));
    requests.push([b"GET / HTTP/1.1\r\nX: \xff\xfe\r\n\r\n".as_slice()].concat());
    requests
}

fn with_header(method: &str, prefix: &str, header: &str) -> Vec<u8> {
    let length = if method == "POST" {
        "Content-Length: 8\r\n"
    } else {
        ""
    };
    let body = if method == "POST" { "files=[]" } else { "" };
    format!("{method} {prefix}assignment/safe/challenge?user=eric HTTP/1.1\r\nHost: x\r\n{length}{header}\r\n\r\n{body}").into_bytes()
}

/// Returns bodies that are longer or shorter than announced, or in invalid chunks.
fn bad_lengths(prefix: &str) -> Vec<Vec<u8>> {
    let form = "Content-Type: application/x-www-form-urlencoded";
    let body = "user=kevin&files=%5B%7B%22path%22%3A%22a%22%2C%22content%22%3A%22QQ%3D%3D%22%7D%5D";
    let mut requests: Vec<Vec<u8>> = LENGTHS
        .iter()
        .map(|head| with_body(prefix, form, head, body))
        .collect();
    requests.extend(
        CHUNKS
            .iter()
            .map(|chunk| with_body(prefix, form, "Transfer-Encoding: chunked", chunk)),
    );
    requests
}

fn with_body(prefix: &str, kind: &str, head: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {prefix}assignment/nothing/new HTTP/1.1\r\nHost: x\r\n{kind}\r\n{head}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Returns a valid request with some of its bytes replaced.
fn changed_somewhere(prefix: &str, random: &mut Random) -> Vec<Vec<u8>> {
    let sound = with_body(
        prefix,
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 25",
        "user=nobody&files=%5B%5D&",
    );
    let change = |_| {
        let mut bytes = sound.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256).to_le_bytes()[0];
        }
        bytes
    };
    (0..150).map(change).collect()
}

/// IDs that decode to harmful text, or not at all.
const IDS: &[&str] = &[
    "%",
    "%4",
    "%zz",
    "%00",
    "%0A",
    "%0d%0a",
    "%2F",
    "%5C",
    "%2e%2e",
    "..",
    ".",
    "...",
    "%FF",
    "%C3",
    "%C3%28",
    "%ED%A0%80",
    "%F8%88%80%80%80",
    "%C0%AF",
    "%E0%80%AF",
    "a%00b",
    "%25",
    "%2525",
    "~",
    "*",
    "'",
    "\"",
    "<b>",
    "{course}",
    "|",
    "^",
    "`",
    "\\",
    "%u0041",
    "+",
    "%20",
    "%E2%80%AE",
    ";a=b",
    "a:b",
    "@",
    "!",
    "$",
    ",",
    "=",
    "&",
];

/// Whole requests with an invalid request line.
const LINES: &[&str] = &[
    "",
    "\r\n",
    "\n",
    "\r\n\r\n\r\n",
    "GET",
    "GET ",
    "GET /",
    "GET / HTTP",
    "GET / HTTP/1.1",
    "GET / HTTP/9.9\r\n\r\n",
    "GET / HTTP/0.9\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
    "GET  /  HTTP/1.1\r\n\r\n",
    "GET\t/\tHTTP/1.1\r\n\r\n",
    "get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}",
    "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http://elsewhere/api/courses HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET //api//courses HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT localhost:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET ../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET ?user=root HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET # HTTP/1.1\r\nHost: x\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
];

/// Headers that are malformed, or have invalid values.
const HEADERS: &[&str] = &[
    "Host",
    "Host:",
    ": x",
    "Host: a\r\nHost: b",
    " folded: x",
    "X: a\r\n folded",
    "X\0: 1",
    "X: \0",
    "X: \r",
    "X : 1",
    "X: \u{7f}",
    "É: 1",
    "X: é",
    "Authorization:",
    "Authorization: token",
    "Authorization: token ",
    "Authorization: Bearer",
    "Authorization: Bearer é",
    "Authorization: token a\r\nAuthorization: token b",
    "Authorization: Basic %%%",
    "Cookie: ;;;;=;=",
    "Cookie: nbcourier-session=a.b.c",
    "Cookie: é=é",
    "Accept-Encoding: *;q=9",
    "Accept: \u{1}",
    "Range: bytes=-1",
    "Expect: 200-maybe",
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Connection: é",
    "X-Request-Id: é\u{1}",
    "Origin: null",
    "Referer: %",
    "X-Forwarded-For: ,,,",
    "X-Forwarded-Proto: é",
    "If-None-Match: \"",
    "Transfer-Encoding: gzip",
    "Content-Encoding: gzip",
    "Content-Encoding: br, br, br",
    "Content-Type: ;;;",
];

/// Wrong headers about the length of a body.
const LENGTHS: &[&str] = &[
    "Content-Length: 0",
    "Content-Length: 1",
    "Content-Length: 1000000",
    "Content-Length: 99999999999999999999999",
    "Content-Length: -1",
    "Content-Length: +5",
    "Content-Length: 5x",
    "Content-Length: 0x5",
    "Content-Length:",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5, 5",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: xchunked",
    "Content-Length: 18446744073709551615",
];

/// Bodies in invalid chunks.
const CHUNKS: &[&str] = &[
    "",
    "0",
    "0\r\n",
    "0\r\n\r\n",
    "5\r\nab",
    "5\r\nabcde",
    "5\r\nabcdefgh\r\n",
    "zz\r\nab\r\n",
    "-1\r\n\r\n",
    "ffffffffffffffff\r\nab",
    "fffffffffffffffffff\r\nab",
    "5;ext=1\r\nabcde\r\n0\r\n\r\n",
    "5\nabcde\n0\n\n",
    " 5\r\nabcde\r\n0\r\n\r\n",
    "5 \r\nabcde\r\n0\r\n\r\n",
    "0x5\r\nabcde\r\n0\r\n\r\n",
    "1\r\n%\r\n1\r\nF\r\n1\r\nF\r\n0\r\n\r\n",
    "5\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n",
    "5\r\nabcde\r\n0\r\n\0\r\n\r\n",
    "\0\r\n",
    "5\r\nabcde0\r\n\r\n",
];
