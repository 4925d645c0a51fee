// pg/hnsw/check.cpp
//
// hnsw_check(index regclass) RETURNS SETOF text: what is wrong with an index's structure, a row a
// problem; none if it is sound.

#include "core/hnsw/check.h"

#include <string>
#include <vector>

#include "pg/hnsw/access_method.h"
#include "pg/hnsw/pages.h"

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

/// Codes of varying length: no two nodes' codes share a cell, and every cell that a code lies in is
/// marked as taken.
void check_items(Store& store, std::vector<std::string>& problems) {
  const Layout& layout = store.layout();
  const std::uint32_t per_page = layout.cells_per_page();
  const std::uint32_t pages = store.item_pages();
  const std::size_t cells = std::size_t{pages} * per_page;
  std::vector<NodeId> owners(cells, vec::hnsw::kNoNode);
  std::vector<std::byte> page(BLCKSZ);
  std::vector<bool> taken(cells);
  for (std::uint32_t number = 0; number < pages; ++number) {
    store.check_interrupts();
    if (!store.copy_page(PageKind::kItems, number, page.data())) continue;
    for (std::uint32_t cell = 0; cell < per_page; ++cell) {
      taken[std::size_t{number} * per_page + cell] =
          page[layout.header_bytes() + cell] != std::byte{0};
    }
  }
  const auto name = [](NodeId node) { return "node " + std::to_string(node); };
  const NodeId count = store.node_count();
  for (NodeId first = 0; first < count; first += layout.codes_per_page()) {
    store.check_interrupts();
    if (!store.copy_page(PageKind::kCodes, first / layout.codes_per_page(), page.data())) continue;
    for (NodeId node = first; node < std::min(count, first + layout.codes_per_page()); ++node) {
      const char* slot = reinterpret_cast<const char*>(page.data()) + layout.code_slot(node).offset;
      if (read_at<vec::hnsw::CodeSlot>(slot, 0).state == NodeState::kFree) continue;
      const auto item = read_at<vec::hnsw::ItemPlace>(slot, sizeof(vec::hnsw::CodeSlot));
      const std::size_t wanted = vec::hnsw::cells_of(item.bytes);
      const std::size_t start = std::size_t{item.page} * per_page + item.cell;
      if (item.cell + wanted > per_page || start + wanted > cells) {
        problems.push_back(name(node) + " has its code in no place");
        continue;
      }
      for (std::size_t cell = start; cell < start + wanted; ++cell) {
        if (!taken[cell]) {
          problems.push_back("the place of the code of " + name(node) + " is marked as free");
          break;
        }
        if (owners[cell] != vec::hnsw::kNoNode) {
          problems.push_back(name(node) + " has its code in the place of that of " +
                             name(owners[cell]));
          break;
        }
        owners[cell] = node;
      }
    }
  }
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
  std::vector<std::string> problems = vec::hnsw::Check<hnsw::Store>(store).run();
  if (store.layout().has_items()) hnsw::check_items(store, problems);
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
