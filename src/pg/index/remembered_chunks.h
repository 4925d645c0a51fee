// pg/index/remembered_chunks.h
//
// A backend's memory of where in their TOAST tables values begin, so that one that was read before
// is found without a search of the TOAST index, which takes twice as long as reading the value.
//
// What is remembered is a guess: a row of a TOAST table says itself which value and which chunk it
// is, and no two that exist say the same, dead ones included.

#ifndef VEC_PG_INDEX_REMEMBERED_CHUNKS_H_
#define VEC_PG_INDEX_REMEMBERED_CHUNKS_H_

#include "pg/pg.h"

namespace vec::pg {

/// Where the value began in its table, or in another table that has a value of the same number;
/// not valid if nothing is remembered.
ItemPointerData remembered_chunk(Oid value) noexcept;

void remember_chunk(Oid value, const ItemPointerData& place) noexcept;

}  // namespace vec::pg

#endif  // VEC_PG_INDEX_REMEMBERED_CHUNKS_H_
