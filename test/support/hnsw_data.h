// test/support/hnsw_data.h
//
// Random values of every element, and exact nearest neighbours, for the tests of HNSW.

#ifndef VEC_TEST_SUPPORT_HNSW_DATA_H_
#define VEC_TEST_SUPPORT_HNSW_DATA_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "core/codes/query.h"
#include "core/codes/value.h"
#include "core/rng.h"
#include "kernels/kernels.h"

namespace vec::test {

using codes::CodeKind;
using codes::Element;
using codes::Format;
using codes::Metric;

/// Values of one format, kept; clustered, so that they look like data rather than like noise.
class Values {
 public:
  Values(const Format& format, std::size_t count, std::uint64_t seed, double scale = 1)
      : format_(format), rng_(seed) {
    const std::size_t clusters = std::max<std::size_t>(1, count / 50);
    std::vector<std::vector<double>> centers(clusters);
    for (auto& center : centers) {
      center.resize(std::min<std::size_t>(format.dims, 512));
      for (double& x : center) x = normal() * scale;
    }
    for (std::size_t i = 0; i < count; ++i) {
      add(centers[rng_.below(clusters)], scale * 0.4);
    }
  }

  std::size_t size() const { return count_; }

  codes::Value operator[](std::size_t i) const {
    codes::Value value{};
    switch (format_.element) {
      case Element::kFloat:
        value.floats = floats_.data() + i * format_.dims;
        break;
      case Element::kHalf:
        value.halves = halves_.data() + i * format_.dims;
        break;
      case Element::kBit:
        value.bits = bits_.data() + i * byte_count();
        break;
      case Element::kSparse:
        value.sparse = {indices_.data() + starts_[i], floats_.data() + starts_[i],
                        starts_[i + 1] - starts_[i]};
        break;
    }
    return value;
  }

  std::vector<std::byte> code(std::size_t i) const {
    std::vector<float> scratch;
    std::vector<std::byte> out(codes::code_size(format_, (*this)[i]));
    codes::encode(format_, (*this)[i], scratch, out.data());
    return out;
  }

  /// The operator's own result, as src/pg/types computes it.
  double distance(const codes::Value& a, const codes::Value& b) const {
    const auto& table = kernels::active();
    const std::size_t n = format_.dims;
    kernels::CosineParts parts{};
    switch (format_.element) {
      case Element::kFloat:
        if (format_.metric == Metric::kL2) {
          return std::sqrt(double{table.l2_squared_f32(a.floats, b.floats, n)});
        }
        if (format_.metric == Metric::kInnerProduct) return -table.dot_f32(a.floats, b.floats, n);
        if (format_.metric == Metric::kL1) return table.l1_f32(a.floats, b.floats, n);
        parts = table.cosine_f32(a.floats, b.floats, n);
        break;
      case Element::kHalf:
        if (format_.metric == Metric::kL2) {
          return std::sqrt(double{table.l2_squared_f16(a.halves, b.halves, n)});
        }
        if (format_.metric == Metric::kInnerProduct) return -table.dot_f16(a.halves, b.halves, n);
        if (format_.metric == Metric::kL1) return table.l1_f16(a.halves, b.halves, n);
        parts = table.cosine_f16(a.halves, b.halves, n);
        break;
      case Element::kBit: {
        if (format_.metric == Metric::kHamming) {
          return static_cast<double>(table.hamming(a.bits, b.bits, byte_count()));
        }
        const auto counts = table.bit_counts(a.bits, b.bits, byte_count());
        return counts.both == 0
                   ? 1
                   : 1 - static_cast<double>(counts.both) / static_cast<double>(counts.either);
      }
      case Element::kSparse:
        if (format_.metric == Metric::kL2) {
          return std::sqrt(double{table.l2_squared_sparse(a.sparse, b.sparse)});
        }
        if (format_.metric == Metric::kInnerProduct) return -table.dot_sparse(a.sparse, b.sparse);
        if (format_.metric == Metric::kL1) return table.l1_sparse(a.sparse, b.sparse);
        parts = {table.dot_sparse(a.sparse, b.sparse),
                 table.dot_f32(a.sparse.values, a.sparse.values, a.sparse.count),
                 table.dot_f32(b.sparse.values, b.sparse.values, b.sparse.count)};
        break;
    }
    const double similarity = double{parts.dot} / std::sqrt(double{parts.aa} * double{parts.bb});
    return 1 - std::clamp(similarity, -1.0, 1.0);
  }

  /// Distance of the k-th nearest of the values for which alive(i).
  template <class Alive>
  double kth_distance(const codes::Value& query, std::size_t k, Alive alive) const {
    std::vector<double> distances;
    for (std::size_t i = 0; i < count_; ++i) {
      if (alive(i)) distances.push_back(distance((*this)[i], query));
    }
    std::nth_element(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(k - 1),
                     distances.end());
    return distances[k - 1];
  }

 private:
  std::size_t byte_count() const { return (format_.dims + 7) / 8; }

