# The repository that a directory follows.

source-title = Repository
source-explained = The server takes the files of this directory from a Git repository and makes a version of each change. Nobody else can write to it then.
source-none = This directory follows no repository.
source-url = Address of the repository
source-url-help = Such as https://git.example.org/algebra.git
source-branch = Branch (empty for the default branch)
source-folder = Folder of the repository (empty for all of it)
source-exclude = Leave out
source-exclude-help = One pattern on a line, such as .solutions/ or *_solution.ipynb
source-every = Look again after
source-every-help = From 5m to 30d, and 1h if this is empty. The server also looks when the hook is called.
source-token = Token
source-token-help = Only if the repository cannot be read without one. It is stored sealed, and never shown. Type it again if the form comes back.
source-token-kept = There is a token. Leave this empty to keep it. It is never sent to another address.
source-token-remove = Remove the token
source-solutions = Notebooks with solutions may be published
source-set-title = Follow a repository
source-set = The directory follows the repository. The server looks at it now.
source-secret = This is the secret of the hook, with which the service of the repository signs. It is shown only now. To get another secret, stop following the repository and set it again.
source-hook = Address of the hook
source-commit = Commit
source-checked = Last look
source-next = Next look
source-pull = Update now
source-pulling = The server looks at the repository now. Reload this page in a moment.
source-remove = Stop following
source-unfollowed = The directory no longer follows a repository. Its files stay.
source-fails = { $n ->
    [one] The last look failed.
   *[other] The last { $n } looks failed.
}
source-runs = Last looks
source-no-runs = The server has not looked yet.
run-cause = Cause
run-outcome = Outcome
run-updated = new version
run-unchanged = nothing new
run-refused = refused
run-failed = failed
run-waits = waits
cause-schedule = time
cause-asked = a person
cause-hook = hook
cause-set = new settings
source-wrong = Nothing was changed: { $reason }
source-failing-since = Failing since
source-looking = and the server looks at it now
