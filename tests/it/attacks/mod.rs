//! Attacks by outsiders and malicious members: one test for each, here or beside the tests of its subject.
//! [`INDEX`] lists them; a test that is renamed or removed without it fails [`every_attack_has_its_test`].

mod bombs;
mod hosts;
mod imports;
mod listings;
mod names;
mod outsiders;
mod slow;
mod wire;

use std::path::Path;

/// The attacks, each with its test: file and function.
#[rustfmt::skip]
const INDEX: &[(&str, &str, &str)] = &[
    // Data that others see.
    ("stored XSS: names and paths as pages", "tests/it/holes/contents.rs", "hole_01_a_name_is_never_a_page"),
    ("a reply taken for another type", "tests/it/attacks/names.rs", "every_reply_says_what_it_is_and_that_it_is_nothing_else"),
    ("scripts of others in our pages", "tests/it/identity/login.rs", "the_page_runs_no_script_of_others"),
    ("scripts in feedback, also where a script draws its formulas", "tests/clients/test_pages.py", "test_feedback_runs_nothing_while_its_formulas_are_drawn"),
    ("headers made by names", "tests/it/attacks/names.rs", "no_name_becomes_a_header"),
    ("headers made by a request's id", "tests/it/identity/requests.rs", "an_id_that_could_forge_a_log_line_is_not_sent_back"),
    ("lines of the log made by names", "tests/it/holes/service.rs", "hole_23_no_name_makes_a_line_of_its_own_in_the_log"),
    ("a command to copy from a page, made by a name", "tests/it/watching/administration.rs", "a_name_in_a_command_to_copy_is_one_word_of_the_shell"),
    ("the terminal commanded by names", "src/cli/server/logging.rs", "a_name_cannot_pretend_to_be_another_line"),
    ("the terminal commanded by the answers of a server", "tests/plugin/test_strangers.py", "test_no_answer_commands_the_terminal"),
    ("secrets read in the log", "tests/it/identity/secrets.rs", "no_secret_is_logged_at_any_level"),
    ("a directory of others by its name, on every address", "tests/it/permission_matrix/mod.rs", "everybody_may_do_what_the_table_says_and_nothing_else"),
    ("a file in a directory that a browser would show", "tests/it/directories/contents.rs", "a_file_is_sent_whole_in_ranges_and_not_again"),
    ("a range of bytes that changed on the disk", "tests/it/directories/keeping.rs", "a_range_of_a_changed_file_is_never_sent"),
    ("bytes of others in a directory by their checksum", "tests/it/directories/changes.rs", "a_version_may_be_expected_and_bytes_may_be_missing"),
    ("grants to others, seen or given by a reader", "tests/it/directories/sharing.rs", "grants_reach_people_groups_roles_and_everybody"),
    ("a file's name with markup on the page of a directory", "tests/it/directories/pages.rs", "names_on_the_page_of_a_directory_are_text"),
    ("a page in a directory that runs where it is looked at", "tests/it/directories/pages.rs", "a_page_in_a_directory_is_saved_or_shown_as_text"),
    ("a form about a directory from another page or origin", "tests/it/directories/pages.rs", "a_form_that_no_page_of_ours_held_changes_no_directory"),
    ("an oracle for directories of others on their pages", "tests/it/directories/pages.rs", "a_directory_without_access_and_no_directory_have_the_same_pages"),
    ("a page of a directory with very many files", "tests/it/directories/pages.rs", "a_directory_with_many_files_has_bounded_pages"),
    ("paths in a directory that leave it", "tests/it/directories/hostile.rs", "hostile_paths_are_refused_and_odd_ones_kept"),
    ("a pattern of paths that keeps the server busy", "tests/it/directories/hostile.rs", "a_pattern_cannot_keep_the_server_busy"),
    ("copies of copies, and other few operations on very many paths", "tests/it/directories/hostile.rs", "a_few_operations_cannot_keep_the_server_busy"),
    ("half of a batch of changes", "tests/it/directories/changes.rs", "a_batch_is_applied_whole_or_not_at_all"),
    ("a list of changes without an end", "tests/it/directories/hostile.rs", "wrong_bodies_change_nothing"),
    ("requests that wait for changes without a bound", "tests/it/directories/changes.rs", "requests_that_wait_are_bounded"),
    ("directories and entries without a bound", "tests/it/directories/keeping.rs", "directories_and_their_entries_are_bounded"),
    ("a disk that a directory fills", "tests/it/directories/keeping.rs", "what_a_directory_holds_now_counts_for_the_quotas"),
    ("a folder that a student syncs, taken over by what a course delivers", "tests/it/delivery/own_work.rs", "a_folder_that_a_student_syncs_with_a_directory_of_their_own_stays_theirs"),
    ("a home written through a link by what a course delivers", "tests/it/delivery/hostile.rs", "nothing_is_written_through_a_link"),
    ("keys, settings and programs in a home replaced by what a course delivers", "tests/it/delivery/hostile.rs", "a_course_delivers_nothing_to_hidden_folders_and_no_programs"),
    ("hooks of a repository written by what a course delivers", "tests/it/delivery/hostile.rs", "the_state_and_repositories_are_never_written_by_a_directory"),
    ("the work of a student removed by an emptied directory", "tests/it/delivery/pulling.rs", "a_directory_that_was_emptied_removes_nothing_unless_somebody_says_so"),
    ("a folder that is synced written through a link", "tests/it/syncing/odd.rs", "what_no_directory_can_have_is_named_once_and_holds_up_nothing"),
    ("the state of an agent or a repository written by others", "tests/it/syncing/odd.rs", "the_state_and_repositories_are_never_written_by_others"),
    ("a folder that is synced emptied by an exchange that lost its data", "tests/it/syncing/guard.rs", "an_exchange_that_was_restored_from_an_older_backup_removes_and_replaces_nothing"),
    ("another directory under the name of one that is synced", "tests/it/syncing/guard.rs", "another_directory_of_the_same_name_is_not_taken_for_the_old_one"),
    ("a file without an end that fills a home", "tests/it/delivery/hostile.rs", "a_reply_that_is_longer_than_its_file_is_ended_and_leaves_nothing"),
    ("a listing without an end that takes all memory of a command", "tests/it/client/connection.rs", "a_listing_without_an_end_is_given_up"),
    ("a folder of a machine written through a link by a mirror", "tests/it/mirroring/hostile.rs", "nothing_is_written_through_a_link"),
    ("files of an operator replaced or removed by a mirror", "tests/it/mirroring/hostile.rs", "what_the_mirror_has_not_made_stays"),
    ("links put into the folder of a mirror by others", "tests/it/mirroring/hostile.rs", "a_folder_in_which_others_can_write_is_refused"),
    ("a link put in the place of the folder of a mirror by others", "tests/it/mirroring/hostile.rs", "a_link_of_somebody_else_is_no_way_to_the_folder"),
    ("names of an exchange that lead out of a mirror, or to its state", "tests/it/mirroring/hostile.rs", "no_name_of_the_exchange_leads_out_of_the_folder"),
    ("bytes of another program, or without an end, shown by a mirror", "tests/it/mirroring/hostile.rs", "bytes_that_changed_on_the_way_are_not_shown"),
    ("a directory of a course shown by a mirror to everybody on a machine", "tests/it/mirroring/access.rs", "only_what_is_open_to_everybody_is_mirrored_and_the_rest_is_named"),
    ("a mirror emptied by a wrong token or an exchange that lost its data", "tests/it/mirroring/access.rs", "a_deleted_directory_stays_until_somebody_wants_it_removed"),
    ("lines of a unit of systemd made by a setting", "src/cli/sync/unit.rs", "no_value_leaves_its_quotation_marks"),
    ("reports of starts that fill the disk, the memory or a page", "tests/it/v1/starts.rs", "a_hostile_report_is_bounded_and_shown_as_text"),
    ("starts of others' servers, reported or read by a student", "tests/it/v1/starts.rs", "members_report_their_own_starts_and_staff_see_all"),
    ("reports of work that fill the disk, or claim more than a day has", "tests/it/v1/activity.rs", "a_hostile_report_changes_only_what_a_day_can_hold"),
    ("two reports of work at once, for room that one has", "tests/it/postgres/races.rs", "two_reports_of_work_count_no_more_notebooks_than_one"),
    ("the work of other students, read or reported by a student", "tests/it/v1/activity.rs", "staff_see_the_work_of_each_student_and_students_see_their_own"),
    ("paths of notebooks as markup of a page, or as formulas of a table", "tests/it/v1/activity_shown.rs", "the_page_shows_figures_and_takes_no_path_for_markup_or_a_formula"),
    ("a history that fills the disk", "tests/it/directories/keeping.rs", "history_is_thinned_by_the_clean_up_and_labels_stay"),
    ("scripts, forms and requests of a shared page", "tests/clients/test_shared_pages.py", "test_a_shared_page_runs_nothing_sends_nothing_and_leads_nowhere"),
    ("a shared page that a stranger finds, by its link or by guessing", "tests/it/sharing/links.rs", "members_see_what_one_of_them_shares_and_strangers_do_not_learn_that_it_exists"),
    ("many guesses of a link", "tests/it/sharing/links.rs", "a_guessed_link_is_limited_by_the_rate_of_requests"),
    ("a link that somebody reads in the log", "tests/it/sharing/links.rs", "the_secret_of_a_link_is_not_logged"),
    ("a shared page read by a cookie, or with the ticket of another one", "tests/it/sharing/links.rs", "the_contents_are_sent_in_a_sandbox_and_only_with_a_ticket"),
    ("solutions that travel by a link", "tests/it/sharing/refusals.rs", "a_notebook_of_an_assignment_that_students_work_on_is_shared_by_staff_only"),
    ("a disk that shared pages fill", "tests/it/sharing/keeping.rs", "shared_pages_count_for_the_quota_of_their_maker"),
    ("a shared page of any size, and links without a bound", "tests/it/sharing/refusals.rs", "a_person_shares_at_most_fifty_pages"),
    ("pages of a deleted course that leave no room for others", "tests/it/sharing/refusals.rs", "the_pages_of_a_deleted_course_take_no_place"),
    ("a template beside a notebook that runs when the notebook is shared", "tests/plugin/test_share_page.py", "test_templates_beside_a_notebook_do_not_run"),
    ("markup in the title of a shared page", "tests/it/sharing/pages.rs", "titles_and_names_on_the_page_are_text"),
    ("a token for a repository, read by others", "tests/it/materials/secrets.rs", "a_token_opens_a_private_repository_and_is_nowhere_to_be_read"),
    ("a token for a repository, shown again on its page", "tests/it/materials/pages.rs", "an_instructor_makes_a_directory_follow_a_repository_on_its_page"),
    ("a repository set or looked at by a student on its page", "tests/it/materials/pages.rs", "only_instructors_change_a_repository_and_only_staff_see_it"),
    ("a token for a repository, sent to another address", "tests/it/materials/secrets.rs", "a_token_opens_a_private_repository_and_is_nowhere_to_be_read"),
    ("addresses inside the network, or other protocols, as a repository", "tests/it/materials/hostile.rs", "addresses_that_are_no_repository_outside_are_refused_at_once"),
    ("a second answer of the name service for the host of a repository", "crates/fetching/src/child.rs", "git_connects_to_the_checked_address_and_asks_no_name_service"),
    ("an address inside the network behind another notation", "crates/fetching/src/address.rs", "only_addresses_of_the_public_internet_are_public"),
    ("options of git as an address or a branch", "crates/domain/src/repository.rs", "anything_else_is_refused_with_the_reason"),
    ("paths, links and submodules of a repository", "tests/it/materials/hostile.rs", "what_is_dangerous_in_a_repository_is_left_out_with_a_sentence"),
    ("filters and hooks of a repository", "tests/it/materials/hostile.rs", "attributes_filters_and_hooks_of_a_repository_run_nothing"),
    ("servers of repositories that lie, redirect or break", "tests/it/materials/hostile.rs", "servers_that_misbehave_are_answered_by_a_sentence"),
    ("repositories that are bombs", "tests/it/materials/hostile.rs", "bombs_are_refused_within_bounded_memory_time_and_disk"),
    ("bytes of another course by a pointer of Git LFS", "tests/it/materials/following.rs", "bytes_of_large_file_storage_come_from_the_course_or_are_named"),
    ("solutions that a repository gives away", "tests/it/materials/following.rs", "a_folder_is_followed_without_what_is_excluded"),
    ("a hook called by strangers", "tests/it/materials/hook.rs", "a_signed_call_makes_the_server_look_and_every_other_one_is_no_address"),
    // Identity.
    ("OAuth without a state, or with a foreign one", "crates/auth/src/tests/login.rs", "a_login_without_or_with_a_foreign_state_is_refused"),
    ("OAuth begun in another browser", "tests/it/holes/callers.rs", "hole_02_a_login_of_another_browser_is_refused"),
    ("a code used again", "tests/it/identity/login.rs", "a_code_is_used_once"),
    ("sent elsewhere after the login", "tests/it/identity/login.rs", "after_the_login_nobody_is_sent_elsewhere"),
    ("CSRF and reading by cookie at every address, also from our own origin", "tests/it/holes/callers.rs", "hole_04_no_address_reads_or_changes_anything_by_a_cookie_alone"),
    ("a change by cookie: none, foreign, reading and another session's token", "tests/it/identity/login.rs", "a_cookie_without_a_page_token_changes_nothing"),
    ("reading by cookie: none, foreign, writing and another session's token", "tests/it/identity/login.rs", "a_cookie_without_a_page_token_reads_nothing"),
    ("a page read by a script, a frame or a service worker", "tests/it/identity/login.rs", "a_page_is_sent_to_a_browser_that_shows_it_and_to_no_script_frame_or_worker"),
    ("a page's token read by fetch() from our own origin", "tests/clients/test_browser_attacks.py", "test_a_script_does_not_read_a_page"),
    ("a page in a frame or object on our own origin", "tests/clients/test_browser_attacks.py", "test_a_frame_does_not_read_a_page"),
    ("a page in a window that a script on our own origin opens", "tests/clients/test_browser_attacks.py", "test_a_window_that_a_script_opens_is_taken_away_from_it_but_in_firefox"),
    ("a service worker that forwards or preloads a page", "tests/clients/test_browser_attacks.py", "test_a_service_worker_does_not_read_a_page_that_is_opened"),
    ("a service worker that races for a page", "tests/clients/test_browser_attacks.py", "test_a_service_worker_that_races_with_the_network_reads_a_page_in_chromium_only"),
    ("data read by a script on our own origin", "tests/clients/test_browser_attacks.py", "test_a_script_or_a_window_reads_no_data"),
    ("a change by a script on our own origin", "tests/clients/test_browser_attacks.py", "test_a_script_changes_nothing"),
    ("a form forged on our own origin", "tests/clients/test_browser_attacks.py", "test_a_forged_form_changes_nothing"),
    ("a token found out by the length of pages (BREACH)", "tests/it/identity/login.rs", "the_tokens_of_a_page_look_different_each_time_and_all_are_good"),
    ("CSRF without a hub", "crates/auth/src/standalone.rs", "a_web_page_of_another_site_changes_nothing"),
    ("a copy of a session's cookie, used after its owner logged out", "tests/it/identity/login.rs", "a_logout_ends_the_session_for_every_copy_of_its_cookie"),
    ("the cookie of a login used again", "crates/auth/src/tests/login.rs", "the_cookie_of_a_login_that_has_ended_begins_no_other"),
    ("a roster changed by what an old session remembers", "tests/it/identity/groups.rs", "remembered_groups_of_a_session_change_no_roster"),
    ("session fixation", "crates/auth/src/tests/login.rs", "a_login_begins_a_new_session_whatever_cookie_was_there"),
    ("a session used after its time", "crates/auth/src/jwt.rs", "an_expired_token_is_refused"),
    ("a session that was tampered with", "tests/it/identity/login.rs", "a_tampered_session_is_refused"),
    ("a session signed with alg:none", "crates/auth/src/jwt.rs", "alg_none_and_every_other_algorithm_is_refused"),
    ("a session of another service", "crates/auth/src/jwt.rs", "a_token_for_another_purpose_or_service_is_refused"),
    ("a cookie read by scripts or other services", "tests/it/holes/callers.rs", "hole_03_no_cookie_holds_the_hubs_token_or_is_for_the_whole_site"),
    ("a service's token for the user of its name", "tests/it/holes/callers.rs", "hole_08_a_services_token_is_not_the_user_of_its_name"),
    ("a user named like a service", "crates/auth/src/tests/token.rs", "a_user_named_like_a_service_or_like_no_directory_is_refused"),
    ("a new owner of a name, after an account without a time of its own", "crates/auth/src/tests/token.rs", "an_account_whose_time_nobody_knows_hides_the_time_of_no_other"),
    ("the name that looks like an instructor's", "tests/it/attacks/names.rs", "twins_in_writing_or_in_case_are_two"),
    ("a member named like an operator or a former user", "tests/it/attacks/names.rs", "nobody_is_enrolled_under_a_reserved_name"),
    ("such a member out of another exchange", "tests/it/attacks/names.rs", "an_import_enrols_nobody_under_a_reserved_name"),
    ("such a member out of an archive", "tests/it/keeping/archive.rs", "an_archive_with_an_operator_on_its_roster_is_refused"),
    ("work handed in for a former user", "tests/it/attacks/names.rs", "nothing_is_submitted_for_a_former_user"),
    ("the empty name as an administrator", "tests/it/holes/callers.rs", "hole_09_an_empty_list_of_admins_is_an_empty_list"),
    ("DNS rebinding of a stand-alone service", "tests/it/attacks/hosts.rs", "stand_alone_requests_for_another_host_are_refused"),
    ("a GET that clears the example data, from a page elsewhere", "tests/it/attacks/hosts.rs", "no_page_clears_the_example_data_of_who_visits_it"),
    // Permissions.
    ("instructor elsewhere, student here: every address", "tests/it/permission_matrix/mod.rs", "everybody_may_do_what_the_table_says_and_nothing_else"),
    ("an address without a rule", "tests/it/permission_matrix/mod.rs", "every_end_point_has_a_row_and_every_row_an_end_point"),
    ("instructor elsewhere, student here: another's work", "tests/it/holes/callers.rs", "hole_11_an_instructor_elsewhere_has_only_their_role_here"),
    ("a former instructor", "tests/it/holes/callers.rs", "hole_15_a_former_instructor_has_no_permissions"),
    ("an oracle for nobody", "tests/it/holes/callers.rs", "hole_06_unknown_callers_get_the_same_answer_for_every_course"),
    ("an oracle for strangers", "tests/it/holes/callers.rs", "hole_07_strangers_learn_nothing_of_a_course_but_that_it_exists"),
    ("an oracle for strangers: every address, whatever it names", "tests/it/attacks/outsiders.rs", "a_stranger_to_a_course_learns_nothing_of_its_content"),
    ("an oracle for directories of others, on every address", "tests/it/attacks/outsiders.rs", "a_stranger_to_a_directory_learns_nothing_of_it"),
    ("an oracle for who has left a course", "tests/it/attacks/outsiders.rs", "a_former_member_learns_of_nothing_but_their_own_work"),
    ("an oracle for what is not open yet", "tests/it/attacks/outsiders.rs", "a_student_gets_the_same_answer_for_unopened_and_missing_assignments"),
    ("work handed in for another time", "tests/it/holes/contents.rs", "hole_16_the_time_of_a_submission_is_the_exchanges"),
    ("debugging behind a hub", "tests/it/holes/service.rs", "hole_05_there_is_no_debug_page_behind_a_hub"),
    ("numbers of the service", "tests/it/holes/service.rs", "hole_19_nobody_reads_metrics_or_passwords_of_the_service"),
    // The places where bytes are stored.
    ("traversal by .., absolute, backslash", "tests/it/holes/contents.rs", "hole_10_a_path_that_another_system_would_take_apart_is_refused"),
    ("traversal by ids, NUL among them", "tests/it/holes/contents.rs", "hole_13_an_id_never_leads_out_of_the_data_directory"),
    ("NUL in a cursor, which PostgreSQL refuses", "tests/it/v1/listings.rs", "no_cursor_brings_a_nul_to_the_database"),
    ("traversal by a drive", "tests/it/attacks/names.rs", "a_path_that_names_a_drive_is_refused_in_every_way_to_send_it"),
    ("traversal by letters that look like slashes", "tests/it/attacks/names.rs", "look_alikes_of_slashes_and_dots_are_letters_like_others"),
    ("paths that are too long", "crates/codec/src/files.rs", "a_path_that_may_not_stand_there_is_refused"),
    ("links and devices in an archive", "tests/it/holes/contents.rs", "hole_20_no_archive_is_unpacked_on_the_server_or_carries_more_than_files"),
    ("every kind of entry that is no file", "crates/codec/src/tests/archives.rs", "only_files_and_directories_are_taken"),
    ("arguments of programs", "tests/it/holes/service.rs", "hole_21_nothing_that_comes_in_is_an_argument_of_a_program"),
    ("links in what a shared directory has", "tests/it/attacks/imports.rs", "a_link_at_any_depth_of_what_was_handed_in_is_left_out_and_the_rest_comes_over"),
    ("links that come while it is imported", "tests/it/attacks/imports.rs", "a_directory_exchanged_for_a_link_beside_an_import_shows_nothing_of_others"),
    ("the same without openat2", "crates/import/src/source_path.rs", "a_path_replaced_by_a_link_leads_nowhere"),
    ("hard links to the work of others", "tests/it/attacks/imports.rs", "files_of_another_account_are_not_imported_as_a_students_work"),
    ("exports and data read by others on the machine", "tests/it/keeping/private.rs", "every_file_that_a_command_writes_is_for_its_owner_alone"),
    ("an old data directory read by others on the machine", "tests/it/keeping/private.rs", "a_data_directory_that_others_could_read_is_closed_at_the_start"),
    ("exports written through a link", "tests/it/keeping/private.rs", "nothing_is_written_through_a_link_that_was_there"),
    ("tokens sent to a proxy", "tests/plugin/test_who_answers.py", "test_no_proxy_gets_a_token_for_this_machine"),
    ("tokens sent to a proxy by the program", "src/config/client.rs", "a_proxy_is_asked_only_for_an_address_that_was_set_and_is_far"),
    ("tokens sent on by a redirect", "tests/plugin/test_who_answers.py", "test_a_redirect_elsewhere_is_named_and_gets_no_token"),
    ("tokens sent on by a redirect, before a real hub", "tests/clients/test_finding.py", "test_a_redirect_to_another_port_is_named_and_not_followed"),
    ("tokens sent in plain HTTP where the hub speaks TLS", "tests/clients/test_finding.py", "test_a_chart_with_a_certificate_of_its_own_is_asked_by_tls_alone"),
    ("an answer in the exchange's place, to the plugin", "tests/plugin/test_strangers.py", "test_no_command_of_nbgrader_takes_a_stranger_for_the_exchange"),
    ("an answer in the exchange's place, to the program", "tests/plugin/test_strangers.py", "test_no_command_of_the_program_takes_a_stranger_for_the_exchange"),
    ("a logout that no page of ours asked for", "tests/clients/test_browser_login.py", "test_a_session_outlives_a_request_to_log_out_that_no_page_of_ours_made"),
    ("tokens sent in the clear to a guessed address", "src/config/client.rs", "the_address_is_found_as_the_plugin_finds_it"),
    ("paths made of students' names that a server sends", "tests/plugin/test_hostile.py", "test_a_student_of_an_illegal_name_is_left_out_and_the_class_comes"),
    ("paths made of times that a server sends", "tests/plugin/test_hostile.py", "test_an_illegal_time_names_no_directory"),
    ("paths of files that leave the work directory", "tests/plugin/test_hostile.py", "test_an_illegal_path_keeps_only_its_own_tree_from_coming"),
    ("links that lead out of the work directory", "tests/plugin/test_hostile.py", "test_links_on_the_way_lead_nobody_out"),
    ("paths too deep to be walked", "crates/domain/src/path.rs", "a_path_of_too_many_directories_is_illegal_but_readable_where_it_is_stored"),
    ("an odd value at any place of an answer", "tests/plugin/test_hostile.py", "test_an_odd_value_at_any_place_is_reported_in_words"),
    ("an archive that takes all memory or disk of a notebook server", "tests/plugin/test_hostile.py", "test_an_archive_takes_little_memory_and_disk_whatever_it_says"),
    ("a listing without end, to the plugin", "tests/plugin/test_hostile.py", "test_a_listing_that_goes_in_a_circle_ends"),
    ("a listing without end, to the program", "tests/plugin/test_strangers.py", "test_a_listing_that_goes_in_a_circle_ends"),
    ("a local copy that is removed too early", "tests/plugin/test_collect.py", "test_a_server_that_dies_in_mid_collect_costs_no_copy_that_was_there"),
    ("a quota as an oracle for bytes of others, by their names", "tests/it/limits/oracles.rs", "a_guess_is_answered_alike_whether_somebody_has_these_bytes_or_nobody"),
    ("a quota as an oracle for bytes of others, by sending them", "tests/it/limits/oracles.rs", "bytes_that_are_sent_count_alike_whether_somebody_has_them_or_nobody"),
    ("a quota as an oracle, by the room that is left", "tests/it/limits/oracles.rs", "the_room_left_does_not_reveal_whether_bytes_existed"),
    ("a quota as an oracle for another course", "tests/it/limits/oracles.rs", "an_instructor_learns_nothing_of_what_a_student_has_in_other_courses"),
    // Excessive use.
    ("refused claims that use up a course's quota", "tests/it/limits/refusals.rs", "a_claim_that_is_refused_takes_nothing_of_any_quota"),
    ("refused batches and releases that use up a course's quota", "tests/it/limits/refusals.rs", "a_refused_batch_and_a_refused_release_take_nothing_of_the_course"),
    ("a disk filled by uploads above a quota", "tests/it/limits/refusals.rs", "an_upload_above_a_quota_leaves_no_bytes_whichever_way_it_came"),
    ("a disk filled by uploads with a fault at their end", "tests/it/limits/refusals.rs", "an_upload_with_a_fault_at_its_end_leaves_no_bytes_whichever_way_it_came"),
    ("a database log that grows by refused changes", "tests/it/limits/refusals.rs", "a_refused_change_writes_nothing_into_the_database"),
    ("a disk filled by uploads that break off", "tests/it/limits/refusals.rs", "an_upload_that_breaks_off_leaves_no_bytes_whichever_way_it_came"),
    ("a disk filled by refused uploads to directories and links", "tests/it/limits/refusals.rs", "a_refused_upload_to_a_directory_or_a_link_leaves_no_bytes"),
    ("a disk filled by uploads to directories and links that break off", "tests/it/limits/refusals.rs", "an_upload_to_a_directory_or_a_link_that_breaks_off_leaves_no_bytes"),
    ("a disk filled by uploads refused as a whole", "tests/it/limits/refusals.rs", "an_upload_refused_when_all_of_it_is_there_leaves_no_bytes"),
    ("bytes of another's upload removed with a refused one", "tests/it/limits/refusals.rs", "bytes_of_two_simultaneous_uploads_stay_for_the_accepted_one"),
    ("a zip bomb by its ratio", "tests/it/attacks/bombs.rs", "a_body_that_was_packed_better_than_files_ever_are_is_refused"),
    ("a zip bomb by its size or number of files", "tests/it/v1/archives.rs", "beyond_a_limit_the_answer_is_413"),
    ("codings in codings", "tests/it/attacks/bombs.rs", "a_body_packed_twice_is_not_unpacked_twice"),
    ("a window that takes much memory", "crates/codec/src/tests/packed.rs", "a_window_that_takes_much_memory_is_refused"),
    ("a body beyond the limit", "tests/it/malformed_input.rs", "a_body_that_is_too_large_gets_413_and_the_connection_survives"),
    ("a listing made long by a student or an instructor", "tests/it/attacks/listings.rs", "no_listing_takes_much_memory_or_keeps_a_worker_busy"),
    ("a page or an archive made long by a student or an instructor", "tests/it/attacks/listings.rs", "no_page_takes_much_memory_or_keeps_a_worker_busy"),
    ("files that all have one name in an archive", "src/http/reply/zip.rs", "very_many_files_of_one_name_here_get_numbers_and_a_short_list"),
    ("a list in a request made long by an instructor or an admin", "tests/it/attacks/listings.rs", "no_list_in_a_request_takes_much_memory_or_keeps_a_worker_busy"),
    ("a roster change in a course made very large", "tests/it/attacks/listings.rs", "names_are_compared_with_those_of_a_very_large_course_in_little_memory"),
    ("one tree handed in many times", "tests/it/attacks/listings.rs", "a_listing_of_the_same_tree_many_times_is_short"),
    ("a body that trickles", "tests/it/attacks/slow.rs", "a_body_that_trickles_is_given_up_and_a_slow_one_is_not"),
    ("a body that trickles, on every address that takes one", "tests/it/attacks/slow.rs", "a_body_that_trickles_is_given_up_on_every_route_that_takes_one"),
    ("a form that trickles, on every page", "tests/it/attacks/slow.rs", "a_form_that_trickles_is_given_up_on_every_page"),
    ("a body that trickles, on every address that takes none", "tests/it/attacks/slow.rs", "a_trickling_body_that_no_route_reads_holds_no_connection"),
    ("all connections taken by one caller, on every address", "tests/it/attacks/slow.rs", "open_requests_count_on_every_route"),
    ("all connections taken by one caller, on every page", "tests/it/attacks/slow.rs", "open_requests_count_on_every_page"),
    ("all connections taken by one caller, on the page", "tests/it/attacks/slow.rs", "open_requests_for_the_page_count_like_others"),
    ("all connections taken by one caller", "tests/it/attacks/slow.rs", "a_caller_with_many_open_requests_is_refused_and_others_are_not"),
    ("long replies that nobody reads", "tests/it/attacks/slow.rs", "long_replies_of_one_caller_wait_for_each_other"),
    ("paths that are long together", "tests/it/limits/uploads.rs", "the_paths_of_a_tree_may_not_be_long_together"),
    ("slowloris", "tests/it/attacks/slow.rs", "hundreds_who_never_end_their_requests_keep_nobody_out"),
    ("headers that do not end", "tests/it/attacks/slow.rs", "headers_that_do_not_end_are_given_up"),
    ("headers beyond all bounds", "tests/it/attacks/wire.rs", "headers_beyond_all_bounds_are_refused"),
    ("a log filled by long addresses", "tests/it/attacks/wire.rs", "a_stranger_makes_the_log_grow_by_little_however_long_the_address"),
    ("a manifest that unpacks to more than there is memory", "tests/it/keeping/archive.rs", "a_manifest_above_the_limit_is_refused_before_it_is_read"),
    ("the manifest of a backup that takes all memory", "tests/it/keeping/backup.rs", "a_manifest_that_is_too_large_is_not_read"),
    // Requests that two readers interpret differently.
    ("smuggling by two lengths", "tests/it/attacks/wire.rs", "a_request_with_two_lengths_is_refused"),
    ("smuggling by chunks", "tests/it/attacks/wire.rs", "invalid_chunks_end_the_connection"),
    ("smuggling by lines that end without a carriage return", "tests/it/attacks/wire.rs", "a_line_that_ends_without_a_carriage_return_hides_no_length"),
    ("other versions of HTTP, h2c", "tests/it/attacks/wire.rs", "other_versions_and_protocols_are_not_spoken"),
    ("CONNECT and WebSocket", "tests/it/attacks/wire.rs", "a_request_for_an_endless_connection_is_answered_at_once_and_closed"),
    ("nonsense in every argument", "tests/it/malformed_input.rs", "no_argument_makes_the_server_fail"),
    ("nonsense on the wire", "tests/it/malformed_input.rs", "no_bytes_on_the_wire_make_the_server_fail"),
    ("generated requests of every caller", "tests/schemathesis/test_document.py", "test_replies_to_every_caller_match_the_document"),
    ("nonsense in every decoder", "tests/fuzz/main.rs", "generated_inputs_decode_like_the_reference"),
];

