//! The folders that courses deliver to the homes of their members.

pub mod pull;
pub mod revert;
pub mod start;

use std::path::PathBuf;

/// Returns the home of the person who runs the program.
pub fn home() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    home.ok_or_else(|| "HOME does not name your home. Set it to the path of a directory".into())
}
