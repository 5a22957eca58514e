//! Flags that are put together only for the command that runs.

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The arguments of a command. Their flags are put together when a command line names the command.
pub struct Late<T>(pub Box<T>);

impl<T: Args> Args for Late<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args_for_update))
    }

    fn group_id() -> Option<Id> {
        T::group_id()
    }
}

/// Returns the command with its arguments and the description that it had without them. clap takes doc comments of
/// arguments for another.
fn described(command: Command, augment: fn(Command) -> Command) -> Command {
    let own = |text: Option<_>| text.map_or(Resettable::Reset, Resettable::Value);
    let about = own(command.get_about().cloned());
    let long_about = own(command.get_long_about().cloned());
    augment(command).about(about).long_about(long_about)
}

impl<T: FromArgMatches> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::CommandLine;
    use clap::CommandFactory;

    #[test]
    fn flags_of_a_command_are_put_together_only_when_it_is_named() {
        let flags = |command: &clap::Command, name: &str| {
            command.find_subcommand(name).unwrap().get_opts().count()
        };
        let mut command = CommandLine::command();
        assert!(command.get_subcommands().count() > 20);
        for subcommand in command.get_subcommands() {
            assert_eq!(subcommand.get_arguments().count(), 0, "{subcommand}");
        }
        command.build();
        assert!(flags(&command, "serve") > 30 && flags(&command, "backup") > 3);
    }

    #[test]
    fn a_command_has_the_same_description_alone_and_in_the_list() {
        let listed = CommandLine::command();
        let mut built = listed.clone();
        built.build();
        for subcommand in listed.get_subcommands() {
            let alone = built.find_subcommand(subcommand.get_name()).unwrap();
            let about = subcommand.get_about().map(ToString::to_string);
            assert!(about.is_some(), "{subcommand}");
            assert_eq!(alone.get_about().map(ToString::to_string), about);
            assert!(alone.get_long_about().is_none(), "{subcommand}");
        }
    }
}
