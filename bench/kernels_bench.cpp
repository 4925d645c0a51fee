// bench/kernels_bench.cpp
//
// Every kernel of every table of this machine, beside the loop one would write first ("loop") and,
// where it has such a thing, Eigen ("eigen"), both compiled for the architecture's base.
//
//   cmake -B build -DVECTOR_BENCH=ON && cmake --build build      (-O2, as PostgreSQL builds)
//   build/kernels_bench --benchmark_filter='dot_f32/.*/768'
//
// Names are operation/table/elements; items are elements of one vector.

#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace {

using namespace vec::kernels;

/// Arguments for any of the operations, the same in every run.
struct Data {
  std::vector<float> a, b, out;
  std::vector<HalfBits> half_a, half_b, half_out;
  std::vector<std::uint8_t> bytes_a, bytes_b, bytes_out;
  std::vector<std::int16_t> words;
  explicit Data(std::size_t n)
      : a(n),
        b(n),
        out(n),
        half_a(n),
        half_b(n),
        half_out(n),
        bytes_a(n),
        bytes_b(n),
        bytes_out(n),
        words(n) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = uniform(random);
      b[i] = uniform(random);
      bytes_a[i] = static_cast<std::uint8_t>(random());
      bytes_b[i] = static_cast<std::uint8_t>(random());
      words[i] = static_cast<std::int16_t>(random() % 2001) - 1000;
    }
    const KernelTable& scalar = *available().back();
    scalar.f32_to_f16(a.data(), half_a.data(), n);
    scalar.f32_to_f16(b.data(), half_b.data(), n);
  }
};

/// Registers name/variant/n; `run` is called with Data and returns what must not be optimised away.
template <class Run>
void add(const std::string& operation, const std::string& variant, std::size_t n, Run run) {
  const std::string name = operation + "/" + variant + "/" + std::to_string(n);
  benchmark::RegisterBenchmark(name.c_str(), [n, run](benchmark::State& state) {
    Data data(n);
    for (auto _ : state) {
      benchmark::ClobberMemory();
      benchmark::DoNotOptimize(run(data, n));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
  });
}

float half_to_float(HalfBits half) {
  float value;
  available().back()->f16_to_f32(&half, &value, 1);
  return value;
}

void add_loops(std::size_t n) {
  add("l2_squared_f32", "loop", n, [](Data& d, std::size_t size) {
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += (d.a[i] - d.b[i]) * (d.a[i] - d.b[i]);
    return sum;
  });
  add("dot_f32", "loop", n, [](Data& d, std::size_t size) {
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += d.a[i] * d.b[i];
    return sum;
  });
  add("l1_f32", "loop", n, [](Data& d, std::size_t size) {
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += std::fabs(d.a[i] - d.b[i]);
    return sum;
  });
  add("cosine_f32", "loop", n, [](Data& d, std::size_t size) {
    float dot = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < size; ++i) {
      dot += d.a[i] * d.b[i];
      aa += d.a[i] * d.a[i];
      bb += d.b[i] * d.b[i];
    }
    return dot + aa + bb;
  });
  add("norm_squared_f32", "loop", n, [](Data& d, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += double{d.a[i]} * d.a[i];
    return sum;
  });
  add("dot_f16", "loop", n, [](Data& d, std::size_t size) {
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += half_to_float(d.half_a[i]) * half_to_float(d.half_b[i]);
    }
    return sum;
  });
  add("hamming", "loop", n, [](Data& d, std::size_t size) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum +=
          static_cast<unsigned>(std::popcount(static_cast<unsigned>(d.bytes_a[i] ^ d.bytes_b[i])));
    }
    return sum;
  });
  add("dot_u8_i16", "loop", n, [](Data& d, std::size_t size) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += d.bytes_a[i] * d.words[i];
    return sum;
  });
  add("dot_u8_u8", "loop", n, [](Data& d, std::size_t size) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += d.bytes_a[i] * d.bytes_b[i];
    return sum;
  });
  add("l1_f32_u8", "loop", n, [](Data& d, std::size_t size) {
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += std::fabs(d.a[i] - (-1.0f + 0.01f * static_cast<float>(d.bytes_a[i])));
    }
    return sum;
  });
  add("encode_u8", "loop", n, [](Data& d, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const float held = std::fmin(std::fmax((d.a[i] + 1) * 127.5f, 0.0f), 255.0f);
      d.bytes_out[i] = static_cast<std::uint8_t>(std::nearbyint(held));
    }
    return d.bytes_out[0];
  });
}

