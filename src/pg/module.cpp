// pg/module.cpp
//
// What happens when the server loads the library.

#include "kernels/kernels.h"
#include "pg/boundary.h"
#include "pg/hnsw/settings.h"
#include "pg/ivf/settings.h"

extern "C" {

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "vector", .version = "1.0.0");
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
  const char* wanted = std::getenv("VECTOR_SIMD");
  if (!vec::kernels::choose(wanted)) {
    ereport(WARNING, (errmsg("VECTOR_SIMD=%s is not available on this machine", wanted),
                      errdetail("Using \"%s\" instead.", vec::kernels::active().name)));
  }
  vec::pg::hnsw::define_settings();
  vec::pg::ivf::define_settings();
}

}  // extern "C"
