// kernels/x86_avx512_sparse.cpp
//
// Sparse vectors with AVX-512.  Sixteen indices of each side are compared with one another at
// once.  The values that matched are moved together on either side, and as both lists ascend they
// then stand opposite one another.  A block's values that matched nothing are known when the other
// side has passed it.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

// GCC 12 takes the deliberately undefined registers of its own AVX-512 intrinsics for mistakes
// (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr std::size_t kLanes = 16;

// The arrays may stand at any address.
typedef std::int32_t Index __attribute__((aligned(1), may_alias));

/// The terms of a union.
struct SquaredDifference {
  static __m512 add(__m512 sum, __m512 a, __m512 b) {
    const __m512 difference = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(difference, difference, sum);
  }
};
struct AbsoluteDifference {
  static __m512 add(__m512 sum, __m512 a, __m512 b) {
    return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(a, b)));
  }
};

/// Lanes that hold the pairs from `begin` on, which is below the count.
inline __mmask16 used_lanes(const SparseView& view, std::size_t begin) {
  const std::size_t left = view.count - begin;
  return left < kLanes ? static_cast<__mmask16>((1u << left) - 1) : __mmask16{0xffff};
}

/// Their indices; `filler`, which no index of the other side equals, in the other lanes.
inline __m512i load_indices(const SparseView& view, std::size_t begin, std::int32_t filler) {
  const Index* const indices = view.indices;
  return _mm512_mask_loadu_epi32(_mm512_set1_epi32(filler), used_lanes(view, begin),
                                 indices + begin);
}

/// Their values, zero in the other lanes.
inline __m512 load_values(const SparseView& view, std::size_t begin) {
  return _mm512_maskz_loadu_ps(used_lanes(view, begin), view.values + begin);
}

/// The greatest of their indices.
inline std::int32_t last_index(const SparseView& view, std::size_t begin) {
  const Index* const indices = view.indices;
  const std::size_t end = begin + kLanes;
  return indices[(end < view.count ? end : view.count) - 1];
}

/// Sixteen pairs, or those that are left.
struct Block {
  __m512i indices;
  __m512 values;
  std::int32_t last;
  unsigned unmatched;  // lanes in use that have met no equal index yet
};

inline Block load(const SparseView& view, std::size_t begin, std::int32_t filler) {
  return {load_indices(view, begin, filler), load_values(view, begin), last_index(view, begin),
          used_lanes(view, begin)};
}

struct Matches {
  unsigned a, b;  // lanes whose index the other side has
};

/// One of the sixteen turns of b against a.
template <int turn>
inline void match_turned(Matches& found, __m512i a, __m512i b) {
  const unsigned equal = _mm512_cmpeq_epi32_mask(a, _mm512_alignr_epi32(b, b, turn));
  found.a |= equal;          // lane i of a equals lane (i + turn) mod 16 of b
  found.b |= equal << turn;  // bits 16 and up are lanes that went round
}

template <int... turns>
struct Turns {
  // A call would spill every vector: none is kept across one.
  __attribute__((always_inline)) static Matches match(__m512i a, __m512i b) {
    Matches found = {0, 0};
    (match_turned<turns>(found, a, b), ...);
    found.b = (found.b | found.b >> 16) & 0xffff;
    return found;
  }
};
using AllTurns = Turns<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>;

/// Adds the terms of a block's values that the other side lacks.
template <class Term>
__m512 add_unmatched(__m512 sum, const Block& block) {
  const __mmask16 lanes = static_cast<__mmask16>(block.unmatched);
  return Term::add(sum, _mm512_maskz_mov_ps(lanes, block.values), _mm512_setzero_ps());
}

/// What is left of one side after its block.
template <class Term>
__m512 add_rest(__m512 sum, const SparseView& view, std::size_t begin) {
  for (std::size_t i = begin; i < view.count; i += kLanes) {
    sum = add_unmatched<Term>(sum, load(view, i, -1));
  }
  return sum;
}

