//! Adding people from a file. The first step reads it, the second one shows what it would change. Nothing is stored
//! between them: the lines travel in the form and are read again.

use super::{people, tabs};
use crate::http::compute::compute;
use crate::http::error::Result;
use crate::http::pages::csv_file;
use crate::http::pages::reader::Reader;
use crate::http::pages::sent_list::{LONGEST_LIST, ListForm};
use crate::http::pages::view::{Head, View};
use crate::http::pages::words::ToValue;
use crate::http::request::path::InCourse;
use crate::tables::{
    Columns, Decoded, Line, NoRoster, NoTable, Note, Roster, Table, WrongLine, lines,
};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{CourseId, Person, Role};
use nbcourier_exchange::roster_import::{Effect, Imported, Preview};
use nbcourier_exchange::{Exchange, roster};

/// Maximum number of lines of a list.
const MOST_LINES: usize = 10_000;
/// Maximum number of changes that the page shows.
const SHOWN: usize = 500;
/// Maximum number of problems that the page shows.
const SHOWN_PROBLEMS: usize = 100;

#[derive(Template)]
#[template(path = "course/import.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    address: String,
    problem: Option<String>,
    /// The list, if it was read.
    list: Option<List>,
    /// The columns of which one holds the user names.
    columns: Vec<String>,
    looked_at: Option<LookedAt>,
}

/// A list that was sent.
struct List {
    text: String,
    encoding: String,
    user_column: String,
}

/// The changes that the list would make.
struct LookedAt {
    seen: String,
    /// How the list was read.
    facts: Vec<String>,
    counts: Counts,
    /// The lines that cannot be used, each with the reason.
    wrong: Vec<(u64, String)>,
    changes: Vec<Change>,
    absent: Vec<String>,
    alike: Vec<String>,
}

/// The numbers of people.
#[derive(Default)]
struct Counts {
    added: usize,
    changed: usize,
    there: usize,
    wrong: usize,
    absent: usize,
}

/// A person who would be added or changed.
struct Change {
    line: u64,
    username: String,
    name: String,
    email: String,
    what: Vec<String>,
}

impl Page<'_> {
    fn limits(&self) -> String {
        let size = self.view.size(LONGEST_LIST);
        let values = [("n", MOST_LINES.to_value()), ("size", size.to_value())];
        self.view.say_all("import-limits", &values)
    }

    fn button(&self, found: &LookedAt) -> String {
        let Counts { added, changed, .. } = found.counts;
        let values = [("added", added.to_value()), ("changed", changed.to_value())];
        self.view.say_all("import-add", &values)
    }
}

impl LookedAt {
    fn changes_nothing(&self) -> bool {
        self.counts.added + self.counts.changed == 0
    }

    fn hidden_changes(&self) -> usize {
        self.counts.added + self.counts.changed - self.changes.len()
    }

    fn hidden_problems(&self) -> usize {
        self.counts.wrong - self.wrong.len()
    }
}

fn page<'a>(view: &'a View, course: &CourseId) -> Page<'a> {
    let home = view.course(course.as_str());
    Page {
        head: Head {
            title: view.say("import-title"),
            crumbs: vec![
                view.home_crumb(),
                view.course_link(course.as_str()),
                view.link(format!("{home}/people"), &view.say("people-title")),
            ],
            tabs: tabs(view, course, "people"),
            ..Head::default()
        },
        address: format!("{home}/import"),
        problem: None,
        list: None,
        columns: Vec::new(),
        looked_at: None,
        view,
    }
}

/// `GET c/{course}/import`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader.in_course(&exchange, &course).await?;
    roster::ready(&exchange, &caller, course.clone()).await?;
    view.page(&page(&view, &course))
}

/// Handles `GET c/{course}/import/example.csv`: a file to begin with.
pub async fn example(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
) -> Result<HttpResponse> {
    roster::ready(&exchange, &reader.caller, course).await?;
    let rows = [
        people::COLUMNS.to_vec(),
        vec!["ada", "student", "Ada", "Lovelace", "ada@example.edu"],
    ];
    let text = lines(rows)?;
    Ok(csv_file::reply("people.csv").body(csv_file::MARK.to_owned() + &text))
}

