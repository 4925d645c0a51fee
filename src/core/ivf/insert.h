// core/ivf/insert.h
//
// Adding a row to its list: the one that a search for the row's value looks at first.

#ifndef VEC_CORE_IVF_INSERT_H_
#define VEC_CORE_IVF_INSERT_H_

#include <span>

#include "core/ivf/search.h"
#include "core/ivf/store.h"

namespace vec::ivf {

template <WriteStore S>
void insert(S& store, const codes::Value& value, std::span<const std::byte> code, RowId row) {
  store.append(nearest_lists(store, value, 1).front(), code, row);
}

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_INSERT_H_
