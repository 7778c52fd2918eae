//! What a tenant's devices dial for features.

use cordial_engine::code::FeatureCodes;

use crate::native::wire;

/// The table of codes.
pub fn feature_codes(codes: &FeatureCodes) -> wire::FeatureCodes {
    let coded = codes.iter().map(|(feature, code)| (feature.word().to_owned(), code.as_str().to_owned()));
    wire::FeatureCodes { codes: coded.collect() }
}
