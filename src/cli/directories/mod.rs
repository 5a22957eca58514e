//! `nbcourier dir`

mod facts;
mod files;
mod get;
mod put;
mod settings;
pub mod target;

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use nbcourier_domain::AccessLevel;
use std::path::PathBuf;
use target::{Target, directory, target};

const TARGET: &str = "OWNER/DIRECTORY[/PATH][@VERSION]";
const DIRECTORY: &str = "OWNER/DIRECTORY";

/// Shares, reads and changes directories, which keep their versions
#[derive(clap::Args)]
#[command(after_help = "\
A directory is OWNER/DIRECTORY. `algebra:materials` is the directory `materials` of the course `algebra`, and `thesis` your \
own directory of that name. A path and a version may follow: `algebra:data/weather.csv@17`.")]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the directories that you can read
    List {
        /// List only directories of this owner: a person, or `course:COURSE`
        #[arg(long)]
        owner: Option<String>,
        /// List only your own directories, directories granted to you, or directories open to everybody
        #[arg(long, value_parser = ["own", "granted", "everybody"])]
        reach: Option<String>,
        /// List only directories with this text in their name or description
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Create an empty directory
    Create {
        /// The directory. A name alone means your own directory
        #[arg(value_name = DIRECTORY, value_parser = directory)]
        directory: Target,
        /// Description for people who can read it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Folder in the homes of the course's members to which it is delivered
        #[arg(long, value_name = "FOLDER")]
        deliver: Option<String>,
        /// Deliver it whenever their servers start
        #[arg(long, requires = "deliver")]
        at_start: bool,
    },
    /// Show a directory
    Show {
        /// The directory
        #[arg(value_name = DIRECTORY, value_parser = directory)]
        directory: Target,
    },
    /// Show or change the description of a directory, and the folder to which it is delivered
    Settings(settings::Settings),
    /// Give a directory another name
    Rename {
        /// The directory
        #[arg(value_name = DIRECTORY, value_parser = directory)]
        directory: Target,
        /// The new name
        name: String,
    },
    /// Delete a directory. `nbcourier dir restore` brings it back
    Delete {
        /// The directory
        #[arg(value_name = DIRECTORY, value_parser = directory)]
        directory: Target,
    },
    /// Show the grants of a directory, or grant it
    Share(facts::Share),
    /// Remove grants of a directory
    Unshare(facts::Unshare),
    /// Copy a directory to a new one of your own
    Copy {
        /// The directory, and perhaps a version
        #[arg(value_name = "OWNER/DIRECTORY[@VERSION]", value_parser = target)]
        from: Target,
        /// The name of the copy
        name: String,
    },
    /// List the kept versions of a directory or of a path in it
    Versions {
        /// The directory, and perhaps a path
        #[arg(value_name = "OWNER/DIRECTORY[/PATH]", value_parser = target)]
        target: Target,
    },
    /// Give a version a label. A version with a label is kept
    Label {
        /// The directory and the version
        #[arg(value_name = "OWNER/DIRECTORY@VERSION", value_parser = target)]
        target: Target,
        /// The label. Without it, the label is removed
        label: Option<String>,
    },
    /// Make the files of an earlier version current again, or restore a deleted directory
    Restore {
        /// The directory with a version, and perhaps a path; or the number of a deleted directory
        #[arg(value_name = "OWNER/DIRECTORY[/PATH]@VERSION|NUMBER")]
        what: String,
    },
    /// List deleted directories
    Trash,
    /// List the files in a directory
    Ls {
        /// The directory, and perhaps a path and a version
        #[arg(value_name = TARGET, value_parser = target)]
        target: Target,
        /// List everything below it
        #[arg(short, long)]
        recursive: bool,
        /// List only paths that match. `*` and `?` match within a name, `**` any number of directories
        #[arg(long, value_name = "PATTERN")]
        glob: Option<String>,
    },
    /// Print a file
    Cat {
        /// The file
        #[arg(value_name = TARGET, value_parser = target)]
        target: Target,
    },
    /// Download a file, or a directory with everything in it
    Get {
        /// The directory, and perhaps a path and a version
        #[arg(value_name = TARGET, value_parser = target)]
        target: Target,
        /// Where to put it. Without it, the current directory
        to: Option<PathBuf>,
        /// Replace files that are there with other contents
        #[arg(long)]
        replace: bool,
    },
    /// Upload a file, or with -r a directory with everything in it
    #[command(
        after_help = "A directory's own name is not part of the paths: `put -r ./release algebra:materials` makes \
                            ./release/a.ipynb the file a.ipynb."
    )]
    Put {
        /// The file or directory on this machine
        from: PathBuf,
        /// Where to put it
        #[arg(value_name = "OWNER/DIRECTORY[/PATH]", value_parser = target)]
        to: Target,
        /// Upload a directory with everything in it, as one version
        #[arg(short, long)]
        recursive: bool,
        /// Remove what the directory on this machine does not have
        #[arg(long, requires = "recursive")]
        delete: bool,
        /// A message for those who read the list of versions
        #[arg(short, long, value_name = "TEXT")]
        message: Option<String>,
    },
    /// Remove a file, or with -r a directory
    Rm {
        /// The file or directory
        #[arg(value_name = "OWNER/DIRECTORY/PATH", value_parser = target)]
        target: Target,
        /// Remove a directory with everything in it
        #[arg(short, long)]
        recursive: bool,
    },
    /// Move a file or directory within a directory of the exchange
    Mv {
        /// The file or directory
        #[arg(value_name = "OWNER/DIRECTORY/PATH", value_parser = target)]
        from: Target,
        /// The new path in the same directory of the exchange
        to: String,
    },
    /// Copy a file or directory within a directory of the exchange
    Cp {
        /// The file or directory
        #[arg(value_name = "OWNER/DIRECTORY/PATH", value_parser = target)]
        from: Target,
        /// The new path in the same directory of the exchange
        to: String,
    },
    /// Make an empty directory in a directory of the exchange
    Mkdir {
        /// The path
        #[arg(value_name = "OWNER/DIRECTORY/PATH", value_parser = target)]
        target: Target,
    },
}

