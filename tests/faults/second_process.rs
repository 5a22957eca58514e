//! Two servers on one data directory.

use crate::tally::{Tally, rounds};
use nbcourier_testkit::{Course, Sent, Setup, run};

#[test]
fn a_second_process_on_one_data_directory_is_refused_and_harms_nobody() {
    let tally = Tally::of("two processes on one data directory");
    let server = Setup::standalone().start();
    let course = Course::of(&server, "course1");
    course.make(&["kevin"], &["lawrence"]);
    course.release("challenge", "kevin", &[]).ok();
    let data = server.data_dir().display().to_string();
    for round in 0..rounds(2, 20) {
        let work = [Sent::new(
            "work",
            vec![7; 70_000 + usize::try_from(round).unwrap()],
        )];
        course.submit("challenge", "lawrence", &work).ok();
        tally.answered();
        let output = run(&["serve", "--standalone", "--port", "0", "--data-dir", &data]);
        tally.round();
        assert_eq!(output.status.code(), Some(1));
        let reported = String::from_utf8(output.stderr).unwrap();
        assert!(
            reported.contains("Another nbcourier is serving") && reported.contains(&data),
            "{reported}"
        );
        assert!(server.is_healthy());
        let stored = course.submitted("challenge", "lawrence", None);
        tally.compare(stored == work, "the last submission");
    }
    tally.assert_clean();
}
