// pg/types/distance.cpp
//
// Distances and inner products of vector, halfvec and sparsevec.  One set of formulas for the
// three, so that equal vectors give equal numbers whatever their type: the sums are floats, what
// is done to a sum is done in double.

#include "kernels/kernels.h"
#include "pg/types/arguments.h"

namespace vec::pg {
namespace {

/// How a type's sums are taken.
template <class Arg>
struct Sums;

template <>
struct Sums<DenseArg<float>> {
  using Arg = DenseArg<float>;
  static constexpr const char* kTypeName = Element<float>::kTypeName;
  static float l2_squared(const Arg& a, const Arg& b) {
    return kernels::active().l2_squared_f32(a.data(), b.data(), a.size());
  }
  static float dot(const Arg& a, const Arg& b) {
    return kernels::active().dot_f32(a.data(), b.data(), a.size());
  }
  static float l1(const Arg& a, const Arg& b) {
    return kernels::active().l1_f32(a.data(), b.data(), a.size());
  }
  static kernels::CosineParts cosine(const Arg& a, const Arg& b) {
    return kernels::active().cosine_f32(a.data(), b.data(), a.size());
  }
  static double norm_squared(const Arg& a) {
    return kernels::active().norm_squared_f32(a.data(), a.size());
  }
};

template <>
struct Sums<DenseArg<HalfBits>> {
  using Arg = DenseArg<HalfBits>;
  static constexpr const char* kTypeName = Element<HalfBits>::kTypeName;
  static float l2_squared(const Arg& a, const Arg& b) {
    return kernels::active().l2_squared_f16(a.data(), b.data(), a.size());
  }
  static float dot(const Arg& a, const Arg& b) {
    return kernels::active().dot_f16(a.data(), b.data(), a.size());
  }
  static float l1(const Arg& a, const Arg& b) {
    return kernels::active().l1_f16(a.data(), b.data(), a.size());
  }
  static kernels::CosineParts cosine(const Arg& a, const Arg& b) {
    return kernels::active().cosine_f16(a.data(), b.data(), a.size());
  }
  static double norm_squared(const Arg& a) {
    return kernels::active().norm_squared_f16(a.data(), a.size());
  }
};

template <>
struct Sums<SparseArg> {
  using Arg = SparseArg;
  static constexpr const char* kTypeName = kSparseName;
  static float l2_squared(const Arg& a, const Arg& b) {
    return kernels::active().l2_squared_sparse(a.view().for_kernels(), b.view().for_kernels());
  }
  static float dot(const Arg& a, const Arg& b) {
    return kernels::active().dot_sparse(a.view().for_kernels(), b.view().for_kernels());
  }
  static float l1(const Arg& a, const Arg& b) {
    return kernels::active().l1_sparse(a.view().for_kernels(), b.view().for_kernels());
  }
  static kernels::CosineParts cosine(const Arg& a, const Arg& b) {
    const DenseView<float> x = a.view().values(), y = b.view().values();
    const auto& kernel = kernels::active();
    return {dot(a, b), kernel.dot_f32(x.data(), x.data(), x.size()),
            kernel.dot_f32(y.data(), y.data(), y.size())};
  }
  static double norm_squared(const Arg& a) {
    const DenseView<float> x = a.view().values();
    return kernels::active().norm_squared_f32(x.data(), x.size());
  }
};

/// std::clamp would not let NaN pass.
double clamp_to_unit(double value) {
  if (value > 1) return 1;
  if (value < -1) return -1;
  return value;
}

template <class Arg>
struct Distance {
  using S = Sums<Arg>;

