//! The tables in diesel's terms. `migrations/` creates them.

diesel::table! {
    identity (id) {
        id -> Text,
        bucket -> Nullable<Text>,
    }
}

diesel::table! {
    courses (id) {
        id -> BigInt,
        name -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        title -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        sharing -> Text,
        activity -> Bool,
    }
}

diesel::table! {
    members (id) {
        id -> BigInt,
        course_id -> BigInt,
        username -> Text,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        email -> Nullable<Text>,
        role -> SmallInt,
    }
}

diesel::table! {
    hub_members (username, course) {
        username -> Text,
        course -> Text,
        role -> SmallInt,
    }
}

diesel::table! {
    people (id) {
        id -> BigInt,
        username -> Text,
        account_made_at -> BigInt,
    }
}

diesel::table! {
    blobs (id) {
        id -> BigInt,
        sha256 -> Binary,
        md5 -> Nullable<Binary>,
        size -> BigInt,
        in_database -> Bool,
        stored_at -> BigInt,
        arrived -> Bool,
    }
}

diesel::table! {
    removed_objects (blob_id) {
        blob_id -> BigInt,
        sha256 -> Binary,
        size -> BigInt,
        removed_at -> BigInt,
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
        opens_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        cutoff_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    extensions (assignment_id, student) {
        assignment_id -> BigInt,
        student -> Text,
        due_at -> Nullable<BigInt>,
        cutoff_at -> Nullable<BigInt>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    allowances (course_id, student) {
        course_id -> BigInt,
        student -> Text,
        hours -> BigInt,
        note -> Nullable<Text>,
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
        submitted_by -> Nullable<Text>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    submission_keys (assignment_id, student, idempotency) {
        assignment_id -> BigInt,
        student -> Text,
        idempotency -> Text,
        submission_id -> BigInt,
    }
}

diesel::table! {
    feedback (id) {
        id -> BigInt,
        submission_id -> BigInt,
        tree_id -> BigInt,
        returned_by -> Text,
        returned_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    fetches (release_id, student) {
        release_id -> BigInt,
        student -> Text,
        first_at -> BigInt,
        last_at -> BigInt,
        times -> BigInt,
    }
}

diesel::table! {
    feedback_readings (feedback_id) {
        feedback_id -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
        times -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        at -> BigInt,
        action -> Text,
        actor -> Text,
        subject -> Nullable<Text>,
        course -> Nullable<Text>,
        assignment -> Nullable<Text>,
        submission_id -> Nullable<BigInt>,
        detail -> Nullable<Text>,
        request_id -> Nullable<Text>,
        course_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_people (person, event_id) {
        person -> Text,
        event_id -> BigInt,
    }
}

diesel::table! {
    loose_trees (tree_id) {
        tree_id -> BigInt,
    }
}

diesel::table! {
    loose_blobs (blob_id) {
        blob_id -> BigInt,
    }
}

diesel::table! {
    clean_ups (id) {
        id -> BigInt,
        blobs_up_to -> BigInt,
        whole_at -> BigInt,
    }
}

diesel::table! {
    directories (id) {
        id -> BigInt,
        owner -> Nullable<Text>,
        course_id -> Nullable<BigInt>,
        name -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<BigInt>,
        parent_version -> Nullable<BigInt>,
        head -> BigInt,
        deliver -> Nullable<Text>,
        deliver_at_start -> Bool,
        created_by -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    directory_versions (directory_id, version) {
        directory_id -> BigInt,
        version -> BigInt,
        made_at -> BigInt,
        made_by -> Text,
        device -> Nullable<Text>,
        message -> Nullable<Text>,
        origin -> Nullable<Text>,
        label -> Nullable<Text>,
        files -> BigInt,
        folders -> BigInt,
        bytes -> BigInt,
        path_bytes -> BigInt,
        digest -> Nullable<Binary>,
    }
}

diesel::table! {
    directory_entries (id) {
        id -> BigInt,
        directory_id -> BigInt,
        path -> Text,
        blob_id -> Nullable<BigInt>,
        executable -> Bool,
        since -> BigInt,
        until -> Nullable<BigInt>,
    }
}

diesel::table! {
    directory_grants (id) {
        id -> BigInt,
        directory_id -> BigInt,
        person -> Nullable<Text>,
        hub_group -> Nullable<Text>,
        course_id -> Nullable<BigInt>,
        role -> Nullable<SmallInt>,
        level -> SmallInt,
        granted_by -> Text,
        granted_at -> BigInt,
    }
}

diesel::table! {
    sources (directory_id) {
        directory_id -> BigInt,
        url -> Text,
        branch -> Nullable<Text>,
        folder -> Nullable<Text>,
        exclude -> Text,
        every_seconds -> BigInt,
        allow_solutions -> Bool,
        token -> Nullable<Binary>,
        hook_id -> Text,
        hook_secret -> Binary,
        commit_id -> Nullable<Text>,
        checked_at -> Nullable<BigInt>,
        next_at -> BigInt,
        failures -> BigInt,
        running -> Nullable<BigInt>,
        running_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    source_runs (id) {
        id -> BigInt,
        directory_id -> BigInt,
        began_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        cause -> Text,
        outcome -> Nullable<Text>,
        commit_id -> Nullable<Text>,
        version -> Nullable<BigInt>,
        report -> Nullable<Text>,
    }
}

diesel::table! {
    shares (id) {
        id -> BigInt,
        token -> Binary,
        made_by -> Text,
        course_id -> BigInt,
        title -> Text,
        audience -> Text,
        page_blob -> Nullable<BigInt>,
        source_blob -> Nullable<BigInt>,
        made_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revoked_by -> Nullable<Text>,
    }
}

diesel::table! {
    starts (id) {
        id -> BigInt,
        course_id -> BigInt,
        person -> Text,
        directory -> Nullable<Text>,
        at -> BigInt,
        outcome -> Text,
        millis -> BigInt,
        version -> Nullable<BigInt>,
        report -> Nullable<Text>,
    }
}

diesel::table! {
    activity (course_id, person, day, path) {
        course_id -> BigInt,
        person -> Text,
        day -> BigInt,
        path -> Text,
        opens -> BigInt,
        saves -> BigInt,
        minutes -> BigInt,
    }
}

diesel::table! {
    runs (task) {
        task -> Text,
        ended_at -> BigInt,
        succeeded_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> BigInt,
        key -> Binary,
    }
}

diesel::table! {
    replicas (id) {
        id -> Text,
        version -> Text,
        host -> Text,
        place -> Text,
        alone -> Bool,
        started_at -> BigInt,
        seen_at -> BigInt,
        clock_ahead -> BigInt,
    }
}

diesel::table! {
    ended_sessions (id) {
        id -> Text,
        expires_at -> BigInt,
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
diesel::joinable!(fetches -> releases (release_id));
diesel::joinable!(feedback_readings -> feedback (feedback_id));
diesel::joinable!(event_people -> events (event_id));
diesel::joinable!(directories -> courses (course_id));
diesel::joinable!(directory_versions -> directories (directory_id));
diesel::joinable!(directory_entries -> directories (directory_id));
diesel::joinable!(directory_entries -> blobs (blob_id));
diesel::joinable!(directory_grants -> directories (directory_id));
diesel::joinable!(sources -> directories (directory_id));
diesel::joinable!(source_runs -> directories (directory_id));
diesel::joinable!(starts -> courses (course_id));
diesel::joinable!(shares -> courses (course_id));
diesel::joinable!(activity -> courses (course_id));
diesel::joinable!(allowances -> courses (course_id));

diesel::allow_tables_to_appear_in_same_query!(
    activity,
    allowances,
    assignments,
    blob_contents,
    blobs,
    courses,
    directories,
    directory_entries,
    directory_grants,
    directory_versions,
    event_people,
    events,
    extensions,
    feedback,
    feedback_readings,
    fetches,
    hub_members,
    members,
    people,
    releases,
    submission_keys,
    removed_objects,
    shares,
    source_runs,
    sources,
    starts,
    submissions,
    tree_files,
    trees,
);
