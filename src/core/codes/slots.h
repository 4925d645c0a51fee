// core/codes/slots.h
//
// Codes where an index keeps them.  Those of kRotated lie in halves: header, high halves of all
// levels, low halves (split.h).  A search that comes to a code in passing reads the first half, and
// the second if the first does not say that it is too far.  All others lie as they are.

#ifndef VEC_CORE_CODES_SLOTS_H_
#define VEC_CORE_CODES_SLOTS_H_

#include <cstddef>
#include <span>

#include "core/codes/format.h"

namespace vec::codes {

/// Bytes of a code of the format in a slot; for kSparse those of the longest one.
std::size_t slot_bytes(const Format& format) noexcept;

/// The bytes at its start that a first look takes.
std::size_t slot_head_bytes(const Format& format) noexcept;

/// Writes a code to a slot.
void put_in_slot(const Format& format, std::span<const std::byte> code, std::byte* slot) noexcept;

/// Reads the code from a slot that has `bytes` bytes.  `code` has room for the format's code_bytes.
void take_from_slot(const Format& format, const std::byte* slot, std::size_t bytes,
                    std::byte* code) noexcept;

}  // namespace vec::codes

#endif  // VEC_CORE_CODES_SLOTS_H_
