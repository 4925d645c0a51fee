// core/ivf/assign.h
//
// Which list each of many rows belongs to: the first of the nearest centers, by the very distance
// that a scan ranks lists by.  A row that is asked for by its own value is therefore in the list
// that is looked at first.
//
// Matrix products (nearest.h) leave a few centers in question, which are compared by the kernel.

#ifndef VEC_CORE_IVF_ASSIGN_H_
#define VEC_CORE_IVF_ASSIGN_H_

#include <memory_resource>
#include <span>
#include <vector>

#include "core/codes/value.h"
#include "core/ivf/layout.h"
#include "core/ivf/nearest.h"

namespace vec::ivf {

class Assigner {
 public:
  /// format    of the index's codes
  /// centers   as train() gives them; borrowed
  Assigner(const codes::Format& format, std::span<const std::byte> centers,
           std::pmr::memory_resource* memory);

  /// Adds a row to the block.  At most kRowBlock.
  void add(const codes::Value& value);
  std::size_t size() const { return size_; }

  /// Fills in the list of each row of the block, and empties it.
  void assign(ListNo* out);

 private:
  const std::byte* center(std::size_t list) const {
    return centers_.data() + list * format_.code_bytes;
  }
  /// The row as a center_format() code.
  const std::byte* row(std::size_t i) const {
    return kept_as_floats_ ? reinterpret_cast<const std::byte*>(floats_.data() + i * format_.dims)
                           : rows_.data() + i * format_.code_bytes;
  }
  float distance(std::size_t i, std::size_t list) const;
  ListNo nearest_of_all(std::size_t i) const;

  codes::Format format_;  // of the centers
  std::span<const std::byte> centers_;
  std::size_t lists_;
  bool by_products_;
  bool kept_as_floats_;  // which are the rows' codes, too
  std::size_t size_ = 0;
  std::pmr::vector<std::byte> rows_;
  // Only if by_products_:
  std::pmr::vector<float> floats_;  // of the rows
  std::pmr::vector<float> center_floats_;
  NearestFinder finder_;
};

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_ASSIGN_H_
