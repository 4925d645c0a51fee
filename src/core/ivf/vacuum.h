// core/ivf/vacuum.h
//
// Taking dead rows out of all lists.  Interrupted at any point it leaves a good index.

#ifndef VEC_CORE_IVF_VACUUM_H_
#define VEC_CORE_IVF_VACUUM_H_

#include "core/ivf/store.h"

namespace vec::ivf {

/// Drops the rows that is_dead(row) names.
template <class S, class IsDead>
Swept remove_dead(S& store, IsDead is_dead) {
  Swept all;
  for (ListNo list = 0; list < store.lists(); ++list) {
    const Swept swept = store.sweep(list, is_dead);
    all.removed += swept.removed;
    all.left += swept.left;
  }
  return all;
}

}  // namespace vec::ivf

#endif  // VEC_CORE_IVF_VACUUM_H_
