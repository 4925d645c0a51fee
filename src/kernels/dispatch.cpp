// kernels/dispatch.cpp
//
// Puts the tables together from their parts and picks one.

#include "kernels/cpu_features.h"
#include "kernels/kernels.h"
#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr std::size_t kMaxTables = 6;

/// The tables of this machine, best first.
struct Registry {
  KernelTable tables[kMaxTables];
  const KernelTable* pointers[kMaxTables];
  std::size_t count;

  Registry() noexcept;
  void add(const KernelTable& table) noexcept {
    tables[count] = table;
    pointers[count] = &tables[count];
    ++count;
  }
};

Registry::Registry() noexcept : tables{}, pointers{}, count(0) {
  [[maybe_unused]] const CpuFeatures cpu = detect_cpu_features();
  const KernelTable scalar = {kScalarFloats, kScalarBits,      kScalarSparse, kScalarCodes,
                              kScalarPanels, kScalarSelection, "scalar"};
#if defined(__x86_64__)
  const KernelTable avx2 = {kAvx2Floats, kAvx2Bits,      kScalarSparse, kAvx2Codes,
                            kAvx2Panels, kAvx2Selection, "avx2"};
  KernelTable avx512 = {kAvx512Floats, kAvx512Bits,      kAvx512Sparse, kAvx512Codes,
                        kAvx512Panels, kAvx512Selection, "avx512"};
  // Wider registers would gain nothing here.
  avx512.scale_f32 = kAvx2Codes.scale_f32;
  avx512.absolute_sum_f32 = kAvx2Codes.absolute_sum_f32;
  avx512.round_i16 = kAvx2Codes.round_i16;
  avx512.round_i8 = kAvx2Codes.round_i8;
  avx512.transpose = kAvx2Selection.transpose;
  KernelTable vnni = avx512;
  vnni.name = "avx512-vnni";
  vnni.dot_u8_i16 = kAvx512VnniDots.dot_u8_i16;
  vnni.dot_u8_u8 = kAvx512VnniDots.dot_u8_u8;
  vnni.dot_u8_i16_batch = kAvx512VnniDots.dot_u8_i16_batch;
  vnni.dot_u4_i8_batch = kAvx512VnniDots.dot_u4_i8_batch;
  vnni.dot_u4_u4_i16 = kAvx512VnniDots.dot_u4_u4_i16;
  vnni.dot_u8_panels = kAvx512VnniPanels.dot_u8_panels;
  vnni.dot_u7_panels = kAvx512VnniPanels.dot_u7_panels;
  KernelTable popcnt = cpu.avx512_vnni ? vnni : avx512;
  popcnt.name = "avx512-popcnt";
  popcnt.hamming = kAvx512PopcntBits.hamming;
  popcnt.bit_counts = kAvx512PopcntBits.bit_counts;
  KernelTable amx = cpu.avx512_popcnt ? popcnt : vnni;
  amx.name = "avx512-amx";
  amx.dot_u8_panels = kAmxPanels.dot_u8_panels;
  amx.dot_u7_panels = kAmxPanels.dot_u7_panels;

  if (cpu.avx512_amx) add(amx);
  if (cpu.avx512_popcnt) add(popcnt);
  if (cpu.avx512_vnni) add(vnni);
  if (cpu.avx512) add(avx512);
  if (cpu.avx2) add(avx2);
#elif defined(__AARCH64EL__)
  KernelTable neon = {kNeonFloats,   kNeonBits,        kScalarSparse, kNeonCodes,
                      kScalarPanels, kScalarSelection, "neon"};
  neon.decoded_sums = kScalarCodes.decoded_sums;
  if (cpu.neon) add(neon);
#endif
  add(scalar);
}

/// Filled on first use, by one thread while others wait; nothing runs when the library is loaded
/// or unloaded.
const Registry& registry() noexcept {
  static const Registry filled;
  return filled;
}

bool same_text(const char* a, const char* b) noexcept {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

constinit const KernelTable* chosen_table = nullptr;

const KernelTable& scalar() noexcept { return *available().back(); }

bool choose(const char* wanted) noexcept {
  const bool any = wanted == nullptr || *wanted == '\0';
  const KernelTable* const named = any ? nullptr : by_name(wanted);
  chosen_table = named != nullptr ? named : available().front();
  return any || named != nullptr;
}

std::span<const KernelTable* const> available() noexcept {
  return {registry().pointers, registry().count};
}

const KernelTable* by_name(const char* name) noexcept {
  if (name == nullptr) return nullptr;
  for (const KernelTable* table : available()) {
    if (same_text(table->name, name)) return table;
  }
  return nullptr;
}

}  // namespace vec::kernels
