// kernels/x86_amx_panels.cpp
//
// Products of many codes with many, with AMX: sixteen rows by sixteen columns by sixteen words an
// instruction, which wants its right side as panels are, the columns' words side by side.
//
// "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 1, chapter 18.
//
// Compiled with flags of its own (src/sources.mk): no header but the ones below, nothing exported
// but one table.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/parts.h"

namespace vec::kernels {

namespace {

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileBytes = 64;  // of a tile's row
constexpr std::size_t kTileWords = kTileBytes / 4;
static_assert(kPanelColumns == 2 * kTileWords);

/// Words of the rows that are gathered at a time: what lies scattered is no tile.
constexpr std::size_t kWordsAtATime = 512;

/// A tile of one row takes a fifth longer than VNNI, which whoever has AMX has, too.
constexpr std::size_t kFewestRows = 2;

/// What the tiles are: sums and columns in halves of a panel; those of the last words, which may be
/// fewer than a tile has, are shaped on their own.  Intrinsics take numbers only.
///   0, 1  sums   2  rows   3, 4  columns   5  last words of rows   6, 7  of columns
struct alignas(64) Shapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};

  Shapes(std::size_t row_count, std::size_t last_words) {
    set(0, 2, row_count, kTileBytes);
    set(3, 4, kTileWords, kTileBytes);
    if (last_words == 0) return;
    set(5, 5, row_count, last_words * 4);
    set(6, 7, last_words, kTileBytes);
  }
  void set(int first, int last, std::size_t count, std::size_t bytes) {
    for (int tile = first; tile <= last; ++tile) {
      rows[tile] = static_cast<std::uint8_t>(count);
      row_bytes[tile] = static_cast<std::uint16_t>(bytes);
    }
  }
};

/// The intrinsics are statements in assembler of which GCC is not told what memory they read and
/// write: without this it may leave out what was written before, or write it later.
inline void settle(const void* memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

struct Unsigned {
  static void add() {
    _tile_dpbuud(0, 2, 3);
    _tile_dpbuud(1, 2, 4);
  }
  static void add_last() {
    _tile_dpbuud(0, 5, 6);
    _tile_dpbuud(1, 5, 7);
  }
};
struct Signed {  // columns
  static void add() {
    _tile_dpbusd(0, 2, 3);
    _tile_dpbusd(1, 2, 4);
  }
  static void add_last() {
    _tile_dpbusd(0, 5, 6);
    _tile_dpbusd(1, 5, 7);
  }
};

/// Some words of the rows, one row behind the other.
struct Gathered {
  alignas(64) std::uint8_t bytes[kTileRows * kWordsAtATime * 4];
  std::size_t words;

  void take(const std::uint8_t* const* rows, std::size_t count, std::size_t first,
            std::size_t wanted) {
    words = wanted;
    for (std::size_t r = 0; r < count; ++r) {
      __builtin_memcpy(bytes + r * words * 4, rows[r] + first * 4, words * 4);
    }
    settle(bytes);
  }
};

/// Adds the products with one panel's same words to what `out` holds, or puts them there.
template <class Product>
void add_panel(const Gathered& rows, const std::uint8_t* panel, bool is_first, std::int32_t* out,
               std::size_t stride) {
  constexpr std::size_t kWordBytes = kPanelColumns * 4;
  if (is_first) {
    _tile_zero(0);
    _tile_zero(1);
  } else {
    _tile_loadd(0, out, stride * 4);
    _tile_loadd(1, out + kTileWords, stride * 4);
  }
  std::size_t w = 0;
  for (; w + kTileWords <= rows.words; w += kTileWords, panel += kTileWords * kWordBytes) {
    _tile_loadd(2, rows.bytes + w * 4, rows.words * 4);
    _tile_loadd(3, panel, kWordBytes);
    _tile_loadd(4, panel + kTileBytes, kWordBytes);
    Product::add();
  }
  if (w < rows.words) {
    _tile_loadd(5, rows.bytes + w * 4, rows.words * 4);
    _tile_loadd(6, panel, kWordBytes);
    _tile_loadd(7, panel + kTileBytes, kWordBytes);
    Product::add_last();
  }
  _tile_stored(0, out, stride * 4);
  _tile_stored(1, out + kTileWords, stride * 4);
  settle(out);
}

template <class Product>
void dot_panels(const std::uint8_t* const* rows, std::size_t row_count, const std::uint8_t* panels,
                std::size_t panel_count, std::size_t words, std::int32_t* out, std::size_t stride) {
  Gathered gathered;
  for (std::size_t first = 0; first < row_count; first += kTileRows) {
    const std::size_t count = row_count - first < kTileRows ? row_count - first : kTileRows;
    const Shapes shapes(count, words % kTileWords);
    settle(&shapes);
    _tile_loadconfig(&shapes);
    std::size_t word = 0;
    do {
      const std::size_t some = words - word < kWordsAtATime ? words - word : kWordsAtATime;
      gathered.take(rows + first, count, word, some);
      for (std::size_t p = 0; p < panel_count; ++p) {
        add_panel<Product>(gathered, panels + (p * words + word) * kPanelColumns * 4, word == 0,
                           out + first * stride + p * kPanelColumns, stride);
      }
      word += some;
    } while (word < words);
  }
  // Else the kernel would go on saving eight kilobytes of tiles at each switch.
  _tile_release();
}

void dot_u8_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::uint8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  if (row_count < kFewestRows) {
    kAvx512VnniPanels.dot_u8_panels(rows, row_count, panels, panel_count, words, out, stride);
    return;
  }
  dot_panels<Unsigned>(rows, row_count, panels, panel_count, words, out, stride);
}

void dot_u7_panels(const std::uint8_t* const* rows, std::size_t row_count,
                   const std::int8_t* panels, std::size_t panel_count, std::size_t words,
                   std::int32_t* out, std::size_t stride) noexcept {
  if (row_count < kFewestRows) {
    kAvx512VnniPanels.dot_u7_panels(rows, row_count, panels, panel_count, words, out, stride);
    return;
  }
  dot_panels<Signed>(rows, row_count, reinterpret_cast<const std::uint8_t*>(panels), panel_count,
                     words, out, stride);
}

}  // namespace

constinit const PanelProducts kAmxPanels = {.dot_u8_panels = dot_u8_panels,
                                            .dot_u7_panels = dot_u7_panels};

}  // namespace vec::kernels
