-- The MD5 of contents is computed when a reader first needs it, and is NULL until then.
ALTER TABLE blobs ALTER COLUMN md5 DROP NOT NULL;
