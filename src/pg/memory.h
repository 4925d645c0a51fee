// pg/memory.h
//
// C++ objects in PostgreSQL's memory contexts.

#ifndef VEC_PG_MEMORY_H_
#define VEC_PG_MEMORY_H_

#include <memory_resource>
#include <new>
#include <utility>

#include "pg/boundary.h"
#include "pg/pg.h"

namespace vec::pg {

/// Memory of one context.  Throws std::bad_alloc instead of raising an error; what is not given
/// back goes with the context.
class ContextMemory final : public std::pmr::memory_resource {
 public:
  explicit ContextMemory(MemoryContext context) : context_(context) {}

  /// This, for standard containers that allocate while the object is a local variable: the
  /// compiler does not see what is behind the pointer.  g++ 16, where it sees, guesses that it may
  /// be a monotonic_buffer_resource and warns that one does not fit into it.
  std::pmr::memory_resource* resource();

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  MemoryContext context_;
};

/// A T in `context`, destroyed when the context is reset or deleted: also after an error, when
/// nobody else would.  T owns memory only, never a pin or a lock.
template <class T, class... Arguments>
T* make_in_context(MemoryContext context, Arguments&&... arguments) {
  struct Holder {
    MemoryContextCallback callback;
    alignas(T) std::byte room[sizeof(T)];
  };
  static_assert(alignof(Holder) <= MAXIMUM_ALIGNOF);
  auto* holder = pg_call(
      [context] { return static_cast<Holder*>(MemoryContextAllocZero(context, sizeof(Holder))); });
  T* object = new (holder->room) T(std::forward<Arguments>(arguments)...);
  holder->callback.func = [](void* argument) { static_cast<T*>(argument)->~T(); };
  holder->callback.arg = object;
  MemoryContextRegisterResetCallback(context, &holder->callback);
  return object;
}

}  // namespace vec::pg

#endif  // VEC_PG_MEMORY_H_
