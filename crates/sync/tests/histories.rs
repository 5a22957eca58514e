//! Random histories of people, their agents and one directory. Agents are killed between any two steps, replies are
//! lost after the change, and people write while a round runs.
//!
//! `NBCOURIER_HISTORIES` is the number of histories. Without it, there are as many as take a few seconds.
//! `scripts/torture.sh` runs 20,000.
#![allow(clippy::unwrap_used)]

mod world;

use nbcourier_sync::Mode;
use nbcourier_testkit::Random;
use world::World;

/// The number of histories that a change of the code is tested with each time.
const FEW: u64 = 1500;
/// More rounds than any history needs to come to rest.
const MANY: usize = 40;

fn histories() -> u64 {
    let given = std::env::var("NBCOURIER_HISTORIES").ok();
    given.map_or(FEW, |number| number.parse().unwrap())
}

#[test]
fn agents_of_both_ways_end_equal_and_lose_nothing() {
    for seed in 0..histories() {
        let mut random = Random::seeded(seed);
        let agents = 2 + random.below(3);
        let mut world = World::new(&vec![Mode::TwoWay; agents]);
        live(&mut world, &mut random, &[]);
        world.come_to_rest(MANY, seed);
        for agent in &world.agents {
            assert_eq!(agent.folder, world.there, "seed {seed}: {:?}", agent.name);
        }
        world.assert_nothing_is_lost(seed);
    }
}

#[test]
fn folders_that_pull_follow_and_keep_the_work_in_them() {
    for seed in 0..histories() {
        let mut random = Random::seeded(seed);
        let mut world = World::new(&vec![Mode::Pull; 2 + random.below(3)]);
        live(&mut world, &mut random, &[0]);
        world.come_to_rest(MANY, seed);
        // Nobody worked in the first folder.
        assert_eq!(world.agents[0].folder, world.there, "seed {seed}");
        world.assert_nothing_is_lost(seed);
    }
}

#[test]
fn a_pushed_folder_is_what_the_directory_has() {
    for seed in 0..histories() {
        let mut random = Random::seeded(seed);
        let mut world = World::new(&[Mode::Push]);
        world.is_directory_quiet = true;
        live(&mut world, &mut random, &[]);
        world.come_to_rest(MANY, seed);
        assert_eq!(world.agents[0].folder, world.there, "seed {seed}");
        world.assert_nothing_is_lost(seed);
    }
}

/// Lets people work and agents run. Nobody works in the folders of these `idle` agents.
fn live(world: &mut World, random: &mut Random, idle: &[usize]) {
    for _ in 0..10 + random.below(40) {
        match random.below(8) {
            0 if !world.is_directory_quiet => world.edit_directory(random),
            0..=3 => {
                let agent = random.below(world.agents.len());
                if !idle.contains(&agent) {
                    world.edit(agent, random);
                }
            }
            _ => {
                let agent = random.below(world.agents.len());
                world.round(agent, random, true, idle.contains(&agent));
            }
        }
    }
}
