-- Trees and contents that lost a row which named them. The regular clean-up looks at these and at new contents, since looking
-- at all would take longer with every term. An ID may be here although the row is still named, or gone.
CREATE TABLE loose_trees (
    tree_id INTEGER PRIMARY KEY NOT NULL
);
CREATE TABLE loose_blobs (
    blob_id INTEGER PRIMARY KEY NOT NULL
);

-- How far the clean-up has looked. There is one row.
CREATE TABLE clean_ups (
    id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    -- The contents with IDs up to this one were looked at after they had arrived.
    blobs_up_to BIGINT NOT NULL,
    -- The last time at which all trees and contents were looked at.
    whole_at    BIGINT NOT NULL
);
INSERT INTO clean_ups (id, blobs_up_to, whole_at) VALUES (1, 0, 0);

CREATE TRIGGER releases_leave AFTER DELETE ON releases BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER submissions_leave AFTER DELETE ON submissions BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER feedback_leave AFTER DELETE ON feedback BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER tree_files_leave AFTER DELETE ON tree_files BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.blob_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER directory_entries_leave AFTER DELETE ON directory_entries WHEN OLD.blob_id IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.blob_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_leave_page_blob AFTER DELETE ON shares WHEN OLD.page_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.page_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_leave_source_blob AFTER DELETE ON shares WHEN OLD.source_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.source_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_change_page_blob AFTER UPDATE OF page_blob ON shares WHEN OLD.page_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.page_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_change_source_blob AFTER UPDATE OF source_blob ON shares WHEN OLD.source_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.source_blob) ON CONFLICT DO NOTHING;
END;
