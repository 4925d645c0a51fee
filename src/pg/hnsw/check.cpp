// pg/hnsw/check.cpp
//
// hnsw_check(index regclass) RETURNS SETOF text: what is wrong with an index's structure, a row a
// problem; none if it is sound.

#include "core/hnsw/check.h"

#include <string>
#include <vector>

#include "pg/hnsw/access_method.h"
#include "pg/hnsw/store.h"

namespace vec::pg::hnsw {

namespace {

/// Opens an index whose table nobody can write to until the transaction ends.  C-like.
Relation open_to_check(Oid oid) {
  const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple)) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", oid)));
  }
  const auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  const bool ours = form->relkind == RELKIND_INDEX && form->relam == get_am_oid("hnsw", true);
  ReleaseSysCache(tuple);
  if (!ours) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" is not an hnsw index", get_rel_name(oid))));
  }
  // The table first, as everybody does: two that wait for one another would be a deadlock.
  const Oid table = IndexGetRelation(oid, false);
  LockRelationOid(table, ShareLock);
  return index_open(oid, AccessShareLock);
}

}  // namespace

}  // namespace vec::pg::hnsw

VEC_FUNCTION(hnsw_check) {
  using namespace vec::pg;
  const Relation index = pg_call([=] {
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    return hnsw::open_to_check(PG_GETARG_OID(0));
  });
  hnsw::Store store(index);
  const std::vector<std::string> problems = vec::hnsw::Check<hnsw::Store>(store).run();
  pg_call([&] {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (const std::string& problem : problems) {
      Datum value = CStringGetTextDatum(problem.c_str());
      bool is_null = false;
      tuplestore_putvalues(result->setResult, result->setDesc, &value, &is_null);
    }
    index_close(index, NoLock);
  });
  return static_cast<Datum>(0);
}
