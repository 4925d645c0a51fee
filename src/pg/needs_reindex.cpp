// pg/needs_reindex.cpp
//
// vector_needs_reindex(index regclass) RETURNS boolean: whether the index's file has another format
// than ours, because pgvector or another version wrote it.  Null for what is no such index, so that
// it can be asked of every row of pg_class.

#include "pg/boundary.h"
#include "pg/hnsw/index.h"
#include "pg/ivf/index.h"

namespace vec::pg {

namespace {

enum class Answer { kNo, kYes, kNotAsked };

/// Whether `am` is an access method of ours.  C-like.
bool is_ours(Oid am) {
  return OidIsValid(am) && (am == get_am_oid("hnsw", true) || am == get_am_oid("ivfflat", true) ||
                            am == get_am_oid("flat", true));
}

/// Whether there is a file of an index of ours behind the OID, as far as the catalog says.  C-like.
bool has_file_to_read(Oid oid) {
  const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple)) return false;
  const auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  // A standby has no file of an unlogged index.
  const bool result = form->relkind == RELKIND_INDEX && is_ours(form->relam) &&
                      (form->relpersistence != RELPERSISTENCE_UNLOGGED || !RecoveryInProgress());
  ReleaseSysCache(tuple);
  return result;
}

bool has_our_format(Relation index) {
  const Oid am = index->rd_rel->relam;
  if (am == get_am_oid("hnsw", true)) {
    hnsw::MetaPage meta;
    return hnsw::read_meta(index, &meta);
  }
  const auto method = am == get_am_oid("flat", true) ? ivf::Method::kFlat : ivf::Method::kIvfflat;
  ivf::MetaPage meta;
  return ivf::read_meta(index, method, &meta);
}

/// C-like.
Answer needs_reindex(Oid oid) {
  if (!has_file_to_read(oid)) return Answer::kNotAsked;
  const Relation index = try_relation_open(oid, AccessShareLock);
  if (index == nullptr) return Answer::kNotAsked;  // dropped in the meantime
  Answer answer = Answer::kNotAsked;
  // Temporary tables of other sessions are in the memory of those.
  if (!RELATION_IS_OTHER_TEMP(index)) answer = has_our_format(index) ? Answer::kNo : Answer::kYes;
  relation_close(index, AccessShareLock);
  return answer;
}

}  // namespace

}  // namespace vec::pg

VEC_FUNCTION(vector_needs_reindex) {
  using namespace vec::pg;
  const Answer answer = pg_call([=] { return needs_reindex(PG_GETARG_OID(0)); });
  if (answer == Answer::kNotAsked) PG_RETURN_NULL();
  PG_RETURN_BOOL(answer == Answer::kYes);
}