/// Handles `POST c/{course}/import`: shows what the list would change, and in the second step changes it.
pub async fn receive(
    exchange: web::Data<Exchange>,
    InCourse(course): InCourse,
    form: ListForm,
) -> Result<HttpResponse> {
    let sent = Sent::of(&form);
    let ListForm { reader, fields, .. } = form;
    let reader = reader.in_course(&exchange, &course).await?;
    let Reader { caller, view } = &reader;
    let ready = roster::ready(&exchange, caller, course.clone()).await?;
    let read = compute(move || Ok(sent.read())).await?;
    let (list, table, columns, found) = match read {
        Ok(read) => read,
        Err(refused) => {
            let mut page = page(view, &course);
            page.problem = Some(refused.sentence(view));
            page.columns = refused.columns;
            page.list = refused.list;
            return view.page_with(StatusCode::BAD_REQUEST, &page);
        }
    };
    let people = found.lines.iter();
    let people: Vec<(Role, Person)> = people
        .map(|line| (line.role, line.person.clone()))
        .collect();
    let leave_out = fields.has("leave-out");
    let mut problem = None;
    if fields.text("step") == "add" {
        if found.wrong.is_empty() || leave_out {
            let seen = fields.text("seen").to_owned();
            let ready = roster::ready(&exchange, caller, course.clone()).await?;
            match ready.import(people.clone(), seen, leave_out).await? {
                Imported::Done { .. } => return Ok(people::to_people(view, &course)),
                Imported::ChangedMeanwhile => {
                    problem = Some((StatusCode::CONFLICT, "import-changed-meanwhile"));
                }
                Imported::Refused(_) => {
                    problem = Some((StatusCode::BAD_REQUEST, "import-leave-out-first"));
                }
            }
        } else {
            problem = Some((StatusCode::BAD_REQUEST, "import-leave-out-first"));
        }
    }
    let preview = ready.preview(people).await?;
    let mut page = page(view, &course);
    page.looked_at = Some(looked_at(view, &table, &columns, &found, preview));
    page.list = Some(list);
    page.problem = problem.map(|(_, key)| view.say(key));
    let status = problem.map_or(StatusCode::OK, |(status, _)| status);
    view.page_with(status, &page)
}

/// A form as it was sent.
struct Sent {
    file: Vec<u8>,
    text: String,
    encoding: String,
    user_column: String,
    is_too_long: bool,
}

/// A list that cannot be used, and what is kept of it.
struct Refused {
    why: Unusable,
    columns: Vec<String>,
    list: Option<List>,
}

/// The reason why a list cannot be used.
enum Unusable {
    Nothing,
    TooLong,
    TooManyLines,
    Table(NoTable),
    Columns(NoRoster),
}

type Read = (List, Table, Columns, Roster);

impl Sent {
    fn of(form: &ListForm) -> Self {
        let raw = |name: &str| form.fields.all(name).last().unwrap_or_default().to_owned();
        Self {
            file: form.file.clone(),
            // Blanks around the text belong to it, since lines are counted.
            text: raw("text"),
            encoding: raw("encoding"),
            user_column: raw("user-column"),
            is_too_long: form.is_too_long,
        }
    }

