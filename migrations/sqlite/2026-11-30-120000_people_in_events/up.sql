-- The rows that name a person are found without looking at those of everybody else.
CREATE INDEX events_by_actor ON events (actor);
CREATE INDEX events_by_subject ON events (subject) WHERE subject IS NOT NULL;
CREATE INDEX releases_by_person ON releases (released_by);
CREATE INDEX submissions_by_submitter ON submissions (submitted_by) WHERE submitted_by IS NOT NULL;
CREATE INDEX feedback_by_person ON feedback (returned_by);
CREATE INDEX extensions_of_student ON extensions (student);
CREATE INDEX shares_by_revoker ON shares (revoked_by);

-- The people whom the details of an event name.
CREATE TABLE event_people (
    person   TEXT NOT NULL,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    PRIMARY KEY (person, event_id)
) WITHOUT ROWID;
CREATE INDEX event_people_by_event ON event_people (event_id);

INSERT INTO event_people (person, event_id)
    SELECT DISTINCT named.atom, events.id
        FROM events, json_tree(events.detail) AS named
        WHERE events.detail IS NOT NULL AND named.type = 'text' AND (
            named.path = '$' AND named.key IN ('instructors', 'assistants', 'students', 'people', 'added')
            OR typeof(named.key) = 'integer' AND named.path IN ('$.instructors', '$.assistants', '$.students', '$.people', '$.added')
            OR named.path LIKE '$.before[%]' AND named.key = 'username');
