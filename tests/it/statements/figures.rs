//! The number of SQL statements of the page with figures of a large course, and the length of the page.

use super::{assert_indexed, statements};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Sent, Server, Setup};
use std::collections::BTreeSet;

/// Makes a course with that many students, who each submit several times to each assignment.
fn fill(server: &Server, id: &str, students: usize, assignments: usize, times: usize) {
    let course = Course::of(server, id);
    course.make(&["kevin"], &[]);
    course
        .release("ps0", "kevin", &[Sent::new("task", "1")])
        .ok();
    // Submissions are scattered over a year, each student's in an order of their own.
    Sql::of(server).execute(&format!(
        "INSERT INTO members (course_id, username, role)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {students})
            SELECT c.id, 'student-' || i, 1 FROM n, courses c WHERE c.name = '{id}';
        INSERT INTO assignments (course_id, name, due_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {assignments})
            SELECT c.id, 'ps' || i, 1770000000000000 + i * 604800000000 FROM n, courses c WHERE c.name = '{id}';
        INSERT INTO submissions (assignment_id, student, submitted_at, tree_id)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})
            SELECT a.id, m.username, 1770000000000000 + a.id * 604800000000 + (m.id * 7919 + i * 104729) % 5000 * 60000000,
                (SELECT min(tree_id) FROM releases)
            FROM n, members m, assignments a, courses c
            WHERE c.name = '{id}' AND m.course_id = c.id AND a.course_id = c.id AND m.role = 1 AND a.name <> 'ps0';
        INSERT INTO feedback (submission_id, tree_id, returned_by, returned_at)
            SELECT s.id, s.tree_id, 'kevin', s.submitted_at + 259200000000
            FROM submissions s JOIN assignments a ON a.id = s.assignment_id JOIN courses c ON c.id = a.course_id
            WHERE c.name = '{id}';"
    ));
}

#[test]
fn figures_of_a_thousand_students_cost_as_many_statements_as_those_of_three() {
    let server = Setup::standalone()
        .env("RUST_LOG", "info,nbcourier::statements=trace")
        .start();
    fill(&server, "small", 3, 1, 1);
    fill(&server, "large", 1000, 12, 3);
    let open = |id: &str| {
        let mut page = String::new();
        let sent = statements(&server, || {
            page = server.get(&format!("c/{id}/figures"), "kevin").ok().text();
        });
        (sent, page)
    };
    let (few, _) = open("small");
    let (many, page) = open("large");
    assert_eq!(few.len(), many.len(), "{many:#?}");
    assert!(many.len() <= 6, "{many:#?}");
    assert!(page.contains("1,000 students"), "{page}");
    // Twelve assignments, and each hour of the week at most once.
    assert!(page.len() < 64 * 1024, "{}", page.len());
    let seen: BTreeSet<String> = many.into_iter().collect();
    assert_indexed(&server, &seen);
    // The stored bytes are counted at most every ten minutes.
    let (again, _) = open("large");
    assert_eq!(again.len() + 1, few.len(), "{again:#?}");
}