    fn read(self) -> Result<Read, Box<Refused>> {
        let refused = |why| {
            Box::new(Refused {
                why,
                columns: Vec::new(),
                list: None,
            })
        };
        let decoded = if !self.file.is_empty() {
            Decoded::of(&self.file, None)
        } else if self.encoding.is_empty() {
            Decoded::of(self.text.as_bytes(), None)
        } else {
            Decoded::before(&self.text, &self.encoding)
        };
        let decoded = decoded.map_err(|why| refused(Unusable::Table(why)))?;
        let length = decoded.text.bytes().filter(|byte| *byte != b'\r').count();
        if self.is_too_long || length > LONGEST_LIST {
            return Err(refused(Unusable::TooLong));
        }
        if decoded.text.trim().is_empty() {
            return Err(refused(Unusable::Nothing));
        }
        let table = Table::parse(&decoded).map_err(|why| refused(Unusable::Table(why)))?;
        if table.row_count() > MOST_LINES {
            return Err(refused(Unusable::TooManyLines));
        }
        let list = List {
            text: decoded.text,
            encoding: decoded.encoding,
            user_column: self.user_column,
        };
        let user_column = Some(list.user_column.as_str()).filter(|name| !name.is_empty());
        match Columns::find(&table, user_column) {
            Ok(columns) => {
                let found = Roster::of(&table, &columns);
                Ok((list, table, columns, found))
            }
            Err(why) => Err(Box::new(Refused {
                why: Unusable::Columns(why),
                columns: table.columns().map(str::to_owned).collect(),
                list: Some(list),
            })),
        }
    }
}

impl Refused {
    fn sentence(&self, view: &View) -> String {
        match &self.why {
            Unusable::Nothing => view.say("import-nothing"),
            Unusable::TooLong => {
                let size = view.size(LONGEST_LIST);
                view.say_with("import-too-long", "size", size)
            }
            Unusable::TooManyLines => view.say_with("import-too-many-lines", "n", MOST_LINES),
            Unusable::Table(NoTable::Unreadable | NoTable::NotIn(_)) => {
                view.say("import-unreadable")
            }
            Unusable::Table(NoTable::OpenQuote(line)) => {
                view.say_with("import-open-quote", "line", line)
            }
            Unusable::Table(NoTable::NotCsv(_)) => view.say("import-no-table"),
            Unusable::Columns(NoRoster::NoUser | NoRoster::NoSuchColumn(_)) => {
                view.say("import-no-user-column")
            }
            Unusable::Columns(NoRoster::Twice(name)) => {
                view.say_with("import-column-twice", "name", name)
            }
            Unusable::Columns(NoRoster::SameMeaning(names)) => {
                view.say_with("import-columns-alike", "names", names.join(", "))
            }
        }
    }
}

fn looked_at(
    view: &View,
    table: &Table,
    columns: &Columns,
    found: &Roster,
    preview: Preview,
) -> LookedAt {
    let mut counts = Counts {
        wrong: found.wrong.len(),
        absent: preview.absences,
        ..Counts::default()
    };
    let mut wrong: Vec<(u64, String)> = Vec::new();
    for (number, why) in &found.wrong {
        wrong.push((*number, wrong_line(view, why)));
    }
    let mut changes = Vec::new();
    for (line, effect) in found.lines.iter().zip(&preview.effects) {
        let what = match effect {
            Effect::Added => {
                counts.added += 1;
                let role = people::role_name(view, line.role);
                vec![view.say_with("import-new", "role", role)]
            }
            Effect::Changed(role, before) => {
                counts.changed += 1;
                differences(view, line, *role, before)
            }
            Effect::Nothing => {
                counts.there += 1;
                continue;
            }
            Effect::Teaches(_) | Effect::NotAllowed(_) => {
                counts.wrong += 1;
                wrong.push((line.number, refusal(view, line, effect)));
                continue;
            }
        };
        if changes.len() < SHOWN {
            let person = &line.person;
            let names = [&person.first_name, &person.last_name];
            let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
            changes.push(Change {
                line: line.number,
                username: person.username.to_string(),
                name: names.join(" "),
                email: person.email.clone().unwrap_or_default(),
                what,
            });
        }
    }
    wrong.sort_by_key(|(number, _)| *number);
    wrong.truncate(SHOWN_PROBLEMS);
    let alike = preview.alike.iter().map(|alike| {
        let names: Vec<&str> = alike.names.iter().map(String::as_str).collect();
        let key = if alike.by_case {
            "import-alike-by-case"
        } else {
            "import-alike"
        };
        view.say_with(key, "names", names.join(", "))
    });
    LookedAt {
        facts: facts(view, table, columns, found),
        counts,
        wrong,
        changes,
        absent: preview.absent.iter().map(people::full_name).collect(),
        alike: alike.collect(),
        seen: preview.seen,
    }
}

