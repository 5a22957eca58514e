//! Uploads and downloads one very large file without ever holding it in memory.

use crate::Failure;
use crate::form::{MARK_BYTES, content, digits, escape, mark_bytes};
use crate::http::Connection;
use crate::options::Options;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::BufRead;
use std::time::Instant;

/// Raw bytes that are made once and sent repeatedly, each block marked by its place. The length is a multiple of three,
/// so that the base64 of a block does not depend on its position.
const BLOCK: usize = 192 * 1024;
/// The student who submits.
const STUDENT: &str = "s00000";
/// The instructor who downloads.
const INSTRUCTOR: &str = "root";

/// Uploads a file of `--bytes`, rounded down to whole blocks, downloads it and compares the bytes.
pub fn run(options: &Options) -> Result<Value, Failure> {
    let blocks = options.bytes / BLOCK;
    let mut connection = Connection::open(&options.address)?;
    let start = Instant::now();
    let (status, message) = match upload(&mut connection, options, blocks) {
        Ok(reply) => reply,
        // A server that refuses the upload may close the connection before everything is sent.
        Err(error) => (0, error.to_string()),
    };
    let up = start.elapsed();
    if status != 200 {
        return Ok(json!({ "status": status, "message": message }));
    }
    let start = Instant::now();
    let intact = download(&mut connection, options, blocks)?;
    Ok(json!({
        "status": status,
        "bytes": blocks * BLOCK,
        "up_seconds": up.as_secs_f64(),
        "down_seconds": start.elapsed().as_secs_f64(),
        "intact": intact,
    }))
}

fn upload(
    connection: &mut Connection,
    options: &Options,
    blocks: usize,
) -> Result<(u16, String), Failure> {
    let head =
        format!("user={STUDENT}&files=%5B%7B%22path%22%3A+%22large.bin%22%2C+%22content%22%3A+%22");
    let tail = "%22%7D%5D";
    let mut block = Vec::new();
    escape(&STANDARD.encode(content(0, BLOCK, 0)), &mut block);
    let path = format!("{}/submission/{}", options.prefix, options.place);
    let length = head.len() + blocks * block.len() + tail.len();
    connection.begin("POST", &path, STUDENT, length)?;
    connection.send(head.as_bytes())?;
    for number in 0..blocks {
        block[..16].copy_from_slice(digits(options.mark(number)).as_bytes());
        connection.send(&block)?;
    }
    connection.send(tail.as_bytes())?;
    let head = connection.read_head()?;
    let reply = connection.read_body(head)?;
    Ok((head.status, String::from_utf8_lossy(&reply).into_owned()))
}

/// Downloads the file. Returns whether its bytes are those that were sent.
fn download(
    connection: &mut Connection,
    options: &Options,
    blocks: usize,
) -> Result<bool, Failure> {
    let path = format!(
        "{}/submission/{}/{STUDENT}?user={INSTRUCTOR}",
        options.prefix, options.place
    );
    connection.begin("GET", &path, INSTRUCTOR, 0)?;
    let head = connection.read_head()?;
    if head.status != 200 {
        return Err(format!("the download answered {}", head.status).into());
    }
    let mut reply = connection.body(head);
    // Skips the text before the content. Its last quotation mark opens the content.
    for _ in 0.. {
        let mut text = Vec::new();
        reply.read_until(b'"', &mut text)?;
        if text.is_empty() {
            return Ok(false);
        }
        if text == b"content\"" {
            reply.read_until(b'"', &mut text)?;
            break;
        }
    }
    let same = compare(&mut reply, options, blocks)?;
    std::io::copy(&mut reply, &mut std::io::sink())?;
    Ok(same)
}

fn compare(reply: &mut impl BufRead, options: &Options, blocks: usize) -> Result<bool, Failure> {
    let mut expected = content(0, BLOCK, 0);
    let (mut text, mut bytes) = (Vec::new(), vec![0; BLOCK]);
    let block_chars = BLOCK / 3 * 4;
    for number in 0..blocks {
        while text.len() < block_chars {
            // A line ends in a backslash and an n.
            let begun = text.len();
            reply.read_until(b'\\', &mut text)?;
            if text.len() == begun || text.pop() != Some(b'\\') {
                return Ok(false);
            }
            reply.read_exact(&mut [0])?;
        }
        STANDARD.decode_slice(&text[..block_chars], &mut bytes)?;
        text.drain(..block_chars);
        expected[..MARK_BYTES].copy_from_slice(&mark_bytes(options.mark(number)));
        if bytes != expected {
            return Ok(false);
        }
    }
    Ok(text.is_empty())
}
