//! One of each kind of change of a directory.

use crate::client::Client;
use nbcourier_testkit::{Call, Random, Sent, hex_sha256, tar};
use serde_json::{Value, json};

/// The media type of changes with bytes.
const WITH_BYTES: &str = "application/vnd.nbcourier.changes+x-tar";
/// The directory that is changed.
const MATERIALS: &str = "v1/directories/course:algebra/materials";

/// Returns the changes by an instructor of the course algebra, in their order. The names of those that bring bytes of that
/// size end with `with bytes`.
pub fn changes(client: &Client, instructor: &str, size: usize) -> Vec<(&'static str, Call)> {
    let mut random = Random::seeded(5);
    let json = |method: &str, target: &str, body: &Value| {
        let call = client.call(method, target, instructor);
        call.body("application/json", body.to_string())
    };
    let at = |rest: &str| format!("{MATERIALS}{rest}");
    let new = json!({ "owner": "course:algebra", "name": "materials" });
    let lesson = random.bytes(size);
    let file = client.call("PUT", &at("/files/unit1/lesson.bin"), instructor);
    let (data, sum) = (random.bytes(size), |bytes: &[u8]| hex_sha256(bytes));
    let put = json!({ "op": "put", "path": "unit1/data.bin", "sha256": sum(&data), "size": size });
    let batch = json!({ "changes": [put, { "op": "mkdir", "path": "empty" }] });
    let archive = tar::archive(&[
        Sent::new("changes.json", batch.to_string()),
        Sent::new(&sum(&data), data),
    ]);
    let in_reach = json!({ "changes": [
        { "op": "move", "from": "unit1/data.bin", "to": "unit2/data.bin" },
        { "op": "copy", "from": "unit1/lesson.bin", "to": "unit2/lesson.bin" },
        { "op": "put", "path": "again.bin", "sha256": sum(&lesson), "size": size },
    ] });
    let grant = json!({ "grants": [{ "kind": "user", "name": "ada", "level": "write" }] });
    let by_name = client.call("DELETE", &at("/files/again.bin"), instructor);
    vec![
        ("directory", json("POST", "v1/directories", &new)),
        (
            "file of a directory with bytes",
            file.body("application/octet-stream", lesson),
        ),
        (
            "batch with bytes",
            client
                .call("POST", &at("/changes"), instructor)
                .body(WITH_BYTES, archive),
        ),
        (
            "batch of what is in reach",
            json("POST", &at("/changes"), &in_reach),
        ),
        ("file removed", by_name),
        (
            "label",
            json(
                "PUT",
                &at("/versions/2/label"),
                &json!({ "label": "taught" }),
            ),
        ),
        (
            "version restored",
            client.call("POST", &at("/versions/2/restore"), instructor),
        ),
        ("grant", json("PUT", &at("/grants"), &grant)),
        (
            "directory copied",
            json("POST", &at("/copies"), &json!({ "name": "copy" })),
        ),
        (
            "directory changed",
            json("PATCH", &at(""), &json!({ "deliver": "algebra" })),
        ),
        (
            "directory deleted",
            client.call("DELETE", MATERIALS, instructor),
        ),
        (
            "directory restored",
            client.call("POST", "v1/trash/directories/1", instructor),
        ),
    ]
}
