//! Compiling whole scenarios: small stacks in a temporary folder, broken on purpose, and the stacks that ship.

mod bed;
mod broken_compose;
mod broken_scenario;
mod budgets;
mod corruption;
mod host;
mod plans;
mod protection;
mod shipped;
mod unnoticed;
