// kernels/parts.h
//
// What the implementation files export to dispatch.cpp, and nobody else: one constant of function
// pointers each.  As kernel_table.h, this holds nothing but plain declarations.

#ifndef VEC_KERNELS_PARTS_H_
#define VEC_KERNELS_PARTS_H_

#include "kernels/kernel_table.h"

namespace vec::kernels {

/// Steps that limit_for() halves the range in, and the lanes above the wanted number that it is
/// content with.
inline constexpr int kLimitSteps = 24;
inline constexpr std::size_t kLimitSlack = 2;

/// The integer kernels that gain from VNNI.
struct DotKernels {
  std::int32_t (*dot_u8_i16)(const std::uint8_t* code, const std::int16_t* query,
                             std::size_t n) noexcept;
  std::int32_t (*dot_u8_u8)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept;
  void (*dot_u8_i16_batch)(const std::uint8_t* const* codes, std::size_t count,
                           const std::int16_t* query, std::size_t n, std::int32_t* out) noexcept;
  void (*dot_u4_i8_batch)(const std::uint8_t* const* codes, std::size_t count,
                          const std::int8_t* query, std::size_t bytes, std::int32_t* out) noexcept;
  std::int32_t (*dot_u4_u4_i16)(const std::uint8_t* high, const std::uint8_t* low,
                                const std::int16_t* query, std::size_t n) noexcept;
};

/// Those on panels that gain from VNNI, and from AMX.
struct PanelProducts {
  void (*dot_u8_panels)(const std::uint8_t* const* rows, std::size_t row_count,
                        const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                        std::int32_t* out, std::size_t stride) noexcept;
  void (*dot_u7_panels)(const std::uint8_t* const* rows, std::size_t row_count,
                        const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                        std::int32_t* out, std::size_t stride) noexcept;
};

extern const FloatKernels kScalarFloats;
extern const BitKernels kScalarBits;
extern const SparseKernels kScalarSparse;
extern const CodeKernels kScalarCodes;
extern const PanelKernels kScalarPanels;
extern const SelectionKernels kScalarSelection;

#if defined(__x86_64__)
extern const FloatKernels kAvx2Floats;
extern const BitKernels kAvx2Bits;
extern const CodeKernels kAvx2Codes;
extern const PanelKernels kAvx2Panels;
extern const SelectionKernels kAvx2Selection;
extern const FloatKernels kAvx512Floats;
extern const BitKernels kAvx512Bits;
extern const SparseKernels kAvx512Sparse;
extern const CodeKernels kAvx512Codes;
extern const PanelKernels kAvx512Panels;
extern const SelectionKernels kAvx512Selection;
extern const PanelProducts kAmxPanels;
extern const PanelProducts kAvx512VnniPanels;
extern const DotKernels kAvx512VnniDots;
extern const BitKernels kAvx512PopcntBits;
#elif defined(__AARCH64EL__)
extern const FloatKernels kNeonFloats;
extern const BitKernels kNeonBits;
extern const CodeKernels kNeonCodes;
#endif

}  // namespace vec::kernels

#endif  // VEC_KERNELS_PARTS_H_
