// core/rng.h
//
// A small random number generator: splitmix64 (Steele, Lea & Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014).  The same seed gives the same numbers everywhere.

#ifndef VEC_CORE_RNG_H_
#define VEC_CORE_RNG_H_

#include <cstdint>

namespace vec {

class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  /// In (0, 1].
  constexpr double uniform() {
    return (static_cast<double>(next() >> 11) + 1) / 9007199254740992.0;  // 2^53
  }

  /// In 0..below - 1; below > 0.  The bias is below / 2^64.
  constexpr std::uint64_t below(std::uint64_t below) { return next() % below; }

 private:
  std::uint64_t state_;
};

}  // namespace vec

#endif  // VEC_CORE_RNG_H_
