//! The tables as diesel sees them; `migrations/` makes them.

diesel::table! {
    courses (id) {
        id -> BigInt,
        name -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    members (id) {
        id -> BigInt,
        course_id -> BigInt,
        username -> Text,
        instructor -> Bool,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        email -> Nullable<Text>,
    }
}

diesel::table! {
    hub_members (username, course) {
        username -> Text,
        course -> Text,
        instructor -> Bool,
    }
}

diesel::table! {
    blobs (id) {
        id -> BigInt,
        sha256 -> Binary,
        md5 -> Binary,
        size -> BigInt,
        in_database -> Bool,
        stored_at -> BigInt,
    }
}

diesel::table! {
    blob_contents (blob_id) {
        blob_id -> BigInt,
        content -> Binary,
    }
}

diesel::table! {
    trees (id) {
        id -> BigInt,
        digest -> Binary,
        files -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    tree_files (tree_id, position) {
        tree_id -> BigInt,
        position -> BigInt,
        path -> Text,
        blob_id -> BigInt,
    }
}

diesel::table! {
    assignments (id) {
        id -> BigInt,
        course_id -> BigInt,
        name -> Text,
        current_release -> Nullable<BigInt>,
    }
}

diesel::table! {
    releases (id) {
        id -> BigInt,
        assignment_id -> BigInt,
        version -> BigInt,
        tree_id -> BigInt,
        released_by -> Text,
        released_at -> BigInt,
    }
}

diesel::table! {
    submissions (id) {
        id -> BigInt,
        assignment_id -> BigInt,
        student -> Text,
        submitted_at -> BigInt,
        tree_id -> BigInt,
    }
}

diesel::table! {
    feedback (id) {
        id -> BigInt,
        submission_id -> BigInt,
        tree_id -> BigInt,
        returned_by -> Text,
        returned_at -> BigInt,
    }
}

diesel::joinable!(members -> courses (course_id));
diesel::joinable!(blob_contents -> blobs (blob_id));
diesel::joinable!(tree_files -> trees (tree_id));
diesel::joinable!(tree_files -> blobs (blob_id));
diesel::joinable!(assignments -> courses (course_id));
diesel::joinable!(releases -> trees (tree_id));
diesel::joinable!(submissions -> assignments (assignment_id));
diesel::joinable!(submissions -> trees (tree_id));
diesel::joinable!(feedback -> submissions (submission_id));
diesel::joinable!(feedback -> trees (tree_id));

diesel::allow_tables_to_appear_in_same_query!(
    assignments,
    blob_contents,
    blobs,
    courses,
    feedback,
    hub_members,
    members,
    releases,
    submissions,
    tree_files,
    trees,
);