void add_eigen(std::size_t n) {
  using Map = Eigen::Map<const Eigen::VectorXf>;
  const auto map = [](const std::vector<float>& v) {
    return Map(v.data(), static_cast<Eigen::Index>(v.size()));
  };
  add("l2_squared_f32", "eigen", n,
      [map](Data& d, std::size_t) { return (map(d.a) - map(d.b)).squaredNorm(); });
  add("dot_f32", "eigen", n, [map](Data& d, std::size_t) { return map(d.a).dot(map(d.b)); });
  add("l1_f32", "eigen", n,
      [map](Data& d, std::size_t) { return (map(d.a) - map(d.b)).lpNorm<1>(); });
  add("norm_squared_f32", "eigen", n,
      [map](Data& d, std::size_t) { return map(d.a).cast<double>().squaredNorm(); });
}

void add_table(const KernelTable& table, std::size_t n) {
  const KernelTable* const t = &table;
  const auto add_sum = [t, n](const char* operation, auto kernel) {
    add(operation, t->name, n,
        [kernel](Data& d, std::size_t size) { return kernel(d.a.data(), d.b.data(), size); });
  };
  const auto add_half_sum = [t, n](const char* operation, auto kernel) {
    add(operation, t->name, n, [kernel](Data& d, std::size_t size) {
      return kernel(d.half_a.data(), d.half_b.data(), size);
    });
  };
  const auto add_bytes = [t, n](const char* operation, auto kernel) {
    add(operation, t->name, n, [kernel](Data& d, std::size_t size) {
      return kernel(d.bytes_a.data(), d.bytes_b.data(), size);
    });
  };
  add_sum("l2_squared_f32", table.l2_squared_f32);
  add_sum("dot_f32", table.dot_f32);
  add_sum("cosine_f32", table.cosine_f32);
  add_sum("l1_f32", table.l1_f32);
  add_half_sum("l2_squared_f16", table.l2_squared_f16);
  add_half_sum("dot_f16", table.dot_f16);
  add_half_sum("cosine_f16", table.cosine_f16);
  add_half_sum("l1_f16", table.l1_f16);
  add_bytes("hamming", table.hamming);
  add_bytes("bit_counts", table.bit_counts);
  add_bytes("dot_u8_u8", table.dot_u8_u8);
  add("norm_squared_f32", table.name, n,
      [t](Data& d, std::size_t size) { return t->norm_squared_f32(d.a.data(), size); });
  add("norm_squared_f16", table.name, n,
      [t](Data& d, std::size_t size) { return t->norm_squared_f16(d.half_a.data(), size); });
  add("f16_to_f32", table.name, n, [t](Data& d, std::size_t size) {
    t->f16_to_f32(d.half_a.data(), d.out.data(), size);
    return d.out[0];
  });
  add("f32_to_f16", table.name, n, [t](Data& d, std::size_t size) {
    t->f32_to_f16(d.a.data(), d.half_out.data(), size);
    return d.half_out[0];
  });
  add("dot_u8_i16", table.name, n, [t](Data& d, std::size_t size) {
    return t->dot_u8_i16(d.bytes_a.data(), d.words.data(), size);
  });
  add("l1_f32_u8", table.name, n, [t](Data& d, std::size_t size) {
    return t->l1_f32_u8(d.a.data(), d.bytes_a.data(), -1, 0.01f, size);
  });
  add("l1_u8_u8", table.name, n, [t](Data& d, std::size_t size) {
    return t->l1_u8_u8(d.bytes_a.data(), -1, 0.01f, d.bytes_b.data(), -1, 0.009f, size);
  });
  add("min_max_f32", table.name, n, [t](Data& d, std::size_t size) {
    float lo, hi;
    t->min_max_f32(d.a.data(), size, &lo, &hi);
    return lo + hi;
  });
  add("encode_u8", table.name, n, [t](Data& d, std::size_t size) {
    t->encode_u8(d.a.data(), size, -1, 127.5f, d.bytes_out.data());
    return d.bytes_out[0];
  });
  add("sum_u8", table.name, n,
      [t](Data& d, std::size_t size) { return t->sum_u8(d.bytes_a.data(), size); });
}

constexpr std::size_t kRows = 200000;
constexpr std::size_t kHop = 24;  // codes asked for at a time, as a search does