/// Returns how the list was read.
fn facts(view: &View, table: &Table, columns: &Columns, found: &Roster) -> Vec<String> {
    let separator = view.say(match table.separator() {
        ';' => "separator-semicolon",
        '\t' => "separator-tab",
        '|' => "separator-bar",
        ',' => "separator-comma",
        _ => "separator-other",
    });
    let column = table.columns().nth(columns.user).unwrap_or_default();
    let mut facts = vec![view.say_all(
        "import-read-as",
        &[
            ("encoding", table.encoding().to_value()),
            ("separator", separator.to_value()),
            ("column", column.to_value()),
        ],
    )];
    if table.guessed().is_some() {
        facts.push(view.say("import-guessed"));
    }
    if columns.by_number {
        facts.push(view.say("import-by-number"));
    }
    let unused: Vec<&str> = columns.unused(table).collect();
    if !unused.is_empty() {
        facts.push(view.say_with("import-unused", "names", unused.join(", ")));
    }
    for (number, note) in found.notes.iter().take(SHOWN_PROBLEMS) {
        facts.push(match note {
            Note::Again(name, earlier) => view.say_all(
                "import-again",
                &[
                    ("line", number.to_value()),
                    ("name", name.as_str().to_value()),
                    ("earlier", earlier.to_value()),
                ],
            ),
            Note::Total | Note::TestStudent | Note::PossiblePoints | Note::Nobody => {
                view.say_with("import-skipped", "line", number)
            }
        });
    }
    facts
}

/// Returns what was different before.
fn differences(view: &View, line: &Line, role: Role, before: &Person) -> Vec<String> {
    let person = &line.person;
    let details = [
        (
            "import-first-name-was",
            &person.first_name,
            &before.first_name,
        ),
        ("import-last-name-was", &person.last_name, &before.last_name),
        ("import-email-was", &person.email, &before.email),
    ];
    let mut said = Vec::new();
    if role != line.role {
        let key = "import-role-was";
        let (before, after) = (
            people::role_name(view, role),
            people::role_name(view, line.role),
        );
        let values = [("before", before.to_value()), ("after", after.to_value())];
        said.push(view.say_all(key, &values));
    }
    for (key, after, before) in details {
        if after.is_some() && after != before {
            let before = before.as_deref().filter(|text| !text.is_empty());
            said.push(view.say_with(key, "before", before.unwrap_or("–")));
        }
    }
    said
}

fn refusal(view: &View, line: &Line, effect: &Effect) -> String {
    let key = match effect {
        Effect::Teaches(_) => "import-teaches",
        Effect::NotAllowed(Role::Instructor) => "import-instructors",
        _ => "import-assistants",
    };
    view.say_with(key, "name", line.person.username.as_str())
}

fn wrong_line(view: &View, wrong: &WrongLine) -> String {
    match wrong {
        WrongLine::Width(width) => view.say_all(
            "import-wrong-width",
            &[
                ("cells", width.cells.to_value()),
                ("columns", width.columns.to_value()),
            ],
        ),
        WrongLine::Columns => view.say("import-wrong-columns"),
        WrongLine::NoName => view.say("import-wrong-empty"),
        WrongLine::Long => view.say("import-wrong-long"),
        WrongLine::Role(role) => view.say_with("import-wrong-role", "role", role),
        WrongLine::Shortened(name) => view.say_with("import-wrong-shortened", "name", name),
        WrongLine::Quoted(name) => view.say_with("import-wrong-quoted", "name", name),
        WrongLine::Formula(name) => view.say_with("import-wrong-formula", "name", name),
        WrongLine::Separator(name) => view.say_with("import-wrong-separator", "name", name),
        WrongLine::Unfit(name, _) => view.say_with("import-wrong-name", "name", name),
        WrongLine::Guess(name) => view.say_with("import-wrong-guess", "name", name),
    }
}