fn level(text: &str) -> Result<AccessLevel, String> {
    AccessLevel::of_word(text).ok_or_else(|| "it is read, write or admin".to_owned())
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List {
            owner,
            reach,
            search,
        } => facts::list(
            &asking,
            owner.as_deref(),
            reach.as_deref(),
            search.as_deref(),
        ),
        Command::Create {
            directory,
            description,
            deliver,
            at_start,
        } => facts::create(&asking, &directory, description, deliver, at_start),
        Command::Show { directory } => facts::show(&asking, &directory),
        Command::Settings(settings) => settings::run(&asking, &settings),
        Command::Rename { directory, name } => facts::rename(&asking, &directory, &name),
        Command::Delete { directory } => facts::delete(&asking, &directory),
        Command::Share(share) => facts::share(&asking, &share),
        Command::Unshare(unshare) => facts::unshare(&asking, &unshare),
        Command::Copy { from, name } => facts::copy(&asking, &from, &name),
        Command::Versions { target } => facts::versions(&asking, &target),
        Command::Label { target, label } => facts::label(&asking, &target, label),
        Command::Restore { what } => facts::restore(&asking, &what),
        Command::Trash => facts::trash(&asking),
        Command::Ls {
            target,
            recursive,
            glob,
        } => files::list(&asking, &target, recursive, glob.as_deref()),
        Command::Cat { target } => get::print(&asking, &target),
        Command::Get {
            target,
            to,
            replace,
        } => get::download(&asking, &target, to.as_deref(), replace),
        Command::Put {
            from,
            to,
            recursive,
            delete,
            message,
        } => put::upload(
            &asking,
            &from,
            &to,
            &put::How {
                recursive,
                delete,
                message,
            },
        ),
        Command::Rm { target, recursive } => files::remove(&asking, &target, recursive),
        Command::Mv { from, to } => files::rename(&asking, &from, &to),
        Command::Cp { from, to } => files::copy(&asking, &from, &to),
        Command::Mkdir { target } => files::make(&asking, &target),
    }
}
