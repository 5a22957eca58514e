//! Blobs in buckets of real servers, one strict and one lax.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use nbcourier_blobs::{
    Belongs, Bucket, Credentials, Damage, FaultKind, FoundObject, ObjectName, RemoteBlobs, Sending,
};
use nbcourier_domain::{BlobRef, Sha256Sum};
use nbcourier_testbuckets::{Buckets, Kind, OWNER, READER, shared};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const RETENTION: Duration = Duration::from_hours(1);

struct Case {
    blobs: RemoteBlobs,
    bucket: String,
    _spool: TempDir,
}

impl Case {
    fn of(buckets: &Buckets) -> Self {
        let bucket = buckets.create();
        let spool = tempfile::tempdir().unwrap();
        let settings = settings(buckets.endpoint(), &bucket, OWNER);
        Self {
            blobs: RemoteBlobs::open(settings, spool.path(), RETENTION).unwrap(),
            bucket,
            _spool: spool,
        }
    }

    /// Sends bytes for a row. Returns whether they were sent.
    fn send(&self, id: i64, arrived: bool, bytes: &[u8]) -> (BlobRef, bool) {
        let sha256 = Sha256Sum(Sha256::digest(bytes).into());
        let mut staged = self.blobs.stage().unwrap();
        staged.write(bytes).unwrap();
        let file = Arc::new(staged.complete(sha256));
        let sent = self.blobs.send(vec![Sending { id, arrived, file }]);
        let blob = BlobRef {
            sha256,
            md5: None,
            size: bytes.len() as u64,
        };
        (blob, sent.unwrap() == [id])
    }

    fn read(&self, id: i64, blob: &BlobRef) -> Vec<u8> {
        let mut bytes = Vec::new();
        let object = self.blobs.read(id, blob).unwrap();
        object.unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn path(id: i64, blob: &BlobRef) -> String {
        format!("term/{}", ObjectName::new(blob.sha256, id))
    }
}

fn settings(endpoint: String, bucket: &str, [id, secret]: [&str; 2]) -> Bucket {
    Bucket {
        name: bucket.to_owned(),
        prefix: "term".to_owned(),
        endpoint: Some(endpoint),
        region: None,
        allow_http: true,
        credentials: Credentials::Keys {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: None,
        },
    }
}

/// Bytes that repeat nowhere within a part.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn bytes_come_back_as_they_were_sent() {
    let lax = Buckets::start(Kind::Lax);
    for buckets in [shared(), &lax] {
        let case = Case::of(buckets);
        let lengths = [0, 1, 8 << 20, (17 << 20) + 1];
        for (id, length) in (1_i64..).zip(lengths) {
            let bytes = noise(length, id.unsigned_abs());
            let (blob, was_sent) = case.send(id, false, &bytes);
            assert!(was_sent, "{length}");
            assert!(case.read(id, &blob) == bytes, "{length}");
            assert_eq!(case.blobs.verify(id, &blob).unwrap(), Ok(()), "{length}");
            assert!(!case.send(id, true, &bytes).1, "{length}");
        }
        let mut sizes = Vec::new();
        let visit = |found| match found {
            FoundObject::Named(name, size) => sizes.push((name.id, size)),
            FoundObject::Stray(name) => panic!("{name}"),
        };
        case.blobs.walk(visit).unwrap();
        sizes.sort_unstable();
        let lengths = lengths.map(|length| length as u64);
        assert_eq!(sizes, (1..).zip(lengths).collect::<Vec<_>>());
    }
}

