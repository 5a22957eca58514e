use super::*;

fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).unwrap()
}

fn sum(number: u8) -> Sha256Sum {
    Sha256Sum([number; 32])
}

fn put(to: &str, number: u8, condition: Condition) -> Operation {
    Operation::Put {
        path: path(to),
        sha256: sum(number),
        executable: None,
        condition,
    }
}

fn remove(at: &str, recursive: bool) -> Operation {
    Operation::Remove {
        path: path(at),
        recursive,
        condition: Condition::Any,
    }
}

fn moved(from: &str, to: &str) -> Operation {
    Operation::Move {
        from: path(from),
        to: path(to),
        condition: Condition::Any,
    }
}

fn copied(from: &str, to: &str) -> Operation {
    Operation::Copy {
        from: path(from),
        to: path(to),
        condition: Condition::Absent,
    }
}

/// A directory with `a` (1), `unit/b` (2) and the empty folder `empty`.
fn working() -> (Working, Size) {
    let mut working = Working::of(4, 100);
    let file = |number: u8| {
        State::File(FileState {
            blob: i64::from(number),
            sha256: sum(number),
            size: u64::from(number),
            executable: false,
        })
    };
    for (row, (path, state)) in (10..).zip([
        ("a", file(1)),
        ("empty", State::Folder),
        ("unit", State::Folder),
        ("unit/b", file(2)),
    ]) {
        working.load(path.to_owned(), row, state);
    }
    let size = Size {
        files: 2,
        folders: 2,
        bytes: 3,
        path_bytes: 1 + 5 + 4 + 6,
    };
    (working, size)
}

fn run(operations: &[Operation]) -> Result<Difference, Vec<PathConflict>> {
    let (mut working, size) = working();
    for operation in operations {
        let bytes = |sum: Sha256Sum| Some((i64::from(sum.0[0]), u64::from(sum.0[0])));
        working.apply(operation, bytes).unwrap();
    }
    working.finish(size)
}

fn begun(difference: &Difference) -> Vec<&str> {
    difference
        .begun
        .iter()
        .map(|(path, _)| path.as_str())
        .collect()
}

#[test]
fn a_file_brings_the_folders_above_it() {
    let difference = run(&[put("x/y/z", 9, Condition::Absent)]).unwrap();
    assert_eq!(begun(&difference), ["x", "x/y", "x/y/z"]);
    assert!(difference.ended.is_empty());
    let expected = Size {
        files: 3,
        folders: 4,
        bytes: 12,
        path_bytes: 16 + 1 + 3 + 5,
    };
    assert_eq!(difference.size, expected);
}

#[test]
fn a_batch_that_is_sent_again_changes_nothing() {
    for again in [
        put("a", 1, Condition::Is(sum(7))),
        put("a", 1, Condition::Absent),
        remove("gone", true),
        Operation::MakeFolder {
            path: path("empty"),
        },
        moved("a", "a"),
    ] {
        let difference = run(std::slice::from_ref(&again)).unwrap();
        assert!(
            difference.ended.is_empty() && difference.begun.is_empty(),
            "{again:?}"
        );
    }
}

#[test]
fn changes_that_cancel_each_other_change_nothing() {
    let difference = run(&[moved("unit", "other"), moved("other", "unit")]).unwrap();
    assert!(difference.ended.is_empty() && difference.begun.is_empty());
}

#[test]
fn a_folder_moves_and_is_copied_with_everything_in_it() {
    let difference = run(&[moved("unit", "x/unit3")]).unwrap();
    assert_eq!(begun(&difference), ["x", "x/unit3", "x/unit3/b"]);
    assert_eq!(difference.ended, [12, 13]);
    assert_eq!((difference.size.files, difference.size.bytes), (2, 3));
    let difference = run(&[copied("unit", "unit3")]).unwrap();
    assert_eq!(begun(&difference), ["unit3", "unit3/b"]);
    assert!(difference.ended.is_empty());
}