/// Whether the source has a function of that name that runs as a test and is neither ignored nor skipped.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = ["fn ", "async fn ", "def "].map(|keyword| format!("{keyword}{name}("));
    let begin = lines
        .iter()
        .position(|line| begins.iter().any(|begin| line.starts_with(begin)));
    let Some(begin) = begin else { return false };
    // The lines directly above the function: attributes, decorators and comments.
    let above: Vec<&str> = lines[..begin]
        .iter()
        .rev()
        .take_while(|line| !line.is_empty() && !line.starts_with('}'))
        .copied()
        .collect();
    let is_run = if lines[begin].starts_with("def ") {
        name.starts_with("test_")
    } else {
        above
            .iter()
            .any(|line| ["#[test]", "#[actix_web::test]"].contains(line))
    };
    let is_left_out = above.iter().any(|line| {
        line.starts_with("#[ignore") || line.contains("mark.skip") || line.contains("mark.xfail")
    });
    is_run && !is_left_out
}

#[test]
fn a_function_that_does_not_run_as_a_test_does_not_count() {
    let rust = "}\n\n/// Words.\n#[test]\nfn one() {\n}\n\nfn two() {\n}\n#[test]\n#[ignore]\nfn three() {\n}\n\n\
                #[actix_web::test]\nasync fn four() {\n}\n";
    let found = ["one", "two", "three", "four", "five"].map(|name| is_test(rust, name));
    assert_eq!(found, [true, false, false, true, false]);
    let python = "def test_one() -> None:\n    pass\n\n\n@pytest.mark.skip\ndef test_two() -> None:\n    pass\n\n\n\
                  def helper() -> None:\n    pass\n";
    let found = ["test_one", "test_two", "helper"].map(|name| is_test(python, name));
    assert_eq!(found, [true, false, false]);
}

#[test]
fn every_attack_has_its_test() {
    for (attack, file, name) in INDEX {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(is_test(&text, name), "{attack}: no test {name} in {file}");
    }
}
