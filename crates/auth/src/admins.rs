//! Administrators: callers who pass the checks of every course.

use super::CallerKind;
use nbcourier_domain::UserName;
use std::collections::HashSet;

/// The names given as administrators, and whether the hub's own mark counts.
#[derive(Clone)]
pub(super) struct Admins {
    names: HashSet<String>,
    hub_marks: bool,
}

impl Admins {
    /// Parses the list of names. Blanks around names are ignored, and so are empty names.
    pub(super) fn new(names: impl IntoIterator<Item = String>, hub_marks: bool) -> Self {
        let names = names.into_iter().map(|name| name.trim().to_owned());
        Self {
            names: names.filter(|name| !name.is_empty()).collect(),
            hub_marks,
        }
    }

    /// Returns the names in the list, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Whether the name is in the list. A service is listed as `service:NAME`.
    pub(super) fn lists(&self, name: &UserName) -> bool {
        self.names.contains(name.as_str())
    }

    /// Whether somebody is an administrator, given whether the hub marks them as one.
    pub(super) fn include(&self, name: &UserName, kind: CallerKind, hub_mark: bool) -> bool {
        self.lists(name) || (self.hub_marks && hub_mark && kind == CallerKind::User)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_admin(list: &[&str], hub_marks: bool, name: &UserName, hub_mark: bool) -> bool {
        let admins = Admins::new(list.iter().map(|&name| name.to_owned()), hub_marks);
        let kind = if name.is_service() {
            CallerKind::Service
        } else {
            CallerKind::User
        };
        admins.include(name, kind, hub_mark)
    }

    #[test]
    fn listed_users_are_administrators_and_the_empty_name_is_not() {
        let sam = UserName::parse("sam").unwrap();
        assert!(is_admin(&["kim", " sam "], false, &sam, false));
        for list in [&[][..], &[""], &[" "], &["kim"], &["Sam"]] {
            assert!(!is_admin(list, false, &sam, false), "{list:?}");
        }
    }

    #[test]
    fn a_service_is_an_administrator_only_by_its_full_name() {
        let sam = UserName::of_service("sam").unwrap();
        assert!(!is_admin(&["sam"], true, &sam, true));
        assert!(is_admin(&["service:sam"], false, &sam, false));
    }

    #[test]
    fn the_hubs_mark_counts_only_when_asked_for() {
        let sam = UserName::parse("sam").unwrap();
        assert!(is_admin(&[], true, &sam, true));
        assert!(!is_admin(&[], false, &sam, true));
        assert!(!is_admin(&[], true, &sam, false));
    }
}
