# Directories: what happened to them, and why something was refused.

event-directory-created = { $actor } made the directory { $directory }
event-directory-changed = { $actor } changed the name or the description of the directory { $directory }
event-directory-shared = { $actor } changed the access to the directory { $directory }
event-directory-written = { $actor } changed files in the directory { $directory }
event-directory-labelled = { $actor } labelled a version of the directory { $directory }
event-directory-reverted = { $actor } brought back an earlier version of the directory { $directory }
event-directory-deleted = { $actor } deleted the directory { $directory }
event-directory-restored = { $actor } restored the directory { $directory }
failure-no-directory = There is no such directory that you may see.
failure-no-path = The directory has no such file.
failure-directory-exists = A directory of this name exists already.
failure-directory-changed = Somebody else changed the directory meanwhile. Nothing was changed now.
failure-directory-entries = The directory has too many files. Nothing was stored.
failure-directories = You have as many directories as one person may have. Delete one first.
event-source-set = { $actor } made the directory { $directory } follow a repository
event-source-pulled = { $actor } asked the server to look at the repository of the directory { $directory }
event-source-removed = { $actor } disconnected the directory { $directory } from its repository
failure-from-source = The directory follows the repository { $url }. Push the change there.
failure-no-source = This directory follows no repository.
