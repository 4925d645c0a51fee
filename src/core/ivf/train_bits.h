// core/ivf/train_bits.h
//
// k-means on bit strings; see kmeans.h.  A center's bit is what most of its rows have.

#ifndef VEC_CORE_IVF_TRAIN_BITS_H_
#define VEC_CORE_IVF_TRAIN_BITS_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/codes/format.h"
#include "core/rng.h"

namespace vec::ivf {

/// Writes `lists` centers of the first `count` rows of `samples` to `centers`.
void train_bits(const std::pmr::vector<std::uint8_t>& samples, std::size_t count,
                const codes::Format& format, std::size_t lists, Rng& rng, void (*check)(),
                std::uint8_t* centers);

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_TRAIN_BITS_H_
