// core/hnsw/bulk/spill.h
//
// Temporary files, as a build needs them that has too little memory.  Written from the front, then
// read from the front; the server's are those of PostgreSQL (pg/hnsw/temp_files.h), the tests' are
// in memory.
//
// Nobody removes files after an error: they go with the one who made the Spill.

#ifndef VEC_CORE_HNSW_BULK_SPILL_H_
#define VEC_CORE_HNSW_BULK_SPILL_H_

#include <cstddef>
#include <span>
#include <type_traits>

namespace vec::hnsw::bulk {

/// Every call may throw.
class SpillFile {
 public:
  /// Not after rewind().
  virtual void append(std::span<const std::byte> bytes) = 0;
  /// The next read() is of the first byte.  May be called again.
  virtual void rewind() = 0;
  /// Fills `out` with what comes next; throws if there is less.
  virtual void read(std::span<std::byte> out) = 0;

 protected:
  ~SpillFile() = default;
};

class Spill {
 public:
  virtual ~Spill() = default;
  /// An empty file.
  virtual SpillFile* create() = 0;
  virtual void remove(SpillFile* file) = 0;
  /// Memory that a file takes while it is there.
  virtual std::size_t file_bytes() const = 0;
};

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

template <class T>
T read_value(SpillFile& file) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  file.read(std::as_writable_bytes(std::span<T, 1>(&value, 1)));
  return value;
}

}  // namespace vec::hnsw::bulk

#endif  // VEC_CORE_HNSW_BULK_SPILL_H_
