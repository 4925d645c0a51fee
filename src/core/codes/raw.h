// core/codes/raw.h
//
// Codes that are values.

#ifndef VEC_CORE_CODES_RAW_H_
#define VEC_CORE_CODES_RAW_H_

#include <cstddef>

#include "core/codes/format.h"

namespace vec::codes {

/// The operator's own distance of two codes that are values, but squared for kL2; NaN for others.
double raw_distance(const Format& format, const std::byte* a, const std::byte* b);

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_RAW_H_
