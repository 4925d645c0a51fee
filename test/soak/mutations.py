"""Deliberate faults, each with the test that must notice it.  test/soak/mutate applies them.

A fault is a text of a file and what stands there instead; the text must be there exactly once, or
`mutate` says so.  A test is one of
  unit:FILE:FILTER         a file of test/unit
  regress:NAME, spec:NAME  pg_regress, isolation tester
  tap:FILE                 a file of test/t
  soak:MODE:SEED:SECONDS   the workload
"""

import os
import sys

FAULTS = [
    # ---- WAL and what a crash leaves --------------------------------------------------------
    ("no WAL for a row added to a node", "src/pg/hnsw/store_write.cpp",
     "    if (added) {\n      PageChange change(pages.index, pages.logged);",
     "    if (added) {\n      PageChange change(pages.index, false);",
     "soak:standby:3:40"),
    ("no WAL for changed links", "src/pg/hnsw/store_write.cpp",
     "  if (fits) {\n    PageChange change(pages.index, pages.logged);",
     "  if (fits) {\n    PageChange change(pages.index, false);",
     "tap:052_hnsw_standby.pl"),
    ("no WAL for dead rows taken out of a list", "src/pg/ivf/store_write.cpp",
     "  if (result.swept.removed > 0) {\n    PageChange change(pages.index, true);",
     "  if (result.swept.removed > 0) {\n    PageChange change(pages.index, false);",
     "soak:standby:3:40"),
    ("an item and the slot that names it are freed in two steps", "src/pg/hnsw/store_vacuum.cpp",
     "    write_at(change.edit(codes.buffer), place.offset, slot);\n    auto contents",
     "    auto contents",
     "tap:058_hnsw_vacuum_records.pl"),
    ("a record leaves out the end of the page", "src/pg/wal.cpp",
     "  compare(std::max(used.upper, old_used.upper), BLCKSZ);", "  (void)compare;",
     "tap:061_ivfflat_crash.pl"),
    # ---- locks ------------------------------------------------------------------------------
    ("a page of a list is filled under a share lock", "src/pg/ivf/store_write.cpp",
     "    const Held held = hold_entries(pages, block, list, BUFFER_LOCK_EXCLUSIVE);\n    if (has_room",
     "    const Held held = hold_entries(pages, block, list, BUFFER_LOCK_SHARE);\n    if (has_room",
     "soak:concurrent:4:40"),
    ("links are replaced without comparing them", "src/pg/hnsw/store_write.cpp",
     "    fits = fits && same_links(held.page + place.offset + header_bytes, limit, expected);",
     "    (void)same_links;",
     "tap:059_hnsw_crowd.pl"),
    ("a search does not begin anew when a vacuum takes its way away", "src/core/hnsw/search.h",
     "    if (!search->lost_its_way()) break;", "    break;",
     "unit:core_hnsw_search_test.cpp:Hnsw.*"),
    ("nobody checks whose page it is that a search looks at", "src/pg/unpinned_page.h",
     "    BufferTag tag = tag_;\n", "    return true;\n    BufferTag tag = tag_;\n",
     "tap:057_hnsw_few_buffers.pl"),
    ("an argument is taken for another one", "src/pg/repeated_arguments.cpp",
     "argument.number != place.va_valueid || argument.table", "argument.table",
     "regress:toasted"),
    ("what stands where a value was is taken for it", "src/pg/index/toasted_values.cpp",
     "DatumGetObjectId(chunk_value) != value ||\n      DatumGetInt32(chunk_number) != number)", "false)",
     "regress:toasted"),
    # ---- pages ------------------------------------------------------------------------------
    ("one code too many on a page", "src/core/hnsw/layout.cpp",
     "codes_ = Divider(static_cast<std::uint32_t>(room / code_slot_bytes_));",
     "codes_ = Divider(static_cast<std::uint32_t>(room / code_slot_bytes_ + 1));",
     "regress:hnsw_search"),
    ("the bytes of an item are not checked", "src/pg/hnsw/store_read.cpp",
     "          if (end_offset > layout.used_bytes(PageKind::kItems)) {", "          if (false) {",
     "tap:054_damage.pl"),
    ("a new page of a list is not chained", "src/pg/ivf/store_write.cpp",
     "    set_trailer(change.edit(held.buffer), trailer);", "    change.edit(held.buffer);",
     "regress:flat"),
    ("a taken cell counts as free", "src/pg/hnsw/store_write.cpp",
     "        run = taken[cell] != 0 ? 0 : run + 1;", "        run = run + 1;",
     "regress:hnsw_check"),
    ("the entries of a page are not checked", "src/core/ivf/entries.h",
     "    if (at + size.head > extent.lower || tail < extent.upper + size.tail) return false;", "",
     "unit:core_ivf_entries_test.cpp:Entries.*"),
    # ---- order and bounds -------------------------------------------------------------------
    ("the farthest first", "src/pg/hnsw/scan.cpp",
     "    if (a.key != b.key) return a.key > b.key;", "    if (a.key != b.key) return a.key < b.key;",
     "regress:hnsw_order"),
    ("rows that come too late are not dropped", "src/pg/hnsw/scan.cpp",
     "    if (nearest.key < last_ && iterative_scan != kIterativeRelaxed) continue;", "",
     "regress:hnsw_iterative"),
    ("a code's radius is half of what it is", "src/core/codes/value.cpp",
     "round_up(error * (1 + 1e-12))}", "round_up(error * 0.5)}",
     "unit:core_codes_test.cpp:*LowerBound*"),
    ("the rounding of the query is left out of the bound", "src/core/codes/bounds.h",
     "    return rounded.norm * coded.radius + rounded.error * norm + asked_",
     "    return rounded.norm * coded.radius + asked_",
     "unit:core_codes_test.cpp:*Bound*"),
    ("an entry counts as far without regard to its radius", "src/core/codes/bounds.h",
     "    const double reach = reach_ + coded.radius * per_radius_;",
     "    const double reach = reach_;",
     "unit:core_codes_test.cpp:*"),
    ("the bound of a code depends on the limit", "src/core/codes/query_split.cpp",
     "std::max(certain(Distance::bound(query.coarse_", "std::min(certain(Distance::bound(query.coarse_",
     "unit:core_split_codes_test.cpp:SplitCodes.WhatTheHead*"),
    ("high halves are taken for more exact than they are", "src/core/codes/slots.cpp",
     "    constexpr double kTimes = 4;", "    constexpr double kTimes = 1;",
     "unit:core_slots_test.cpp:*Roughly*"),
    ("a rough distance is taken for one", "src/core/hnsw/search.h",
     "    measure({discarded_.begin()", "    (std::span<Candidate>{discarded_.begin()",
     "unit:core_hnsw_search_test.cpp:*Rough*"),
    ("NaN is not sorted last", "src/core/ivf/candidates.h",
     "return a < b || (std::isnan(b) && !std::isnan(a));", "return a < b;",
     "unit:core_ivf_test.cpp:*Exact*:Candidates.*"),
    ("NULL comes first", "src/pg/ivf/scan.cpp",
     "    if (a.is_null != b.is_null) return a.is_null;",
     "    if (a.is_null != b.is_null) return b.is_null;",
     "regress:flat"),
    ("what has come out comes out again", "src/core/ivf/candidates.h",
     "    has_floor_ = true;", "    has_floor_ = false;",
     "unit:core_ivf_test.cpp:*Exact*:Candidates.*"),
    # ---- visibility, deletion ---------------------------------------------------------------
    ("rows that the snapshot does not see count as found", "src/pg/index/heap_rows.cpp",
     "&tid, scan_->xs_snapshot, slot_", "&tid, SnapshotAny, slot_",
     "regress:hnsw_search"),
    ("dead rows stay in the lists", "src/pg/ivf/store_write.cpp",
     "      if (!is_dead[count++]) put_entry", "      if (++count > 0) put_entry",
     "regress:ivfflat_search"),
    ("lists with dying nodes are not repaired", "src/core/hnsw/vacuum.h",
     "    repair.list(node, 0, base);", "    (void)base;",
     "regress:hnsw_check"),
    ("nobody looks for nodes without a parent", "src/core/hnsw/vacuum.h",
     "  Spanned spanned = span_layers(store, memory);", "  Spanned spanned;",
     "regress:hnsw_check"),
    ("vacuum leaves nodes that one link leads to", "src/core/hnsw/vacuum.h",
     "  give_second_links(store, spanned);", "",
     "unit:core_hnsw_in_links_test.cpp:InLinks.AreTwoForMostAfterVacuum"),
    ("vacuum gives nobody a parent below what was inserted meanwhile", "src/core/hnsw/tree.h",
     "      if (batch.codes[i] == nullptr || (is_dying && !over_dying)) continue;",
     "      if (batch.codes[i] == nullptr || (is_dying && !over_dying) || !is_rooted(children[i]))"
     " continue;",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.VacuumFindsParents*"),
    ("an insert drops dying children", "src/core/hnsw/connect.h",
     "        if (batch.states[i] != NodeState::kLive && !child) continue;",
     "        if (batch.states[i] != NodeState::kLive) continue;",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.InsertsAfter*"),
    ("dying children that living ones are below make room", "src/core/hnsw/connect.h",
     "    if (child_count(below.view()) == 0) scratch", "    scratch",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.InsertsAfter*"),
    ("an insert finds no parent below dying nodes", "src/core/hnsw/tree.h",
     "(is_dying && !over_dying)) continue;", "is_dying) continue;",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.*After*:Hnsw.StaysWhole*"),
    ("nobody makes room for an insert though dying nodes could", "src/core/hnsw/tree.h",
     "  if (way != Way::kUnneeded) return false;", "  return false;",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.*After*:Hnsw.StaysWhole*"),
    ("an insert that meets only dying nodes gets no parent", "src/core/hnsw/tree.h",
     "  near.assign(1, entry.node);\n", "",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.StaysWhole*"),
    ("an insert takes the place of a dying entry point and leaves those below it",
     "src/core/hnsw/tree.h",
     "        if (scratch.single.codes[0] == nullptr) break;",
     "        if (scratch.single.states[0] != NodeState::kLive) break;",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.InsertsAfter*"),
    ("vacuum replaces the entry point and leaves those below it", "src/core/hnsw/reconnect.h",
     "    if (live.highest.exists()) hand_over_tree(store, entry, live.highest);", "",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.InsertsAfter*"),
    ("vacuum puts a node in the place of a dying one and leaves those below that",
     "src/core/hnsw/tree.h",
     "    put_below(store, layer, node_of(link), node, parent, scratch);\n", "",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.*After*:Hnsw.StaysWhole*"),
    ("vacuum takes a node for parentless that is being inserted", "src/core/hnsw/reconnect.h",
     "    live = find_live(store);\n    store.wait_for_inserts();", "    live = find_live(store);",
     "unit:core_hnsw_races_test.cpp:HnswRaces.*"),
    ("an insert comes to be known on the highest layer first", "src/core/hnsw/insert.h",
     "  for (int layer = 0; layer <= level; ++layer) {",
     "  for (int layer = level; layer >= 0; --layer) {",
     "unit:core_hnsw_interruptions_test.cpp:Hnsw.InsertsAfter*"),
    ("a resumed search does not go back to the root", "src/core/hnsw/search.h",
     "    if (results_.empty() && take_root()) expand();", "",
     "unit:core_hnsw_search_test.cpp:*EverySearch*"),
    # ---- input, privileges ------------------------------------------------------------------
    ("a message may end too early", "src/core/vec/wire.cpp",
     "    if (rest_.size() < sizeof word) throw_truncated();", "",
     "unit:core_random_input_test.cpp:*"),
    ("everybody may call hnsw_check", "sql/vector--1.0.0.sql",
     "REVOKE ALL ON FUNCTION hnsw_check(regclass) FROM PUBLIC;", "",
     "regress:security"),
    # ---- found since -----------------------------------------------------------------------
    ("what is far is told without regard to how small a float can be", "src/core/codes/bounds.h",
     " - 2 * kLeastFloat - limit;", " - limit;",
     "unit:core_codes_test.cpp:*LeftOut*"),
    ("a round of k-means|| that takes nobody looks for the nearest all the same",
     "src/core/ivf/train_floats.cpp",
     "      if (all == known) return;  // the round took nobody\n", "",
     "unit:core_ivf_training_test.cpp:Kmeans.*"),
    ("two nodes share a place among the codes at hand", "src/core/hnsw/code_cache.h",
     "      if (place.node != nodes[i]) {", "      if (place.node == kNoNode) {",
     "unit:core_hnsw_code_cache_test.cpp:*"),
    ("a row that the index has twice is returned twice", "src/core/returned_rows.h",
     "    return many_.insert(number_of(row)).second;",
     "    return many_.insert(number_of(row)).second || true;",
     "unit:core_returned_rows_test.cpp:*"),
    ("an iterative scan at its limit returns what it has seen one by one", "src/pg/hnsw/scan.cpp",
     "search_->drain(candidate); any = true) add({&candidate, 1});",
     "!any && search_->drain(candidate); any = true) add({&candidate, 1});",
     "regress:hnsw_iterative"),
    # ---- building in bulk -------------------------------------------------------------------
    ("a pair of a leaf is told to one of the two", "src/core/hnsw/bulk/near_leaf.cpp",
     "      offer(other, row[other], node);\n", "",
     "unit:core_hnsw_near_leaf_test.cpp:*-ManyPoints.*"),
    ("a leaf forgets its scouts for nearer ones", "src/core/hnsw/bulk/near_leaf.cpp",
     "(entry.link & kStays) != 0; });", "entry.distance < 0; });",
     "unit:core_hnsw_near_leaf_test.cpp:*-ManyPoints.*"),
    ("what the rule kept gives way to what is near", "src/core/hnsw/bulk/link_table.cpp",
     "remove_last(merged_, surplus, [](const LinkEntry& e) { return !is_marked(e); });",
     "remove_last(merged_, surplus, [](const LinkEntry&) { return true; });",
     "unit:core_hnsw_bulk_steps_test.cpp:LinkTable.*"),
    ("a link back takes the place of what the rule kept", "src/core/hnsw/bulk/link_table.cpp",
     "    hole = place_of_last(own, count, [](const LinkEntry& e) { return !is_marked(e); });",
     "    hole = count - 1;",
     "unit:core_hnsw_near_leaf_test.cpp:*-ManyPoints.*"),
    ("a list bounds what is looked for before it is full", "src/core/hnsw/bulk/link_table.cpp",
     "  if (count == limit_ && memory_.bounds != nullptr) {",
     "  if (count > 0 && memory_.bounds != nullptr) {",
     "unit:core_hnsw_near_leaf_test.cpp:*-ManyPoints.*"),
    ("each page begins without regard to the one before", "src/core/hnsw/bulk/page_order.cpp",
     "      if (scores_[node] > 0) put(node, scores_[node]);", "      scores_[node] = 0;",
     "unit:core_hnsw_page_order_test.cpp:PageOrder.*"),
    ("lists of a range are united however many there are", "src/core/hnsw/bulk/list_ranges.cpp",
     "  if (needed > memory_of_range() && end - first > 2 * kFewest) {", "  if (needed == 0) {",
     "unit:core_hnsw_spill_steps_test.cpp:ListRanges.*"),
    ("beyond memory a layer is not told what the rule kept above it",
     "src/core/hnsw/bulk/spilled_build.cpp", "    above = kept;",
     "    context_.spill.remove(kept.file());",
     "unit:core_hnsw_spill_test.cpp:Spill.Gives*"),
]


def apply(fault, directory):
    """The text of the file with the fault in it, and its path."""
    _, file, old, new, _ = fault
    path = os.path.join(directory, file)
    with open(path) as source:
        text = source.read()
    if text.count(old) != 1:
        sys.exit(f'"{fault[0]}": {file} has the text of this fault {text.count(old)} times')
    return path, text.replace(old, new)


def main():
    """mutations.py list | check DIRECTORY | NUMBER DIRECTORY"""
    if sys.argv[1] == "list":
        for number, fault in enumerate(FAULTS, 1):
            print(f"{number}\t{fault[4]}\t{fault[1]}\t{fault[0]}")
    elif sys.argv[1] == "check":
        for fault in FAULTS:
            apply(fault, sys.argv[2])
    else:
        path, text = apply(FAULTS[int(sys.argv[1]) - 1], sys.argv[2])
        with open(path, "w") as source:
            source.write(text)


main()