  double normal() {
    return std::sqrt(-2 * std::log(rng_.uniform())) * std::cos(6.283185307179586 * rng_.uniform());
  }

  void add(const std::vector<double>& center, double spread) {
    ++count_;
    switch (format_.element) {
      case Element::kFloat:
        for (std::size_t i = 0; i < format_.dims; ++i) {
          floats_.push_back(static_cast<float>(center[i % center.size()] + normal() * spread));
        }
        break;
      case Element::kHalf: {
        std::vector<float> row(format_.dims);
        for (std::size_t i = 0; i < format_.dims; ++i) {
          row[i] = static_cast<float>(center[i % center.size()] + normal() * spread);
        }
        const std::size_t old = halves_.size();
        halves_.resize(old + format_.dims);
        kernels::active().f32_to_f16(row.data(), halves_.data() + old, format_.dims);
        break;
      }
      case Element::kBit: {
        const std::size_t old = bits_.size();
        bits_.resize(old + byte_count());
        for (std::size_t i = 0; i < format_.dims; ++i) {
          const bool one = center[i % center.size()] + normal() * spread > 0;
          if (one) bits_[old + i / 8] |= static_cast<std::uint8_t>(0x80 >> (i % 8));
        }
        break;
      }
      case Element::kSparse: {
        if (starts_.empty()) starts_.push_back(0);
        for (std::size_t i = 0; i < format_.dims; ++i) {
          if (rng_.below(format_.dims) >= 20) continue;
          indices_.push_back(static_cast<std::int32_t>(i));
          floats_.push_back(static_cast<float>(center[i % center.size()] + normal() * spread));
        }
        if (floats_.size() == starts_.back()) {
          indices_.push_back(0);
          floats_.push_back(1);
        }
        starts_.push_back(floats_.size());
        break;
      }
    }
  }

  Format format_;
  Rng rng_;
  std::size_t count_ = 0;
  std::vector<float> floats_;
  std::vector<std::uint16_t> halves_;
  std::vector<std::uint8_t> bits_;
  std::vector<std::int32_t> indices_;
  std::vector<std::size_t> starts_;
};

/// Every kind of code with every metric that the operator classes have for it.
inline std::vector<Format> all_formats() {
  std::vector<Format> formats;
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine, Metric::kL1}) {
    formats.push_back(codes::choose_format(Element::kFloat, metric, 8));
    formats.push_back(codes::choose_format(Element::kFloat, metric, 96));
    formats.push_back(codes::choose_format(Element::kHalf, metric, 16));
    formats.push_back(codes::choose_format(Element::kHalf, metric, 100));
    formats.push_back(codes::choose_format(Element::kSparse, metric, 300));
  }
  formats.push_back(codes::choose_format(Element::kBit, Metric::kHamming, 140));
  formats.push_back(codes::choose_format(Element::kBit, Metric::kJaccard, 140));
  return formats;
}

/// Those of indexes whose codes are read one after the other, where they differ from all_formats().
inline std::vector<Format> split_formats() {
  std::vector<Format> formats;
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    formats.push_back(codes::choose_scan_format(Element::kFloat, metric, 96));
    formats.push_back(codes::choose_scan_format(Element::kFloat, metric, 301));
    formats.push_back(codes::choose_scan_format(Element::kHalf, metric, 100));
  }
  return formats;
}

/// Those of graphs where they differ from all_formats().
inline std::vector<Format> rotated_formats() {
  std::vector<Format> formats;
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    formats.push_back(codes::choose_graph_format(Element::kFloat, metric, 256));
    formats.push_back(codes::choose_graph_format(Element::kFloat, metric, 301));
    formats.push_back(codes::choose_graph_format(Element::kHalf, metric, 300));
  }
  return formats;
}

/// Those that lists have: all_formats(), but split where codes can be.
inline std::vector<Format> list_page_formats() {
  std::vector<Format> formats;
  for (const Format& format : all_formats()) {
    formats.push_back(codes::choose_scan_format(format.element, format.metric, format.dims));
  }
  return formats;
}

/// Those of them that ivfflat has operator classes for.
inline std::vector<Format> list_formats() {
  std::vector<Format> formats = list_page_formats();
  std::erase_if(formats, [](const Format& format) {
    return format.element == Element::kSparse || format.metric == Metric::kL1 ||
           format.metric == Metric::kJaccard;
  });
  return formats;
}

inline std::string format_name(const Format& format) {
  static constexpr const char* kElements[] = {"", "Float", "Half", "Bit", "Sparse"};
  static constexpr const char* kMetrics[] = {"", "L2", "Ip", "Cosine", "L1", "Hamming", "Jaccard"};
  return std::string(kElements[static_cast<int>(format.element)]) + std::to_string(format.dims) +
         kMetrics[static_cast<int>(format.metric)];
}

}  // namespace vec::test

#endif  // VEC_TEST_SUPPORT_HNSW_DATA_H_
