// core/hnsw/bulk/unite_block.h
//
// The lists that points have from several parts, in memory that a team shares, and the task of
// making one of each point's.

#ifndef VEC_CORE_HNSW_BULK_UNITE_BLOCK_H_
#define VEC_CORE_HNSW_BULK_UNITE_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/hnsw/bulk/link_table.h"

namespace vec::hnsw::bulk {

class UniteBlock {
 public:
  struct Size {
    std::uint64_t rows;     // points
    std::uint64_t lists;    // of these, all together
    std::uint64_t entries;  // of these
  };
  static std::size_t bytes(const Size& size, std::size_t links);
  /// Makes an empty one.
  /// links    of a list that comes out
  /// united   that are kept before it is cut
  static void write(std::byte* block, const Size& size, std::size_t links, std::size_t united);

  explicit UniteBlock(std::byte* block) : block_(block) {}

  /// Room for one more list of a row, ascending as lists are.  No more than bytes() was told of.
  std::span<LinkEntry> add(std::size_t row, std::size_t count);

  /// Takes part until all rows have one list.
  void work(const std::function<void()>& interrupt);

  /// The row's, when all are through.
  std::span<const LinkEntry> list(std::size_t row) const;

 private:
  struct Header;
  struct List;
  struct Places;
  Header& header() const;
  static Places places(const Size& size, std::size_t links);
  Places places() const;

  std::byte* block_;
};

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_UNITE_BLOCK_H_
