-- Trees and contents that lost a row which named them. The regular clean-up looks at these and at new contents, since looking
-- at all would take longer with every term. An ID may be here although the row is still named, or gone.
CREATE TABLE loose_trees (
    tree_id BIGINT PRIMARY KEY NOT NULL
);
CREATE TABLE loose_blobs (
    blob_id BIGINT PRIMARY KEY NOT NULL
);

-- How far the clean-up has looked. There is one row.
CREATE TABLE clean_ups (
    id          BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    -- The contents with IDs up to this one were looked at after they had arrived.
    blobs_up_to BIGINT NOT NULL,
    -- The last time at which all trees and contents were looked at.
    whole_at    BIGINT NOT NULL
);
INSERT INTO clean_ups (id, blobs_up_to, whole_at) VALUES (1, 0, 0);

CREATE FUNCTION note_loose_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION note_loose_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.blob_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION note_loose_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loose_blobs (blob_id)
        SELECT DISTINCT blob_id FROM (VALUES (OLD.page_blob), (OLD.source_blob)) AS held (blob_id)
            WHERE blob_id IS NOT NULL ORDER BY blob_id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER releases_leave AFTER DELETE ON releases FOR EACH ROW EXECUTE FUNCTION note_loose_tree();
CREATE TRIGGER submissions_leave AFTER DELETE ON submissions FOR EACH ROW EXECUTE FUNCTION note_loose_tree();
CREATE TRIGGER feedback_leave AFTER DELETE ON feedback FOR EACH ROW EXECUTE FUNCTION note_loose_tree();
CREATE TRIGGER tree_files_leave AFTER DELETE ON tree_files FOR EACH ROW EXECUTE FUNCTION note_loose_blob();
CREATE TRIGGER directory_entries_leave AFTER DELETE ON directory_entries
    FOR EACH ROW WHEN (OLD.blob_id IS NOT NULL) EXECUTE FUNCTION note_loose_blob();
CREATE TRIGGER shares_leave AFTER DELETE OR UPDATE OF page_blob, source_blob ON shares
    FOR EACH ROW EXECUTE FUNCTION note_loose_share();