#[test]
fn a_folder_whose_last_file_goes_stays() {
    let difference = run(&[remove("unit/b", false)]).unwrap();
    assert_eq!(difference.ended, [13]);
    let difference = run(&[remove("unit", true)]).unwrap();
    assert_eq!(difference.ended, [12, 13]);
    assert_eq!(difference.size.folders, 1);
}

#[test]
fn all_conflicts_are_told_at_once() {
    use ConflictReason::{Changed, IsFile, IsFolder, Missing, NotEmpty};
    let conflicts = run(&[
        put("a", 9, Condition::Is(sum(8))),
        put("a", 9, Condition::Absent),
        put("unit", 9, Condition::Any),
        put("a/b", 9, Condition::Any),
        Operation::MakeFolder { path: path("a") },
        remove("unit", false),
        moved("nothing", "x"),
        moved("unit", "a"),
        moved("a", "empty"),
        copied("unit/b", "a"),
    ])
    .unwrap_err();
    let told: Vec<_> = conflicts
        .iter()
        .map(|conflict| (conflict.path.as_str(), conflict.reason))
        .collect();
    let expected = [
        ("a", Changed),
        ("unit", IsFolder),
        ("a", IsFile),
        ("unit", NotEmpty),
        ("nothing", Missing),
        ("empty", IsFolder),
    ];
    assert_eq!(told, expected);
    assert!(matches!(conflicts[0].now, PathState::File { size: 1, .. }));
}

#[test]
fn a_folder_does_not_move_into_itself() {
    let (mut working, _) = working();
    for operation in [moved("unit", "unit/x"), copied("unit", "unit/x/y")] {
        let refused = working.apply(&operation, |_| None);
        assert!(matches!(refused, Err(Error::IntoItself(_))));
    }
}

#[test]
fn only_names_that_begin_like_a_folder_are_not_in_it() {
    let difference = run(&[
        put("unit-2", 5, Condition::Any),
        put("unit/c", 6, Condition::Any),
        put("unit0", 7, Condition::Any),
        remove("unit", true),
    ])
    .unwrap();
    assert_eq!(begun(&difference), ["unit-2", "unit0"]);
}

/// Applies operations to the directory, and returns the first error.
fn refusal(working: &mut Working, operations: &[Operation]) -> Option<Error> {
    let mut results = operations
        .iter()
        .map(|operation| working.apply(operation, |_| Some((9, 9))));
    results.find_map(Result::err)
}

#[test]
fn copies_of_copies_end_before_they_fill_the_memory() {
    let (mut working, _) = working();
    let doubled = |number: usize| {
        let from = format!("copy{number}");
        ["l", "r"].map(|side| copied(&from, &format!("copy{}/{side}", number + 1)))
    };
    let mut bomb = vec![copied("unit", "copy0")];
    bomb.extend((0..100).flat_map(doubled));
    assert!(matches!(
        refusal(&mut working, &bomb),
        Some(Error::TooManyPaths)
    ));
    assert!(working.now.len() < 200, "{}", working.now.len());
}

#[test]
fn a_folder_is_moved_and_removed_a_bounded_number_of_times() {
    let there_and_back = [moved("unit", "other"), moved("other", "unit")];
    for round in [
        there_and_back,
        [moved("unit", "other"), remove("other", true)],
    ] {
        let (mut working, _) = working();
        let mut few = vec![put("unit/c", 3, Condition::Any)];
        few.extend(round.clone());
        assert!(refusal(&mut working, &few).is_none());
        let many: Vec<Operation> = (0..1000)
            .flat_map(|_| {
                [put("unit/b", 2, Condition::Any)]
                    .into_iter()
                    .chain(round.clone())
            })
            .collect();
        assert!(matches!(
            refusal(&mut working, &many),
            Some(Error::TooManyPaths)
        ));
    }
}
