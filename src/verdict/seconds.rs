//! Durations in `report.json`: seconds, exact to the microsecond.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
    value.as_secs_f64().serialize(out)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(from)?;
    let exact = Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)?;
    Ok(Duration::from_micros(u64::try_from((exact + Duration::from_nanos(500)).as_micros()).unwrap_or(u64::MAX)))
}

pub(super) mod option {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(in crate::verdict) fn serialize<S: Serializer>(value: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
        value.map(|value| value.as_secs_f64()).serialize(out)
    }

    pub(in crate::verdict) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Seconds(#[serde(with = "super")] Duration);
        Ok(Option::<Seconds>::deserialize(from)?.map(|seconds| seconds.0))
    }
}
