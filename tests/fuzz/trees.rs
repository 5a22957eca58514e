//! Bodies that are trees, sent to a server: a slow and obvious rule says what a manifest and its bytes make.

use nbcourier_testkit::tar::{archive, files};
use nbcourier_testkit::{Call, Course, Random, Sent, Server, Setup, hex_sha256};
use serde_json::{Value, json};

const TREE: &str = "v1/courses/algebra/assignments/ps1/tree?user=kevin";
const BODIES: u64 = 150;

#[test]
fn a_manifest_and_bytes_make_the_tree_that_they_tell_or_none() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &[]);
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..BODIES {
        let mut random = Random::seeded(seed);
        let lines = lines(&mut random);
        let beside = beside(&mut random, &lines);
        let mut sent = vec![Sent::new(
            "manifest.json",
            json!({ "files": lines }).to_string(),
        )];
        sent.extend(beside.iter().cloned());
        let call = Call::new("PUT", &format!("{}{TREE}", server.prefix()))
            .body("application/vnd.nbcourier.manifest+x-tar", archive(&sent));
        let reply = server.send(&call);
        let expected = tree(&server, &lines, &beside);
        assert_eq!(
            reply.status == 200,
            expected.is_some(),
            "{seed}: {}\n{lines:?}",
            reply.text()
        );
        assert!(reply.status < 500, "{}", reply.text());
        if let Some(expected) = expected {
            let stored = files(&server.send(&server.call("GET", TREE)).body);
            assert!(stored == expected, "{seed}");
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(
        taken > 20 && refused > 20,
        "{taken} taken, {refused} refused"
    );
}

fn content(number: usize) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); number * 40_000]
}

fn lines(random: &mut Random) -> Vec<Value> {
    let count = random.below(4);
    let line = |random: &mut Random| {
        let content = content(random.below(3));
        let path = random
            .pick(&["a", "b", "c/d", "e", "f", "g/h", "i", "a/b", "../up"])
            .to_string();
        let size = content.len() + usize::from(random.below(25) == 0);
        json!({ "path": path, "sha256": hex_sha256(&content), "size": size })
    };
    (0..count).map(|_| line(random)).collect()
}

/// Returns some of the bytes that the manifest names, and sometimes others.
fn beside(random: &mut Random, lines: &[Value]) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 0..3 {
        let content = content(number);
        let name = hex_sha256(&content);
        let is_named = lines.iter().any(|line| line["sha256"] == json!(name));
        if is_named && random.below(12) > 0 || random.below(20) == 0 {
            let mut bytes = content;
            if random.below(20) == 0 {
                bytes.push(0);
            }
            sent.push(Sent::new(&name, bytes));
        }
    }
    sent
}

/// Returns the tree, if it can be made of the received bytes and those that the server has. The answer shows which
/// these are, and the resulting tree is compared byte by byte.
fn tree(server: &Server, lines: &[Value], beside: &[Sent]) -> Option<Vec<Sent>> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    let known: Vec<(String, Vec<u8>)> = (0..3)
        .map(content)
        .map(|it| (hex_sha256(&it), it))
        .collect();
    for sent in beside {
        let line = lines
            .iter()
            .rfind(|line| line["sha256"] == json!(sent.path))?;
        let is_whole =
            hex_sha256(&sent.bytes) == sent.path && line["size"] == json!(sent.bytes.len());
        if !is_whole {
            return None;
        }
    }
    let mut made: Vec<Sent> = Vec::new();
    for line in lines {
        let (path, name) = (text(line, "path"), text(line, "sha256"));
        let clashes = made.iter().any(|other| {
            other.path == path
                || other.path.starts_with(&format!("{path}/"))
                || path.starts_with(&format!("{}/", other.path))
        });
        let bytes = &known.iter().find(|(known, _)| *known == name)?.1;
        if clashes || path.starts_with("..") || line["size"] != json!(bytes.len()) {
            return None;
        }
        made.push(Sent::new(&path, bytes.clone()));
    }
    // An earlier release of the course may contain bytes that were not sent.
    let missing = lines
        .iter()
        .any(|line| !beside.iter().any(|sent| json!(sent.path) == line["sha256"]));
    if missing && !stored(server, lines, beside) {
        return None;
    }
    Some(made)
}

fn stored(server: &Server, lines: &[Value], beside: &[Sent]) -> bool {
    let absent = lines
        .iter()
        .filter(|line| !beside.iter().any(|sent| json!(sent.path) == line["sha256"]));
    let manifest = json!({ "files": absent.enumerate().map(|(number, line)| {
        json!({ "path": number.to_string(), "sha256": line["sha256"], "size": line["size"] })
    }).collect::<Vec<_>>() });
    let target = TREE.replace("ps1", "asked");
    let call = server
        .call("PUT", &target)
        .body("application/json", manifest.to_string());
    server.send(&call).status == 200
}