#[test]
fn objects_that_were_changed_or_removed_by_hand_are_noticed_and_repaired() {
    let lax = Buckets::start(Kind::Lax);
    for buckets in [shared(), &lax] {
        let case = Case::of(buckets);
        let bytes = noise(100_000, 7);
        let (blob, _) = case.send(7, false, &bytes);
        let path = Case::path(7, &blob);
        let verify = || case.blobs.verify(7, &blob).unwrap();
        let look = || {
            let looked = case.blobs.look_at([(7, &blob)].into_iter()).unwrap();
            looked.map_err(|damaged| (damaged.id, damaged.damage))
        };

        buckets.overwrite(&case.bucket, &path, &noise(100_000, 8));
        assert_eq!((verify(), look()), (Err(Damage::WrongBytes), Ok(())));
        case.blobs.forget(7);
        assert!(case.send(7, false, &bytes).1);
        assert_eq!(verify(), Ok(()));

        buckets.overwrite(&case.bucket, &path, &bytes[..1000]);
        let short = Err(Damage::WrongLength);
        assert_eq!((verify(), look()), (short, Err((7, Damage::WrongLength))));
        // The length shows it even though the row says that the bytes are there.
        assert!(case.send(7, true, &bytes).1);
        assert_eq!(verify(), Ok(()));

        buckets.remove(&case.bucket, &path);
        let missing = Err(Damage::Missing);
        assert_eq!((verify(), look()), (missing, Err((7, Damage::Missing))));
        assert!(case.send(7, true, &bytes).1);
        assert_eq!((verify(), look()), (Ok(()), Ok(())));
    }
}

#[test]
fn deleting_twice_is_deleting_once() {
    let lax = Buckets::start(Kind::Lax);
    for buckets in [shared(), &lax] {
        let case = Case::of(buckets);
        let (blob, _) = case.send(1, false, b"bytes");
        let name = ObjectName::new(blob.sha256, 1);
        assert_eq!(case.blobs.sizes(&[name]).unwrap(), [Some(5)]);
        for _ in 0..2 {
            case.blobs.delete(&[name]).unwrap();
            assert_eq!(case.blobs.sizes(&[name]).unwrap(), [None]);
        }
        assert_eq!(buckets.objects(&case.bucket), [""; 0]);
    }
}

#[test]
fn many_who_bring_the_same_bytes_at_once_send_them_once() {
    let case = Case::of(shared());
    let bytes = noise(1 << 20, 3);
    let sent = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| case.send(3, false, &bytes)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap().0);
        joined.collect::<Vec<_>>()
    });
    assert_eq!(sent.len(), 20);
    assert_eq!(case.blobs.verify(3, &sent[0]).unwrap(), Ok(()));
}

#[test]
fn a_bucket_says_whose_it_is() {
    let case = Case::of(shared());
    assert_eq!(case.blobs.belongs(), Ok(Belongs::Nobody));
    case.blobs.probe().unwrap();
    case.blobs.check_writable().unwrap();
    assert_eq!(
        case.blobs.belongs(),
        Ok(Belongs::Nobody),
        "the probe is ours"
    );
    case.blobs.claim("exchange").unwrap();
    assert_eq!(case.blobs.belongs(), Ok(Belongs::To("exchange".into())));
    let case = Case::of(shared());
    shared().overwrite(&case.bucket, "term/thesis.pdf", b"foreign");
    assert_eq!(case.blobs.belongs(), Ok(Belongs::Stranger));
}

#[test]
fn each_reason_why_a_bucket_cannot_be_used_is_told_apart() {
    let bucket = shared().create();
    let spool = tempfile::tempdir().unwrap();
    let kind = |bucket: Bucket| {
        let blobs = RemoteBlobs::open(bucket, spool.path(), RETENTION).unwrap();
        blobs.probe().map_err(|fault| {
            assert!(!fault.to_string().contains(OWNER[1]), "{fault}");
            fault.kind
        })
    };
    let endpoint = || shared().endpoint();
    assert_eq!(kind(settings(endpoint(), &bucket, OWNER)), Ok(()));
    let cases = [
        (settings(endpoint(), "nowhere", OWNER), FaultKind::NoBucket),
        (settings(endpoint(), &bucket, READER), FaultKind::Forbidden),
        (
            settings(endpoint(), &bucket, [OWNER[0], "wrong"]),
            FaultKind::Credentials,
        ),
        (
            settings(endpoint(), &bucket, ["nobody", "wrong"]),
            FaultKind::Credentials,
        ),
        (
            settings("http://127.0.0.1:1".into(), &bucket, OWNER),
            FaultKind::Unreachable,
        ),
    ];
    for (bucket, wanted) in cases {
        assert_eq!(kind(bucket), Err(wanted));
    }
}
