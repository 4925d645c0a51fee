// kernels/cpu_features.h
//
// What the processor can run and the operating system saves.

#ifndef VEC_KERNELS_CPU_FEATURES_H_
#define VEC_KERNELS_CPU_FEATURES_H_

namespace vec::kernels {

/// Each is true if the processor has every instruction of the group and the operating system
/// keeps the registers it needs across a task switch.
struct CpuFeatures {
  bool avx2;           // AVX2, FMA, F16C and POPCNT
  bool avx512;         // avx2, and AVX-512 F, BW, VL and DQ
  bool avx512_vnni;    // avx512, and VNNI
  bool avx512_popcnt;  // avx512, and VPOPCNTDQ
  bool avx512_amx;     // avx512_vnni, and AMX with tiles of bytes
  bool neon;           // the base vector instructions of 64-bit ARM
};

/// Asks the processor, and the operating system for the registers of AMX, which it then keeps for
/// this process and those that it forks.  Costs some CPUID instructions, which trap in a virtual
/// machine: ask once.
CpuFeatures detect_cpu_features() noexcept;

}  // namespace vec::kernels

#endif  // VEC_KERNELS_CPU_FEATURES_H_
