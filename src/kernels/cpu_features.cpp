// kernels/cpu_features.cpp

#include "kernels/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace vec::kernels {

#if defined(__x86_64__)

namespace {

struct CpuidWords {
  unsigned eax, ebx, ecx, edx;
};

/// All zero if the processor has no such leaf.
CpuidWords cpuid(unsigned leaf) noexcept {
  CpuidWords words{};
  if (!__get_cpuid_count(leaf, 0, &words.eax, &words.ebx, &words.ecx, &words.edx)) return {};
  return words;
}

bool has(unsigned word, unsigned bits) noexcept { return (word & bits) == bits; }

/// XCR0, the register sets that the operating system saves.  Only where CPUID reports OSXSAVE.
unsigned saved_register_sets() noexcept {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2, CPUID.
constexpr unsigned kFma = 1u << 12, kPopcnt = 1u << 23, kOsxsave = 1u << 27, kAvx = 1u << 28,
                   kF16c = 1u << 29;  // leaf 1, ecx
constexpr unsigned kAvx2 = 1u << 5, kAvx512f = 1u << 16, kAvx512dq = 1u << 17, kAvx512bw = 1u << 30,
                   kAvx512vl = 1u << 31;                                 // leaf 7, ebx
constexpr unsigned kAvx512Vnni = 1u << 11, kAvx512Vpopcntdq = 1u << 14;  // leaf 7, ecx
constexpr unsigned kAmxTile = 1u << 24, kAmxInt8 = 1u << 25;             // leaf 7, edx
// Volume 1, section 13.3, XCR0.
constexpr unsigned kYmmSaved = 0x06;  // XMM and the upper halves of YMM
constexpr unsigned kZmmSaved = 0xe6;  // and the masks, the upper halves of ZMM, ZMM16-31
constexpr unsigned kTilesSaved = 3u << 17;

/// Linux saves tiles only for processes that have asked for it (Documentation/arch/x86/xstate.rst).
bool tiles_granted() noexcept {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr unsigned long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

CpuFeatures detect_cpu_features() noexcept {
  CpuFeatures found{};
  const CpuidWords basic = cpuid(1);
  if (!has(basic.ecx, kOsxsave)) return found;
  const unsigned saved = saved_register_sets();
  const CpuidWords extended = cpuid(7);
  found.avx2 = has(basic.ecx, kAvx | kFma | kF16c | kPopcnt) && has(extended.ebx, kAvx2) &&
               has(saved, kYmmSaved);
  found.avx512 = found.avx2 && has(extended.ebx, kAvx512f | kAvx512dq | kAvx512bw | kAvx512vl) &&
                 has(saved, kZmmSaved);
  found.avx512_vnni = found.avx512 && has(extended.ecx, kAvx512Vnni);
  found.avx512_popcnt = found.avx512 && has(extended.ecx, kAvx512Vpopcntdq);
  found.avx512_amx = found.avx512_vnni && has(extended.edx, kAmxTile | kAmxInt8) &&
                     has(saved, kTilesSaved) && tiles_granted();
  return found;
}

#elif defined(__aarch64__) && defined(__linux__)

CpuFeatures detect_cpu_features() noexcept {
  CpuFeatures found{};
  found.neon = (getauxval(AT_HWCAP) & HWCAP_ASIMD) != 0;
  return found;
}

#elif defined(__aarch64__)

// Elsewhere than on Linux the ABI of 64-bit ARM requires the vector registers.
CpuFeatures detect_cpu_features() noexcept {
  CpuFeatures found{};
  found.neon = true;
  return found;
}

#else

CpuFeatures detect_cpu_features() noexcept { return {}; }

#endif

}  // namespace vec::kernels