template <class Term>
float merge(SparseView a, SparseView b) {
  __m512 sum = _mm512_setzero_ps();
  std::size_t i = 0, j = 0;
  Block x = {}, y = {};
  if (i < a.count && j < b.count) {
    x = load(a, i, -1);
    y = load(b, j, -2);
  }
  while (i < a.count && j < b.count) {
    const Matches found = AllTurns::match(x.indices, y.indices);
    if (found.a != 0) {
      const __mmask16 in_a = static_cast<__mmask16>(found.a);
      const __mmask16 in_b = static_cast<__mmask16>(found.b);
      sum = Term::add(sum, _mm512_maskz_compress_ps(in_a, x.values),
                      _mm512_maskz_compress_ps(in_b, y.values));
      x.unmatched &= ~found.a;
      y.unmatched &= ~found.b;
    }
    const bool a_passed = x.last <= y.last, b_passed = y.last <= x.last;
    if (a_passed) {
      sum = add_unmatched<Term>(sum, x);
      i += kLanes;
      if (i < a.count) x = load(a, i, -1);
    }
    if (b_passed) {
      sum = add_unmatched<Term>(sum, y);
      j += kLanes;
      if (j < b.count) y = load(b, j, -2);
    }
  }
  // One side is through.  Of the other, the block at hand may be half done.
  if (i < a.count && b.count > 0) {
    sum = add_unmatched<Term>(sum, x);
    i += kLanes;
  }
  if (j < b.count && a.count > 0) {
    sum = add_unmatched<Term>(sum, y);
    j += kLanes;
  }
  return _mm512_reduce_add_ps(add_rest<Term>(add_rest<Term>(sum, a, i), b, j));
}

/// Nothing need be remembered of a block here, so it is read again in each round, which is cheaper
/// than a branch on which side goes on.
float merge_shared(SparseView a, SparseView b) {
  __m512 sum = _mm512_setzero_ps();
  std::size_t i = 0, j = 0;
  while (i < a.count && j < b.count) {
    const Matches found = AllTurns::match(load_indices(a, i, -1), load_indices(b, j, -2));
    if (found.a != 0) {
      const __mmask16 in_a = static_cast<__mmask16>(found.a);
      const __mmask16 in_b = static_cast<__mmask16>(found.b);
      sum = _mm512_fmadd_ps(_mm512_maskz_compress_ps(in_a, load_values(a, i)),
                            _mm512_maskz_compress_ps(in_b, load_values(b, j)), sum);
    }
    const std::int32_t last_a = last_index(a, i), last_b = last_index(b, j);
    i += kLanes * static_cast<std::size_t>(last_a <= last_b);  // ?: would become a branch
    j += kLanes * static_cast<std::size_t>(last_b <= last_a);
  }
  return _mm512_reduce_add_ps(sum);
}

/// From this ratio of the lengths on, galloping is faster (README.md, "Sparse").
constexpr std::size_t kLopsided = 6;

inline bool lopsided(const SparseView& a, const SparseView& b) {
  return a.count / kLopsided > b.count || b.count / kLopsided > a.count;
}

float l2_squared(SparseView a, SparseView b) noexcept {
  return lopsided(a, b) ? kScalarSparse.l2_squared_sparse(a, b) : merge<SquaredDifference>(a, b);
}
float dot(SparseView a, SparseView b) noexcept {
  return lopsided(a, b) ? kScalarSparse.dot_sparse(a, b) : merge_shared(a, b);
}
float l1(SparseView a, SparseView b) noexcept {
  return lopsided(a, b) ? kScalarSparse.l1_sparse(a, b) : merge<AbsoluteDifference>(a, b);
}

}  // namespace

constinit const SparseKernels kAvx512Sparse = {
    .l2_squared_sparse = l2_squared,
    .dot_sparse = dot,
    .l1_sparse = l1,
};

}  // namespace vec::kernels
