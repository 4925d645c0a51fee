// kernels/kernels.h
//
// Choosing a kernel table.  Chosen once when the library is loaded, so that a distance costs one
// indirect call.

#ifndef VEC_KERNELS_KERNELS_H_
#define VEC_KERNELS_KERNELS_H_

#include <cstddef>
#include <span>

#include "kernels/kernel_table.h"

namespace vec::kernels {

/// The table that was chosen, or null.
extern constinit const KernelTable* chosen_table;

/// The last of available().
const KernelTable& scalar() noexcept;

/// The table in use: the best this machine can run, unless VECTOR_SIMD names another.  Valid
/// before choose() was called (scalar then).
inline const KernelTable& active() noexcept {
  if (chosen_table != nullptr) [[likely]]
    return *chosen_table;
  return scalar();
}

/// Chooses the table.  `wanted` is a table's name, or null or empty for the best one.  Returns
/// false, and chooses the best, if this machine has no table of that name.
bool choose(const char* wanted) noexcept;

/// Every table that this machine can run, best first; scalar is always the last.
std::span<const KernelTable* const> available() noexcept;

/// The available table of that name, or null.
const KernelTable* by_name(const char* name) noexcept;

}  // namespace vec::kernels

#endif  // VEC_KERNELS_KERNELS_H_
