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
    person   TEXT COLLATE "C" NOT NULL,
    event_id BIGINT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    PRIMARY KEY (person, event_id)
);
CREATE INDEX event_people_by_event ON event_people (event_id);

INSERT INTO event_people (person, event_id)
    SELECT named.person, events.id
        FROM events
            CROSS JOIN (VALUES ('instructors'), ('assistants'), ('students'), ('people'), ('added')) AS members (member)
            CROSS JOIN LATERAL (SELECT events.detail::json -> members.member AS value) AS held
            CROSS JOIN LATERAL json_array_elements_text(CASE json_typeof(held.value)
                WHEN 'array' THEN held.value
                WHEN 'string' THEN json_build_array(held.value)
                ELSE '[]' END) AS named (person)
        WHERE events.detail IS NOT NULL
    UNION
    SELECT named.one ->> 'username', events.id
        FROM events
            CROSS JOIN LATERAL (SELECT events.detail::json -> 'before' AS value) AS held
            CROSS JOIN LATERAL json_array_elements(
                CASE json_typeof(held.value) WHEN 'array' THEN held.value ELSE '[]' END) AS named (one)
        WHERE events.detail IS NOT NULL AND json_typeof(named.one -> 'username') = 'string';