/// Codes all over an array that no cache holds, some at a time: batch calls beside single ones.
void add_batches(const KernelTable& table, std::size_t n, bool batch) {
  const std::string name = std::string(batch ? "dot_u8_i16_batch/" : "dot_u8_i16_scattered/") +
                           table.name + "/" + std::to_string(n);
  benchmark::RegisterBenchmark(name.c_str(), [&table, n, batch](benchmark::State& state) {
    const std::vector<std::uint8_t> rows(kRows * n, 3);
    const std::vector<std::int16_t> query(n, 5);
    std::mt19937 random(1);
    std::vector<const std::uint8_t*> codes(kHop * 1000);
    for (const std::uint8_t*& code : codes) code = rows.data() + random() % kRows * n;
    std::int32_t out[kHop];
    std::size_t hop = 0;
    for (auto _ : state) {
      const std::uint8_t* const* const now = codes.data() + kHop * (hop++ % 1000);
      if (batch) {
        table.dot_u8_i16_batch(now, kHop, query.data(), n, out);
      } else {
        for (std::size_t k = 0; k < kHop; ++k) out[k] = table.dot_u8_i16(now[k], query.data(), n);
      }
      benchmark::DoNotOptimize(out);
      benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kHop * n));
  });
}

struct Sparse {
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  SparseView view() const { return {indices.data(), values.data(), indices.size()}; }
};

/// `count` of the indices below `range`, evenly spread on average.
Sparse random_sparse(unsigned seed, std::size_t count, std::size_t range) {
  std::mt19937 random(seed);
  Sparse result;
  for (std::size_t i = 0; i < range && result.indices.size() < count; ++i) {
    if (random() % (range - i) < count - result.indices.size()) {
      result.indices.push_back(static_cast<std::int32_t>(i));
      result.values.push_back(static_cast<float>(random() % 100));
    }
  }
  return result;
}

template <class Kernel>
void add_sparse(const std::string& operation, const char* variant, std::size_t few,
                std::size_t many, std::size_t range, Kernel kernel) {
  const std::string name = operation + "/" + variant + "/" + std::to_string(few) + "x" +
                           std::to_string(many) + "of" + std::to_string(range);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    // Several pairs, so that no branch predictor learns the order of the indices.
    std::vector<Sparse> a, b;
    for (unsigned i = 0; i < 64; ++i) {
      a.push_back(random_sparse(2 * i, few, range));
      b.push_back(random_sparse(2 * i + 1, many, range));
    }
    std::size_t i = 0;
    for (auto _ : state) {
      benchmark::DoNotOptimize(kernel(a[i % 64].view(), b[i % 64].view()));
      ++i;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(few + many));
  });
}

/// The merge one would write first.
float dot_loop(SparseView a, SparseView b) {
  float sum = 0;
  for (std::size_t i = 0, j = 0; i < a.count && j < b.count;) {
    if (a.indices[i] == b.indices[j]) {
      sum += a.values[i++] * b.values[j++];
    } else if (a.indices[i] < b.indices[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return sum;
}

float l2_loop(SparseView a, SparseView b) {
  float sum = 0;
  std::size_t i = 0, j = 0;
  while (i < a.count || j < b.count) {
    float difference;
    if (j == b.count || (i < a.count && a.indices[i] < b.indices[j])) {
      difference = a.values[i++];
    } else if (i == a.count || b.indices[j] < a.indices[i]) {
      difference = b.values[j++];
    } else {
      difference = a.values[i++] - b.values[j++];
    }
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t n : {128, 768, 1536}) {
    add_loops(n);
    add_eigen(n);
    for (const KernelTable* table : available()) add_table(*table, n);
  }
  for (std::size_t n : {128, 768}) {
    for (const KernelTable* table : available()) {
      add_batches(*table, n, false);
      add_batches(*table, n, true);
    }
  }
  struct Shape {
    std::size_t few, many, range;
  };
  for (const Shape s : {Shape{100, 100, 30000}, Shape{100, 100, 300}, Shape{25, 100, 30000},
                        Shape{12, 100, 30000}, Shape{6, 100, 30000}, Shape{50, 5000, 30000}}) {
    add_sparse("dot_sparse", "loop", s.few, s.many, s.range, dot_loop);
    add_sparse("l2_squared_sparse", "loop", s.few, s.many, s.range, l2_loop);
    for (const KernelTable* table : available()) {
      add_sparse("dot_sparse", table->name, s.few, s.many, s.range, table->dot_sparse);
      add_sparse("l2_squared_sparse", table->name, s.few, s.many, s.range,
                 table->l2_squared_sparse);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