  static Datum l2_squared(const Arg& a, const Arg& b) {
    return Float8GetDatum(double{S::l2_squared(a, b)});
  }
  static Datum l2(const Arg& a, const Arg& b) {
    return Float8GetDatum(std::sqrt(double{S::l2_squared(a, b)}));
  }
  static Datum inner_product(const Arg& a, const Arg& b) {
    return Float8GetDatum(double{S::dot(a, b)});
  }
  static Datum negative_inner_product(const Arg& a, const Arg& b) {
    return Float8GetDatum(double{-S::dot(a, b)});
  }
  static Datum l1(const Arg& a, const Arg& b) { return Float8GetDatum(double{S::l1(a, b)}); }
  /// NaN if a norm is zero, or if the sums overflow.
  static Datum cosine(const Arg& a, const Arg& b) {
    const kernels::CosineParts parts = S::cosine(a, b);
    const double similarity = double{parts.dot} / std::sqrt(double{parts.aa} * double{parts.bb});
    return Float8GetDatum(1 - clamp_to_unit(similarity));
  }
  /// The angle as a fraction of pi, for arguments of length 1.
  static Datum spherical(const Arg& a, const Arg& b) {
    return Float8GetDatum(std::acos(clamp_to_unit(S::dot(a, b))) / M_PI);
  }
};

template <class Arg, Datum (*Of)(const Arg&, const Arg&)>
Datum of_two(FunctionCallInfo fcinfo) {
  const Arg a(fcinfo, 0), b(fcinfo, 1);
  a.fetch_next_row();
  b.fetch_next_row();
  check_same_dims(Sums<Arg>::kTypeName, a.dims(), b.dims());
  return Of(a, b);
}

template <class Arg>
Datum norm(FunctionCallInfo fcinfo) {
  return Float8GetDatum(std::sqrt(Sums<Arg>::norm_squared(Arg(fcinfo, 0))));
}

using Dense = DenseArg<float>;
using Half = DenseArg<HalfBits>;

}  // namespace
}  // namespace vec::pg

using namespace vec::pg;

VEC_FUNCTION(l2_distance) { return of_two<Dense, Distance<Dense>::l2>(fcinfo); }
VEC_FUNCTION(vector_l2_squared_distance) {
  return of_two<Dense, Distance<Dense>::l2_squared>(fcinfo);
}
VEC_FUNCTION(inner_product) { return of_two<Dense, Distance<Dense>::inner_product>(fcinfo); }
VEC_FUNCTION(vector_negative_inner_product) {
  return of_two<Dense, Distance<Dense>::negative_inner_product>(fcinfo);
}
VEC_FUNCTION(cosine_distance) { return of_two<Dense, Distance<Dense>::cosine>(fcinfo); }
VEC_FUNCTION(l1_distance) { return of_two<Dense, Distance<Dense>::l1>(fcinfo); }
VEC_FUNCTION(vector_spherical_distance) {
  return of_two<Dense, Distance<Dense>::spherical>(fcinfo);
}
VEC_FUNCTION(vector_norm) { return norm<Dense>(fcinfo); }

VEC_FUNCTION(halfvec_l2_distance) { return of_two<Half, Distance<Half>::l2>(fcinfo); }
VEC_FUNCTION(halfvec_l2_squared_distance) {
  return of_two<Half, Distance<Half>::l2_squared>(fcinfo);
}
VEC_FUNCTION(halfvec_inner_product) { return of_two<Half, Distance<Half>::inner_product>(fcinfo); }
VEC_FUNCTION(halfvec_negative_inner_product) {
  return of_two<Half, Distance<Half>::negative_inner_product>(fcinfo);
}
VEC_FUNCTION(halfvec_cosine_distance) { return of_two<Half, Distance<Half>::cosine>(fcinfo); }
VEC_FUNCTION(halfvec_l1_distance) { return of_two<Half, Distance<Half>::l1>(fcinfo); }
VEC_FUNCTION(halfvec_spherical_distance) { return of_two<Half, Distance<Half>::spherical>(fcinfo); }
VEC_FUNCTION(halfvec_l2_norm) { return norm<Half>(fcinfo); }

VEC_FUNCTION(sparsevec_l2_distance) { return of_two<SparseArg, Distance<SparseArg>::l2>(fcinfo); }
VEC_FUNCTION(sparsevec_l2_squared_distance) {
  return of_two<SparseArg, Distance<SparseArg>::l2_squared>(fcinfo);
}
VEC_FUNCTION(sparsevec_inner_product) {
  return of_two<SparseArg, Distance<SparseArg>::inner_product>(fcinfo);
}
VEC_FUNCTION(sparsevec_negative_inner_product) {
  return of_two<SparseArg, Distance<SparseArg>::negative_inner_product>(fcinfo);
}
VEC_FUNCTION(sparsevec_cosine_distance) {
  return of_two<SparseArg, Distance<SparseArg>::cosine>(fcinfo);
}
VEC_FUNCTION(sparsevec_l1_distance) { return of_two<SparseArg, Distance<SparseArg>::l1>(fcinfo); }
VEC_FUNCTION(sparsevec_l2_norm) { return norm<SparseArg>(fcinfo); }
