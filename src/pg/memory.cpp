#include "pg/memory.h"

namespace vec::pg {

void* ContextMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  // Checked first: PostgreSQL raises an error for a size that no context may give.
  if (alignment > MAXIMUM_ALIGNOF || bytes > MaxAllocHugeSize) throw std::bad_alloc();
  void* memory = MemoryContextAllocExtended(context_, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

std::pmr::memory_resource* ContextMemory::resource() { return this; }

void ContextMemory::do_deallocate(void* memory, std::size_t, std::size_t) { pfree(memory); }

}  // namespace vec::pg
