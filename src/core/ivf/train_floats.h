// core/ivf/train_floats.h
//
// k-means on dense vectors; see kmeans.h.

#ifndef VEC_CORE_IVF_TRAIN_FLOATS_H_
#define VEC_CORE_IVF_TRAIN_FLOATS_H_

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "core/rng.h"

namespace vec::ivf {

/// `lists` centers of the first `count` rows of `samples`, which are finite, and of length 1 if
/// `spherical`.  The samples are changed.
std::pmr::vector<float> train_floats(std::pmr::vector<float>& samples, std::size_t count,
                                     std::size_t dims, std::size_t lists, bool spherical, Rng& rng,
                                     void (*check)(), std::pmr::memory_resource* memory);

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_TRAIN_FLOATS_H_
