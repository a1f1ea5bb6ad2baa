//! What is declared around jobs: repositories, sensors, partitions.

use std::time::Duration;

use super::Tags;
use crate::Place;

/// A repository of a code location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Code location.
    pub location: String,
    /// Its name, unique within the location.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// Where it is named first: by `@repository`, or by a job.
    pub place: Place,
}

/// A program that is asked at intervals which runs of a job to launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensor {
    /// Unique within the job's repository.
    pub name: String,
    /// Interval.
    pub every: Duration,
    /// Shown to people.
    pub description: Option<String>,
    /// Program and arguments, never empty.
    pub command: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// A program that is told of runs that come to certain statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSensor {
    /// Code location.
    pub location: String,
    /// Repository within the location.
    pub repository: String,
    /// The sensor itself.
    pub sensor: Sensor,
    /// Which statuses, in the words of Dagster.
    pub statuses: Vec<String>,
    /// The jobs that it watches; none: all of the location.
    pub jobs: Option<Vec<String>>,
}

/// How the runs of a job are divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partitions {
    /// Its name.
    pub name: String,
    /// The keys.
    pub keys: PartitionKeys,
    /// Config of a partition's run, a value literal in which `$key` stands for the key.
    pub config: Option<String>,
    /// Tags of the runs.
    pub tags: Tags,
    /// Where it is declared.
    pub place: Place,
}

/// The keys of partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionKeys {
    /// These, in order.
    Fixed(Vec<String>),
    /// Every day from this one.
    Daily(String),
    /// Those that a program lists.
    Command(Vec<String>),
}
