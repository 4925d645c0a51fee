#include "core/hnsw/bulk/columns.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/codes/query.h"
#include "core/codes/value.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

using codes::CodeKind;
using codes::levels_of;
using codes::Metric;
using codes::U8Header;
using kernels::kPanelColumns;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// What a distance takes from one kU8 code, all of whose elements were moved by `shift`.
struct Terms {
  double norm_squared;
  double total;   // of the elements
  double levels;  // step times the sum of the levels
  double lo, step;
};
Terms terms_of(const codes::Format& format, const std::byte* code, double shift) {
  const U8Header header = codes::header_of<U8Header>(code);
  const double n = format.dims;
  Terms terms{};
  terms.lo = header.lo - shift;
  terms.step = header.step;
  terms.levels = terms.step * header.level_sum;
  terms.total = n * terms.lo + terms.levels;
  if (format.metric == Metric::kL2) {
    // Not from header.norm_squared, which a shift would leave without digits.
    const double squares = kernels::active().dot_u8_u8(levels_of<U8Header>(code),
                                                       levels_of<U8Header>(code), format.dims);
    terms.norm_squared =
        n * terms.lo * terms.lo + 2 * terms.lo * terms.levels + terms.step * terms.step * squares;
  } else {
    terms.norm_squared = header.norm_squared;
  }
  return terms;
}

/// What to shift by: a mean would be at the mercy of a few values far out.
float median(std::vector<float>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float inverse_norm(double norm_squared) {
  return norm_squared > 0 ? static_cast<float>(1 / std::sqrt(norm_squared)) : 0;
}

}  // namespace

bool is_product(const codes::Format& format) {
  if (format.metric == Metric::kL1) return false;
  return codes::has_levels(format.kind) || format.kind == CodeKind::kFloat ||
         format.kind == CodeKind::kHalf;
}

void Columns::assign(Codes columns) {
  size_ = columns.size();
  panels_ = (size_ + kPanelColumns - 1) / kPanelColumns;
  if (!is_product(format_)) {
    codes_.assign(columns.begin(), columns.end());
    return;
  }
  // Places that are not used are infinitely far.
  bias_.assign(stride(), kInfinity);
  total_.assign(stride(), 0);
  lo_.assign(stride(), 0);
  step_.assign(stride(), 0);
  if (codes::has_levels(format_.kind)) {
    assign_u8(columns);
  } else {
    assign_floats(columns);
  }
}

void Columns::assign_u8(Codes columns) {
  words_ = (format_.dims + 3) / 4;
  const bool l2 = format_.metric == Metric::kL2;
  shift_ = 0;
  if (l2) {
    std::vector<float> lows;
    for (const std::byte* code : columns) lows.push_back(codes::header_of<U8Header>(code).lo);
    shift_ = median(lows);
  }
  panel_bytes_.assign(stride() * words_ * 4, 0);
  for (std::size_t c = 0; c < size_; ++c) {
    const Terms terms = terms_of(format_, columns[c], shift_);
    const double scale =
        measure_ == Measure::kDirection && !l2 ? inverse_norm(terms.norm_squared) : 1;
    bias_[c] = l2 ? static_cast<float>(terms.norm_squared) : 0;
    total_[c] = static_cast<float>(terms.total * scale);
    lo_[c] = static_cast<float>(terms.lo * scale);
    step_[c] = static_cast<float>(terms.step * scale);

    const std::uint8_t* const levels = levels_of<U8Header>(columns[c]);
    std::uint8_t* to =
        panel_bytes_.data() + (c / kPanelColumns * words_ * kPanelColumns + c % kPanelColumns) * 4;
    const std::size_t whole = format_.dims / 4;
    for (std::size_t w = 0; w < whole; ++w, to += kPanelColumns * 4) {
      std::memcpy(to, levels + 4 * w, 4);
    }
    if (whole < words_) std::memcpy(to, levels + 4 * whole, format_.dims % 4);
  }
}

void Columns::take_floats(const std::byte* code, float* out) {
  const codes::Value value = codes::decode(format_, code, decoded_);
  codes::dense_floats(format_, value, decoded_);
  if (format_.metric == Metric::kL2) {
    for (std::size_t i = 0; i < words_; ++i) out[i] = decoded_[i] - shifts_[i];
    return;
  }
  const float scale =
      format_.metric == Metric::kCosine
          ? inverse_norm(kernels::active().norm_squared_f32(decoded_.data(), words_))
          : 1;
  for (std::size_t i = 0; i < words_; ++i) out[i] = decoded_[i] * scale;
}

