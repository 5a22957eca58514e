//! The agent that goes on.

use super::desk::Desk;
use super::running::{Running, has, said};
use crate::watching::numbers::Numbers;
use nbcourier_testkit::eventually;
use nbcourier_testkit::machine::Machine;
use nbcourier_testkit::tcp_proxy::{Behaviour, TcpProxy};
use std::fs::File;
use std::process::Stdio;

#[test]
fn changes_reach_the_other_machine_while_both_run() {
    let desk = Desk::new();
    let (school, home) = (Running::of(&desk.school), Running::of(&desk.home));
    desk.school.write("a.txt", "school");
    eventually("it is at home", || has(&desk.home, "a.txt", "school"));
    desk.home.write("unit/b.txt", "home");
    eventually("it is at school", || {
        has(&desk.school, "unit/b.txt", "home")
    });
    desk.home.write("unit/b.txt", "home again");
    eventually("it is at school", || {
        has(&desk.school, "unit/b.txt", "home again")
    });
    desk.school.remove("a.txt");
    eventually("it is gone", || !desk.home.at_path("a.txt").exists());
    // A second agent leaves the folder to the first, and a single round does not.
    let mut second = desk.home.sync_through(&["env"], &[]);
    let second = second.stdout(Stdio::piped()).spawn().unwrap();
    let mut second = Running(second);
    let mut line = String::new();
    let out = second.0.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    assert!(
        line.contains("Another agent looks after it already (process"),
        "{line}"
    );
    assert_eq!(second.end(), Some(0));
    assert_eq!((school.end(), home.end()), (Some(0), Some(0)));
}

#[test]
fn a_quiet_agent_asks_for_changes_and_nothing_else() {
    let desk = Desk::with_metrics();
    desk.school.write("a.txt", "1");
    desk.school.sync();
    let agent = Running::of(&desk.school);
    let polls = |numbers: &Numbers| {
        numbers.answers("v1/directories/{owner}/{directory}/changes", "GET", 200)
    };
    let all = |numbers: &Numbers| numbers.sum("nbcourier_http_requests_total");
    eventually("it looked once", || {
        said(&desk.school).contains("are equal")
    });
    // The wish to go on wakes it, so this is a round without any change.
    for _ in 0..3 {
        desk.school.ada.does(&["sync", "pause"]);
        desk.school.ada.does(&["sync", "resume"]);
    }
    assert_eq!(agent.end(), Some(0));
    let numbers = Numbers::of(&desk.server);
    // The checks of the directory at the starts of both programs, its making, and the version with the file.
    assert!(all(&numbers) - polls(&numbers) < 20.0, "{}", numbers.text);
}

#[test]
fn an_agent_survives_an_outage_of_the_exchange_and_says_it_once() {
    let desk = Desk::new();
    let proxy = TcpProxy::to(desk.server.port());
    let train = Machine::behind(&desk.server, &proxy, "train");
    let agent = Running::of(&train);
    train.write("a.txt", "1");
    eventually("it is there", || desk.names() == ["a.txt"]);
    proxy.behave(Behaviour::Refuse);
    train.write("a.txt", "2");
    eventually("it says so", || said(&train).contains("does not answer"));
    proxy.behave(Behaviour::Pass);
    eventually("it is there", || desk.directory().text("a.txt") == "2");
    assert_eq!(
        said(&train).matches("does not answer").count(),
        1,
        "{}",
        said(&train)
    );
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn a_pause_and_a_confirmation_reach_a_running_agent() {
    let desk = Desk::new();
    for name in ["a", "b"] {
        desk.school.write(name, name);
    }
    desk.school.sync();
    let agent = Running::of(&desk.school);
    eventually("it looked once", || !said(&desk.school).is_empty());
    desk.school.remove("a");
    desk.school.remove("b");
    eventually("it asks", || {
        said(&desk.school).contains("nbcourier sync confirm")
    });
    assert_eq!(desk.names(), ["a", "b"]);
    desk.school.ada.does(&["sync", "confirm"]);
    eventually("they are gone", || desk.names().is_empty());
    desk.school.ada.does(&["sync", "pause"]);
    eventually("it rests", || said(&desk.school).contains("is paused"));
    desk.school.write("c", "c");
    desk.school.ada.does(&["sync", "resume"]);
    eventually("it went on", || desk.names() == ["c"]);
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn a_file_that_was_written_just_now_waits_and_the_others_do_not() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.school.write("log", "new");
    let time = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    let file = File::options()
        .append(true)
        .open(desk.school.at_path("a.txt"));
    file.unwrap().set_modified(time).unwrap();
    let mut command = desk
        .school
        .sync_through(&["env"], &["--settle", "1h", "--agree", "0s"]);
    let agent = Running(command.stdout(Stdio::null()).spawn().unwrap());
    eventually("the old one is there", || desk.names() == ["a.txt"]);
    eventually("the other one waits", || {
        let status = desk.school.ada.run(&["sync", "status", "--json"]);
        status.out.contains("is being written")
    });
    assert_eq!(agent.end(), Some(0));
}
