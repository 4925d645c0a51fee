// core/ivf/kmeans.h
//
// Finding centers for lists from a sample of the rows.
//
// Lloyd's iteration on distances from matrix products, from a start by k-means|| (Bahmani,
// Moseley, Vattani, Kumar & Vassilvitskii, "Scalable k-means++", VLDB 2012): a few rounds, each of
// which takes every row as a candidate with a probability proportional to its squared distance to
// the candidates so far; then k-means++ among the candidates, weighted by the rows nearest to each.
// For the inner product and the cosine it is spherical: rows and centers have length 1.
//
// If the sample has no more distinct rows than there are lists, each of them is a center.  What is
// missing is filled with random values, so that rows inserted later have a choice.

#ifndef VEC_CORE_IVF_KMEANS_H_
#define VEC_CORE_IVF_KMEANS_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/codes/format.h"
#include "core/codes/value.h"
#include "core/ivf/layout.h"
#include "core/rng.h"

namespace vec::ivf {

/// Rows to train on, as the format's center_format() compares them: floats, or bits.
class Samples {
 public:
  Samples(const codes::Format& format, std::pmr::memory_resource* memory);

  /// Whether rows and centers are made one long.
  bool spherical() const { return spherical_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return floats_.capacity() * sizeof(float) + bits_.capacity(); }

  /// Takes room for so many, if it can be had.
  void reserve(std::size_t count);

  /// False, and nothing is added, if the value has no direction and the metric needs one.
  bool add(const codes::Value& value) {
    if (!put(value, size_)) return false;
    ++size_;
    return true;
  }
  /// Puts the value in the place of sample `i`; false as for add().
  bool replace(std::size_t i, const codes::Value& value) { return put(value, i); }
  /// Adds a place for a value that is put there by replace(), or dropped.
  void add_place() { ++size_; }
  /// The last sample takes the place of sample `i`.
  void drop(std::size_t i);

  const codes::Format& format() const { return format_; }
  std::pmr::vector<float>& floats() { return floats_; }
  std::pmr::vector<std::uint8_t>& bits() { return bits_; }

 private:
  bool put(const codes::Value& value, std::size_t i);

  codes::Format format_;  // of the centers
  bool spherical_;
  std::size_t size_ = 0;
  std::pmr::vector<float> floats_;
  std::pmr::vector<std::uint8_t> bits_;
};

/// Centers one after the other, each center_format().code_bytes long.
using CenterCodes = std::pmr::vector<std::byte>;

/// What training is said to take, in bytes: room for `samples` rows, the centers twice, their sums,
/// and a number for each pair of centers.  The last is not allocated; it is the limit that clients
/// know, and what keeps a build of very many lists from taking hours unasked.
std::size_t training_bytes(const codes::Format& center_format, std::size_t samples,
                           std::size_t lists);

/// The centers of `lists` lists.  `samples` is used up.
/// check   called now and then; may throw
CenterCodes train(Samples& samples, std::size_t lists, Rng& rng, void (*check)(),
                  std::pmr::memory_resource* memory);

/// Of samples that lie side by side, up to `limit` + 1 that differ from one another.
std::vector<std::size_t> find_distinct(const std::byte* rows, std::size_t row_bytes,
                                       std::size_t count, std::size_t limit);

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_KMEANS_H_