void Columns::assign_floats(Codes columns) {
  words_ = format_.dims;
  const bool l2 = format_.metric == Metric::kL2;
  shifts_.assign(words_, 0);
  std::vector<float> row(words_);
  if (l2 && size_ > 0) {
    std::vector<std::vector<float>> values(words_);
    for (const std::byte* code : columns) {
      take_floats(code, row.data());
      for (std::size_t i = 0; i < words_; ++i) values[i].push_back(row[i]);
    }
    for (std::size_t i = 0; i < words_; ++i) shifts_[i] = median(values[i]);
  }
  panel_floats_.assign(stride() * words_, 0);
  for (std::size_t c = 0; c < size_; ++c) {
    take_floats(columns[c], row.data());
    const double norm_squared = kernels::active().norm_squared_f32(row.data(), words_);
    bias_[c] = l2 ? static_cast<float>(norm_squared) : 0;
    const float scale = measure_ == Measure::kDirection && !l2 ? inverse_norm(norm_squared) : 1;
    float* to =
        panel_floats_.data() + c / kPanelColumns * words_ * kPanelColumns + c % kPanelColumns;
    for (std::size_t w = 0; w < words_; ++w, to += kPanelColumns) *to = row[w] * scale;
  }
}

void Columns::distances(Codes rows, std::size_t first, float* out) {
  if (!is_product(format_)) {
    distances_pairs(rows, first, out);
  } else if (codes::has_levels(format_.kind)) {
    distances_u8(rows, first, out);
  } else {
    distances_floats(rows, first, out);
  }
}

void Columns::distances_u8(Codes rows, std::size_t first, float* out) {
  const auto& table = kernels::active();
  const std::uint8_t* levels[kRows];
  const bool odd = format_.dims % 4 != 0;
  if (odd) row_bytes_.resize(kRows * words_ * 4);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    levels[r] = levels_of<U8Header>(rows[r]);
    if (!odd) continue;
    // Kernels read whole words; what the last one has beyond the code meets zeros.
    std::uint8_t* const copy = row_bytes_.data() + r * words_ * 4;
    std::memcpy(copy, levels[r], format_.dims);
    levels[r] = copy;
  }
  const std::size_t wanted = places() - first;
  products_.resize(kRows * places());
  table.dot_u8_panels(levels, rows.size(), panel_bytes_.data() + first * words_ * 4,
                      wanted / kPanelColumns, words_, products_.data(), wanted);
  const bool l2 = format_.metric == Metric::kL2;
  const double factor = l2 ? -2 : -1;
  float minima[kernels::kMinima];  // not needed
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Terms terms = terms_of(format_, rows[r], shift_);
    // sum (la + sa a)(lb + sb b) = la * total(b) + sa * sum(a) * lb + sa * sb * product
    const kernels::RowTerms row{l2 ? static_cast<float>(terms.norm_squared) : 0,
                                static_cast<float>(factor * terms.lo),
                                static_cast<float>(factor * terms.levels),
                                static_cast<float>(factor * terms.step), l2 ? 0 : -kInfinity};
    table.distances_u8(products_.data() + r * wanted, this->terms(first), row, wanted,
                       out + r * stride() + first, minima);
  }
}

void Columns::distances_floats(Codes rows, std::size_t first, float* out) {
  const auto& table = kernels::active();
  row_floats_.resize(kRows * words_);
  const float* pointers[kRows];
  for (std::size_t r = 0; r < rows.size(); ++r) {
    float* const row = row_floats_.data() + r * words_;
    take_floats(rows[r], row);
    pointers[r] = row;
  }
  const std::size_t wanted = places() - first;
  float_products_.resize(kRows * places());
  table.dot_f32_panels(pointers, rows.size(), panel_floats_.data() + first * words_,
                       wanted / kPanelColumns, words_, float_products_.data(), wanted);
  const bool l2 = format_.metric == Metric::kL2;
  float minima[kernels::kMinima];  // not needed
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double norm_squared = l2 ? table.norm_squared_f32(pointers[r], words_) : 0;
    const float bias = format_.metric == Metric::kCosine ? 1 : static_cast<float>(norm_squared);
    const kernels::RowTerms row{bias, 0, 0, l2 ? -2.0F : -1.0F, l2 ? 0 : -kInfinity};
    table.distances_f32(float_products_.data() + r * wanted, terms(first), row, wanted,
                        out + r * stride() + first, minima);
  }
}

void Columns::distances_pairs(Codes rows, std::size_t first, float* out) const {
  for (std::size_t r = 0; r < rows.size(); ++r, out += stride()) {
    for (std::size_t c = first; c < size_; ++c) {
      out[c] = codes::pair_distance(format_, rows[r], codes_[c]);
    }
    for (std::size_t c = std::max(first, size_); c < places(); ++c) out[c] = kInfinity;
  }
}

}  // namespace vec::hnsw::bulk
